"""The losses of DTN's game, in which D tells G(source), G(target) and target apart (Taigman et al. 2016)."""

import dataclasses
from collections.abc import Sequence

import jax

from gan_jax.models.shared import checks
from gan_jax.ops import losses, ternary


@dataclasses.dataclass(frozen=True)
class DomainLosses:
    """The adversarial losses of D and G by groups of images: the fakes of each role, then the target."""

    adversary: str = "ternary"  # 'ternary': eqs. 3 and 4; 'binary': eq. 1 (Sec. 3); or 'none'
    saturating: bool = False  # binary only: g minimises log(1 - D), as in eq. 1

    def check_adversary(self) -> None:
        """Refuses values outside their ranges.

        Raises:
          ValueError: naming the field, its value and what is allowed.
        """
        checks.require_choice(self, "adversary", ("ternary", "binary", "none"))

    @property
    def d_classes(self) -> int:
        """The logits that D has for an image."""
        return 3 if self.adversary == "ternary" else 1

    def d_terms(self, logits: Sequence[jax.Array]) -> dict[str, jax.Array]:
        """D's `loss` and its parts, mean over B, of logits [B, d_classes] of each group.

        'ternary' is -E log D_1(G(source)) - E log D_2(G(target)) - E log D_3(target), eq. 3. 'binary' has the
        groups G(source) and target, and is -E log D(target) - E log(1 - D(G(source))).
        """
        if self.adversary == "ternary":
            return ternary.d_terms(logits)
        return {"loss": losses.nonsaturating_d(real=logits[1], fake=logits[0])}

    def g_terms(self, logits: Sequence[jax.Array]) -> dict[str, jax.Array]:
        """The parts of L_GANG, mean over B, of logits [B, d_classes] of each group of fakes.

        'ternary' is -E log D_3(G(source)) - E log D_3(G(target)), eq. 4. 'binary' is -E log D(G(source)), or
        E log(1 - D(G(source))) where `saturating`.
        """
        if self.adversary == "ternary":
            return ternary.g_terms(logits)
        return {"gan_source": (losses.minimax_g if self.saturating else losses.nonsaturating_g)(logits[0])}

    def real_log_odds(self, logits: jax.Array) -> jax.Array:
        """Log-odds [B], log p / (1 - p), where p is D's probability that an image is a real one."""
        return ternary.real_log_odds(logits) if self.adversary == "ternary" else logits[:, 0]
