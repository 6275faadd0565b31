"""Photographs of faces from CelebA: files, names of attributes, and the architecture of StarGAN's judge."""

from typing import Any

# Fields of a data set. PART has the first 8 000 photographs at half size.
PHOTOS: dict[str, Any] = {
    "files": {"train": "celeba/img_align_celeba"},
    "attributes_file": "celeba/list_attr_celeba.txt",
}
PART: dict[str, Any] = {
    "files": {"train": "celeba/img_align_celeba_half_first8000.zip"},
    "attributes_file": "celeba/list_attr_celeba_first8000.txt",
}
CELEBA = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips",
    "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby",
    "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male",
    "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose",
    "Receding_Hairline", "Rosy_Cheeks", "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair",
    "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip
# The attributes that a transfer should keep. Photographs and cartoons both show them.
KEPT = (
    "Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Eyeglasses", "Gray_Hair", "Male", "No_Beard",
    "Smiling", "Wearing_Hat",
)  # fmt: skip
# The attributes that StarGAN changes.
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
# The attributes that IcGAN's code changes.
ICGAN = (
    "Bald", "Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Bushy_Eyebrows", "Eyeglasses", "Gray_Hair",
    "Heavy_Makeup", "Male", "Mouth_Slightly_Open", "Mustache", "Pale_Skin", "Receding_Hairline", "Smiling",
    "Straight_Hair", "Wavy_Hair", "Wearing_Hat",
)  # fmt: skip

# Fields of StarGAN's judge, a ResNet-18.
RESNET18: dict[str, Any] = {
    "architecture": "resnet18",
    "widths": (64, 128, 256, 512),
    "convs_per_block": 2,
    "batch_norm": True,
    "learning_rate": 2e-3,
    "weight_decay": 5e-3,
    "flip": 0.5,
}
