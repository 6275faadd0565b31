"""Stores that are cut off, made twice at once, or cannot be made: nobody reads half of one."""

import errno
import re
import shutil
import signal
import threading
import time

import forking
import numpy as np
import pytest
from picture_files import load

from gan_jax.data.pixels.framing import Framing
from gan_jax.data.pixels.recipe import Recipe
from gan_jax.data.sources import filling
from gan_jax.data.store import making, pool
from gan_jax.data.store.filling import Pixels
from gan_jax.errors import DataError

# Makes a store in parts of three rows, tells that two parts are there, and waits to be killed.
KILLED = """
import sys, time
from gan_jax import data
from gan_jax.data.store import making
making._PART_ROWS = 3
def poll(done=[]):
    done.append(1)
    if len(done) == 2:
        print("two parts", flush=True)
        time.sleep(1000)
data.load({"files": {"train": sys.argv[1]}}, size=8, store=data.Store(sys.argv[2], 0, poll))
"""


# In each decoding process: the disk is full.
FULL = """
import errno, os
def full(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
os.pwrite = full
"""


@pytest.fixture
def filled(monkeypatch):
    """The rows that each later `fill` is asked for."""
    asked, fill = [], filling.Pictures.fill

    def noted(self, pixels, parts):
        asked.append([*parts])
        return fill(self, pixels, parts)

    monkeypatch.setattr(filling.Pictures, "fill", noted)
    return asked


@pytest.mark.long
@pytest.mark.usefixtures("small_parts")
def test_after_a_kill_the_same_call_makes_only_what_is_missing(noise, stored, filled, tmp_path):
    with open(tmp_path / "said", "w+b") as said:
        process = forking.start("-c", KILLED, noise, tmp_path / "store", stdout=said)
        deadline = time.monotonic() + 300
        while not (tmp_path / "said").read_bytes():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    (part,) = (tmp_path / "store").glob("*.part")
    written = {int(path.stem) for path in (part / "records").glob("*.npz")}
    assert len(written) >= 2
    examples = stored(noise)
    assert [rows.start for rows in filled[0]] == sorted({0, 3, 6, 9} - written)
    np.testing.assert_array_equal(examples.columns["image"][:], load(noise).columns["image"])
    assert not part.exists() and not [*(tmp_path / "store").glob("*/records")]


@pytest.mark.long
@pytest.mark.usefixtures("small_parts")
def test_images_that_a_power_failure_lost_are_made_again(noise, stored, filled, tmp_path, caplog):
    class Cut(Exception):
        pass

    def cut(done=[]):  # noqa: B006  (one list for all calls)
        done.append(1)
        if len(done) == 3:
            raise Cut

    with pytest.raises(Cut):
        stored(noise, poll=cut)
    (part,) = (tmp_path / "store").glob("*.part")
    records = sorted((part / "records").glob("*.npz"))
    content = bytearray((part / "images.npy").read_bytes())
    place = 128 + int(records[0].stem) * 8 * 8 * 3
    content[place : place + 192] = bytes(192)
    (part / "images.npy").write_bytes(content)
    records[1].write_bytes(records[1].read_bytes()[:-9])
    examples = stored(noise)
    assert {int(path.stem) for path in records[:2]} <= {rows.start for rows in filled[1]}
    assert "has another checksum" in caplog.text and caplog.text.count("are made again") == 2
    np.testing.assert_array_equal(examples.columns["image"][:], load(noise).columns["image"])


@pytest.mark.usefixtures("small_parts")
def test_of_two_that_need_a_store_one_makes_it_and_the_other_waits(noise, stored, filled, caplog):
    begun, goes_on, found = threading.Event(), threading.Event(), []

    def first():
        def poll():
            begun.set()
            assert goes_on.wait(300)

        found.append(stored(noise, poll=poll))

    with caplog.at_level("INFO", logger="gan_jax.data.store"):
        threads = [threading.Thread(target=first)]
        threads[0].start()
        assert begun.wait(300)
        threads.append(
            threading.Thread(target=lambda: found.append(stored(noise, poll=lambda: goes_on.set())))
        )
        threads[1].start()
        for thread in threads:
            thread.join()
    assert len(found) == 2 and len(filled) == 1
    assert re.search(r"waiting for process \d+, which makes the store of .*noise", caplog.text)
    np.testing.assert_array_equal(*(examples.columns["image"][:] for examples in found))


def test_too_little_room_is_said_before_anything_is_decoded(noise, stored, filled, monkeypatch):
    usage = shutil.disk_usage(noise)
    monkeypatch.setattr(making.shutil, "disk_usage", lambda path: usage._replace(free=1919))
    with pytest.raises(DataError, match=r"needs 1920 more bytes, and 1919 are free there; name another"):
        stored(noise)
    assert not filled


def test_a_disk_that_is_full_while_images_are_written_is_one_line(noise, stored, monkeypatch):
    monkeypatch.setattr(pool, "_PROGRAM", FULL + pool._PROGRAM)
    with pytest.raises(
        DataError, match=r"noise-\w+\.part could not be written, \d+ bytes are free there: No space left"
    ):
        stored(noise)


def test_a_folder_that_cannot_be_made_is_one_line(noise, tmp_path, stored):
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(DataError, match=r"noise-\w+\.part could not be written, .*: File exists"):
        stored(noise)


def test_a_link_in_the_place_of_the_images_is_not_followed(tmp_path):
    (tmp_path / "other").write_bytes(b"unchanged")
    (tmp_path / "images.npy").symlink_to(tmp_path / "other")
    pixels = Pixels(tmp_path / "images.npy", (1, 1, 1, 1), 0)
    with pytest.raises(OSError, match="is a link"):
        pixels.write(0, np.zeros((1, 1, 1, 1), np.uint8))
    assert (tmp_path / "other").read_bytes() == b"unchanged"


@pytest.mark.long
@pytest.mark.usefixtures("small_parts")
def test_a_file_that_vanishes_meanwhile_is_named_and_no_half_store_is_read(noise, stored, tmp_path):
    gone = noise / "b" / "9.png"
    content = gone.read_bytes()

    class Vanishing(filling.Pictures):
        def __init__(self, *args):
            super().__init__(*args)
            gone.unlink()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filling, "Pictures", Vanishing)
        with pytest.raises(DataError, match=rf"{gone}: this file has vanished while images were stored"):
            stored(noise)
    assert not [*(tmp_path / "store").glob("*/listing.json")]
    gone.write_bytes(content)
    assert len(stored(noise)) == 10


def test_a_link_that_leads_nowhere_from_the_start_is_left_out(noise, stored):
    (noise / "b" / "8.png").symlink_to(noise / "nowhere.png")
    assert len(stored(noise)) == len(load(noise)) == 10


def test_a_decoding_process_that_ends_is_one_line(noise, stored, monkeypatch):
    monkeypatch.setattr(pool, "_PROGRAM", "raise SystemExit(7)")
    with pytest.raises(DataError, match="a process that decodes images has ended, exit code 7; the same"):
        stored(noise)


def test_after_an_error_no_rows_are_taken_for_others(tmp_path):
    """The process that waits for the rest of a part's rows is not given the next part."""
    path = tmp_path / "images.npy"
    path.write_bytes(bytes(4 * 192))

    def content(row):
        if row == 1:
            raise OSError(errno.EIO, "gone")
        return b"no image"

    parts = pool.decode(
        Pixels(path, (4, 8, 8, 3), 0), Recipe(Framing(8)), [range(0, 2), range(2, 4)], content
    )
    with pytest.raises((OSError, DataError)):
        for part in parts:
            assert part.rows == range(2, 4) and set(part.skipped) == {2, 3}
