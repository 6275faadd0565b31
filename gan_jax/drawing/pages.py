"""HTML pages from templates; every value is escaped."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jinja2


def render(
    template: str,
    packages: Sequence[str],
    values: Mapping[str, Any],
    filters: Mapping[str, Callable[..., Any]] | None = None,
) -> bytes:
    """A page as UTF-8; its values may hold any text.

    Args:
      template: name of a file in the folder `templates` of one of the packages.
      packages: where templates and the files that they include are looked for, in this order.
      values: the values of all names in the template.
      filters: the template's filters besides jinja's own.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters or {}
    # JSON and file names may hold half a surrogate pair, which UTF-8 cannot encode.
    return environment.get_template(template).render(values).encode("utf-8", "xmlcharrefreplace")
