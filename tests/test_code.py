"""What only one module may do, sizes of files, and what no file may have. The tests read the source only."""

import ast
import re

import pytest
from sources import ALL, COMMAND_LINES, EXPERIMENTS, PACKAGE, dotted, imports, name_of, tree, uses

from gan_jax import models


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
