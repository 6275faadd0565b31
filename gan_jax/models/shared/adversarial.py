"""The adversarial losses of models that draw images from noise, and the penalties that bound D, as fields."""

import dataclasses
from collections.abc import Callable

import jax

from gan_jax.models.shared import checks
from gan_jax.ops import losses, slopes

RELATIVISTIC = "relativistic"
LOSSES = (*losses.ADVERSARIAL, RELATIVISTIC)


@dataclasses.dataclass(frozen=True)
class AdversarialLoss:
    """The losses of D and G, and the penalties on D's slopes.

    'relativistic' pairs each fake with a real image (Jolicoeur-Martineau 2018). With R1 and R2 it is the loss
    of R3GAN (Huang et al. 2024).
    """

    loss: str = "nonsaturating"  # 'minimax': G minimises log(1 - D); 'lsgan', 'wasserstein', 'hinge'
    lsgan_a: float = 0.0  # D's target for fakes
    lsgan_b: float = 1.0  # D's target for real images
    lsgan_c: float = 1.0  # the score that G wants for fakes
    gp_weight: float = 0.0  # weight of the gradient penalty; lambda of WGAN-GP
    gp_sides: int = 2  # 2 penalises slopes below and above 1; 1 only those above
    gp_scale: float = 1.0  # factor of the slopes; 2 gives the slopes for pixels in [0, 1]
    r1_weight: float = 0.0  # gamma: D minimises gamma / 2 times its squared slope at real images
    r2_weight: float = 0.0  # the same at fakes

    @property
    def opponent(self) -> str:
        """The name of the player that G plays against."""
        return "critic" if self.loss == "wasserstein" else "disc"

    @property
    def slope_weights(self) -> dict[str, float]:
        """The penalties of D's slopes by field, those of weight 0 left out."""
        names = ("gp_weight", "r1_weight", "r2_weight")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def check_loss(self) -> None:
        """Refuses values outside their ranges.

        Raises:
          ValueError: naming the field, its value and what is allowed.
        """
        checks.require_choice(self, "loss", LOSSES)
        checks.require("gp_sides", self.gp_sides, self.gp_sides in (1, 2), "1, 2")
        checks.require_range(self, 1e-6, 1e6, "gp_scale")
        checks.require_range(self, -1e6, 1e6, "lsgan_a", "lsgan_b", "lsgan_c")
        checks.require_range(self, 0, 1e6, "gp_weight", "r1_weight", "r2_weight")
        if self.loss == "lsgan":
            for field in ("lsgan_b", "lsgan_c"):
                value = getattr(self, field)
                checks.require(field, value, value != self.lsgan_a, f"any but lsgan_a={self.lsgan_a}")

    def d_loss(self, real: jax.Array, fake: jax.Array) -> jax.Array:
        """D's loss of its scores of real images and fakes, [B] each; a scalar."""
        if self.loss == RELATIVISTIC:
            return losses.relativistic(real, fake)
        return self._family[0](real, fake)

    def g_loss(self, real: Callable[[], jax.Array], fake: jax.Array) -> jax.Array:
        """G's loss; a scalar.

        Args:
          real: gives D's scores [B] of real images. Only the relativistic loss calls it.
          fake: D's scores [B] of fakes.
        """
        if self.loss == RELATIVISTIC:
            return losses.relativistic(fake, real())
        return self._family[1](fake)

    def slope_penalties(
        self,
        score_fn: Callable[[jax.Array], jax.Array],
        real: jax.Array,
        fake: jax.Array,
        rng: jax.Array,
    ) -> tuple[jax.Array | float, dict[str, jax.Array]]:
        """The weighted sum of the penalties on D's slopes, and the penalties by name.

        `gp_weight GP + r1_weight / 2 R1 + r2_weight / 2 R2`, see `slopes.gradient_penalty` and `slopes.r1`.

        Args:
          score_fn: images [B, H, W, C] -> scores [B].
          real: real images.
          fake: fakes, as many.
          rng: a key, for the places between real images and fakes.
        """
        total: jax.Array | float = 0.0
        terms = {}
        if self.gp_weight:
            epsilon = jax.random.uniform(rng, (len(real),))
            sides = self.gp_sides, self.gp_scale
            terms["gp"] = slopes.gradient_penalty(score_fn, real, fake, epsilon, *sides)
            total = total + self.gp_weight * terms["gp"]
        for name, weight, images in (("r1", self.r1_weight, real), ("r2", self.r2_weight, fake)):
            if weight:
                terms[name] = slopes.r1(score_fn, images)
                total = total + weight / 2 * terms[name]
        return total, terms

    @property
    def _family(self):
        return losses.adversarial(self.loss, self.lsgan_a, self.lsgan_b, self.lsgan_c)
