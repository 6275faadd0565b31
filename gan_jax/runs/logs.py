"""What a run writes: records, TensorBoard events, images and the lines of the log."""

import contextlib
import importlib.util
import io
import logging
import math
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from absl import logging as absl_logging
from PIL import Image

from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.files import reading
from gan_jax.runs.leaves import renamed
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)

_POINTS = 50  # losses of a run that are recorded, or more
_SHEET_BYTES = 2**28  # the largest sheet that TensorBoard shows again
_SHEET = re.compile(r"(?P<name>.+)_(?P<step>\d{8})\.png")


def start() -> None:
    """Sends this package's log lines, and only warnings of other packages, to standard error."""
    handler = _StandardError()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    package = logging.getLogger("gan_jax")
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    package.propagate = False
    # On damage or a full disk, orbax raises an error, but also prints pages and leaves tasks behind.
    absl_logging.set_verbosity(absl_logging.FATAL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    sys.unraisablehook = _unraisable


class _StandardError(logging.StreamHandler[Any]):
    """Writes to the present `sys.stderr`, since a bar replaces it to print lines above itself."""

    @property
    def stream(self) -> Any:
        """The stream that is written to."""
        return sys.stderr

    @stream.setter
    def stream(self, value: Any) -> None:
        """Ignores the stream that the base class chooses."""


def recorded(step: int, steps: int, every: int) -> bool:
    """Whether the losses of a step are recorded.

    Recorded are the first and the last step, every `every` steps, and about 50 evenly spaced steps between.
    The curves of a short run therefore have points, too.

    Args:
      step: from 1 to `steps`.
      steps: of the whole run.
      every: the field `log_every`.
    """
    return step in (1, steps) or any(step % period == 0 for period in periods(steps, every))


def periods(steps: int, every: int) -> list[int]:
    """The numbers of steps whose multiples are recorded, see `recorded`."""
    return [every, math.ceil(steps / _POINTS)]


def _unraisable(ignored):
    # When orbax gives up a file, its cleanup calls an event loop that is closed, with a traceback each time.
    if str(ignored.exc_value) != "Event loop is closed":
        sys.__unraisablehook__(ignored)


def check(tensorboard: bool) -> None:
    """Refuses TensorBoard's events where the packages that write them are not installed.

    Raises:
      ConfigError: a package is missing.
    """
    for package in ("tensorflow", "clu") if tensorboard else ():
        if importlib.util.find_spec(package) is None:
            raise ConfigError(
                f"tensorboard=True needs {package}, which is not installed; install it, or set "
                "--config.tensorboard=False"
            )


class Logs:
    """Writes scalars to `metrics.jsonl` and TensorBoard, and images to `samples/` and TensorBoard.

    `metrics.jsonl` and `samples/` hold nothing that depends on time, so a resumed run ends with the same
    bytes as an uninterrupted run. When a run resumes, TensorBoard's events are rebuilt from them. A sheet or
    event that cannot be written or read is a warning, since only records are needed to continue.
    """

    def __init__(
        self, workdir: Workdir, step: int, tensorboard: bool, prefixes: Mapping[str, str] | None = None
    ):
        """Opens the logs of a run that continues at `step`, and drops later records.

        `prefixes` are the beginnings of metric names in earlier versions, old -> new.
        """
        self._workdir = workdir

        def keep(record: dict[str, Any]) -> dict[str, Any] | None:
            # An evaluation at `step` itself runs again, since it may have been cut off.
            earlier = record["step"] < step or (record["step"] == step and "eval" not in record)
            return renamed(record, prefixes or {}) if earlier else None

        records = workdir.rewrite_records(keep)
        self._writer: Any = None
        if tensorboard and workdir.writes:
            with self._events_written():
                self._writer = _tensorboard(workdir)
            for record in records:
                self._events(record)
            if self._writer:
                self._replay_images(step)

    def scalars(self, step: int, values: Mapping[str, float], evaluation: str = "") -> None:
        """Records finite values at a step, under the name of the evaluation that gave them, if any."""
        record = {"step": step, **({"eval": evaluation} if evaluation else {}), **values}
        self._workdir.append(record)
        self._events(record)

    def image(self, step: int, name: str, pixels: np.ndarray) -> None:
        """Writes one image, uint8 [H, W, 3]."""
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        try:
            self._workdir.write(f"samples/{name}_{step:08d}.png", buffer.getvalue())
        except WorkdirError as error:
            _log.warning("%s; the run goes on without this sheet", error)
        if self._writer:
            with self._events_written():
                self._writer.write_images(step, {name: pixels[None]})

    def close(self) -> None:
        """Flushes TensorBoard's events."""
        if self._writer:
            with self._events_written():
                self._writer.close()

    @contextlib.contextmanager
    def _events_written(self) -> Iterator[None]:
        """Turns an error of TensorBoard's writer into a warning; no more events are written after it."""
        try:
            yield
        # TensorFlow's errors have no common type, and importing it takes seconds.
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            _log.warning("tensorboard: %s; the run goes on without its events", reason)
            self._writer = None

    def _events(self, record: Mapping[str, Any]) -> None:
        if not self._writer:
            return
        prefix = f"{record['eval']}/" if "eval" in record else ""
        values = {prefix + k: v for k, v in record.items() if k not in ("step", "eval")}
        with self._events_written():
            self._writer.write_scalars(record["step"], values)

    def _replay_images(self, step: int) -> None:
        for path in sorted((self._workdir.path / "samples").glob("*.png")):
            match = _SHEET.fullmatch(path.name)
            if self._writer is None or not match or int(match["step"]) >= step:
                continue
            try:
                with Image.open(io.BytesIO(reading.read(path, _SHEET_BYTES))) as image:
                    pixels = np.asarray(image.convert("RGB"))
            except (*reading.DAMAGE, Image.DecompressionBombError) as error:
                _log.warning("tensorboard: sheet %s is left out: %s", path, reading.reason(error))
                continue
            with self._events_written():
                self._writer.write_images(int(match["step"]), {match["name"]: pixels[None]})


def _tensorboard(workdir: Workdir):
    folder = workdir.place("tensorboard")
    # Imported here, since clu imports TensorFlow, which takes seconds and must not use the accelerator.
    import tensorflow as tf

    tf.config.set_visible_devices([], "GPU")
    tf.config.set_visible_devices([], "TPU")
    from clu import metric_writers

    for old in folder.glob("events.out.tfevents.*"):
        old.unlink()
    return metric_writers.SummaryWriter(str(folder))
