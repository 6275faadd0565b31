"""The sheet of style transfer: content, styles and result of the first row."""

import numpy as np
import pytest

from gan_jax import evaluation
from gan_jax.errors import ConfigError
from gan_jax.evaluation import stylisation
from gan_jax.models import dtn, gatys


def test_the_sheet_shows_content_style_and_picture_and_the_model_sees_one_row(monkeypatch):
    monkeypatch.setattr(stylisation, "captioned", dict)
    content = np.full((2, 4, 6, 3), 10, np.uint8)
    batch = {"content": content, "content_label": np.zeros((2, 4, 6), np.int32),
             "style": np.full((2, 3, 2, 3), 200, np.uint8)}  # fmt: skip
    seen = []

    def apply(given):
        seen.append({role: x.shape for role, x in given.items()})
        return {"image": np.full((1, 4, 6, 3), 2.0, np.float32)}

    values = stylisation.evaluate(apply, [batch], {})
    assert seen == [{"content": (1, 4, 6, 3), "style": (1, 3, 2, 3)}]
    assert values["image"].shape == (4, 6, 3) and (values["image"] == 255).all()
    sheet = values["sheet"]
    assert {name: (image.shape, image[0, 0, 0]) for name, image in sheet.items()} == {
        "content": ((4, 6, 3), 10),
        "style": ((3, 2, 3), 200),
        "result": ((4, 6, 3), 255),
    }


def test_only_a_model_that_holds_an_image_is_shown_so():
    assert evaluation.method("stylisation", gatys.Model()) == "generate"
    with pytest.raises(ConfigError, match=r"^kind='stylisation' is for models that optimise one image$"):
        evaluation.check_model({"kind": "stylisation"}, dtn.Model())
    spec = {"kind": "stylisation", "roles": {"content": {}}}
    with pytest.raises(ConfigError, match=r"^roles.style is missing; the sheet shows content, styles and"):
        evaluation.check(spec, ())
