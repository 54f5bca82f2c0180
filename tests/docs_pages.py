"""The pages of the documentation: their blocks, links and anchors, and the parts of them that are generated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import typer.main
from dreamplay.cli.app import app
from dreamplay.errors import DreamplayError
from dreamplay.exports import table
from dreamplay.models.profile import ModelProfile
from dreamplay.participants.interventions import Intervention
from dreamplay.runs.records import End, Header, Resumed, Rollback
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Persona
from dreamplay.schema.event import EVENT_CLASSES, Cue, DreamContribution, EventBase
from dreamplay.schema.provenance import Provenance, RejectedCandidate, RetrievedMemory, Usage
from dreamplay.schema.story import Story
from dreamplay.settings import Settings
from dreamplay.studies.measures import FORMS
from dreamplay.studies.study import Study
from dreamplay.validation import pipeline
from dreamplay.validation.check import Check
from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/**/*.md"))
NOT_RUN = "<!-- not run:"
"""Stands, with a reason, above a block whose commands are parsed and not run."""

_BLOCK = re.compile(r"(?P<above>[^\n]*)\n```(?P<language>\w+)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
_GENERATED = re.compile(r"(?<=<!-- generated: )(\w+) -->\n(.*?)(?=<!-- end of generated: \1 -->)", re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    language: str
    text: str
    run: bool
    """Whether it is executed. If not, the line above it says why."""


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    hits = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(hit["language"], hit["text"], not hit["above"].startswith(NOT_RUN)) for hit in hits]


def links(page: Path) -> list[str]:
    """The targets of the links of a page that are not in a block."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    return [hit["target"] for hit in _LINK.finditer(text)]


def anchors(page: Path) -> set[str]:
    """What a link can name after the #, as GitHub makes it of the headings."""
    found: set[str] = set()
    for heading in _HEADING.findall(_BLOCK.sub("", page.read_text(encoding="utf-8"))):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)).lower().replace(" ", "-")
        again = sum(other == plain or other.startswith(f"{plain}--") for other in found)
        found.add(f"{plain}-{again}" if again else plain)
    return found


def generated(text: str) -> Iterator[tuple[str, str, str]]:
    """Each generated part of a page: its name, as it stands, and as it should be."""
    for name, found in _GENERATED.findall(text):
        yield name, found, GENERATORS[name]()


def regenerate() -> None:
    """Write the generated parts anew."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        new = _GENERATED.sub(lambda hit: f"{hit[1]} -->\n{GENERATORS[hit[1]]()}", text)
        if new != text:
            page.write_text(new, encoding="utf-8")


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON schema of every kind of value in a story, a persona or a file of interventions, by name."""
    made: dict[str, dict[str, Any]] = {}
    for kind in (Persona, Story, Intervention):
        schema = kind.model_json_schema()
        for name, part in {kind.__name__: schema, **schema.get("$defs", {})}.items():
            made.setdefault(name, part)
    return made


def _fields() -> str:
    return "\n" + "\n".join(_schema_table(name, schema) for name, schema in schemas().items()) + "\n"


def _study_fields() -> str:
    schema = Study.model_json_schema()
    made = {"Study": schema, **schema["$defs"]}
    order = ("Study", "Condition", "Phrasing", "Prices", "Limits")
    return "\n" + "\n".join(_schema_table(name, made[name]) for name in order) + "\n"


def _schema_table(name: str, schema: dict[str, Any]) -> str:
    rows = [f"### {name}", "", _line(schema["description"]), "", "| key | | meaning |", "|---|---|---|"]
    for key, field in schema["properties"].items():
        default = field.get("default")
        default = None if isinstance(default, dict) else default  # it has a table of its own
        needed = "required" if key in schema.get("required", ()) else f"`{default}`" if default else "optional"
        words = ", ".join(f"`{word}`" for word in field.get("enum", ()))
        text = f"{words}. {_line(field['description'])}" if words else _line(field["description"])
        rows.append(f"| `{key}` | {needed} | {text} |")
    return "\n".join(rows) + "\n"


def _settings() -> str:
    known = {name for _, command in commands() for option in command.params for name in option.opts}
    rows = ["", "| setting | option | variable | default | meaning |", "|---|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        option = f"--{name.replace('_', '-')}"
        default = "" if field.default in (None, ()) else f"`{field.default}`"
        words = [f"`{word}`" for word in get_args(field.annotation) if isinstance(word, str)]
        meaning = " ".join(filter(None, [_described(field), f"One of {', '.join(words)}." if words else ""]))
        shown = f"`{option}`" if option in known else ""
        variable = "" if "Mapping" in str(field.annotation) else f"`DREAMPLAY_{name.upper()}`"
        rows.append(f"| `{name}` | {shown} | {variable} | {default} | {meaning} |")
    return "\n".join(rows) + "\n\n"


def _profile() -> str:
    rows = ["", "| key | default | meaning |", "|---|---|---|"]
    for name, field in ModelProfile.model_fields.items():
        default = ", ".join(field.default) if isinstance(field.default, tuple) else field.default
        shown = "" if default in (None, "") else f"`{str(default).lower()}`"
        words = [f"`{word}`" for word in get_args(field.annotation) if isinstance(word, str)]
        meaning = " ".join(filter(None, [_described(field), f"One of {', '.join(words)}." if words else ""]))
        rows.append(f"| `{name}` | {shown} | {meaning} |")
    return "\n".join(rows) + "\n\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Every command of the command line, with the words that call it, in the order of `--help`."""
    yield from _within("dreamplay", typer.main.get_command(app))


def _within(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    if words != "dreamplay":
        yield words, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _within(f"{words} {name}", inner)


def _commands() -> str:
    return "\n" + "\n".join(_command(words, command) for words, command in commands())


def _command(words: str, command: Any) -> str:
    paragraphs = re.split(r"\n\s*\n", (command.help or "").strip())
    text = [_line(each) for each in paragraphs if "dreamplay " not in each and not each.startswith("Example")]
    examples = re.findall(r"dreamplay .*", command.help or "")
    rows = [f"## {words}", "", "\n\n".join(text), ""]
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and "--help" not in each.opts]
    if arguments:
        rows += ["| argument | meaning |", "|---|---|"]
        rows += [f"| `{each.metavar or each.name.upper()}` | {_line(each.help or '')} |" for each in arguments] + [""]
    if options:
        rows += ["| option | meaning |", "|---|---|"]
        rows += [f"| {_option(each)} | {_line(each.help or '')} |" for each in options] + [""]
    if examples:
        rows += [f"{NOT_RUN} an example -->", "```sh", *examples, "```", ""]
    return "\n".join(rows)


def _option(option: Any) -> str:
    kind = option.type_descriptor.annotation
    choices = "|".join(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ""
    words = {int: "NUMBER", float: "NUMBER", Path: "FILE"}.get(kind, "TEXT") if isinstance(kind, type) else "TEXT"
    value = "" if option.is_flag else f" {option.metavar or choices or words}"
    return ", ".join(f"`{name}{value}`" for name in (*option.opts, *option.secondary_opts)).replace("|", "\\|")


def _records() -> str:
    kinds: tuple[type[FrozenModel], ...] = (Header, Resumed, Rollback, End)
    return (
        "\n" + "\n".join(_model_table(kind.model_fields["record"].default, kind, {"record"}) for kind in kinds) + "\n"
    )


def _events() -> str:
    common = set(EventBase.model_fields)
    made = [_model_table("Every event", EventBase, set())]
    made += [_model_table(kind, each, common) for kind, each in EVENT_CLASSES.items()]
    made += [_model_table(each.__name__, each, set()) for each in (Cue, DreamContribution, Provenance, Usage)]
    made += [_model_table(each.__name__, each, set()) for each in (RetrievedMemory, RejectedCandidate)]
    return "\n" + "\n".join(made) + "\n"


def _model_table(title: str, kind: type[FrozenModel], left_out: set[str]) -> str:
    """The fields of a class, with what their docstrings say of them."""
    rows = [f"### {title}", "", _line(kind.__doc__ or ""), ""]
    fields = {name: field for name, field in kind.model_fields.items() if name not in left_out}
    if fields:
        rows += ["| field | meaning |", "|---|---|"]
        rows += [f"| `{name}` | {_described(field)} |" for name, field in fields.items()] + [""]
    return "\n".join(rows)


def _described(field: FieldInfo) -> str:
    """What the docstring of a field says, which every field has."""
    assert field.description, field
    return _line(field.description)


def _checks() -> str:
    rows = ["", "| name | set | verdict | language | of | what it finds |", "|---|---|---|---|---|---|"]
    for each in pipeline.STRICT:
        chosen = "standard, strict" if each in pipeline.STANDARD else "strict"
        if isinstance(each, Check):
            about = f"{each.verdict} | {each.language} | {', '.join(sorted(each.texts))}"
        else:
            about = "step | any | line"
        rows.append(f"| `{each.name}` | {chosen} | {about} | {_line(each.function.__doc__ or '')} |")
    return "\n".join(rows) + "\n\n"


def _measures() -> str:
    rows = ["", "| name | what it is |", "|---|---|", *(f"| `{form}` | {meaning} |" for form, meaning in FORMS.items())]
    return "\n".join(rows) + "\n\n"


def _columns() -> str:
    rows = ["", "| column | type | what it holds |", "|---|---|---|"]
    rows += [f"| `{name}` | {kind.__name__} | {holds} |" for name, (kind, holds) in table.columns(("ROLE",)).items()]
    return "\n".join(rows) + "\n\n"


def _errors() -> str:
    rows = ["", "| error | is a | meaning |", "|---|---|---|"]
    for kind in _below(DreamplayError):
        base = "" if kind is DreamplayError else f"`{kind.__base__.__name__}`"
        rows.append(f"| `{kind.__name__}` | {base} | {_line(kind.__doc__ or '')} |")
    return "\n".join(rows) + "\n\n"


def _below(kind: type[DreamplayError]) -> Iterator[type[DreamplayError]]:
    yield kind
    for inner in kind.__subclasses__():
        if inner.__module__ == DreamplayError.__module__:
            yield from _below(inner)


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


GENERATORS: dict[str, Callable[[], str]] = {
    "checks": _checks, "columns": _columns, "commands": _commands, "errors": _errors, "events": _events,
    "fields": _fields, "measures": _measures, "profile": _profile, "records": _records, "settings": _settings,
    "study_fields": _study_fields,
}  # fmt: skip
