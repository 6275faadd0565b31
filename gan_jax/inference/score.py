"""`--mode=score`: how far pictures are from a reference, in the features of a network."""

import contextlib
import functools
import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax import paths
from gan_jax.data.sources import listing
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import ConfigError, DataError
from gan_jax.game import devices
from gan_jax.inference import describing, output, pictures
from gan_jax.inference.describing import Describer
from gan_jax.inference.pictures import Pictures, Samples
from gan_jax.metrics.generation import Measures
from gan_jax.metrics.score_names import naming
from gan_jax.runs import inputs
from gan_jax.runs.signals import INTERRUPTS
from gan_jax.runs.workdir import Workdir

_log = logging.getLogger(__name__)

K, DENSITY_K = 3, 5  # neighbours of precision and recall, and of density and coverage, as published
_LEAST = DENSITY_K + 1  # pictures of each set
_UNSET = {"num": 0, "seed": 0, "truncation": 1.0}  # values of the flags of samples that ask for nothing
_SAMPLES = 10_000  # samples of a run where no number is asked for
_FORM = 1  # of the cached features; another number lets go of those of earlier versions


def run(
    *,
    input: str,
    reference: str,
    features: str = "inception",
    weights: str | Sequence[str] = "",
    num: int = 0,
    seed: int = 0,
    truncation: float = 1.0,
    out: str = "",
    cache: str = "runs/cache",
) -> dict[str, Any]:
    """Scores the pictures of one place against those of another.

    A place is a folder, a zip, an array file such as an `.npz` with `image`, or a run's folder, which stands
    for samples of the run. If one place is a run, the pictures of the other place are brought to the form of
    the run's training images. Otherwise the features' network resizes the whole pictures. Compare only scores
    of equally many pictures.

    Args:
      input: the pictures to score.
      reference: the real pictures.
      features: see `describing.checked`.
      weights: see `describing.checked`. Parts of a path that the command line has split at commas are joined.
      num: number of samples of a run; 0 takes as many as the other place has pictures, at most 10 000.
      seed: seed of the samples.
      truncation: moves the styles of samples towards their mean; 1 leaves them as they are.
      out: a file ending in `.json` for the scores and what they are of; '' for none.
      cache: folder that keeps the features of the reference, by their content; '' for none.

    Returns:
      The scores, named by `metrics.score_names.naming`, and the numbers of pictures.

    Raises:
      ConfigError, DataError, WorkdirError: before any long work, or no picture can be used.
    """
    path = _output(out)
    describer = describing.checked(features, weights if isinstance(weights, str) else ",".join(weights))
    with contextlib.ExitStack() as stack:
        sets = {
            flag: pictures.opened(given, flag, stack)
            for flag, given in (("input", input), ("reference", reference))
        }
        num = _number(num, {"seed": seed, "truncation": truncation}, sets)
        _compare_sizes(sets)
        drawn = _drawn(sets, num, seed, truncation)
        network = describer()
        known = _reference(drawn["reference"], sets, network, cache)
        scores = compare(drawn["input"], known, network)
    facts = {"features": features, "features_sha256": network.network.sha256, "k": K, "density_k": DENSITY_K}
    facts |= {"input": input, "reference": reference}
    if any(isinstance(one, Samples) for one in sets.values()):
        facts |= {"seed": seed, "truncation": truncation}
    if path is not None:
        Workdir(path.parent).write_json(path.name, {**scores, **facts})
    return {**scores, **({} if path is None else {"scores": path})}


def compare(found: Pictures, known: np.ndarray, network: Describer) -> dict[str, Any]:
    """The scores of pictures, and the numbers `n_input` and `n_reference` of pictures.

    Args:
      found: the pictures to score.
      known: features of the reference, [n, d], see `described`.
      network: the network of the features.

    Raises:
      DataError: fewer than six pictures can be used.
    """
    columns, left_out = network(found)
    _require(found, len(columns.get("features", ())), left_out)
    scores = Measures(known, naming(network.name), K, DENSITY_K)(columns)
    return {**scores, "n_input": len(columns["features"]), "n_reference": len(known)}


def described(reference: Pictures, network: Describer) -> np.ndarray:
    """The features [n, d] of the usable pictures.

    Raises:
      DataError: fewer than six pictures can be used.
    """
    columns, left_out = network(reference)
    _require(reference, len(columns.get("features", ())), left_out)
    return columns["features"]


def _output(out: str) -> Path | None:
    """The file for the scores, after a check that its folder is there."""
    if not out:
        return None
    path = paths.given("out", out).absolute()
    if path.suffix != ".json" or not path.parent.is_dir() or path.is_dir():
        raise ConfigError(
            f"out={out!r} is not allowed; allowed: a file ending in .json in an existing folder"
        )
    output.require_writable("out", out, path.parent)
    return path


def _number(num: int, draws: Mapping[str, float], sets: Mapping[str, Pictures | Samples]) -> int:
    """The number of samples to draw, after a check of the flags of samples and of all sets.

    Every set must have pictures enough, and a run whose styles are truncated must have styles.
    """
    counts = {flag: one.count for flag, one in sets.items() if isinstance(one, Pictures)}
    for flag, value in {"num": num, **draws}.items():
        if len(counts) == len(sets) and value != _UNSET[flag]:
            raise ConfigError(f"{flag}={value} is for the samples of a run; input and reference are none")
    for one in sets.values():
        if isinstance(one, Samples):
            one.check_truncation(draws["truncation"])
    for flag, count in counts.items():
        if count < _LEAST:
            raise DataError(f"{flag}: {sets[flag].title} has {count} pictures; {_LEAST} or more are needed")
    number = num or min([_SAMPLES, *counts.values()])
    if len(counts) < len(sets) and number < _LEAST:
        raise ConfigError(f"num={num} is not allowed; allowed: {_LEAST} or more")
    return number


def _compare_sizes(sets: Mapping[str, Pictures | Samples]) -> None:
    """Warns of pictures whose size differs, since their sharpness then counts in the scores."""
    sizes = []
    for flag, one in sets.items():
        if isinstance(one, Samples):
            return
        try:
            tall, wide = one.read(0).shape[:2]
        except Skipped as reason:
            _log.debug("%s: %s", flag, reason)  # `_require` names the pictures that are left out
            return
        sizes.append((f"the first one of {flag} has {wide} x {tall} pixels", (tall, wide)))
    if sizes[0][1] != sizes[1][1]:
        _log.warning("the pictures differ in size: %s", ", ".join(text for text, _ in sizes))


def _drawn(
    sets: Mapping[str, Pictures | Samples], num: int, seed: int, truncation: float
) -> dict[str, Pictures]:
    """The sets, with samples drawn, and files in the form of the training images of a run beside them."""
    runs = [one.run for one in sets.values() if isinstance(one, Samples)]
    drawn = {}
    for flag, one in sets.items():
        if isinstance(one, Samples):
            drawn[flag] = one.draw(num, seed, truncation)
        else:
            drawn[flag] = one.changed(pictures.as_trained(runs[0])) if runs else one
    return drawn


def _reference(
    found: Pictures, sets: Mapping[str, Pictures | Samples], network: Describer, cache: str
) -> np.ndarray:
    """The features [n, d] of the reference, kept in `cache` by all that determines them."""
    if not cache:
        return described(found, network)
    form = ""
    other = sets["input"]
    if isinstance(other, Samples):  # the reference has the form of the run's training images
        form = f"{other.run.example['image']} {other.run.config.data.roles.get('image', {})}"
    facts = f"{_FORM}\n{network.name}\n{network.network.sha256}\n{devices.describe()['kind']}\n{form}\n"
    facts += found.digest()
    name = f"features-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
    compute = functools.partial(described, found, network)
    return inputs.cached(paths.given("cache", cache) / name, compute, INTERRUPTS.poll)


def _require(found: Pictures, usable: int, left_out: Mapping[int, str]) -> None:
    """Refuses too few usable pictures, and logs how many were left out."""
    reasons = listing.counted({found.names[place]: reason for place, reason in left_out.items()})
    if usable < _LEAST:
        message = f"{found.flag}: {usable} of {found.count} pictures of {found.title} can be used"
        raise DataError(f"{message}; {_LEAST} or more are needed" + (f": {reasons}" if reasons else ""))
    if left_out:
        _log.warning(
            "%s: %d of %d pictures are left out: %s", found.flag, len(left_out), found.count, reasons
        )
