"""How far the making of a store is: a bar on a terminal, else a line of the log every ten seconds."""

import logging
import sys
import time

from rich import progress

_log = logging.getLogger(__name__)

_SECONDS = 10.0


class Progress:
    """Shows how many of a store's images are made, how many a second, and the time that is left."""

    def __init__(self, title: str, total: int, done: int):
        """Starts with `done` of `total` images of the source `title`."""
        self._title, self._total, self._done, self._first = title, total, done, done
        self._began = self._last = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            self._bar = progress.Progress(
                progress.TextColumn("storing {task.description}"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeRemainingColumn(),
                progress.TextColumn("{task.fields[rate]}"),
            )
            self._task = self._bar.add_task(title, total=total, completed=done, rate="")

    def __enter__(self) -> "Progress":
        if self._bar:
            self._bar.start()
        elif self._done < self._total:
            _log.info("storing %s: %d of %d images are there", self._title, self._done, self._total)
        return self

    def advance(self, images: int) -> None:
        """Counts further images."""
        self._done += images
        now = time.monotonic()
        rate = (self._done - self._first) / max(now - self._began, 1e-9)
        if self._bar:
            self._bar.update(self._task, completed=self._done, rate=f"{rate:.0f} images/s")
        elif now - self._last >= _SECONDS:
            self._last = now
            left = (self._total - self._done) / rate
            _log.info(
                "storing %s: %d of %d images, %.0f images/s, %.0f s to go",
                self._title, self._done, self._total, rate, left,
            )  # fmt: skip

    def __exit__(self, *_) -> None:
        if self._bar:
            self._bar.stop()
