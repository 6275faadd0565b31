"""Sphinx's configuration of the documentation: `make docs`."""

import gan_jax

project = "gan_jax"
author = "the authors of gan_jax"
release = gan_jax.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"gan_jax {release}"
exclude_patterns = ["_build"]
autodoc_typehints = "none"  # the signatures have them
autodoc_member_order = "bysource"
napoleon_google_docstring = True
# Files under results/ are linked as downloads, which Sphinx finds only below this folder.
suppress_warnings = ["myst.xref_missing"]
