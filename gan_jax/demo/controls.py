"""What a page shows: its controls, what a user may enter there, and what comes back."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from gan_jax.errors import ConfigError

SEEDS = 2**31 - 1  # the largest seed, as of the flag `--seed`
KINDS = ("number", "slider", "choice", "radio", "several", "picture")


@dataclasses.dataclass(frozen=True)
class Control:
    """One control of a page.

    Attributes:
      name: the name of its value.
      kind: one of KINDS. The value of a 'number' is an int, of a 'slider' a float, of a 'choice' and a
        'radio' one of the options, of 'several' a list of options, and of a 'picture' the path of a file.
      label: what the page calls it.
      group: the title that it stands under.
      value: the initial value.
      info: a line of explanation, or ''.
      low: least value of a slider.
      high: largest value of a slider.
      step: distance of a slider's values.
      options: what the page calls each option, and its value.
    """

    name: str
    kind: str
    label: str
    group: str
    value: Any = None
    info: str = ""
    low: float = 0.0
    high: float = 1.0
    step: float = 0.01
    options: tuple[tuple[str, Any], ...] = ()


@dataclasses.dataclass(frozen=True)
class Made:
    """What comes back: one picture uint8 [H, W, 1 or 3] for each of `Work.results`, and a line about them."""

    pictures: tuple[np.ndarray, ...]
    line: str


class Work(Protocol):
    """What a run does on its page."""

    @property
    def button(self) -> str:
        """The words on the button."""
        ...

    @property
    def results(self) -> tuple[str, ...]:
        """The titles of the pictures that come back."""
        ...

    @property
    def small(self) -> bool:
        """Whether the pictures are so small that the page shows their pixels with sharp edges."""
        ...

    @property
    def seed(self) -> str:
        """The control whose value a second button draws; '' for none."""
        ...

    @property
    def controls(self) -> tuple[Control, ...]:
        """The controls, in their order on the page, after `prepare`."""
        ...

    def prepare(self) -> Made | None:
        """Compiles the program of the initial values; the pictures of these values, if they make any."""
        ...

    def make(self, values: Mapping[str, Any]) -> Iterator[str | Made]:
        """The result of the values by name, last. Before it come lines about what is being done.

        Raises:
          GanJaxError: a value is not allowed, or a picture cannot be used.
        """
        ...


def whole(values: Mapping[str, Any], name: str, high: int = SEEDS) -> int:
    """A whole number from 0 to `high` that a user has entered.

    Raises:
      ConfigError: naming the control, the value and what is allowed.
    """
    value = values[name]
    if not isinstance(value, int | float) or value != int(value) or not 0 <= value <= high:
        shown = "empty" if value is None else f"{value!r}"
        raise ConfigError(f"{name}: {shown} is not allowed; allowed: whole numbers from 0 to {high}")
    return int(value)


def chosen(values: Mapping[str, Any], control: Control) -> Any:
    """The value of a 'choice', a 'radio' or a 'slider', checked.

    Raises:
      ConfigError: naming the control, the value and what is allowed.
    """
    value, options = values[control.name], [option for _, option in control.options]
    if control.kind == "slider":
        number = isinstance(value, int | float) and control.low <= value <= control.high
        if not number:
            allowed = f"{control.low:g} to {control.high:g}"
            raise ConfigError(f"{control.name}: {value!r} is not allowed; allowed: {allowed}")
    elif value not in options:
        raise ConfigError(
            f"{control.name}: {value!r} is not allowed; allowed: {', '.join(map(repr, options))}"
        )
    return value
