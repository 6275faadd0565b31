"""HTML pages from templates, all values escaped."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jinja2


def render(
    template: str,
    packages: Sequence[str],
    values: Mapping[str, Any],
    filters: Mapping[str, Callable[..., Any]] | None = None,
) -> bytes:
    """A page as UTF-8, whatever its values are made of.

    Args:
      template: name of a file in `templates` of one of the packages.
      packages: where templates, and what they include, are looked for, in this order.
      values: of all names in the template.
      filters: those that it uses beside jinja's own.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters or {}
    # JSON and names of files may hold half a surrogate pair, which UTF-8 has no bytes for.
    return environment.get_template(template).render(values).encode("utf-8", "xmlcharrefreplace")
