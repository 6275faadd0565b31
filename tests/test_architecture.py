"""Who may import whom, what only one module may do, and sizes: read from the source alone."""

import ast
import re
import sys
from pathlib import Path

import pytest

from gan_jax import models

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gan_jax"
COMMAND_LINES = (PACKAGE / "main.py", PACKAGE / "report" / "__main__.py")
SOURCES = sorted(PACKAGE.rglob("*.py"))
ALL = SOURCES + sorted((ROOT / "configs").glob("*.py")) + sorted((ROOT / "experiments").glob("*.py"))
NUMPY = ("numpy", "scipy", "PIL", "sklearn", "matplotlib")

MAY = {  # what a file may import of gan_jax, and outside the standard library
    "losses.py": ("jax", "optax"),
    "images.py": ("jax", "numpy"),
    "augment.py": ("jax",),
    "pool.py": ("jax",),
    "networks/*.py": ("jax", "flax", "optax", "numpy", "gan_jax.networks", "gan_jax.images"),
    "parallel.py": ("jax", "numpy", "gan_jax.errors"),
    "state.py": ("jax", "flax", "optax", "gan_jax.parallel"),
    "errors.py": (),
    "models/[!_]*.py": (
        *("jax", "flax", "optax", "numpy", "gan_jax.losses", "gan_jax.images", "gan_jax.augment"),
        *("gan_jax.state", "gan_jax.networks", "gan_jax.pool", "gan_jax.models.base", "gan_jax.errors"),
        "gan_jax.conditions",
    ),
    "conditions.py": ("jax", "numpy", "gan_jax.errors"),
    "models/__init__.py": ("gan_jax.errors",),
    "data/[!t]*.py": (*NUMPY, "tensorflow_datasets", "gan_jax.errors", "gan_jax.data", "gan_jax.palette"),
    "data/tfds_source.py": (
        *(*NUMPY, "tensorflow", "tensorflow_datasets", "requests", "absl"),
        *("gan_jax.errors", "gan_jax.data"),
    ),
    "evaluation/*.py": (
        "numpy",
        "sklearn",
        "jax",
        "gan_jax.errors",
        "gan_jax.images",
        "gan_jax.conditions",
        "gan_jax.evaluation",
        "gan_jax.metrics",
        "gan_jax.palette",
        "gan_jax.plots",
        "gan_jax.pretrained",
    ),
    "recipes/*.py": ("ml_collections", "gan_jax.config", "gan_jax.recipes"),
    "metrics/*.py": ("numpy", "jax", "sklearn", "gan_jax.metrics"),
    "pretrained.py": (
        *("numpy", "torch"),
        *("gan_jax.errors", "gan_jax.images", "gan_jax.networks.inception", "gan_jax.parallel"),
    ),
    "ablation.py": (),
    "palette.py": ("numpy",),
    "inference/comparison.py": ("numpy", "PIL", "gan_jax.__version__", "gan_jax.pages"),
    "inference/latents.py": ("numpy",),
    "inference/output.py": ("numpy", "PIL", "gan_jax.errors", "gan_jax.plots", "gan_jax.workdir"),
    "inference/targets.py": ("gan_jax.errors", "gan_jax.workdir"),
    "pages.py": ("jinja2",),
    "plots.py": ("numpy", "matplotlib"),
    "report/*.py": (
        *("absl", "PIL", "gan_jax.__version__", "gan_jax.pages"),
        *("gan_jax.errors", "gan_jax.plots", "gan_jax.report", "gan_jax.workdir"),
    ),
}


def tree(path):
    return ast.parse(path.read_text())


def name_of(path):
    return str(path.relative_to(ROOT))


def imports(path):
    """Dotted names of all that a file imports, inside functions too."""
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
    """`a.b.c` of an attribute chain, '' of anything else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def uses(path):
    """Every dotted name that the code reads, longest form first."""
    return {dotted(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute | ast.Name)}


@pytest.mark.parametrize("pattern", MAY)
def test_imports(pattern):
    paths = sorted(PACKAGE.glob(pattern))
    assert paths, pattern
    for path in paths:
        bad = [name for name in foreign(path) if not within(name, MAY[pattern])]
        assert not bad, f"{name_of(path)} imports {bad}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "models").glob("[!_]*.py")), ids=lambda p: p.stem)
def test_no_model_imports_another(path):
    others = [f"gan_jax.models.{other}" for other in models.known()]
    assert not [name for name in imports(path) if within(name, others)]


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.py")), ids=lambda p: p.stem)
def test_configurations_import_the_configuration_alone(path):
    assert all(
        within(name, ("ml_collections", "gan_jax.config", "gan_jax.recipes", "gan_jax.ablation"))
        for name in foreign(path)
    )


def test_nothing_but_the_command_lines_touches_flags():
    for path in SOURCES:
        flags = [name for name in imports(path) if within(name, ("absl.app", "absl.flags"))]
        assert bool(flags) == (path in COMMAND_LINES), name_of(path)


def test_main_and_experiments_know_no_models_inside():
    for path in [PACKAGE / "main.py", *(ROOT / "experiments").glob("*.py")]:
        bad = [name for name in uses(path) if re.search(r"\b(pmap|value_and_grad|grad)\b", name)]
        assert not bad, f"{name_of(path)}: {bad}"


DEVICES = r"\.(pmap|shard_map|devices|local_devices|device_count|local_device_count|make_mesh)$"
COLLECTIVES = r"\.(pmean|psum|pmax|pmin|all_gather|all_to_all|ppermute|axis_index|psum_scatter)$"
GRADIENTS = r"\bjax\.(grad|value_and_grad|vjp|jvp|jacfwd|jacrev|hessian|linearize)$"


@pytest.mark.parametrize(
    ("what", "where"),
    [
        (DEVICES, ["parallel.py"]),
        (COLLECTIVES, ["parallel.py"]),
        (GRADIENTS, ["state.py", "losses.py"]),
    ],
    ids=["devices", "collectives", "gradients"],
)
def test_only_some_modules_do(what, where):
    homes = [PACKAGE / place for place in where]
    for path in ALL:
        found = [name for name in uses(path) if re.search(what, name) and name.startswith(("jax", "lax"))]
        assert not found or path in homes, f"{name_of(path)}: {found}"


def test_the_names_of_these_rules_are_in_use():
    # A rule that matches nothing anywhere guards nothing.
    found = set().union(*map(uses, SOURCES))
    for what in (DEVICES, COLLECTIVES, GRADIENTS):
        assert any(re.search(what, name) for name in found)


def at_import(node):
    """Calls that run when a module is imported: not those inside functions and lambdas."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            defaults = [*child.args.defaults, *filter(None, child.args.kw_defaults)]
            for part in (*child.decorator_list, *defaults):
                yield from ast.walk(part)
        elif not isinstance(child, ast.Lambda):
            yield child
            yield from at_import(child)


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_importing_makes_no_array_no_key_and_asks_no_device(path):
    calls = [dotted(node.func) for node in at_import(tree(path)) if isinstance(node, ast.Call)]
    made = [c for c in calls if re.match(r"(jnp|np|numpy|jax\.numpy|jax\.random|lax)\.", c)]
    asked = [c for c in calls if re.match(r"jax\.(devices|local_|device|process_|default_backend)", c)]
    assert not made + asked


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_sizes(path):
    lines = path.read_text().count("\n")
    assert lines <= 300, f"{lines} lines"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef) and path.parent.name != "configs":
            length = node.end_lineno - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"


@pytest.mark.parametrize("file", ["train.py", "state.py", "parallel.py"])
def test_the_loop_names_no_model(file):
    words = set(re.findall(r"\w+", (PACKAGE / file).read_text()))
    assert not words & set(models.known())


FORBIDDEN = ("pickle", "marshal", "shelve", "dill", "joblib")


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_nothing_unsafe_and_nothing_unfinished(path):
    assert not [name for name in imports(path) if name.split(".")[0] in FORBIDDEN]
    text = path.read_text()
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            assert dotted(node.func) not in ("eval", "exec", "print") or path in COMMAND_LINES or (
                dotted(node.func) == "print" and path.is_relative_to(ROOT / "experiments")
            )  # fmt: skip
            assert not [k for k in node.keywords if k.arg == "allow_pickle" and k.value.value]
        if isinstance(node, ast.ExceptHandler):
            caught = dotted(node.type) if node.type else "everything"
            assert caught not in ("everything", "BaseException"), f"line {node.lineno}"
            quiet = all(isinstance(line, ast.Pass) for line in node.body)
            assert not quiet, f"line {node.lineno} swallows {caught}"
        if isinstance(node, ast.Raise):
            assert "NotImplementedError" not in ast.dump(node)
