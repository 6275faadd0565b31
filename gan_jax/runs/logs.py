"""The output of a run in progress: records, TensorBoard events, images, and a line at the terminal."""

import importlib.util
import io
import logging
import math
import re
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from absl import logging as absl_logging
from PIL import Image
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gan_jax.errors import ConfigError
from gan_jax.runs.leaves import renamed
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)

_SHEET = re.compile(r"(?P<name>.+)_(?P<step>\d{8})\.png")


def start() -> None:
    """Sends this package's log lines, and only warnings of other packages, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    package = logging.getLogger("gan_jax")
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    package.propagate = False
    # On damage or a full disk, orbax raises an error, but also prints pages and leaves tasks behind.
    absl_logging.set_verbosity(absl_logging.FATAL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    sys.unraisablehook = _unraisable


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
    bytes as an uninterrupted run. When a run resumes, TensorBoard's events are rebuilt from them.
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
            self._writer = _tensorboard(workdir)
            for record in records:
                self._events(record)
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
        self._workdir.write(f"samples/{name}_{step:08d}.png", buffer.getvalue())
        if self._writer:
            self._writer.write_images(step, {name: pixels[None]})

    def close(self) -> None:
        """Flushes TensorBoard's events."""
        if self._writer:
            self._writer.close()

    def _events(self, record: Mapping[str, Any]) -> None:
        if not self._writer:
            return
        prefix = f"{record['eval']}/" if "eval" in record else ""
        values = {prefix + k: v for k, v in record.items() if k not in ("step", "eval")}
        self._writer.write_scalars(record["step"], values)

    def _replay_images(self, step: int) -> None:
        for path in sorted((self._workdir.path / "samples").glob("*.png")):
            match = _SHEET.fullmatch(path.name)
            if match and int(match["step"]) < step:
                with Image.open(path) as image:
                    pixels = np.asarray(image.convert("RGB"))
                self._writer.write_images(int(match["step"]), {match["name"]: pixels[None]})


def _tensorboard(workdir: Workdir):
    # Imported here, since clu imports TensorFlow, which takes seconds and must not use the accelerator.
    import tensorflow as tf

    tf.config.set_visible_devices([], "GPU")
    tf.config.set_visible_devices([], "TPU")
    from clu import metric_writers

    folder = workdir.path / "tensorboard"
    for old in folder.glob("events.out.tfevents.*"):
        old.unlink()
    return metric_writers.SummaryWriter(str(folder))


class ProgressLine:
    """Shows step, steps/s, remaining time and the main losses: as a bar on a terminal, else as log lines."""

    def __init__(self, name: str, start: int, total: int, seconds: float):
        """Starts at step `start` of `total`. Without a terminal, a line is logged every `seconds`."""
        self._name, self._start, self._total, self._seconds = name, start, total, seconds
        self._began = self._last = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn(name),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[rate]} {task.fields[losses]}"),
                transient=False,
            )
            self._task = self._bar.add_task(name, total=total, completed=start, rate="", losses="")
            self._bar.start()

    def update(self, step: int, metrics: Mapping[str, float]) -> None:
        """Shows a finished step."""
        now = time.monotonic()
        if not self._bar and now - self._last < self._seconds:
            return
        rate = (step - self._start) / max(now - self._began, 1e-9)
        losses = " ".join(f"{k}={v:.3g}" for k, v in metrics.items() if k.endswith("/loss"))
        if self._bar:
            self._bar.update(self._task, completed=step, rate=f"{rate:.1f} steps/s", losses=losses)
            return
        self._last = now
        left = (self._total - step) / rate if rate else math.inf
        _log.info(
            "%s: step %d/%d, %.2f steps/s, %.0f s to go, %s",
            self._name, step, self._total, rate, left, losses,
        )  # fmt: skip

    def close(self) -> None:
        """Stops the bar."""
        if self._bar:
            self._bar.stop()
