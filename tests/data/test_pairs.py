"""Roles of pairs: pairs stay together when examples are left out, drawn, cropped or mirrored."""

import itertools
import logging

import numpy as np
import pytest
from picture_files import encoded, flat, noise, png, write

from gan_jax import data
from gan_jax.data import order
from gan_jax.data.pixels.views import View
from gan_jax.errors import DataError


def folder(place, names, **others):
    """Images whose grey is ten times their place, and files that are not images."""
    return write(place, {name: png(10 * k) for k, name in enumerate(names)} | others)


def load(path, split="train", **options):
    return data.load({"files": {"train": str(path)}, "split": split}, size=8, **options)


def numbers(examples):
    return (examples.columns["image"][:, 4, 4, 0] // 10).tolist()


def batches(roles, count, **options):
    stream = data.stream(roles, 3, seed=5, paired=True, **options)
    found = list(itertools.islice(stream, count))
    stream.close()
    return found


NAMES = [f"{k}.png" for k in range(7)]


def test_pairs_are_drawn_together_and_every_one_once_an_epoch(tmp_path):
    roles = {role: load(folder(tmp_path / role, NAMES)) for role in ("source", "target")}
    drawn = batches(data.together(roles), 7)
    for batch in drawn:
        np.testing.assert_array_equal(batch["source"], batch["target"])
    order = np.concatenate([batch["source"][:, 0, 0, 0] // 10 for batch in drawn]).reshape(3, 7)
    np.testing.assert_array_equal(np.sort(order), np.tile(np.arange(7), (3, 1)))
    assert len({tuple(row) for row in order}) == 3


def test_an_example_left_out_of_one_role_is_left_out_of_all(tmp_path, caplog):
    """Different files are damaged: each role keeps the same number, but not the same examples."""
    source = folder(tmp_path / "a", NAMES, **{"2.png": b"damaged"})
    target = folder(tmp_path / "b", NAMES, **{"4.png": b"damaged"})
    with caplog.at_level(logging.INFO, logger="gan_jax.data"):
        roles = data.together({"source": load(source), "target": load(target)})
    assert numbers(roles["source"]) == numbers(roles["target"]) == [0, 1, 3, 5, 6]
    line = caplog.records[-1].getMessage()
    assert line == "5 of 7 pairs of source and target; the others lack an image"


def test_slices_of_unequal_folders_pair_where_they_are_equally_long(tmp_path):
    source, target = folder(tmp_path / "a", NAMES), folder(tmp_path / "b", NAMES[2:])
    with pytest.raises(
        DataError,
        match=r"^kind='paired' needs files of equal names, .+ in each role; target lacks '0', '1'$",
    ):
        data.together({"source": load(source), "target": load(target)})
    roles = data.together({"source": load(source, "train[2:]"), "target": load(target)})
    assert (numbers(roles["source"]), numbers(roles["target"])) == ([2, 3, 4, 5, 6], [0, 1, 2, 3, 4])


def test_files_of_other_names_are_no_pair_but_endings_do_not_count(tmp_path):
    source = folder(tmp_path / "a", ["1.png", "2.png"])
    with pytest.raises(
        DataError,
        match=r"files of equal names, .+ in each role; source lacks '3'; target lacks '2'$",
    ):
        data.together({"source": load(source), "target": load(folder(tmp_path / "b", ["1.png", "3.png"]))})
    jpegs = write(tmp_path / "c", {f"{k}.jpg": png(10 * k, kind="JPEG") for k in (1, 2)})
    roles = data.together({"source": load(source), "target": load(jpegs)})
    assert len(roles["source"]) == 2


def test_partners_in_another_order_and_unequal_numbers_without_names_are_refused():
    with pytest.raises(DataError, match=r"from their suffixes; found source 'a.bmp', target 'a.j.png'$"):
        order.require_partners({"source": (2, ["a.bmp", "a.j.png"]), "target": (2, ["a.j.png", "a.png"])})
    with pytest.raises(DataError, match=r"same number of images in each role; source has 3, target has 2$"):
        order.require_partners({"source": (3, ()), "target": (2, ())})
    many = [f"{k}.png" for k in range(9)]
    with pytest.raises(DataError, match="; target lacks '0', '1', '2' and 6 more; label lacks '1', '2', "):
        order.require_partners({"source": (9, many), "target": (1, ["a.png"]), "label": (1, ["0.png"])})


WIDE, SMALL, SQUARE, TALL = (300, 200), (151, 100), (200, 200), (200, 300)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ({"sizes": (WIDE,)}, {"sizes": (SMALL,)}, ""),
        (
            {"sizes": (SQUARE, WIDE, WIDE)},
            {"sizes": (SQUARE, SQUARE, TALL)},
            r"^kind='paired': the images show 67 % x 100 % of source '1.png' and 100 % x 100 % of target "
            r"'1.png' \(width x height\), and so on in 2 pairs; expected equal parts, as of pict",
        ),
        (
            {"sizes": (WIDE,)},
            {"sizes": (TALL,)},
            "67 % x 100 % of source '0.png' and 100 % x 67",
        ),
        ({"sizes": (WIDE,), "resize": "squeeze"}, {"sizes": (SQUARE,), "resize": "squeeze"}, ""),
        (
            {"sizes": (WIDE,), "resize": "squeeze"},
            {"sizes": (WIDE,)},
            " 100 % x 100 % of source '0.png' and 67",
        ),
        ({"sizes": (WIDE,), "resize": "squeeze"}, {"sizes": (SQUARE,)}, ""),
        ({"sizes": (WIDE,), "crop": (200, 200)}, {"sizes": (SQUARE,)}, ""),
        ({"sizes": ((600, 200),), "side": "left"}, {"sizes": (WIDE,)}, ""),
        ({"sizes": ((600, 200),), "side": "left"}, {"sizes": (SQUARE,)}, "67 % x 100 % of source '0.png'"),
    ],
    ids=str,
)
@pytest.mark.parametrize("suffix", ["", ".npz"])
def test_pictures_of_a_pair_show_the_same_part_of_their_scene(tmp_path, source, target, message, suffix):
    roles = {}
    for role, spec in (("source", source), ("target", target)):
        sizes = spec["sizes"]
        if suffix and len(sizes) > 1:
            pytest.skip("the images of an array have one size")
        path = tmp_path / f"{role}{suffix}"
        if suffix:
            np.savez(path, image=flat((9, 9, 9), *sizes[0])[None])
        else:
            write(path, {f"{k}.png": encoded(flat((9, 9, 9), *size)) for k, size in enumerate(sizes)})
        rest = {k: v for k, v in spec.items() if k != "sizes"}
        roles[role] = data.load({"files": {"train": str(path)}, **rest}, size=64)
    if message:
        with pytest.raises(DataError, match=message.replace("'0.png'", "image 0") if suffix else message):
            data.together(roles)
    else:
        assert len(data.together(roles)["source"]) == len(source["sizes"])


def test_no_pair_at_all_is_refused(tmp_path):
    source = folder(tmp_path / "a", NAMES[:2], **{"0.png": b""})
    target = folder(tmp_path / "b", NAMES[:2], **{"1.png": b""})
    with pytest.raises(DataError, match="no pair of source, target is left: every pair lacks an image"):
        data.together({"source": load(source), "target": load(target)})


def test_exclusions_and_slices_of_arrays_keep_pairs(tmp_path):
    image = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 1), np.uint8)
    np.savez(tmp_path / "a.npz", image=image, label=np.arange(10) % 2)
    spec = {"files": {"train": str(tmp_path / "a.npz")}, "split": "train[5:]+train[:5]"}
    odd = data.load({**spec, "exclude": (0,)}, size=8)
    roles = data.together({"source": odd, "target": data.load(spec, size=8)})
    for examples in roles.values():
        assert examples.columns["image"][:, 0, 0, 0].tolist() == [5, 7, 9, 1, 3]


def test_pairs_are_cropped_and_mirrored_alike_and_independent_roles_are_not(tmp_path):
    pictures = np.concatenate([noise(6, 12, 12, 3)] * 2, axis=2)
    files = write(tmp_path / "ab", {f"{k}.png": encoded(image) for k, image in enumerate(pictures)})
    roles = {
        role: data.load({"files": {"train": str(files)}, "side": side}, size=8, load_size=12, flip=True)
        for role, side in (("source", "left"), ("target", "right"))
    }
    drawn = batches(data.together(roles), 6)
    for batch in drawn:
        np.testing.assert_array_equal(batch["source"], batch["target"])
    assert len({image.tobytes() for batch in drawn for image in batch["source"]}) > 12
    (alone,) = itertools.islice(data.stream(roles, 6, seed=5), 1)
    assert (alone["source"] != alone["target"]).any()


@pytest.mark.parametrize("paired", [False, True])
def test_crops_and_mirrors_resume_exactly_and_do_not_ask_how_many_processes_share_a_batch(paired):
    image = noise(7, 12, 12, 1)
    spec = data.Examples({"image": image}, view=View(8, flip=True))
    roles = {"source": spec, "target": spec}

    def take(count, **options):
        stream = data.stream(roles, 4, seed=2, paired=paired, **options)
        found = list(itertools.islice(stream, count))
        stream.close()
        return found

    whole = take(9)
    for batch, again in zip(whole[5:], take(4, start=5), strict=True):
        np.testing.assert_equal(again, batch)
    parts = [take(9, process_index=rank, process_count=2) for rank in range(2)]
    for batch, *shares in zip(whole, *parts, strict=True):
        np.testing.assert_array_equal(batch["source"], np.concatenate([s["source"] for s in shares]))
        assert batch["source"].shape == (4, 8, 8, 1)


def test_paired_roles_of_unequal_length_are_refused_by_the_stream():
    roles = {
        "source": data.Examples({"image": noise(3, 8, 8, 1)}),
        "target": data.Examples({"image": noise(4, 8, 8, 1)}),
    }
    with pytest.raises(
        DataError, match=r"paired roles have lengths {'source': 3, 'target': 4}; expected equal"
    ):
        data.stream(roles, 2, seed=0, paired=True)
