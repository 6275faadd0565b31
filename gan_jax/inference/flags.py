"""The flags of the modes. Each mode's `run` says which flags it takes, with their defaults."""

from absl import flags

FLAGS = [
    flags.DEFINE_string(
        "out",
        None,
        "all modes that draw from noise: output file .png (sheet) or .npz (arrays), or new folder/; "
        "interpolate also .gif or .mp4; score: file .json",
    ),
    flags.DEFINE_integer(
        "num",
        None,
        "sample, edit, noise, truncation: number of images (default 64, 2, 6, 6); score: samples of a run",
        1,
        10**6,
    ),
    flags.DEFINE_integer(
        "seed", None, "all modes but train and eval: seed of the random draws (default 0)", 0, 2**31 - 1
    ),
    flags.DEFINE_list(
        "labels", None, "classes of a conditional model that draws from noise, used in turn (default all)"
    ),
    flags.DEFINE_bool(
        "hold_z",
        None,
        "sample: use one latent for all classes in turn (default only on sheets with a row for each class)",
    ),
    flags.DEFINE_integer(
        "nearest",
        None,
        "sample: number of nearest training images to show beside each image (default 0)",
        1,
        1000,
    ),
    flags.DEFINE_string(
        "features",
        None,
        "sample: what to compare by: pixels (default), or a required classifier's features; score: inception "
        "(default), vgg16, vgg19, random, or the folder of a classifier's run",
    ),
    flags.DEFINE_list(
        "pairs", None, "interpolate: pairs of sample numbers, such as 0-1,3-17 (default 0-1,2-3,...)"
    ),
    flags.DEFINE_integer(
        "rows",
        None,
        "interpolate: number of pairs, if --pairs is not given (default 8); mix: number of rows (default 6)",
        1,
        1000,
    ),
    flags.DEFINE_integer(
        "columns", None, "images in each row of a sheet; interpolate: images or frames of a path", 1, 10**4
    ),
    flags.DEFINE_float(
        "truncation",
        None,
        "models with styles: 1 leaves the styles as they are, 0 gives their mean; score: of samples of a run",
    ),
    flags.DEFINE_list(
        "truncations", None, "truncation: a column for each value (default 1,0.7,0.5,0,-0.5,-1)"
    ),
    flags.DEFINE_enum(
        "space", None, ["z", "w"], "interpolate: latents, or styles (default w for a model with styles)"
    ),
    flags.DEFINE_string(
        "latents", None, "interpolate, mix, edit, noise: .npz with styles, from sample or project"
    ),
    flags.DEFINE_string(
        "layers", None, "mix: layers whose styles come from the first row; edit: layers to edit; such as 4-7"
    ),
    flags.DEFINE_integer("steps", None, "project: number of steps for each image (default 1000)", 1, 10**6),
    flags.DEFINE_bool("plus", None, "project: give each layer a style of its own (W+)"),
    flags.DEFINE_integer("directions", None, "edit: number of directions (default 4)", 1, 1000),
    flags.DEFINE_float("strength", None, "edit: length of the longest step along a direction (default 3)"),
    flags.DEFINE_string(
        "input",
        None,
        "translate, project: folder, zip or image; import: [NETWORK=]FILE, by commas; score: folder, zip, "
        ".npz or run",
    ),
    flags.DEFINE_string("reference", None, "score: folder, zip, .npz or run of the real pictures"),
    flags.DEFINE_string(
        "cache", None, "score: folder of the reference's features (default runs/cache); '' for none"
    ),
    flags.DEFINE_string(
        "store", None, "store: folder of decoded images (default the value of GAN_JAX_STORE, or runs/store)"
    ),
    flags.DEFINE_string(
        "verify", None, "store: name of a store to read wholly and compare with its checksums"
    ),
    flags.DEFINE_string("remove", None, "store: name of a store to remove"),
    flags.DEFINE_string(
        "output",
        None,
        "translate: folder, for a .png of each image and a page of pairs; export: file .jax "
        "(a program that needs jax alone), .safetensors or .npz (weights)",
    ),
    flags.DEFINE_string("network", None, "export: the only network to write, such as G (default all)"),
    flags.DEFINE_enum(
        "names",
        None,
        ["published", "own"],
        "export: names of the weights: the published code's (default where there are any), or this library's",
    ),
    flags.DEFINE_enum(
        "direction",
        None,
        ["s2t", "t2s"],
        "translate, export: s2t translates source to target (default), t2s the reverse",
    ),
    flags.DEFINE_list(
        "attributes",
        None,
        "train: attributes that the model learns; translate: attributes that translations should have; "
        "separated by commas",
    ),
    flags.DEFINE_enum(
        "derive", None, ["edges", "grey"], "translate: derive edges or grey from each image first"
    ),
    flags.DEFINE_integer(
        "max_side", None, "translate: most pixels of the longer side; a larger image is scaled down", 8, 2**20
    ),
    flags.DEFINE_integer(
        "max_pixels",
        None,
        "translate: most pixels of an image; larger images are left out (default 89478485)",
        1,
        2**32,
    ),
    flags.DEFINE_bool("overwrite", None, "translate: replace files of an earlier translation"),
    flags.DEFINE_string("style", None, "translate: folder, zip or image of the styles that a model takes"),
    flags.DEFINE_float("alpha", None, "translate: weight of the style against the content (default 1)"),
    flags.DEFINE_list(
        "weights",
        None,
        "translate: weights of up to four styles in a mixture, such as 1,3; score: file with the weights of "
        "the features' network",
    ),
    flags.DEFINE_string(
        "mask", None, "translate: PNG or folder of PNGs with the number of the style at each pixel"
    ),
    flags.DEFINE_enum(
        "colour",
        None,
        ["none", "luminance", "match"],
        "translate: none takes the style's colours (default), luminance keeps the content's colours and "
        "takes the result's luminance, match first matches the style's colours to the content's",
    ),
    flags.DEFINE_enum(
        "sheet", None, ["alpha", "mix"], "translate: a sheet of each image: values of alpha, or 25 mixtures"
    ),
    flags.DEFINE_integer(
        "tile",
        None,
        "translate: pixels a side of the tiles of large images (default 768); 0 for none",
        0,
        2**20,
    ),
    flags.DEFINE_integer(
        "style_side", None, "translate: most pixels of a style's longer side (default 512)", 16, 2**20
    ),
    flags.DEFINE_string(
        "host", None, "demo: address to listen on (default 127.0.0.1, for this machine's browsers only)"
    ),
    flags.DEFINE_integer("port", None, "demo: port of the page (default 7860); 0 takes a free one", 0, 65535),
    flags.DEFINE_enum(
        "path",
        None,
        ["spherical", "linear"],
        "interpolate: kind of path (default the kind that suits the model's prior)",
    ),
]
