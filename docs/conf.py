"""Sphinx's configuration of the documentation: `make docs`. It writes the page of all fields."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from latex2mathml import converter

import gan_jax
from gan_jax import evaluation, models
from gan_jax.config import fields
from gan_jax.errors import ConfigError

project = "gan_jax"
author = "the authors of gan_jax"
release = gan_jax.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"gan_jax {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_show_copyright = False
highlight_language = "none"  # of blocks that name no language: commands and folders
html_math_renderer = "mathml"  # needs neither a script nor a network
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
# Files outside this folder, such as those under results/, are links that Sphinx cannot check.
suppress_warnings = ["myst.xref_missing"]


def table(found: Iterable[fields.Field]) -> list[str]:
    """The rows of a table of fields."""
    rows = ["", "| field | default | meaning | allowed |", "| --- | --- | --- | --- |"]
    for field in found:
        needed = field.default is fields.NEEDED
        cells = (f"`{field.name}`", "" if needed else f"`{field.default!r}`", field.meaning, field.allowed)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*rows, ""]


def page() -> str:
    """The page of all fields, from the code's own declarations."""
    lines = ["# All fields", "", "`--mode=fields --config=FILE` prints the fields of one configuration."]
    lines += ["", "## Every run", *table(fields.of_run())]
    lines += ["## Roles and data sets", *table(fields.of_images())]
    for name in models.known():
        try:
            lines += [f"## Model `{name}`", *table(fields.of_model({"name": name}))]
        except ConfigError as error:  # a model whose fields have no default
            lines += [str(error), ""]
    for kind in evaluation.known():
        lines += [f"## Evaluation `{kind}`", *table(fields.of_evaluation({"kind": kind}))]
    return "\n".join(lines)


def setup(app: Any) -> None:
    """Draws equations as MathML, which browsers know by themselves."""

    def inline(translator: Any, node: Any) -> None:
        translator.body.append(converter.convert(node.astext()))
        raise nodes.SkipNode

    def block(translator: Any, node: Any) -> None:
        translator.body.append(f'<p class="equation">{converter.convert(node.astext(), display="block")}</p>')
        raise nodes.SkipNode

    app.add_html_math_renderer("mathml", (inline, None), (block, None))


generated = Path(__file__).parent / "generated"
generated.mkdir(exist_ok=True)
(generated / "fields.md").write_text(page())
