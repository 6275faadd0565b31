"""Who may import whom, what only one module may do, and sizes of files. The tests read the source only."""

import ast
import functools
import re
import sys
from pathlib import Path

import pytest

from gan_jax import models

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gan_jax"
_COMMAND_LINES = ("main.py", "arguments.py", "inference/flags.py", "report/__main__.py")
COMMAND_LINES = tuple(PACKAGE / name for name in _COMMAND_LINES)
SOURCES = sorted(PACKAGE.rglob("*.py"))
CONFIGS = sorted((ROOT / "configs").glob("*.py"))
EXPERIMENTS = sorted((ROOT / "experiments").glob("*.py"))
ALL = [*SOURCES, *CONFIGS, *EXPERIMENTS]
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
        *("numpy", "jax", "ml_collections", "gan_jax.errors", "gan_jax.files", "gan_jax.ops.labels"),
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


@functools.cache
def tree(path):
    return ast.parse(path.read_text())


def name_of(path):
    return str(path.relative_to(ROOT))


def imports(path):
    """Dotted names of everything that a file imports, also inside functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name_of(path)}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(path):
    return [name for name in imports(path) if name.split(".")[0] not in sys.stdlib_module_names]


def within(name, allowed):
    return any(name == part or name.startswith(f"{part}.") for part in allowed)


def dotted(node):
    """`a.b.c` for an attribute chain, '' for any other node."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@functools.cache
def uses(path):
    """Every dotted name that the code reads, longest form first."""
    return {dotted(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute | ast.Name)}


def package_of(path):
    """The name of a file's package, or of the file itself at the root."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


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
        assert {"evaluate"} <= public <= {"evaluate", "check", "check_model"}, name_of(path)
        assert not [name for name in imports(path) if within(name, others)], name_of(path)


def test_configurations_import_the_configuration_alone():
    allowed = ("ml_collections", "gan_jax.config")
    assert not [(path.stem, name) for path in CONFIGS for name in foreign(path) if not within(name, allowed)]


def test_nothing_but_the_command_lines_touches_flags():
    for path in SOURCES:
        flags = [name for name in imports(path) if within(name, ("absl.app", "absl.flags"))]
        assert bool(flags) == (path in COMMAND_LINES), name_of(path)


def test_main_and_experiments_know_no_models_inside():
    for path in [PACKAGE / "main.py", *EXPERIMENTS]:
        bad = [name for name in uses(path) if re.search(r"\b(pmap|value_and_grad|grad)\b", name)]
        assert not bad, f"{name_of(path)}: {bad}"


DEVICE_FILES = [f"game/devices/{name}.py" for name in ("joining", "mapping", "parts", "placing")]
DEVICES = r"\.(pmap|shard_map|devices|local_devices|device_count|local_device_count|make_mesh)$"
COLLECTIVES = r"\.(pmean|psum|pmax|pmin|all_gather|all_to_all|ppermute|axis_index|psum_scatter)$"
NORMS = r"^(nn|linen|flax\.linen)\.\w*(BatchNorm|InstanceNorm|LayerNorm|GroupNorm|RMSNorm)$"
PRODUCTS = r"^(nn|linen|flax\.linen)\.(Dense|DenseGeneral|Einsum|Conv|ConvTranspose|ConvLocal)$"
GRADIENTS = r"\bjax\.(grad|value_and_grad|vjp|jvp|jacfwd|jacrev|hessian|linearize)$"


@pytest.mark.parametrize(
    ("what", "where"),
    [
        (DEVICES, DEVICE_FILES),
        (COLLECTIVES, DEVICE_FILES),
        (GRADIENTS, ["game/moves.py", "ops/slopes.py", "ops/projection.py"]),
        # Linen's default variance loses precision.
        (NORMS, ["networks/layers/normalisation.py"]),
        # Linen's own layers do not follow the policy of `ops.precision`. These two need every digit.
        (PRODUCTS, ["networks/recognition/inception.py", "networks/recognition/vgg.py"]),
    ],
    ids=["devices", "collectives", "gradients", "norms", "products"],
)
def test_only_some_modules_do(what, where):
    homes = [PACKAGE / place for place in where]
    for path in ALL:
        found = [
            name
            for name in uses(path)
            if re.search(what, name) and name.startswith(("jax", "lax", "nn", "flax"))
        ]
        assert not found or path in homes, f"{name_of(path)}: {found}"
    # A rule guards nothing if it matches nothing anywhere.
    assert any(re.search(what, name) for path in homes for name in uses(path))


def test_one_file_computes_in_bfloat16():
    for package in ("networks", "models", "game", "ops", "runs"):
        files = (PACKAGE / package).rglob("*.py")
        named = [path for path in files if re.search(r"[.\"']bfloat16\b", path.read_text())]
        assert named == ([PACKAGE / "ops" / "precision.py"] if package == "ops" else []), package


def at_import(node):
    """Calls that run when a module is imported, that is, outside functions and lambdas."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            defaults = [*child.args.defaults, *filter(None, child.args.kw_defaults)]
            for part in (*child.decorator_list, *defaults):
                yield from ast.walk(part)
        elif not isinstance(child, ast.Lambda):
            yield child
            yield from at_import(child)


def test_importing_makes_no_array_no_key_and_asks_no_device():
    found = []
    for path in ALL:
        calls = [dotted(node.func) for node in at_import(tree(path)) if isinstance(node, ast.Call)]
        made = [c for c in calls if re.match(r"(jnp|np|numpy|jax\.numpy|jax\.random|lax)\.", c)]
        asked = [c for c in calls if re.match(r"jax\.(devices|local_|device|process_|default_backend)", c)]
        found += [(name_of(path), call) for call in made + asked]
    assert not found


def test_sizes():
    found = []
    for path in ALL:
        lines = path.read_text().count("\n")
        found += [f"{name_of(path)}: {lines} lines"] if lines > 300 else []
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                found += [f"{name_of(path)}: {node.name} has {length} lines"] if length > 60 else []
    assert not found


def test_the_loop_and_the_game_name_no_model():
    for path in [PACKAGE / "train.py", *(PACKAGE / "game").glob("*.py")]:
        words = set(re.findall(r"\w+", path.read_text()))
        assert not words & set(models.known()), name_of(path)


FORBIDDEN = ("pickle", "marshal", "shelve", "dill", "joblib")


def offences(path):
    """What no file may have: unsafe calls, unfinished code, and exceptions that are swallowed."""
    yield from (f"imports {name}" for name in imports(path) if name.split(".")[0] in FORBIDDEN)
    yield from re.findall(r"\b(?:TODO|FIXME|XXX)\b", path.read_text())
    prints = path in COMMAND_LINES or path in EXPERIMENTS
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            if called in ("eval", "exec") or (called == "print" and not prints):
                yield f"line {node.lineno} calls {called}"
            if any(k.arg == "allow_pickle" and k.value.value for k in node.keywords):
                yield f"line {node.lineno} allows pickles"
        if isinstance(node, ast.ExceptHandler):
            caught = dotted(node.type) if node.type else "everything"
            quiet = all(isinstance(line, ast.Pass) for line in node.body)
            if caught in ("everything", "BaseException") or quiet:
                yield f"line {node.lineno} swallows {caught}"
        if isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node):
            yield f"line {node.lineno} raises NotImplementedError"


def test_nothing_unsafe_and_nothing_unfinished():
    assert not {name_of(path): found for path in ALL if (found := list(offences(path)))}
