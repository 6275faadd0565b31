"""How far a run is, in one line: a bar on a terminal, or else lines of the log."""

import logging
import time
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_log = logging.getLogger(__name__)

_BAR = 40  # most columns of the bar
_SHORT = 10  # columns of the bar where the other parts need the width
_NAME = 24  # most columns of the run's name beside other parts


class ProgressLine:
    """Shows step, remaining time, main losses and steps/s, or `compiling` until the first step is done."""

    def __init__(self, name: str, start: int, total: int, seconds: float):
        """Starts at step `start` of `total`. Without a terminal, a line is logged every `seconds`."""
        self._name, self._total, self._seconds = name, total, seconds
        self._step = self._first = start
        self._last = time.monotonic()
        self._began: float | None = None  # the end of the first step here, since compiling takes minutes
        self._losses: list[str] = []
        self._open = True
        self._live: Live | None = None
        console = Console(stderr=True)
        if console.is_terminal:
            shown: Callable[[], Table] = lambda: self._line(console.width)  # noqa: E731
            self._live = Live(get_renderable=shown, console=console, refresh_per_second=4)
            self._live.start()
        elif start < total:
            _log.info("%s: compiling step %d", name, start + 1)

    def update(self, step: int, metrics: Mapping[str, float]) -> None:
        """Shows a finished step."""
        now = time.monotonic()
        if self._began is None:
            self._began, self._first = now, step
        self._step = step
        self._losses = [f"{k}={v:.3g}" for k, v in metrics.items() if k.endswith("/loss")]
        if self._live is not None or now - self._last < self._seconds:
            return
        self._last = now
        rate, shown = self._rate(now), [f"step {step}/{self._total}"]
        if rate:
            shown += [f"{rate:.2f} steps/s", f"{(self._total - step) / rate:.0f} s to go"]
        _log.info("%s: %s", self._name, ", ".join([*shown, " ".join(self._losses)]))

    def close(self) -> None:
        """Stops the bar."""
        self._open = False
        if self._live is not None:
            self._live.stop()

    def _rate(self, now: float) -> float:
        """Steps per second since the first step; 0 before the second one."""
        return (self._step - self._first) / max(now - self._began, 1e-9) if self._began is not None else 0.0

    def _doing(self, rate: float) -> list[str]:
        """The present work: `compiling`, the remaining time, or `scoring` after the last step."""
        if not self._open:
            return []
        if self._step >= self._total:
            return ["scoring"]
        if self._began is None:
            return ["compiling"]
        return [_clock((self._total - self._step) / rate)] if rate else []

    def _line(self, width: int) -> Table:
        """The bar in `width` columns. It leaves out the speed first, then the losses from the last one on."""
        rate = self._rate(time.monotonic())
        name = _shortened(self._name, _NAME)
        texts = [f"{self._step}/{self._total}", *self._doing(rate)]
        rest = [*self._losses, *([f"{rate:.3g} steps/s"] if rate else [])]
        room = width - len(name) - 1 - _SHORT - sum(len(text) + 1 for text in texts)
        for text in rest:
            room -= len(text) + 1
            if room < 0:
                break
            texts.append(text)
        tail = " ".join(texts)
        free = width - len(name) - len(tail) - 2
        bar = ProgressBar(self._total, self._step, width=max(min(free, _BAR), 1))
        line = Table.grid(padding=(0, 1), pad_edge=False)
        parts = [Text(name), bar, Text(tail)] if free >= _SHORT else [Text(_shortened(tail, width))]
        line.add_row(*parts)
        return line


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def _clock(seconds: float) -> str:
    """Seconds as `0:12:05`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
