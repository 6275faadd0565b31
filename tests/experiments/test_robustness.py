"""The robustness grid: its 28 cells are the paper's, and the experiment shows what its runs measured."""

import json
from pathlib import Path

import jax
import levels
import numpy as np
import pytest
from experimenting import python, untouched
from PIL import Image

from gan_jax import config, models
from gan_jax.errors import ConfigError

FILE = Path(__file__).parents[2] / "configs" / "gan_grid.py"
# The numbers of parameters of G and D in Gulrajani et al.'s script at width 64, in colour: kernels, biases
# and norms. Batch norm and layer norm have the same number.
ROWS = {
    "baseline": (5_364_739, 4_316_545),
    "constant": (444_291, 4_316_545),
    "mlp": (7_157_760, 4_316_545),
    "no_norm": (5_362_819, 4_314_753),
    "gated": (10_724_675, 8_624_897),
    "tanh": (5_364_739, 4_316_545),
    "resnet": (9_189_587, 7_618_801),
}
COLUMNS = {
    "dcgan": ("nonsaturating", "adam", 2e-4, 1, 0.0, 0.0, "batch"),
    "lsgan": ("lsgan", "rmsprop_tf", 1e-4, 1, 0.0, 0.0, "batch"),
    "wgan": ("wasserstein", "rmsprop_tf", 5e-5, 5, 0.01, 0.0, "batch"),
    "wgan_gp": ("wasserstein", "adam", 1e-4, 5, 0.0, 10.0, "layer"),
}
BETAS = {"dcgan": (0.5, 0.999), "wgan_gp": (0.0, 0.9)}


def load(arg):
    return config.load(f"{FILE}:{arg}")


def players(built):
    """Shapes of each player's parameters, without any computation."""
    model = models.create(built.model)
    batch = {"image": np.zeros((1, model.size, model.size, model.channels), np.float32)}
    return jax.eval_shape(model.init, jax.random.key(0), batch).players


@pytest.mark.parametrize("column", ["dcgan", "wgan_gp"])
@levels.parametrize("row", [*ROWS], kept=[row for row in ROWS if row != "resnet"])
def test_networks_of_a_row_have_the_published_size_in_every_column(row, column):
    found = players(load(f"{row},{column},imagenet"))
    gen, disc = found.pop("gen"), *found.values()
    assert tuple(sum(x.size for x in jax.tree.leaves(p.params)) for p in (gen, disc)) == ROWS[row]
    normalised = bool(disc.batch_stats)
    assert normalised == (column == "dcgan" and row != "no_norm")  # layer norm has no running statistics


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_trains_every_row_alike(row, column):
    built = load(f"{row},{column}")
    config.validate(built)
    m = built.model
    loss, optimizer, rate, d_steps, clip, gp_weight, norm = COLUMNS[column]
    assert (m.loss, m.optimizer, m.d_steps, m.clip, m.gp_weight) == (
        loss,
        optimizer,
        d_steps,
        clip,
        gp_weight,
    )
    assert m.g_learning_rate == m.d_learning_rate == rate
    assert (m.b1, m.b2) == BETAS.get(column, (m.b1, m.b2))
    assert m.d_norm == ("none" if row == "no_norm" else norm)
    assert (built.batch_size, built.steps, m.z_dim) == (64, 200_000, 128)


@pytest.mark.parametrize("row", ROWS)
def test_smaller_scales_keep_the_way_of_training(row):
    full = load(f"{row},wgan_gp").model
    for scale, size, steps in (("part", 32, 2000), ("quick", 64, 2)):
        built = load(f"{row},wgan_gp,{scale}")
        config.validate(built)
        small = {"size", "g_width", "d_width"} | ({"z_dim", "d_steps"} if scale == "quick" else set())
        assert {k for k in full if built.model[k] != full[k]} <= small
        assert (built.model.size, built.steps) == (size, steps)


@pytest.mark.long
def test_the_resnet_has_101_layers_and_35_where_its_images_are_smaller():
    blocks = {kind: len(players(load(f"resnet,dcgan,{kind}"))["gen"].params) for kind in ("part", "quick")}
    assert blocks == {"part": 11 + 2, "quick": 33 + 2}  # each block has three convolutions: 35 and 101 layers


def test_photographs_are_scored_by_inception_whose_weights_must_be_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    built = load("baseline,dcgan,imagenet")
    assert not built.requires
    roles = [built.data.roles.image, *(r for spec in built.evals.values() for r in spec.roles.values())]
    assert {role.set for role in roles} == {"images"}
    assert built.data.sets.images.name == "imagenet_resized/64x64"
    with pytest.raises(ConfigError, match=r"^evals\.test\.weights='pt_inception-2015-12-05-6726825d\.pth' "):
        config.validate(built)


# The loss of WGAN-GP's cell is not finite after a sheet was drawn.
DIVERGES = """
import sys
sys.path.insert(0, "experiments")
import gan_robustness, tables
from gan_jax.errors import NonFiniteError
from gan_jax.runs.workdir import Workdir
import numpy as np, io
from PIL import Image

train = tables.run
def run(config, name=""):
    if config.model.gp_weight:
        png = io.BytesIO()
        Image.fromarray(np.full((8, 8, 3), (255, 0, 0), np.uint8)).save(png, "png")
        folder = tables.place(config)
        folder.mkdir(parents=True)
        Workdir(folder).write("samples/samples_sheet_00000001.png", png.getvalue())
        raise NonFiniteError("step 2: loss of player critic is nan; the last checkpoint is untouched")
    return train(config, name)
tables.run = run
tables.start(gan_robustness.main)
"""


NAMES = """
import sys
sys.path.insert(0, "experiments")
import gan_robustness
from ml_collections import ConfigDict
for fields in ({"prefix": "digit"}, {"features": "inception"}, {"features": "vgg16"}):
    print(gan_robustness.score_name(ConfigDict({"evals": {"test": fields}})))
"""


def test_the_grid_knows_the_names_of_all_features_scores():
    assert python("-c", NAMES).stdout.split() == ["digit_fid", "fid_inception_clean", "vgg16_frechet"]


STALE = """
import sys
sys.path.insert(0, "experiments")
import gan_robustness, tables
from absl import flags
from gan_jax.errors import WorkdirError
from gan_jax.runs.workdir import Workdir
flags.FLAGS(["x", "--quick", "--rows=constant", "--columns=dcgan", f"--workdir={sys.argv[1]}"])
(config,) = gan_robustness.configurations().values()
gan_robustness.parameters = lambda config: {}
folder = tables.place(config)
for batch in (config.batch_size, config.batch_size + 7):
    with Workdir(folder).open() as there:
        there.write_json("config.json", {**config.to_dict(), "batch_size": batch})
        there.write_json("diverged.json", {"score": None, "diverged": "step 1"})
        there.append({"step": 1, "gen/loss": 1.0})
    try:
        print(gan_robustness.trained(config)["diverged"])
    except WorkdirError as error:
        print(str(error).partition("(")[2])
"""


def test_a_cell_that_diverged_is_not_one_of_another_configuration(tmp_path):
    process = python("-c", STALE, str(tmp_path))
    same, other = process.stdout.splitlines() or [process.stderr, ""]
    assert same == "step 1"
    assert other.startswith("batch_size: ")


def command(folder, *flags, code=None):
    start = ["-c", code] if code else ["experiments/gan_robustness.py"]
    places = [f"--workdir={folder}", f"--cache_dir={folder / 'cache'}", f"--out={folder / 'out' / 'grid'}"]
    return python(*start, *places, *flags)


@pytest.mark.nightly
def test_the_grid_shows_scores_and_a_cell_that_diverged_and_goes_on(tmp_path):
    cells = ["--quick", "--rows=constant", "--columns=dcgan,wgan_gp"]
    process = command(tmp_path, *cells, code=DIVERGES)
    assert process.returncode == 0, process.stderr
    out = tmp_path / "out" / "grid"
    content = json.loads(out.with_suffix(".json").read_text())
    good, bad = content["cells"]
    result = json.loads((tmp_path / good["folder"] / "result.json").read_text())
    assert (good["row"], good["column"], bad["column"]) == ("constant", "dcgan", "wgan_gp")
    assert list(good["parameters"]) == ["gen", "disc"]
    assert list(bad["parameters"]) == ["gen", "critic"]
    assert good["score"] == result["metrics"]["digit_fid"] > 0
    assert content["floor"] == round(result["metrics"]["floor"]["digit_fid"], 2)
    assert bad["score"] is None
    assert bad["diverged"].startswith("step 2: loss of player critic is nan")
    text = out.with_suffix(".md").read_text()
    assert f"| {good['score']:.1f}" in text
    assert "| diverged |" in text
    assert "- G: no norm, constant filters, WGAN-GP: step 2: loss" in text
    with Image.open(out.with_suffix(".png")) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    red = (pixels[..., 0] > 200) & (pixels[..., 1:].max(-1) < 50)
    assert red.sum() > 100**2  # the last sheet before it diverged

    # In the second call the loss is finite. The diverged cell is not trained again.
    before = untouched(tmp_path / good["folder"]) | untouched(tmp_path / bad["folder"])
    again = command(tmp_path, *cells)
    assert again.returncode == 0, again.stderr
    assert untouched(tmp_path / good["folder"]) | untouched(tmp_path / bad["folder"]) == before
    assert json.loads(out.with_suffix(".json").read_text())["cells"] == content["cells"]


@levels.parametrize(
    ("flag", "message"),
    [
        ("--rows=vgg", "rows='vgg' is not allowed; allowed: baseline, constant, mlp"),
        ("--columns=", "columns='' is not allowed; allowed: dcgan, lsgan, wgan, wgan_gp"),
        ("--seeds=2", "seeds=2 is not allowed; allowed: 1"),
    ],
)
def test_what_the_grid_has_not_is_refused_in_one_line(tmp_path, flag, message):
    process = command(tmp_path, "--quick", flag)
    assert process.returncode == 2
    (line,) = process.stderr.strip().splitlines()
    assert line.startswith(f"gan_robustness: {message}")
