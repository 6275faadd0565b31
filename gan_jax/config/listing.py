"""What there is to choose from, in a line each: configurations, models, losses, evaluators and data sets."""

import ast
import pkgutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from gan_jax import evaluation, models, plugins
from gan_jax.config import meanings, variants
from gan_jax.data.embedded import catalogue
from gan_jax.errors import ConfigError
from gan_jax.models.shared.adversarial import LOSSES
from gan_jax.ops import losses

_FILES = "a folder or zip of images, .npz, SVHN's .mat or MNIST's idx files, by the field files"
_INSTALLED = "from an installed package"
_TFDS = "any data set of tensorflow-datasets, by the field name"


def folder() -> Path:
    """The folder of configurations: `configs` here, in the installed package, or in the checkout.

    Raises:
      ConfigError: there is none.
    """
    package = Path(variants.__file__).parents[1]
    for place in (Path("configs"), package / "configs", package.parent / "configs"):
        if place.is_dir():
            return place
    raise ConfigError("there is no folder of configurations; name a file by --config=FILE")


def configurations() -> dict[str, str]:
    """The path of each configuration, and the first line of its docstring. No file is run."""
    return {str(path): _title(path) for path in sorted(folder().glob("*.py"))}


def variants_of(file: str) -> dict[str, str]:
    """The variants of a configuration, and what each of them says of itself. The file is run.

    Raises:
      ConfigError: there is no such file.
    """
    return {name: meanings.summary(variant.__doc__) for name, variant in variants.known(file).items()}


def sections() -> Iterator[tuple[str, Mapping[str, str]]]:
    """The title of each kind of thing, with its names and a line for each."""
    yield "Configurations (--config=FILE)", configurations()
    yield "Models (config.model.name)", _modules(models.__path__, models.known(), plugins.MODELS)
    yield "Losses (config.model.loss)", {name: _of_loss(name) for name in LOSSES}
    yield "Evaluators (kind)", _modules(evaluation.__path__, evaluation.known(), plugins.EVALUATORS)
    sets = {name: f"embedded; labels are {labels}" for name, labels in catalogue.LABELS.items()}
    sets |= dict.fromkeys(plugins.known(plugins.DATA), _INSTALLED)
    yield "Data sets (config.data.sets)", {**sets, "NAME": _TFDS, "files": _FILES}


def lines(file: str = "") -> Iterator[str]:
    """A text of everything, or of the variants of one configuration."""
    if file:
        yield _title(Path(file))
        yield from _section(f"Variants (--config={file}:NAME, several by commas)", variants_of(file))
        return
    for title, names in sections():
        yield from _section(title, names)
    yield "Variants of a configuration: --mode=list --config=FILE. Its fields: --mode=fields --config=FILE."


def _section(title: str, names: Mapping[str, str]) -> Iterator[str]:
    yield f"{title}:"
    width = max(map(len, names), default=0)
    yield from (f"  {name:<{width}}  {text}".rstrip() for name, text in names.items())
    yield ""


def _title(path: Path) -> str:
    return meanings.summary(ast.get_docstring(ast.parse(path.read_text())))


def _modules(places: list[str], names: Collection[str], group: str) -> dict[str, str]:
    """The first paragraph of the docstring of each module, and the names of a group of entry points."""
    found = {}
    for module in pkgutil.iter_modules(places):
        if module.name in names:
            path = Path(module.module_finder.path, f"{module.name}.py")  # type: ignore[union-attr]
            found[module.name] = _title(path)
    return dict(sorted({**dict.fromkeys(plugins.known(group), _INSTALLED), **found}.items()))


def _of_loss(name: str) -> str:
    if name not in losses.ADVERSARIAL:
        return meanings.summary(losses.relativistic.__doc__)
    return " ".join(meanings.summary(part.__doc__) for part in losses.ADVERSARIAL[name])
