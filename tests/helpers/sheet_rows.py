"""The rows of a sheet, instead of its pixels. `tests/drawing/test_sheets.py` tests the pixels."""


def recorded(monkeypatch, module):
    """Makes an evaluator of `module` return its sheet as blocks of rows: lists of (title, images)."""
    monkeypatch.setattr(module, "labelled", lambda blocks, title="": [list(block) for block in blocks])


def titles(sheet):
    """The titles of a sheet's rows, by block."""
    return [[title for title, _ in block] for block in sheet]


def levels(sheet):
    """The first value of each image of a sheet, by block and row."""
    return [[[int(image.flat[0]) for image in images] for _, images in block] for block in sheet]
