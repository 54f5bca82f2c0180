"""Writes values as the YAML that authors write."""

from __future__ import annotations

import io

from ruamel.yaml import YAML

from dreamplay.schema.base import FrozenModel

_WIDTH = 100
"""Characters of a line, about."""


def written(value: FrozenModel) -> str:
    """A value as YAML text, without what is as it would be anyway. Reading it gives an equal value."""
    yaml = YAML(typ="rt")
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    page = io.StringIO()
    yaml.dump(value.model_dump(mode="json", exclude_defaults=True), page)
    return page.getvalue()
