"""A user's own images in place of a configuration's data sets, as `--data` names them."""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import ml_collections

from gan_jax import models
from gan_jax.config import following
from gan_jax.config.following import tree
from gan_jax.config.sets import dataset
from gan_jax.data import places
from gan_jax.data.places import DOMAINS, Place
from gan_jax.errors import ConfigError, nearest

_log = logging.getLogger(__name__)

_HELD_OUT = 2000  # most images that are held out of a set without a part for it
_DOMAINS = dict(zip(("source", "target"), DOMAINS, strict=True))
# Fields by which a role picks its images from a set that it shares with another role.
_PICKING = {"side": "", "derive": "", "having": (), "lacking": ()}


class Slices(NamedTuple):
    """The slices of a set that its roles read."""

    learned: str
    validated: str
    tested: str


def use(config: ml_collections.ConfigDict, text: str) -> None:
    """Replaces the data sets of a configuration by the images that a user names.

    Each replaced role of the training batch gets a data set of its own name. Evaluations and required runs
    that read the role's data set then read the new one. What they compute from labels is left out if the new
    images have no labels; a line of the log says so.

    Args:
      config: changed in place; it may be locked.
      text: a place, see `data.places.find`, or places by role: `source=summer/,target=winter/`. A single
        place of two domains has the splits trainA and trainB, or holds pairs, each in one image.

    Raises:
      ConfigError, DataError: a place cannot be read or does not fit the configuration.
    """
    found = _places(config, text)
    before = {role: config.data.roles[role].get("set", "") for role in config.data.roles}
    replaced = [config.data.sets[before[role]].get("name", "") for role in found if before[role]]
    shared = {role for role in found if list(found.values()).count(found[role]) > 1}
    unlabelled = {role for role, place in found.items() if _loses_attributes(config, role, place)}
    with config.unlocked():
        config.data.sets = {
            **config.data.sets,
            **{r: _described(config, before[r], place, r in unlabelled) for r, place in found.items()},
        }
        slices = {role: _slices(config, place, role, shared) for role, place in found.items()}
        for run in tree(config):
            _point(run, before, slices, alone=set(found) - shared)
        config.data.sets = {name: config.data.sets[name] for name in _named(config)}
        following.set_labels(config, found, unlabelled)
        following.set_channels(config, found)
        title = "_".join(dict.fromkeys(_word(place.title) for place in found.values()))
        for run in tree(config):
            for name in filter(None, replaced):  # `judge_digits_street` judges other images from here on
                run.name = run.name.removesuffix(f"_{name}")
            run.name = f"{run.name}_{title}"


def _places(config: ml_collections.ConfigDict, text: str) -> dict[str, Place]:
    """The place of each role of the training batch that gets another one."""
    known = list(config.data.roles)
    parts = [part.partition("=") for part in text.split(",")]
    if not all(sign for _, sign, _ in parts):
        parts = [("", "=", text)]
    wanted = {role: where for role, _, where in parts}
    for role in wanted:
        if role and role not in known:
            raise ConfigError(f"data={text!r}: role {role!r} {nearest(role, known)}")
    if len(wanted) < len(parts):
        raise ConfigError(f"data={text!r} is not allowed; allowed: each role once")
    where = {"data_dir": config.data.data_dir, "manual_dir": config.data.manual_dir}
    found = {role: places.find(place, **where) for role, place in wanted.items()}
    if "" in found:
        found = dict.fromkeys(known, found[""])
        _check_shared(config, text, found)
    return found


def _check_shared(config: ml_collections.ConfigDict, text: str, found: Mapping[str, Place]) -> None:
    """Refuses one place for several roles that could not tell their images apart."""
    roles = list(config.data.roles.values())
    picking = any(role.get(field, empty) != empty for role in roles for field, empty in _PICKING.items())
    place = next(iter(found.values()))
    if len(found) == 1 or picking or (set(found) == set(_DOMAINS) and _has_domains(place)):
        return
    each = ",".join(f"{role}=PLACE" for role in found)
    also = ", or a place with the splits trainA and trainB" if set(found) == set(_DOMAINS) else ""
    raise ConfigError(f"data={text!r} is one place for the roles {', '.join(found)}; allowed: {each}{also}")


def _has_domains(place: Place) -> bool:
    return {f"train{domain}" for domain in DOMAINS} <= set(place.sizes)


def _loses_attributes(config: ml_collections.ConfigDict, name: str, place: Place) -> bool:
    """Whether a place lacks the attributes of the set that it replaces, and only scores read them."""
    role = config.data.roles[name]
    old = role.get("set", "")
    if not (old and config.data.sets[old].attributes):
        return False
    trained = [other for other in config.data.roles.values() if other.get("set", "") == old]
    if any(other.labels or other.get("having") or other.get("lacking") for other in trained):
        return False
    return not places.has_attributes(place, config.data.data_dir)


def _described(config: ml_collections.ConfigDict, old: str, place: Place, unlabelled: bool) -> dict[str, Any]:
    """A data set of a place, with the stand-in and, unless `unlabelled`, the attributes of the old set."""
    kept = config.data.sets[old] if old else {}
    names = ("embedded", "resize") if unlabelled else ("embedded", "attributes", "resize")
    fields = {name: kept[name] for name in names if name in kept}
    if place.by_folder and not (unlabelled or fields.get("attributes")):
        fields["classes"] = True
    return dataset(**{**fields, **place.fields})


def _slices(config: ml_collections.ConfigDict, place: Place, role: str, shared: set[str]) -> Slices:
    """The slices of a role: a part for tests where there is one, else the last tenth is held out.

    Raises:
      ConfigError: the place has parts of two domains, and the role takes one; or there are too few images.
    """
    if models.model_class(config.model.name).holds_image:
        split = config.data.roles[role].split
        return Slices(split, split, split)
    end = _DOMAINS.get(role, "") if role in shared and _has_domains(place) else ""
    sizes = {name.removesuffix(end): n for name, n in place.sizes.items() if name.endswith(end)}
    if "train" not in sizes and any(name.startswith("train") for name in sizes):
        raise ConfigError(
            f"data={place.title!r} has the parts {', '.join(sizes)} for role {role!r}; allowed: the images "
            "of one domain, such as its folder trainA"
        )
    learned = "train" if "train" in sizes else next(iter(sizes))
    parts = [name for name in ("test", "val", "valid", "validation") if name in sizes and name != learned]
    halves = "validation" in config.evals
    if not parts:
        found = _held_out(place, learned + end, halves)
    elif len(parts) > 1:
        found = Slices(learned + end, parts[1] + end, parts[0] + end)
    else:
        part = parts[0] + end
        found = Slices(learned + end, *((f"{part}[:50%]", f"{part}[50%:]") if halves else (part, part)))
    _log.info("%s: %s, trained on %s, scored on %s", role, place.title, found.learned, found.tested)
    return found


def _held_out(place: Place, split: str, halves: bool) -> Slices:
    """Slices of one split: the last tenth of each class is held out, or of all images without class folders.

    Raises:
      ConfigError: there are too few images.
    """
    total, least = place.sizes[split], 1 + halves
    share = min(0.1, _HELD_OUT / total)
    slices: list[list[str]] = [[], [], []]
    first = 0
    for size in place.blocks.get(split, (total,)):
        held = max(round(size * share), least)
        last = first + size
        if size <= held:
            raise ConfigError(
                f"data={place.title!r} has {size} images{' of a class' if place.by_folder else ''}; allowed: "
                f"{least + 1} or more, since {least} of them are held out of training"
            )
        middle = last - (held + 1) // 2 if halves else last - held
        bounds = (first, last - held), (last - held, middle), (middle, last)
        for rows, (begin, end) in zip(slices, bounds, strict=True):
            rows.append(f"{split}[{begin}:{end}]")
        first = last
    learned, validated, tested = ("+".join(rows) for rows in slices)
    return Slices(learned, validated if halves else tested, tested)


def _point(
    run: ml_collections.ConfigDict, before: Mapping[str, str], slices: Mapping[str, Slices], alone: set[str]
) -> None:
    """Points the roles of a run and of its evaluations to the new sets."""
    for name, role in run.data.roles.items():
        _point_role(role, _followed(name, role, before), slices, "learned", alone)
    for title, evaluation in run.evals.items():
        for name, role in evaluation.roles.items():
            which = "validated" if title == "validation" else "tested"
            which = "learned" if name == "reference" else which  # training images, which scores compare with
            _point_role(role, _followed(name, role, before), slices, which, alone)


def _followed(name: str, role: Mapping[str, Any], before: Mapping[str, str]) -> str:
    """The role of the training batch whose data set a role of a run or an evaluation reads."""
    old = role.get("set", "")
    if old and before.get(name) == old:
        return name
    return next((learned for learned, own in before.items() if own and own == old), "")


def _point_role(role, followed, slices, which, alone):
    if followed in slices:
        role.set, role.split = followed, getattr(slices[followed], which)
        for field in set(_PICKING) & set(role) if followed in alone else ():
            del role[field]


def _named(config: ml_collections.ConfigDict) -> list[str]:
    """The data sets that roles name."""
    used = set()
    for run in tree(config):
        roles = [*run.data.roles.values(), *(r for e in run.evals.values() for r in e.roles.values())]
        used |= {role.set for role in roles if "set" in role}
    return [name for name in config.data.sets if name in used]


def _word(text: str) -> str:
    """A text as a part of a folder's name."""
    return re.sub(r"[^\w-]+", "_", Path(text).stem).strip("_") or "data"
