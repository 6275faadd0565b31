"""What the page of a run does, by what its model can do; and the run in words."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gan_jax import models
from gan_jax.demo.controls import Work
from gan_jax.demo.drawing import Drawing
from gan_jax.demo.photographs import Styling, Translating
from gan_jax.errors import WorkdirError
from gan_jax.runs import restore


def check(workdir: Path | str) -> None:
    """Refuses a run that has no page, from its configuration only.

    Raises:
      WorkdirError: the folder holds no run, or its model neither draws pictures nor turns images into images.
    """
    config = restore.load_config(workdir)
    model: Any = models.create(config.model)
    where = f"{workdir} holds the run {config.name!r} of model {config.model.name!r}, which"
    if model.draws_from_noise and model.channels not in (1, 3):
        raise WorkdirError(f"{where} draws {model.channels} channels; a page can show 1 or 3")
    if not (model.draws_from_noise or model.translates or model.takes_styles):
        what = "holds one image" if model.holds_image else "predicts labels of images"
        raise WorkdirError(
            f"{where} {what}; --mode=demo needs one that makes images from noise or from images"
        )


def of_run(workdir: Path | str, run: restore.Run) -> Work:
    """What the page of a run does. `check` has let the run through."""
    if run.model.draws_from_noise:
        return Drawing(workdir, run)
    return Styling(run) if run.model.takes_styles else Translating(run)


def facts(run: restore.Run) -> dict[str, str]:
    """What the page says about a run: its model, its training data by role, and its step."""
    roles = run.config.data.roles
    data = {name: _source(spec) for name, spec in roles.items()}
    one = len(set(data.values())) == 1
    told = next(iter(data.values())) if one else ", ".join(f"{name} {what}" for name, what in data.items())
    return {"model": run.config.model.name, "data": told, "step": str(int(run.state.step))}


def _source(spec: Mapping[str, Any]) -> str:
    """The name of a role's data set, or the names of its files."""
    files = dict.fromkeys(PurePosixPath(file).name for file in spec["files"].values())
    return spec["name"] or ", ".join(files)
