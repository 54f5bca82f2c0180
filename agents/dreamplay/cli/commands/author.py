"""Commands for authors: `new story`, `new persona`, `new study` and `schema`."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dreamplay.errors import UsageError
from dreamplay.rendering.output import dumps, echo, say

if TYPE_CHECKING:
    from dreamplay.schema.base import FrozenModel


class Kind(StrEnum):
    """The kinds of file that an author writes."""

    story = "story"
    persona = "persona"
    study = "study"


FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="The new file. The suffix .yaml is added if there is none.")
]

new_app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Write a story, a persona or a study to start from."
)


@new_app.command("story")
def story(
    file: FileArgument,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE",
            help="Begin with what others wrote: a chat of SillyTavern (JSON lines), or a script in Fountain.",
        ),
    ] = None,
) -> None:  # fmt: skip
    """Write a small story with a comment on every field. It plays as it is.

    Examples:

      dreamplay new story night.yaml

      dreamplay new story pier.yaml --from pier.fountain
    """
    path = _import(file, source) if source else _write(Kind.story, file, "A New Story")
    say(f"try it: dreamplay run {_quoted(path)} --model scripted")


@new_app.command("persona")
def persona(file: FileArgument) -> None:
    """Write a persona with a comment on every field. It is named after the file.

    Example: dreamplay new persona mara.yaml
    """
    path = _write(Kind.persona, file, "Robin")
    say(f"try it: dreamplay run --model scripted --swap {_quoted(f'leo={path}')}")


@new_app.command("study")
def study(file: FileArgument) -> None:
    """Write a small study with a comment on every field. It plays as it is.

    Example: dreamplay new study warning.yaml
    """
    path = _write(Kind.study, file, "A New Study")
    say(f"try it: dreamplay study run {_quoted(path)} --dry-run")


def schema(kind: Annotated[Kind, typer.Argument(metavar="story|persona|study", help="The kind of file.")]) -> None:
    """Print the JSON schema of a story, a persona or a study.

    With it, an editor completes, explains and checks a file.

    Example: dreamplay schema story > story.schema.json
    """
    echo(dumps(schema_of(kind)))


def schema_of(kind: Kind) -> dict[str, Any]:
    """The JSON schema of a story, a persona or a study. The docstrings of the fields are its descriptions."""
    from pydantic.json_schema import GenerateJsonSchema

    return {"$schema": GenerateJsonSchema.schema_dialect, **_value(kind).model_json_schema()}


def _value(kind: Kind) -> type[FrozenModel]:
    from dreamplay.schema.cast import Persona
    from dreamplay.schema.story import Story
    from dreamplay.studies.study import Study

    kinds: dict[Kind, type[FrozenModel]] = {Kind.story: Story, Kind.persona: Persona, Kind.study: Study}
    return kinds[kind]


def _import(file: Path, source: Path) -> Path:
    """Write what others wrote as a new story, with its personas and its schema beside it."""
    from dreamplay import card_io
    from dreamplay.imports import draft, reading

    path, beside = _paths(Kind.story, file)
    found = reading.read(source)
    title = _called(Kind.story, source.stem) or "A New Story"
    made = draft.draft(found, path.name, title, beside.name)
    card_io.save({path.with_name(name): text.encode() for name, text in made.files.items()}, "choose another file")
    for name in made.files:
        say(f"written: {path.with_name(name)}")
    _write_schema(Kind.story, beside)
    for note in made.notes:
        say(f"{path}: {note}")
    return path


def _paths(kind: Kind, file: Path) -> tuple[Path, Path]:
    """The new file, and that of the schema which it names."""
    if not file.name.isprintable():  # it is written into a comment of the file
        raise UsageError(f"{str(file)[:200]!r}: the name has a control character in it; choose another")
    path = file if file.suffix else file.with_suffix(".yaml")
    return path, path.with_name(f"{kind}.schema.json")


def _write(kind: Kind, file: Path, otherwise: str) -> Path:
    """Write a new file, and beside it the schema that it names, unless that exists."""
    from dreamplay.library import templates

    path, beside = _paths(kind, file)
    field = "name" if kind is Kind.persona else "title"
    called = json.dumps(_called(kind, path.stem) or otherwise, ensure_ascii=False)
    text = templates.render(f"new_{kind}.jinja", schema=f"./{beside.name}", file=path.name, **{field: called})
    _create(path, f"{text}\n")
    say(f"written: {path}")
    _write_schema(kind, beside)
    return path


def _write_schema(kind: Kind, beside: Path) -> None:
    if not beside.exists():
        _create(beside, json.dumps(schema_of(kind), indent=2, ensure_ascii=False) + "\n")
        say(f"written: {beside}, for your editor")


def _called(kind: Kind, stem: str) -> str | None:
    """A name or title made from the name of a file; None if it would not be valid."""
    from pydantic import TypeAdapter, ValidationError

    from dreamplay.schema.base import Name, Text

    words = " ".join(re.split(r"[\W_]+", stem)).strip().title()
    try:
        TypeAdapter[str](Name if kind is Kind.persona else Text).validate_python(words)
    except ValidationError:
        return None
    return words


def _create(path: Path, text: str) -> None:
    from dreamplay.storage.disk import cannot, check_file

    if not path.exists():
        check_file(path)
    opened = False
    try:
        with path.open("x", encoding="utf-8") as file:
            opened = True
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} already exists; choose another file") from None
    except OSError as error:
        if opened:
            path.unlink(missing_ok=True)  # half a file would be in the way of the next try
        raise cannot("write", path, error) from None


def _quoted(text: object) -> str:
    import shlex

    return shlex.quote(str(text))
