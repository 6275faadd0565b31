"""Who may import whom. The tests read the source only."""

import ast
import re

from sources import (
    COMMAND_LINES,
    CONFIGS,
    PACKAGE,
    ROOT,
    SOURCES,
    foreign,
    imports,
    name_of,
    package_of,
    tree,
    within,
)

from gan_jax import models

ARRAYS = ("numpy", "jax")
COMPUTING = ("gan_jax.ops.precision", "gan_jax.ops.remat")
IMAGES = ("numpy", "PIL", "scipy", "sklearn", "matplotlib")

# The packages in order, the lowest first: what each may import of gan_jax and outside the standard library. A
# package may always import itself. No package imports one that stands below it in this table.
MAY = {
    "errors": (),
    "paths": ("gan_jax.errors",),
    "lazy": (),
    "plugins": ("gan_jax.errors", "gan_jax.paths"),
    "files": ("numpy", "safetensors", "torch", "h5py"),
    "drawing": ("numpy", "matplotlib", "PIL", "jinja2"),
    "ops": (*ARRAYS, "optax", "gan_jax.errors"),
    "game": (*ARRAYS, "flax", "optax", "gan_jax.errors", *COMPUTING),
    "data": (
        *(*IMAGES, "tensorflow_datasets", "gan_jax.errors", "gan_jax.paths", "gan_jax.files"),
        *("gan_jax.drawing.palette", "gan_jax.plugins", "rich"),
    ),
    "networks": (*ARRAYS, "flax", "gan_jax.ops.pixels", "gan_jax.lazy", *COMPUTING),
    "models": (
        *(*ARRAYS, "flax", "optax", "gan_jax.errors", "gan_jax.plugins", "gan_jax.ops", "gan_jax.game"),
        "gan_jax.networks",
    ),
    "metrics": (
        *(*ARRAYS, "sklearn", "gan_jax.errors", "gan_jax.paths", "gan_jax.files", "gan_jax.lazy"),
        *("gan_jax.ops.pixels", "gan_jax.game.devices", "gan_jax.networks.recognition"),
    ),
    "evaluation": (
        *(*ARRAYS, "sklearn", "gan_jax.errors", "gan_jax.drawing", "gan_jax.ops", "gan_jax.metrics"),
        *("gan_jax.game.network", "gan_jax.plugins"),
    ),
    "config": (
        *(
            "ml_collections",
            "gan_jax.plugins",
            "gan_jax.errors",
            "gan_jax.data.roles",
            "gan_jax.data.embedded.catalogue",
            "gan_jax.data.places",
            "gan_jax.models",
            "gan_jax.metrics.features",
            "gan_jax.evaluation",
            "gan_jax.ops.losses",
            "gan_jax.ops.precision",
        ),
    ),
    "runs": (
        *(*ARRAYS, "PIL", "absl", "clu", "ml_collections", "orbax", "rich", "tensorflow"),
        *("gan_jax.errors", "gan_jax.files", "gan_jax.drawing", "gan_jax.ops", "gan_jax.game"),
        "gan_jax.data",
        *("gan_jax.models", "gan_jax.metrics.features", "gan_jax.evaluation", "gan_jax.config"),
        "gan_jax.paths",
    ),
    "weights": (
        *(
            "numpy",
            "jax",
            "ml_collections",
            "gan_jax.errors",
            "gan_jax.paths",
            "gan_jax.files",
            "gan_jax.ops.labels",
        ),
        *("gan_jax.models", "gan_jax.config", "gan_jax.runs"),
    ),
    "inference": (
        *(
            *ARRAYS,
            "PIL",
            "absl",
            "imageio",
            "rich",
            "gan_jax.errors",
            "gan_jax.paths",
            "gan_jax.files",
            "gan_jax.drawing",
        ),
        *("gan_jax.ops", "gan_jax.game.devices", "gan_jax.game.network", "gan_jax.data", "gan_jax.models"),
        *("gan_jax.metrics", "gan_jax.networks.layers.convolutions"),
        *("gan_jax.runs", "gan_jax.weights", "gan_jax.__version__"),
    ),
    "report": (
        *("absl", "PIL", "gan_jax.errors", "gan_jax.paths", "gan_jax.files", "gan_jax.drawing"),
        *("gan_jax.runs.workdir", "gan_jax.runs.signals", "gan_jax.__version__"),
    ),
    "train": (
        *("jax", "ml_collections", "gan_jax.errors", "gan_jax.ops.pixels", "gan_jax.game", "gan_jax.data"),
        *("gan_jax.config", "gan_jax.runs", "gan_jax.paths"),
    ),
    "api": (
        *("numpy", "ml_collections", "PIL", "gan_jax.errors", "gan_jax.game.devices", "gan_jax.config"),
        *("gan_jax.data.sources.decoding", "gan_jax.ops.pixels", "gan_jax.runs", "gan_jax.inference"),
    ),
    "demo": (
        *("numpy", "PIL", "gradio", "fastapi", "uvicorn", "gan_jax.errors", "gan_jax.drawing.sheets"),
        *("gan_jax.ops", "gan_jax.data.pixels.views", "gan_jax.data.sources.decoding", "gan_jax.models"),
        *("gan_jax.runs", "gan_jax.inference"),
    ),
    "arguments": (*("absl", "ml_collections", "gan_jax.errors", "gan_jax.paths", "gan_jax.config"),),
    "main": (
        *(
            "absl",
            "ml_collections",
            "gan_jax.errors",
            "gan_jax.arguments",
            "gan_jax.game.devices",
            "gan_jax.config",
        ),
        *("gan_jax.runs", "gan_jax.weights", "gan_jax.inference", "gan_jax.train", "gan_jax.paths"),
        "gan_jax.demo",
    ),
}
# What a single file may import beyond its package's rule.
ALSO = {
    "data/sources/tfds.py": ("absl", "requests", "tensorflow"),
    "runs/literal.py": ("etils",),
    "runs/provenance.py": ("gan_jax",),
}


def test_every_package_has_one_rule_and_no_rule_is_for_nothing():
    assert {package_of(path) for path in SOURCES} - {"__init__"} == set(MAY)
    assert all((PACKAGE / file).exists() for file in ALSO)


def test_the_pictures_of_the_tree_show_every_package_and_nothing_else():
    packages = [path.parent for depth in ("*", "*/*") for path in PACKAGE.glob(f"{depth}/__init__.py")]
    drawn = (ROOT / "docs" / "design.md").read_text().split("\ngan_jax/\n")[1].split("\nconfigs/")[0]
    assert sorted(re.findall(r"(\w+)/", drawn)) == sorted(path.name for path in packages)
    told = re.findall(r"^  \| (`.+?`) \|", (ROOT / "CONTRIBUTING.md").read_text(), re.M)
    assert [name for row in told for name in re.findall(r"`(\w+)`", row)] == list(MAY)


def test_imports():
    bad = []
    for path in SOURCES:
        package = package_of(path)
        if package == "__init__":
            continue
        inner = name_of(path).removeprefix("gan_jax/")
        allowed = (*MAY[package], f"gan_jax.{package}", *ALSO.get(inner, ()))
        bad += [f"{inner} imports {name}" for name in foreign(path) if not within(name, allowed)]
    assert not bad


def test_no_package_imports_one_above_it():
    order = list(MAY)
    for package, allowed in MAY.items():
        parts = {name.split(".")[1] for name in allowed if name.startswith("gan_jax.")} - {"__version__"}
        assert all(order.index(part) < order.index(package) for part in parts), package


def test_a_rule_allows_nothing_that_nobody_imports():
    found = {}
    for path in SOURCES:
        found.setdefault(package_of(path), set()).update(foreign(path))
    unused = {
        package: [part for part in allowed if not any(within(name, (part,)) for name in found[package])]
        for package, allowed in MAY.items()
    }
    assert not {package: parts for package, parts in unused.items() if parts}


def test_no_model_imports_another():
    others = [f"gan_jax.models.{other}" for other in models.known()]
    files = (PACKAGE / "models").rglob("[!_]*.py")
    assert not [(name_of(path), name) for path in files for name in imports(path) if within(name, others)]


def test_every_module_of_evaluation_is_an_evaluator_and_none_imports_another():
    kinds = [path for path in (PACKAGE / "evaluation").glob("*.py") if path.stem != "__init__"]
    others = [f"gan_jax.evaluation.{path.stem}" for path in kinds]
    for path in kinds:
        public = {node.name for node in tree(path).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        public = {name for name in public if not name.startswith("_")}
        assert {"evaluate"} <= public <= {"evaluate", "check", "check_model", "check_judge"}, name_of(path)
        assert not [name for name in imports(path) if within(name, others)], name_of(path)


def test_configurations_import_the_configuration_alone():
    allowed = ("ml_collections", "gan_jax.config")
    assert not [(path.stem, name) for path in CONFIGS for name in foreign(path) if not within(name, allowed)]


def test_nothing_but_the_command_lines_touches_flags():
    for path in SOURCES:
        flags = [name for name in imports(path) if within(name, ("absl.app", "absl.flags"))]
        assert bool(flags) == (path in COMMAND_LINES), name_of(path)
