"""The page of pairs: its content, and that it opens from a disk."""

import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from gan_jax.inference import comparison

NOISE = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)


class Page(HTMLParser):
    """The tags of a page: name and attributes, in order."""

    def __init__(self, content):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def pair(target, source="x.jpg"):
    thumbnails = [comparison.thumbnail(NOISE, file)[0] for file in comparison.files(target)]
    return comparison.Pair(source, target, *thumbnails)


def test_images_are_loaded_when_they_come_into_sight_and_keep_their_place():
    content = comparison.page("title", {"run": "r", "derived": ""}, [pair("a.png"), pair("b/c.png")], {})
    page = Page(content.decode())
    images = page.all("img")
    assert [image["src"] for image in images] == [
        *("index_files/a.before.webp", "index_files/a.after.webp"),
        *("index_files/b/c.before.webp", "index_files/b/c.after.webp"),
    ]
    for image in images:
        assert (image["loading"], image["width"], image["height"]) == ("lazy", "50", "30")
        assert image["alt"] in ("input: x.jpg", "output: x.jpg")
    assert [link["href"] for link in page.all("a")] == ["a.png", "b/c.png"]
    assert [text for text in ("run", "derived") if text in page.text] == ["run"]


def test_the_page_needs_no_network_and_no_script():
    content = comparison.page("title", {}, [pair("a.png")], {}).decode()
    assert not re.search(r"https?:|//|@import|<script|<link", content)
    assert "default-src 'none'" in content


def test_names_of_any_kind_are_addresses_and_texts():
    name = "a #1?&<b>\"'%20\udcff.png"
    content = comparison.page(name, {"input": name}, [pair(name, name)], {name: "unreadable"})
    page = Page(content.decode())
    quoted = "a%20%231%3F%26%3Cb%3E%22%27%2520%FF.png"
    assert [link["href"] for link in page.all("a")] == [quoted]
    assert page.all("img")[1]["src"] == f"index_files/{quoted[:-4]}.after.webp"
    assert not page.all("b")
    assert page.all("img")[0]["alt"].startswith("input: a #1?&<b>\"'%20")


def test_few_left_out_images_are_shown_and_many_folded():
    for count, shown in ((1, True), (10, True), (11, False)):
        skipped = {f"{k}.png": "unreadable" for k in range(count)}
        page = Page(comparison.page("title", {}, [pair("a.png")], skipped).decode())
        assert [("open" in tag) for tag in page.all("details")] == [shown]
        assert f"{count} image{'s' if count > 1 else ''} could not be used" in page.text
    assert not Page(comparison.page("title", {}, [pair("a.png")], {}).decode()).all("details")


def test_thumbnails_keep_small_images_exactly_and_the_shape_of_large_ones(tmp_path):
    large = np.kron(NOISE, np.ones((20, 20, 1), np.uint8))
    for pixels, size in ((NOISE, (50, 30)), (large, (256, 154)), (NOISE[..., :1], (50, 30))):
        thumbnail, content = comparison.thumbnail(pixels, "a.webp")
        (tmp_path / "a.webp").write_bytes(content)
        found = np.asarray(Image.open(tmp_path / "a.webp").convert("RGB"))
        assert (thumbnail.width, thumbnail.height) == size == found.shape[1::-1]
        if pixels is not large:
            np.testing.assert_array_equal(found, np.broadcast_to(pixels, found.shape))
        else:
            assert abs(found.mean() - large.mean()) < 2 and len(content) < 30_000
    assert comparison.thumbnail(NOISE, "a.webp")[0].coarse
    assert not comparison.thumbnail(large, "a.webp")[0].coarse


def test_five_thousand_pairs_are_a_page_of_two_megabytes():
    pairs = [pair(f"{k:05d}.png") for k in range(3)]
    few, more = (len(comparison.page("title", {}, pairs * n, {})) for n in (1, 11))
    assert 5000 * (more - few) / 30 < 2.5e6
