"""Fills the Jinja templates that ship with dreamplay."""

from __future__ import annotations

from functools import cache

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from dreamplay.errors import LibraryError
from dreamplay.library import resources


def render(template: str, **values: object) -> str:
    """Fill a shipped template. The values are data and are never compiled.

    Raises:
        LibraryError: the template is missing or asks for a value that is not given.
    """
    try:
        return _environment().get_template(template).render(**values).strip()
    except TemplateError as error:
        raise LibraryError(
            f"prompts/templates/{template}: {type(error).__name__}: {error}; correct the template"
        ) from None


@cache
def _environment() -> SandboxedEnvironment:
    made = SandboxedEnvironment(  # plain text for a model, not a page: escaping would change the words
        loader=FileSystemLoader(resources.prompts() / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        auto_reload=False,  # else each prompt would look for a newer file
        cache_size=-1,
    )
    made.globals.clear()  # no template uses them, and each prompt would copy them
    return made
