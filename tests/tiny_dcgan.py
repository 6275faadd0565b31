"""A DCGAN of a few thousand parameters at 32 pixels, two steps on the embedded digits."""

from gan_jax import config as gan_config


def get_config(arg=""):
    """The configuration; there are no variants."""
    config = gan_config.default()
    config.name = "tiny_dcgan"
    config.model = gan_config.model("gan", size=32, channels=1, g_width=4, d_width=4)
    config.data.size = 32
    config.data.roles.image = gan_config.role("digits_plain", "test", labels=False)
    config.update_from_flattened_dict(dict(gan_config.QUICK))
    return gan_config.apply(config, arg, {})
