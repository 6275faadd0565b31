"""A run that goes on names training data and records that are not what it left."""

import logging

import numpy as np
import pytest

from gan_jax.data import Examples
from gan_jax.runs import history, session
from gan_jax.runs.workdir import Workdir


def roles(**sizes):
    return {
        role: Examples({"image": np.full((n, 4, 4, 1), n, np.uint8), "label": np.arange(n)})
        for role, n in sizes.items()
    }


CHANGED = "metrics.jsonl was changed: its first 24 bytes are not those written so far"
LEFT = b'{"step": 1}\n{"step": 2}\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "metrics.jsonl").write_bytes(LEFT)
    return Workdir(tmp_path)


def noted(folder, found, before=None):
    meta = {"step": 2, "data": history.data_facts(before or roles(source=6, target=3))}
    meta["records"] = history.records_facts(LEFT)
    session._note_changes(folder, meta, history.data_facts(found))
    return meta.get("notes", [])


def test_nothing_is_said_of_a_run_as_it_was_left(folder, caplog):
    (folder.path / "metrics.jsonl").write_bytes(LEFT + b'{"step": 3}\n{"st')  # records after the checkpoint
    assert noted(folder, roles(source=6, target=3)) == [] and not caplog.records
    meta = {"step": 2}
    session._note_changes(folder, meta, history.data_facts(roles(source=1)))  # of an earlier version
    assert meta == {"step": 2} and not caplog.records


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (LEFT[:12], "metrics.jsonl is incomplete: it has 12 of the 24 bytes written so far"),
        (b"", "metrics.jsonl is incomplete: it has 0 of the 24 bytes written so far"),
        (None, "metrics.jsonl is incomplete: it has 0 of the 24 bytes written so far"),
        (
            LEFT.replace(b"1", b"7"),
            "metrics.jsonl was changed: its first 24 bytes are not those written so far",
        ),
    ],
    ids=["cut", "emptied", "deleted", "changed"],
)
def test_records_that_are_gone_are_named_at_once_and_in_the_result(folder, caplog, content, line):
    path = folder.path / "metrics.jsonl"
    path.unlink() if content is None else path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert noted(folder, roles(source=6, target=3)) == [f"from step 2 on, {line}"]
    assert [record.getMessage() for record in caplog.records] == [f"{folder.path}: from step 2 on, {line}"]


def test_training_data_that_changed_are_named_by_role(folder):
    start = "from step 2 on, the training data changed: "
    assert noted(folder, roles(source=4, target=3)) == [f"{start}source had 6 examples, now it has 4"]
    other = roles(source=6, target=3)
    for column in ("image", "label"):
        changed = {
            **other,
            "target": other["target"].with_columns(**{column: other["target"].columns[column] + 1}),
        }
        assert noted(folder, changed) == [f"{start}images or labels of target are not what they were"]
    turned = {**other, "source": other["source"].subset(np.arange(6)[::-1])}
    assert noted(folder, turned) == [f"{start}images or labels of source are not what they were"]


def test_a_line_is_noted_once():
    meta = {}
    for _ in range(2):
        history.noted(meta, ["a", "b"])
    history.noted(meta, [])
    assert meta == {"notes": ["a", "b"]}
