"""A DCGAN whose step takes little time beside its images, for `scale.py` and `growth.py`.

`--config.data.sets.images.files.train=FOLDER` names the images.
"""

from gan_jax.config import apply, dataset, default, model, role


def get_config(arg=""):
    """The configuration; `data.sets.images.files.train` names the images."""
    config = default()
    config.name = "small_dcgan"
    config.model = model("gan", size=128, channels=3, g_width=8, d_width=8)
    config.data.sets.images = dataset(files={"train": ""})
    config.data.roles.image = role("images[train]", labels=False)
    config.data.size = 128
    config.batch_size = 16
    config.steps = 50
    config.log_every = 1
    config.checkpoint_every = 1000
    return apply(config, arg)
