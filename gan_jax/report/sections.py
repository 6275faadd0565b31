"""Turns groups of files into sections of the page. Unknown layouts are shown as they are."""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gan_jax.drawing import plots
from gan_jax.report import abouts, nodes, tables
from gan_jax.report.collect import Group, Picture
from gan_jax.report.nodes import Fields, Node
from gan_jax.report.view import Section

_KINDS = ("table", "run", "file")  # in the order of the page
_ORIGIN = ("command", "commit", "device", "hardware", "versions")
_OF_A_RUN = ("seed", "step", "judged_step", "seconds", "params_sha256")
_SHEET = re.compile(r"(?P<name>.*?)_?\d+\.\w+")
_SHEETS = 6  # most sheets shown for one name


def sections(groups: Iterable[Group], homes: Sequence[Path] = ()) -> list[Section]:
    """A section for each group: tables first, then runs, then all other files.

    Args:
      groups: what `collect` has read.
      homes: folders in which the scripts may lie that wrote the files, see `abouts.about`.
    """
    made = [dataclasses.replace(_section(group), about=_about(group, homes)) for group in groups]
    return sorted(made, key=lambda section: _KINDS.index(section.kind))


def _about(group: Group, homes: Sequence[Path]) -> str:
    """One line on a group; a run's is its model and its training images."""
    first = group.documents[0] if group.documents else None
    if group.config is None and not (first and first.is_result):
        return abouts.about(first.content, homes) if first else f"{len(group.pictures)} pictures"
    config = group.config
    if config is None and first:
        config = first.content.get("config")
    model, data = (config.get(part) if isinstance(config, dict) else None for part in ("model", "data"))
    if not (isinstance(model, dict) and "name" in model):
        return abouts.about(first.content, homes) if first else "a run"
    images = _roles(data, data.get("sets") if isinstance(data, dict) else None)
    return f"model {model['name']}{', trained on ' if images else ''}{images}"


def _section(group: Group) -> Section:
    first = group.documents[0] if group.documents else None
    if group.config is not None or (first and first.is_result):
        return _of_run(group)
    experiment = tables.experiment(first.content) if first else None
    if experiment:
        return _of_experiment(group, experiment)
    return _of_file(group)


def _of_file(group: Group) -> Section:
    """A file of an unknown layout, or pictures without a file."""
    first = group.documents[0] if group.documents else None
    content = first.content if first else {}
    whole = content if isinstance(content, dict) else {"": content}
    title = first.stem if first else group.place or "Pictures"
    return Section(title, "file", **_common(group, whole))


def _of_experiment(group: Group, experiment: tables.Experiment) -> Section:
    left = experiment.left
    plain = [key for key, value in left.items() if nodes.is_scalar(value) and key not in _ORIGIN]
    return Section(
        title=group.documents[0].stem,
        kind="table",
        facts=nodes.fields({key: left.pop(key) for key in plain}),
        headline=next((row for table in experiment.tables for row in table.rows if row.values), None),
        tables=experiment.tables,
        **_common(group, left),
    )


def _of_run(group: Group) -> Section:
    """A run's folder, or the results of one run's seeds."""
    results = {
        head: dict(document.content) for head, document in zip(_heads(group), group.documents, strict=True)
    }
    origin, origins = _origin(list(results.values()), (*_OF_A_RUN, *_ORIGIN))
    metrics: dict[str, Any] = {}
    configs: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for head, result in results.items():
        for name, parts in (("metrics", metrics), ("config", configs)):
            if isinstance(result.get(name), dict):
                parts[head] = result.pop(name)
        left |= {
            f"{head}: {k}" if head else k: v
            for k, v in result.items()
            if k not in ("name", *_OF_A_RUN, *_ORIGIN)
        }
    config = group.config if group.config is not None else next(iter(configs.values()), {})
    if group.config is not None and group.config not in configs.values():
        configs["now in the folder" if configs else ""] = group.config
    scores = tables.scores(metrics) if results else tables.scores_so_far(group.records)
    named = next((result.get("name") for result in results.values()), None)
    return Section(
        title=str(named or config.get("name") or group.place or "run"),
        kind="run",
        files=tuple(document.name for document in group.documents),
        status="" if results else _progress(group, config),
        facts=_scale(config),
        headline=scores.headline,
        tables=scores.tables,
        confusions=scores.confusions,
        origin=origin,
        origins=origins,
        configs=_configs(configs),
        rest=nodes.fields(left | scores.left),
        **_drawn(group, scores.drawn),
    )


def _common(group: Group, content: dict[str, Any]) -> dict[str, Any]:
    """The parts that every file may have: origin, configuration, pictures, and all other entries."""
    configs = {"": content["config"]} if isinstance(content.get("config"), dict) else {}
    listed = any(document.listed for document in group.documents)
    shown = [*_ORIGIN, *(["config"] if configs else []), *(["pictures"] if listed else [])]
    return {
        "files": tuple(document.name for document in group.documents),
        "origin": _origin([content])[0],
        "configs": _configs(configs),
        "rest": nodes.fields(content, shown),
        **_drawn(group),
    }


def _heads(group: Group) -> list[str]:
    """The names that distinguish the results of one group: '' for a single one, else seeds, else files."""
    if len(group.documents) < 2:
        return [""] * len(group.documents)
    seeds = [f"seed {document.content.get('seed')}" for document in group.documents]
    return seeds if len(set(seeds)) == len(seeds) else [document.name for document in group.documents]


def _origin(contents: list[dict[str, Any]], keys: Sequence[str] = _ORIGIN) -> tuple[Fields, Node | None]:
    """The origin of figures: the entries that all contents share, and one line for each where they differ."""
    known = [key for key in keys if any(key in content for content in contents)]
    same = [k for k in known if all(k in content and content[k] == contents[0][k] for content in contents)]
    shared = nodes.fields({key: contents[0][key] for key in same})
    differing = [key for key in known if key not in same]
    lines = [{key: content[key] for key in differing if key in content} for content in contents]
    return shared, nodes.grid(lines) if differing else None


def _configs(configs: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    title = "Configuration"
    return tuple((f"{title}, {head}" if head else title, nodes.pretty(c)) for head, c in configs.items())


def _scale(config: Mapping[str, Any]) -> Fields:
    """What a run is trained on and for how long, and what it is scored on."""
    evals = config.get("evals")
    test = evals.get("test") if isinstance(evals, dict) else None
    data = config.get("data")
    sets = data.get("sets") if isinstance(data, dict) else None
    steps, batch = config.get("steps"), config.get("batch_size")
    facts = {
        "trained on": _roles(data, sets),
        "scored on": _roles(test, sets),
        "scale": f"{steps} steps of batch {batch}" if steps is not None and batch is not None else "",
    }
    return nodes.fields({name: fact for name, fact in facts.items() if fact})


def _roles(part: Any, sets: Any) -> str:
    """The images of a configuration's part: `source svhn_cropped[extra], target mnist[train]`.

    A role may name one of the configuration's data sets, which then says where its images are.
    """
    roles = part.get("roles") if isinstance(part, dict) else None
    named = []
    for role, spec in roles.items() if isinstance(roles, dict) else ():
        if isinstance(spec, dict):
            described = sets.get(spec.get("set")) if isinstance(sets, dict) else None
            spec = {**described, **spec} if isinstance(described, dict) else spec
            files = spec.get("files")
            listed = " and ".join(map(str, files.values())) if isinstance(files, dict) else ""
            named.append(f"{role} {spec.get('name') or listed} [{spec.get('split')}]")
    return ", ".join(named)


def _progress(group: Group, config: Mapping[str, Any]) -> str:
    step = max((record["step"] for record in group.records), default=0)
    return f"In progress: step {step} of {config.get('steps')}. There is no result.json yet."


def _drawn(group: Group, drawn: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Curves and pictures, without equal pictures and without plots that the page draws itself."""
    redrawn = {f"confusion_{name}" for name in drawn} | ({"curves"} if group.records else set())
    distinct: dict[bytes, Picture] = {}
    for picture in group.pictures:
        if picture.stem not in redrawn:
            distinct.setdefault(picture.content, picture)
    sheets = [picture for picture in distinct.values() if "sheet" in picture.stem]
    return {
        "curves": plots.curve_panels(group.records),
        "sheets": tuple(_spread(sheets)),
        "sheets_in_all": len(sheets),
        "pictures": tuple(picture for picture in distinct.values() if "sheet" not in picture.stem),
    }


def _spread(sheets: list[Picture]) -> list[Picture]:
    """For each name, the first and the last sheet and some evenly spaced between them."""
    names: dict[str, list[Picture]] = {}
    for sheet in sheets:
        match = _SHEET.fullmatch(sheet.name)
        names.setdefault(match["name"] if match else sheet.name, []).append(sheet)
    chosen = []
    for same in names.values():
        count = min(len(same), _SHEETS)
        places = {round(i * (len(same) - 1) / max(count - 1, 1)) for i in range(count)}
        chosen += [same[place] for place in sorted(places)]
    return chosen
