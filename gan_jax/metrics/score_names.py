"""What the scores by the features of a network are called."""

from collections.abc import Callable


def naming(features: str, prefix: str = "") -> Callable[[str], str]:
    """The function from a measure, such as `fid`, to its name among the scores.

    Only Inception's features give FID and KID their names. With the judge's features the names are
    `digit_fid` (`<prefix>_<measure>`) and so on, which is not FID. With Inception they are
    `fid_inception_clean` and so on. With VGG they are `vgg16_precision` and so on, and `vgg16_frechet` and
    `vgg16_kernel` instead of FID and KID, and likewise with the features of any other network.

    Args:
      features: name of the features.
      prefix: what the judge tells apart, for the features 'judge'.
    """
    if features == "inception":
        return "{}_inception_clean".format
    if features == "judge" and prefix:
        return f"{prefix}_{{}}".format
    plain = {"fid": "frechet", "kid": "kernel"}
    return lambda measure: f"{features}_{plain.get(measure, measure)}"
