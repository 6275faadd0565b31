"""The TensorFlow names and rosinality's names of StyleGAN2 stand for the same tensors as PyTorch-ADA's."""

import numpy as np
import published
import pytest

from gan_jax.weights import layouts

IGNORED = "resample_filter"


def tensorflow(networks):
    """Tensors of 8 pixels as the TensorFlow code has them."""
    g, d = networks["G"], networks["D"]
    found = {"G/dlatent_avg": g["mapping.w_avg"], "G/lod": np.float32(0)}
    for i in (0, 1):
        found[f"G/G_mapping/Dense{i}/weight"] = g[f"mapping.fc{i}.weight"].T
        found[f"G/G_mapping/Dense{i}/bias"] = g[f"mapping.fc{i}.bias"]
    found["G/G_synthesis/4x4/Const/const"] = g["synthesis.b4.const"][None]
    convs = {"b4.conv1": "4x4/Conv", "b8.conv0": "8x8/Conv0_up", "b8.conv1": "8x8/Conv1"}
    for number, (ours, theirs) in enumerate(convs.items()):
        place = f"G/G_synthesis/{theirs}"
        found[f"{place}/noise_strength"] = g[f"synthesis.{ours}.noise_strength"]
        found[f"G/G_synthesis/noise{number}"] = g[f"synthesis.{ours}.noise_const"][None, None]
    for ours, theirs in {**convs, "b4.torgb": "4x4/ToRGB", "b8.torgb": "8x8/ToRGB"}.items():
        place, name = f"G/G_synthesis/{theirs}", f"synthesis.{ours}"
        kernel = g[f"{name}.weight"].transpose(2, 3, 1, 0)
        found[f"{place}/weight"] = kernel[::-1, ::-1] if "up" in theirs else kernel
        found[f"{place}/bias"] = g[f"{name}.bias"]
        found[f"{place}/mod_weight"] = g[f"{name}.affine.weight"].T
        found[f"{place}/mod_bias"] = g[f"{name}.affine.bias"] - 1
    layers = {"b8.fromrgb": "8x8/FromRGB", "b8.conv0": "8x8/Conv0", "b8.conv1": "8x8/Conv1_down"}
    layers |= {"b8.skip": "8x8/Skip", "b4.conv": "4x4/Conv", "b4.fc": "4x4/Dense0", "b4.out": "Output"}
    for ours, theirs in layers.items():
        x = d[f"{ours}.weight"]
        found[f"D/{theirs}/weight"] = x.transpose(2, 3, 1, 0) if x.ndim == 4 else x.T
        if f"{ours}.bias" in d:
            found[f"D/{theirs}/bias"] = d[f"{ours}.bias"]
    return found


def rosinality(networks):
    """Tensors of 8 pixels as rosinality's code has them, with optimisers' tensors beside them."""
    g, d = networks["G"], networks["D"]
    found = {"latent_avg": g["mapping.w_avg"], "g.input.input": g["synthesis.b4.const"][None]}
    found |= {"g_optim.state.0.exp_avg": np.zeros(2), "ada_aug_p": np.array(0.0)}
    for i in (0, 1):
        for part in ("weight", "bias"):
            found[f"g.style.{i + 1}.{part}"] = g[f"mapping.fc{i}.{part}"]
    convs = {"b4.conv1": "conv1", "b8.conv0": "convs.0", "b8.conv1": "convs.1"}
    for number, (ours, theirs) in enumerate(convs.items()):
        found[f"g.{theirs}.noise.weight"] = g[f"synthesis.{ours}.noise_strength"].reshape(1)
        found[f"g.noises.noise_{number}"] = g[f"synthesis.{ours}.noise_const"][None, None]
        found[f"g.{theirs}.activate.bias"] = g[f"synthesis.{ours}.bias"]
    for ours, theirs in {"b4.torgb": "to_rgb1", "b8.torgb": "to_rgbs.0"}.items():
        found[f"g.{theirs}.bias"] = g[f"synthesis.{ours}.bias"].reshape(1, 3, 1, 1)
        convs[ours] = theirs
    for ours, theirs in convs.items():
        found[f"g.{theirs}.conv.weight"] = g[f"synthesis.{ours}.weight"][None]
        for part in ("weight", "bias"):
            found[f"g.{theirs}.conv.modulation.{part}"] = g[f"synthesis.{ours}.affine.{part}"]
    found["g.convs.0.conv.blur.kernel"] = found["d.convs.1.skip.0.kernel"] = np.ones((4, 4))
    places = {
        "b8.fromrgb": ("convs.0", 0),
        "b8.conv0": ("convs.1.conv1", 0),
        "b8.conv1": ("convs.1.conv2", 1),
    }
    places |= {"b8.skip": ("convs.1.skip", 1), "b4.conv": ("final_conv", 0)}
    for ours, (theirs, number) in places.items():
        found[f"d.{theirs}.{number}.weight"] = d[f"{ours}.weight"]
        if f"{ours}.bias" in d:
            found[f"d.{theirs}.{number + 1}.bias"] = d[f"{ours}.bias"]
    for number, ours in enumerate(("b4.fc", "b4.out")):
        for part in ("weight", "bias"):
            found[f"d.final_linear.{number}.{part}"] = d[f"{ours}.{part}"]
    return found


@pytest.mark.parametrize("other", [tensorflow, rosinality])
def test_other_names_stand_for_the_same_tensors(other):
    networks = published.tensors("stylegan2")
    layout, found = layouts.recognise({"file": other(networks)})
    assert layout.model == "stylegan2"
    assert set(found) == {"G", "D"}
    for network, part in found.items():
        expected = {name: x for name, x in networks[network].items() if not name.endswith(IGNORED)}
        assert set(part) == set(expected)
        for name, x in expected.items():
            np.testing.assert_allclose(part[name], x, atol=1e-6, err_msg=name)


def test_a_tensor_of_another_shape_is_named():
    tensors = tensorflow(published.tensors("stylegan2"))
    tensors["G/G_synthesis/4x4/Const/const"] = np.zeros(())
    with pytest.raises(ValueError, match=r"^tensor G_synthesis/4x4/Const/const has shape \[\], which"):
        layouts.recognise({"file": tensors})
