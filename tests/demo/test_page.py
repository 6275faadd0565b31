"""The page in a browser: what it shows, what its buttons do, what it refuses, and how it ends."""

import io
import re
import shutil
import signal
import time
from pathlib import Path

import forking
import numpy as np
import pytest
from PIL import Image

import gan_jax
from gan_jax.drawing import sheets

pytest.importorskip("gradio")
playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

MODELS = str(Path(__file__).parents[1] / "inference" / "models")
# The command, which notes every address outside this machine that it looks up or connects to.
COMMAND = f"""
import sys
from gan_jax import models
models.__path__.append({MODELS!r})

def note(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        place = args[1] if event == "socket.connect" else args
        if isinstance(place, tuple) and place[0] not in ("127.0.0.1", "localhost"):
            print("OUTSIDE", event, place, file=sys.stderr, flush=True)

sys.addaudithook(note)
from gan_jax.main import run
run()
"""
PHOTO = np.random.default_rng(1).integers(0, 256, (21, 30, 3), np.uint8)


class Page:
    """The page of a run: its process, the browser's tab, and every address that the tab has asked for."""

    def __init__(self, browser, workdir, folder):
        self.log, self.asked = folder / "log", []
        with self.log.open("wb") as log:
            flags = ("--mode=demo", f"--workdir={workdir}", "--port=0")
            env = {**forking.on_devices(2), "PYTHONPATH": str(Path(gan_jax.__file__).parents[1])}
            self.process = forking.start("-c", COMMAND, *flags, cwd=folder, env=env, stdout=log, stderr=log)
        while not (found := re.search(r"the page: (http://127\.0\.0\.1:\d+) ", self.log.read_text())):
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        self.address = found[1]
        self.tab = browser.new_page(viewport={"width": 1280, "height": 900})
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.goto(self.address)
        self.tab.wait_for_selector("#make")

    def source(self, number=0):
        return self.tab.locator(f"#result_{number} img").get_attribute("src", timeout=60_000)

    def picture(self, number=0):
        """The pixels of a result as the server sent them."""
        answer = self.tab.request.get(self.source(number))
        return np.asarray(Image.open(io.BytesIO(answer.body())).convert("RGB"))

    def after(self, act, told):
        """Does something, and waits until the line tells it."""
        act()
        playwright.expect(self.tab.locator("#line p")).to_have_text(re.compile(told), timeout=40_000)

    def draw(self):
        self.tab.locator("#make").click()

    def enter(self, name, value):
        self.tab.locator(f"#{name} input[type=number]").fill(str(value))

    def upload(self, path):
        self.tab.locator("#photograph input[type=file]").set_input_files(str(path))

    def end(self, signum):
        """The exit code after a signal."""
        self.process.send_signal(signum)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        # The sandbox of Chromium cannot be used by root, and the tests may run as root.
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser, runs, tmp_path):
    pages = []

    def of(name):
        pages.append(Page(browser, runs(name), tmp_path))
        return pages[-1]

    yield of
    for page in pages:
        page.tab.close()
        page.process.kill()


def sheet(images):
    return sheets.mosaic(images, {4: 2, 9: 3}[len(images)], 2)


def check_nothing_came_from_outside(page):
    places = {url for url in page.asked if not url.startswith((f"{page.address}/", "data:", "blob:"))}
    assert not places
    assert len(page.asked) > 10
    assert "OUTSIDE" not in page.log.read_text()


def test_a_generator_draws_what_the_controls_say(opened, runs):
    run, page = gan_jax.load(runs("classes")), opened("classes")
    assert page.tab.title() == "classes"
    told = page.tab.locator(".run p").inner_text().split()
    assert told == ["model", "linear", "data", "noise.npz", "step", "0"]
    np.testing.assert_array_equal(page.picture(), sheet(run.sample(9)))

    page.enter("seed", 5)
    page.after(page.draw, "^Seed 5, 9 images")
    np.testing.assert_array_equal(page.picture(), sheet(run.sample(9, seed=5)))

    page.after(page.tab.locator("#count").get_by_text("4", exact=True).click, "^Seed 5, 4 images")
    page.enter("other_seed", 7)
    page.tab.locator("#share input[type=range]").fill("1")
    page.enter("seed", 6)
    page.after(page.draw, "^Seed 6, 4 images")
    np.testing.assert_array_equal(page.picture(), sheet(run.sample(4, seed=7)))

    page.tab.locator("#class input").click()
    page.tab.get_by_role("option", name="class 2").click()
    page.enter("seed", 8)
    page.after(page.draw, "^Seed 8, 4 images")
    np.testing.assert_array_equal(page.picture(), sheet(run.sample(4, seed=7, labels=[2])))

    shown = page.source()
    page.enter("seed", -1)
    page.after(page.draw, "^seed: -1 is not allowed; allowed: whole numbers from 0 to 2147483647$")
    assert page.source() == shown

    page.tab.set_viewport_size({"width": 390, "height": 844})
    assert page.tab.evaluate("document.documentElement.scrollWidth") == 390
    check_nothing_came_from_outside(page)
    assert page.end(signal.SIGINT) == 0


def test_a_translator_shows_a_photograph_beside_its_translation(opened, runs, tmp_path):
    run, page = gan_jax.load(runs("any")), opened("any")
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    page.after(page.draw, "^Upload a photograph.$")
    page.after(lambda: page.upload(tmp_path / "photo.png"), "^30 x 21 pixels, ")
    np.testing.assert_array_equal(page.picture(0), PHOTO)
    np.testing.assert_array_equal(page.picture(1), run.translate([PHOTO])[0])

    page.tab.locator("#photograph").get_by_label("Remove Image").click()
    (tmp_path / "broken.png").write_bytes(b"\x89PNG and nothing")
    page.after(lambda: page.upload(tmp_path / "broken.png"), "^The photograph cannot be used: not an image.$")
    check_nothing_came_from_outside(page)
    assert page.end(signal.SIGTERM) == 0
