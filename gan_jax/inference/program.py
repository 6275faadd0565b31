"""The images of a run as a function of arrays, and as a `jax.export` artefact that runs without gan_jax."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.export
import jax.numpy as jnp
import numpy as np

from gan_jax.errors import ConfigError, GanJaxError, WorkdirError
from gan_jax.inference import styles
from gan_jax.networks.layers import convolutions
from gan_jax.ops.directions import DIRECTIONS
from gan_jax.runs import functions, restore

PLATFORMS = ("cpu", "cuda", "tpu")
_IMAGES = 3  # images in a comparison


@dataclasses.dataclass(frozen=True)
class Input:
    """An argument of a program: its name, the shape of one row, its dtype, and what it means."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    meaning: str

    def __str__(self) -> str:
        sides = ", ".join(map(str, ("n", *self.shape)))
        return f"{self.name} {self.dtype} [{sides}], {self.meaning}"


@dataclasses.dataclass(frozen=True)
class Program:
    """The images float32 [n, H, W, C] in [-1, 1] that a model makes from arrays.

    Attributes:
      model: the run's model.
      inputs: the arrays, in order; each has n rows.
      call: `(state, arrays, key) -> images`.
      random: whether the images depend on the key. A program then has a last argument `seed`, uint32 [].
    """

    model: Any
    inputs: tuple[Input, ...]
    call: Callable[..., jax.Array]
    random: bool = False

    def apply(self, state: Any, *arrays: Any) -> jax.Array:
        """The images of arrays, and of a seed if the program is random."""
        *rows, seed = arrays if self.random else (*arrays, 0)
        batch = {given.name: row for given, row in zip(self.inputs, rows, strict=True)}
        return self.call(state, batch, jax.random.key(seed)).astype(jnp.float32)

    def example(self, images: int = _IMAGES) -> list[np.ndarray]:
        """Random arguments of some images, the same at each call."""
        rng = np.random.default_rng(0)
        found = []
        for given in self.inputs:
            shape = (images, *given.shape)
            if given.name == "z":
                found.append(np.asarray(self.model.latents(jax.random.key(0), images)))
            elif given.name == "label":
                found.append(rng.integers(0, 2, shape).astype(given.dtype))
            else:
                found.append(rng.uniform(-1, 1, shape).astype(given.dtype))
        return [*found, np.uint32(0)] if self.random else found  # type: ignore[list-item]

    def images(self, state: Any) -> np.ndarray:
        """The images of `example`."""
        return np.asarray(jax.jit(self.apply)(state, *self.example()))

    @property
    def arguments(self) -> str:
        """The arguments in words."""
        return "; ".join([*map(str, self.inputs), *(["seed uint32 []"] if self.random else [])])


def of_run(run: restore.Run, direction: str = "s2t", truncation: float = 1.0) -> Program:
    """What a run's generator or translator computes.

    A generator takes `z`, and `label` if it is conditional. A translator takes the images of a role, of the
    size that it was trained with, and `label` if it takes requests. A model that takes styles takes `content`
    and `style`.

    Args:
      run: the run.
      direction: 's2t' or 't2s', for a translator.
      truncation: for a model with styles, moves the styles towards their mean.

    Raises:
      WorkdirError: the model neither draws images from noise nor turns images into images.
      ConfigError: a model that does not translate has no other direction, or a value is not allowed.
    """
    model: Any = run.model
    styles.check_truncation(truncation, model)
    if direction not in DIRECTIONS or (direction != "s2t" and not model.translates):
        allowed = ", ".join(DIRECTIONS) if model.translates else "s2t"
        raise ConfigError(f"direction={direction!r} is not allowed; allowed: {allowed}")
    if model.draws_from_noise:
        return Program(model, _latents(model), _generator(model, truncation))
    if model.translates:
        program = Program(model, _pictures(run, direction), _translator(model, direction))
    elif model.takes_styles:
        program = Program(model, _styled(run), lambda state, batch, key: model.stylise(state, batch)["image"])
    else:
        what = "holds one image" if model.holds_image else "predicts labels of images"
        raise WorkdirError(
            f"the run {run.config.name!r} of model {run.config.model.name!r} {what}; a program needs a model "
            "that makes images; .safetensors holds the weights of every model"
        )
    try:
        first, second = (_drawn(program, run.state, seed) for seed in (0, 1))
    except KeyError as error:
        model_name = run.config.model.name
        raise ConfigError(f"direction={direction!r} is not possible with model {model_name!r}") from error
    return dataclasses.replace(program, random=not np.array_equal(first, second))


def exported(program: Program, state: Any) -> bytes:
    """The artefact of a program with a run's parameters: `jax.export.deserialize(content).call(*arrays)`.

    It takes any number of images. It runs on the platforms of `PLATFORMS`.

    Raises:
      GanJaxError: the model's code needs to know the number of images.
    """
    rows = jax.export.symbolic_shape("n")
    arguments = [jax.ShapeDtypeStruct((*rows, *given.shape), given.dtype) for given in program.inputs]
    seed = [jax.ShapeDtypeStruct((), "uint32")] if program.random else []
    state = jax.device_put(state)  # a host array cannot be indexed by an argument

    def images(*arrays):
        return program.apply(state, *arrays)

    with convolutions.portable():
        try:
            made = jax.export.export(jax.jit(images), platforms=PLATFORMS)(*arguments, *seed)
        except TypeError as error:  # what Python's len() says of an open number
            if "_DimExpr" not in str(error):
                raise
            message = "the model's code asks for the number of images; write x.shape[0] in place of len(x)"
            raise GanJaxError(message) from error
    return bytes(made.serialize())


def run_exported(content: bytes, arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The images that an artefact makes from arrays, on this machine."""
    return np.asarray(jax.export.deserialize(bytearray(content)).call(*arrays))


def _latents(model):
    z = Input("z", (model.z_dim,), "float32", "latents of the model's prior")
    classes = Input("label", (), "int32", f"classes 0 to {model.num_classes - 1}")
    return (z, classes) if model.num_classes else (z,)


def _generator(model, truncation):
    options = {} if truncation == 1.0 else {"truncation": truncation}
    return lambda state, batch, key: model.decode(state, **batch, **options)


def _pictures(run, direction):
    given, _ = DIRECTIONS[direction]
    model: Any = run.model
    shape = tuple(run.example[model.trained_role(given)][0])
    images = Input(given, shape, "float32", "images in [-1, 1]")
    if not model.takes_requests:
        return (images,)
    names = [name for part in model.requests for name in part]
    length = len(model.condition(names[:1]))
    return images, Input("label", (length,), "float32", f"1 for each of {', '.join(names)} that is asked for")


def _translator(model, direction):
    _, drawn = DIRECTIONS[direction]
    generate = functions.method(model, "generate")
    return lambda state, batch, key: generate(state, batch, key)[drawn]


def _styled(run):
    return tuple(
        Input(role, tuple(run.example[role][0]), "float32", "images in [-1, 1]")
        for role in ("content", "style")
    )


def _drawn(program, state, seed):
    *arrays, _ = dataclasses.replace(program, random=True).example()
    batch = {given.name: row for given, row in zip(program.inputs, arrays, strict=True)}
    return np.asarray(jax.jit(program.call)(state, batch, jax.random.key(seed)))
