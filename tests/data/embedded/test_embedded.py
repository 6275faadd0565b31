"""The catalogue of embedded sets: the only place that knows them by name."""

import re
from pathlib import Path

import pytest

from gan_jax import data
from gan_jax.data.embedded import catalogue
from gan_jax.errors import DataError


@pytest.mark.long
@pytest.mark.parametrize("name", catalogue.NAMES)
def test_labels_are_of_the_kind_that_the_catalogue_says(name):
    images, labels = (catalogue.read(name, "validation[:2]").columns[column] for column in ("image", "label"))
    axes = {catalogue.CLASSES: 1, catalogue.ATTRIBUTES: 2, catalogue.MAPS: 3}[catalogue.LABELS[name]]
    assert labels.ndim == axes
    if axes == 3:
        assert labels.shape == images.shape[:3]


@pytest.mark.parametrize("name", catalogue.NAMES)
def test_what_cannot_be_read_is_refused_by_the_check_too(name):
    catalogue.check(name, "validation[:2]")
    for function in (catalogue.check, catalogue.read):
        with pytest.raises(DataError, match=f"'extra' of {name} "):
            function(name, "extra")


def test_no_other_file_of_data_names_an_embedded_set():
    folder = Path(data.__file__).parent
    files = [path for path in folder.rglob("*.py") if "embedded" not in path.parts]
    named = re.compile("|".join(rf"[\"']{name}[\"']" for name in catalogue.NAMES))
    assert len(files) > 10
    assert not [path.name for path in files if named.search(path.read_text())]
