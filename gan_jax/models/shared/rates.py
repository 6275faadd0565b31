"""Learning-rate schedules, the clipping of gradients and the average of parameters, as shared fields."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
import optax

from gan_jax.models.shared import checks

SHAPES = ("linear", "cosine")


@dataclasses.dataclass(frozen=True)
class Rates:
    """The schedule of all learning rates of a model, and the clipping of its players' gradients.

    With `i` the iterations so far, a full rate `peak` is multiplied by a rise and by a fall:

        rise = min(1, (i + 1) / warmup)
        fall = 1 - s ('linear') or (1 + cos(pi s)) / 2 ('cosine')

    where s is (i - decay_start) / (decay_end - decay_start), cut to [0, 1]. Without `warmup` the rise is 1.
    Without `decay_end` the fall is 1.
    """

    SCHEDULES: ClassVar[tuple[str, ...]] = ("warmup", "decay_start", "decay_end")
    OWN_END: ClassVar[str] = ""  # the field with the end of a schedule that only this model has; 0: it is off

    warmup: int = 0  # iterations in which the learning rates rise linearly; 0: full rates from the start
    decay_start: int = 0  # iteration from which the learning rates fall
    decay_end: int = 0  # iteration at which the learning rates are zero; 0 keeps them constant
    decay_shape: str = "linear"  # how the learning rates fall; 'cosine': as half a cosine
    clip_norm: float = 0.0  # most norm of a player's gradient; a longer one is shortened; 0: no limit

    def check_rates(self) -> None:
        """Refuses values outside their ranges, and schedules that end before they begin.

        Raises:
          ValueError: naming the field, its value and what is allowed.
        """
        checks.require_range(self, 0, 1e9, "warmup", "decay_start", "decay_end")
        checks.require_range(self, 0, 1e9, "clip_norm")
        checks.require_choice(self, "decay_shape", SHAPES)
        late = self.decay_end and self.decay_end <= self.decay_start
        checks.require("decay_end", self.decay_end, not late, "0, or more than decay_start")
        rises = not self.decay_end or self.warmup <= self.decay_end
        checks.require("warmup", self.warmup, rises, f"at most decay_end={self.decay_end}")
        if self._own_end:
            self.refuse(f"where {self.OWN_END}={self._own_end}", "warmup", "decay_end")

    @property
    def _own_end(self):
        return getattr(self, self.OWN_END) if self.OWN_END else 0

    def refuse(self, reason: str, *names: str) -> None:
        """Refuses values other than 0 of the named fields, which do not go together with `reason`.

        Raises:
          ValueError: naming the field, its value and `reason`, such as "where optimizer='lbfgs'".
        """
        for name in names:
            value = getattr(self, name)
            checks.require(name, value, not value, f"0 {reason}")

    @property
    def rate_ends(self) -> Mapping[str, int]:
        """Field -> the iteration from which on it makes the learning rates zero; {} if they never are."""
        ends = {"decay_end": self.decay_end, self.OWN_END: self._own_end}
        return {field: end for field, end in ends.items() if end}

    def rate_of(self, peak: float, updates: float = 1) -> Any:
        """The learning rate of a player whose full rate is `peak`.

        Args:
          peak: the full rate.
          updates: the player's updates in an iteration, on average.

        Returns:
          `peak` itself if the rate is constant. If not, a schedule of optax: the player's updates so far ->
          the rate.
        """
        start, end = self.decay_start * updates, self.decay_end * updates
        full: Any = peak
        if end and self.decay_shape == "linear":
            full = optax.linear_schedule(peak, 0.0, end - start, start)
        elif end:
            fall = optax.cosine_decay_schedule(peak, end - start)
            full = optax.join_schedules([optax.constant_schedule(peak), fall], [start])
        if not self.warmup:
            return full

        def rising(count):
            risen = jnp.minimum(1.0, (count / updates + 1) / self.warmup)
            return (full(count) if callable(full) else full) * risen

        return rising

    def rate_at(self, peak: float, iteration: Any) -> Any:
        """The learning rate in an iteration, for players whose optimiser does not count all iterations."""
        rate = self.rate_of(peak)
        return rate(iteration) if callable(rate) else rate

    def clipped(self, tx: optax.GradientTransformation) -> optax.GradientTransformation:
        """The optimiser `tx` of gradients of norm `clip_norm` at most.

        The norm is that of all parameters of the player together (Pascanu et al. 2013).
        """
        return optax.chain(optax.clip_by_global_norm(self.clip_norm), tx) if self.clip_norm else tx


@dataclasses.dataclass(frozen=True)
class Averaged:
    """The exponential moving average of the parameters of a generator.

    After each of its updates: average = ema average + (1 - ema) parameters. The average starts at the initial
    parameters.
    """

    ema: float = 0.0  # decay of the average of G's parameters, used in evaluation; 0: no average

    def check_average(self) -> None:
        """Refuses decays outside their range.

        Raises:
          ValueError: naming the field, its value and what is allowed.
        """
        checks.require_range(self, 0, 0.999999, "ema")
