"""The CMP facades (Tylecek and Sara 2013) in pix2pix's edition: photographs beside label maps in colours."""

from typing import Any

from gan_jax.config.sets import dataset

# The classes of the database's base set, in its order, and their colours in the edition's pictures: the most
# frequent colour of each class in the training pictures, without the rounding of JPEG.
CLASSES = {
    "background": (0, 0, 222),
    "facade": (0, 48, 255),
    "window": (0, 128, 255),
    "door": (0, 207, 255),
    "cornice": (32, 255, 224),
    "sill": (112, 255, 143),
    "balcony": (192, 255, 63),
    "blind": (255, 239, 0),
    "deco": (255, 159, 0),
    "molding": (255, 80, 0),
    "pillar": (255, 0, 0),
    "shop": (174, 0, 0),
}
SPLITS = ("train", "val", "test")  # of 400, 100 and 106 pictures
ZIP = "facades/facades.zip/facades"
LABELS, PHOTOS = {"side": "right"}, {"side": "left"}  # fields of roles


def pictures(folder: str = "facades") -> dict[str, Any]:
    """The data set below a folder or zip with the folders train, val and test.

    Each picture has a photograph on the left and its label map on the right. Either half has the label map
    as its label, where a role keeps labels. `quick` reads embedded scenes, which have fewer classes.
    """
    files = {split: f"{folder}/{split}" for split in SPLITS}
    return dataset(
        files=files,
        channels=3,
        label_maps=dict(files),  # a copy, so that either field can change alone
        label_side="right",
        label_classes=len(CLASSES),
        label_colours=tuple(CLASSES.values()),
        class_names=tuple(CLASSES),
        embedded="scenes_real",
    )
