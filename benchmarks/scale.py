"""What a set larger than memory costs: its store is made, cut off, used and used again.

    python benchmarks/scale.py --faces=FOLDER --large=FOLDER --scratch=NEW_FOLDER --json=results/scale.json

`--faces` is a folder of image files, such as CelebA's 202 599, and `--large` one of about 1 000 files to be
kept at 1024 pixels. `--link=ZIP` first makes missing folders from faces in a zip: hard links until there are
as many as in CelebA, and enlarged copies. A small DCGAN trains, so that the images are what is measured. The
page beside the JSON file has the same figures. `--parts` measures some parts; the file keeps the others.
"""

import io
import json
import os
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import measured
from absl import app, flags

_FACES = flags.DEFINE_string("faces", "", "folder of many image files")
_LARGE = flags.DEFINE_string("large", "", "folder of fewer files, kept at 1024 pixels")
_LINK = flags.DEFINE_string("link", "", "zip of faces from which missing folders are made")
_IMAGES = flags.DEFINE_integer("images", 202_599, "files that --link makes of the faces", lower_bound=16)
_ENLARGED = flags.DEFINE_integer("enlarged", 1000, "files of 1024 pixels that --link makes", lower_bound=16)
_SIZE = flags.DEFINE_integer("size", 128, "pixels a side of the faces", lower_bound=16)
_LARGE_SIZE = flags.DEFINE_integer("large_size", 1024, "pixels a side of the large images", lower_bound=32)
_STEPS = flags.DEFINE_integer("steps", 50, "steps before the run is resumed", lower_bound=2)
_SCRATCH = flags.DEFINE_string("scratch", "", "new folder of stores and runs")
_JSON = flags.DEFINE_string("json", "", "file for the figures; a page of the same name ends with .md")
_PARTS = flags.DEFINE_list("parts", ["pillow", "faces", "large"], "what to measure")
_WORKER = flags.DEFINE_enum("worker", "", ["", "decode", "read"], "used by the program itself")
_ARGS = flags.DEFINE_list("args", [], "arguments of a worker")

CONFIG = "--config=benchmarks/small_dcgan.py"
_SHARE = 0.1  # of the faces that are stored when the making is killed
_PILLOW = 4000  # files that the bare loop decodes


def _decode(paths: str, size: str) -> dict[str, float]:
    """Seconds of a bare loop: read, decode, cut the middle square out and resize, with Pillow alone."""
    import numpy as np
    from PIL import Image

    files, began = Path(paths).read_text().splitlines(), time.perf_counter()
    for file in files:
        with Image.open(io.BytesIO(Path(file).read_bytes())) as picture:
            rgb = picture.convert("RGB")
        side = min(rgb.size)
        left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
        box = (left, top, left + side, top + side)
        np.asarray(rgb.crop(box).resize((int(size), int(size)), Image.Resampling.BILINEAR))
    return {"files": len(files), "seconds": time.perf_counter() - began}


def _read(folder: str, size: str, store: str) -> dict[str, float]:
    """Images a second from a store: shuffled batches of 64, and a pass in order in batches of 256."""
    from gan_jax import data

    spec = {"files": {"train": folder}}
    examples = {"image": data.load(spec, size=int(size), store=data.Store(store, 0))}
    batches, seen, began = data.stream(examples, 64, seed=0), 0, time.perf_counter()
    while time.perf_counter() - began < 10:
        seen += len(next(batches)["image"])
    batches.close()
    shuffled, seen, began = seen / (time.perf_counter() - began), 0, time.perf_counter()
    for batch in data.epoch(examples, 256):
        seen += len(batch["image"])
    return {
        "shuffled_images_per_second": shuffled,
        "in_order_images_per_second": seen / (time.perf_counter() - began),
        "images": seen,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    }


def _worker(name: str, *args: Any) -> subprocess.Popen:
    command = [sys.executable, __file__, f"--worker={name}", f"--args={','.join(map(str, args))}"]
    env = {**os.environ, "PYTHONPATH": str(measured.ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def _answer(process: subprocess.Popen) -> dict[str, Any]:
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a worker ended with exit code {process.returncode}")
    return json.loads(out)


def make_folders() -> None:
    """Makes the folders of images from a zip of faces, where they are missing."""
    from PIL import Image

    faces, large = Path(_FACES.value), Path(_LARGE.value)
    with zipfile.ZipFile(_LINK.value) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        if not faces.exists():
            originals = faces.with_name(f"{faces.name}_originals")
            originals.mkdir(parents=True)
            faces.mkdir()
            for row in range(_IMAGES.value):
                original = originals / Path(names[row % len(names)]).name
                if row < len(names):
                    original.write_bytes(archive.read(names[row]))
                os.link(original, faces / f"{row + 1:06d}.jpg")
        if not large.exists():
            large.mkdir(parents=True)
            for name in names[: _ENLARGED.value]:
                with Image.open(io.BytesIO(archive.read(name))) as picture:
                    picture.resize((1024, 1254)).save(large / Path(name).name, quality=92)


def pillow() -> dict[str, Any]:
    """Files a second of the bare loop, one process a core, on the first files of the faces."""
    cores = len(os.sched_getaffinity(0))
    files = [str(Path(_FACES.value, name)) for name in sorted(os.listdir(_FACES.value))[:_PILLOW]]
    lists = []
    for core in range(cores):
        lists.append(Path(_SCRATCH.value, f"files_{core}.txt"))
        lists[-1].write_text("\n".join(files[core::cores]))
    found = [_answer(process) for process in [_worker("decode", path, _SIZE.value) for path in lists]]
    return {"files_per_second": sum(one["files"] / one["seconds"] for one in found), "processes": cores}


def _faces(name: str, steps: int, **fields: Any) -> measured.Started:
    places = {
        "data.sets.images.files.train": _FACES.value,
        "data.store": Path(_SCRATCH.value, "store"),
        "data.size": _SIZE.value,
        "model.size": _SIZE.value,
    }
    return _train(name, steps, **{**places, **fields})


def _train(name: str, steps: int, **fields: Any) -> measured.Started:
    workdir = Path(_SCRATCH.value, name)
    return measured.Started(measured.training(workdir, {"steps": steps, **fields}, CONFIG))


def _large(name: str, steps: int) -> measured.Started:
    """Crops of the faces' size from images of 1024 pixels."""
    fields = {
        "data.sets.images.files.train": _LARGE.value,
        "data.store": Path(_SCRATCH.value, "store_large"),
        "data.store_above": 0,
        "data.load_size": _LARGE_SIZE.value,
        "data.size": _SIZE.value,
        "model.size": _SIZE.value,
    }
    return _train(name, steps, **fields)


def _stored(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*.part/records/*.npz"))


def _making(run: measured.Run) -> float:
    """Seconds in which a run made its store."""
    return run.at(r"\d+ images of ") - run.at(r"storing .* are there")


def faces() -> dict[str, Any]:
    """A run whose store is cut off while it is made, made, and used again, beside one of few images."""
    store, steps = Path(_SCRATCH.value, "store"), _STEPS.value
    total = len(os.listdir(_FACES.value))
    parts = -(-total // min(512, max(1, 2**24 // (3 * _SIZE.value**2))))
    killed = _faces("faces", steps, **{"data.store_above": 0}).end(lambda: _stored(store) >= _SHARE * parts)
    kept = _stored(store)
    first = _faces("faces", steps, **{"data.store_above": 0}).end()
    second = _faces("faces", 2 * steps, **{"data.store_above": 0}).end()
    few = {"data.store": "off", "data.roles.image.split": "train[:1000]"}
    resident = _faces("few", steps, **few).end()
    size = sum(path.stat().st_size for path in store.glob("*/images.npy"))
    making = _making(first)
    return {
        "images": total,
        "pixels": _SIZE.value,
        "store_gib": size / 2**30,
        "killed": {**killed.facts(), "parts_kept": kept, "parts": parts},
        "first": {**first.facts(), "making_seconds": making},
        "making_images_per_second": total * (1 - kept / parts) / making,
        "second": second.facts(),
        "of_1000_in_memory": resident.facts(),
        "reading": _answer(_worker("read", _FACES.value, _SIZE.value, store)),
    }


def large() -> dict[str, Any]:
    """Two runs that need one store at the same time: one makes it, and the other waits."""
    both = [_large(name, 4) for name in ("large_1", "large_2")]
    runs = [one.end() for one in both]
    again = _large("large_1", 8).end()
    size = sum(path.stat().st_size for path in Path(_SCRATCH.value, "store_large").glob("*/images.npy"))
    return {
        "images": len(os.listdir(_LARGE.value)),
        "pixels": _LARGE_SIZE.value,
        "store_gib": size / 2**30,
        "two_at_once": [run.facts() for run in runs],
        "making_seconds": max(map(_making, runs)),
        "waited": sum(run.at("waiting for process") >= 0 for run in runs),
        "second": again.facts(),
    }


def page(found: dict[str, Any]) -> str:
    """The figures for people."""
    faces, large = found["faces"], found["large"]
    rows = {
        f"{faces['images']} faces: the run that was killed": faces["killed"],
        f"{faces['images']} faces: first start, goes on": faces["first"],
        f"{faces['images']} faces: second start": faces["second"],
        "1000 faces in memory": faces["of_1000_in_memory"],
        f"{large['images']} large images: one of two runs": large["two_at_once"][0],
        f"{large['images']} large images: the other": large["two_at_once"][1],
        f"{large['images']} large images: second start": large["second"],
    }
    columns = ("first_step_seconds", "step_seconds", "peak_mib", "peak_with_children_mib")
    lines = ["# A set larger than memory", ""]
    lines += [f"`{found['command']}`, commit {found['commit']}", ""]
    lines += ["| run | seconds to the first step | a step (s) | peak memory (MiB) | with its children |"]
    lines += ["| --- | ---: | ---: | ---: | ---: |"]
    for name, row in rows.items():
        lines.append(f"| {name} | {' | '.join(f'{row[c]:.2f}' if c in row else '' for c in columns)} |")
    reading = faces["reading"]
    rate, bare = faces["making_images_per_second"], found["pillow"]["files_per_second"]
    processes = found["pillow"]["processes"]
    killed = faces["killed"]
    lines += [
        "",
        f"- The store of the faces has {faces['store_gib']:.2f} GiB, at {faces['pixels']} pixels. "
        f"It was made at {rate:.0f} images/s. A bare loop of Pillow in {processes} processes decodes "
        f"{bare:.0f} files/s; the share is {100 * rate / bare:.0f} %.",
        f"- Of {killed['parts']} parts, {killed['parts_kept']} were written when the first run was killed. "
        "They were kept.",
        f"- Batches of 64 in a shuffled order: {reading['shuffled_images_per_second']:.0f} images/s. "
        f"One pass in order: {reading['in_order_images_per_second']:.0f} images/s. "
        f"The peak memory of this process was {reading['peak_mib']:.0f} MiB.",
        f"- The store of the large images has {large['store_gib']:.2f} GiB, at {large['pixels']} pixels. "
        f"Of the two runs that needed it at once, {large['waited']} waited. "
        f"It took {large['making_seconds']:.0f} s.",
    ]
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> None:
    """Measures, prints the page, and writes the files."""
    del argv
    if _WORKER.value:
        worker: Any = {"decode": _decode, "read": _read}[_WORKER.value]
        print(json.dumps(worker(*_ARGS.value)))
        return
    missing = [name for name in ("faces", "large", "scratch") if not flags.FLAGS[name].value]
    if missing:
        sys.exit(f"scale: --{missing[0]} is required")
    if _LINK.value:
        make_folders()
    Path(_SCRATCH.value).mkdir(parents=True, exist_ok=True)
    file = Path(_JSON.value or Path(_SCRATCH.value, "scale.json"))
    found = json.loads(file.read_text()) if file.exists() else {"seed": 0}
    for part in _PARTS.value:
        found |= {part: PARTS[part](), **measured.facts()}
        file.write_text(json.dumps(found, indent=2) + "\n")
    if set(PARTS) <= set(found):
        print(page(found))
        file.with_suffix(".md").write_text(page(found))
    shutil.rmtree(_SCRATCH.value)


PARTS = {"pillow": pillow, "faces": faces, "large": large}


if __name__ == "__main__":
    app.run(main)
