"""That the guides are right: their commands run, their story plays, and their tables say what the program does.

Run as a script, it writes the tables anew.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dreamplay.cli.main import app
from dreamplay.participants.interventions import Intervention
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Persona
from dreamplay.schema.story import Story
from typer.testing import CliRunner

GUIDE = Path(__file__).parents[1] / "docs" / "writing.md"
FIELDS = re.compile(r"(?<=<!-- fields -->\n).*?(?=<!-- end of fields -->)", re.DOTALL)
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def tables() -> str:
    """A table for each kind of value: key, whether it has to be there, and what it is for."""
    made: dict[str, str] = {}
    for kind in (Persona, Story, Intervention):
        schema = kind.model_json_schema()
        for name, part in {kind.__name__: schema, **schema.get("$defs", {})}.items():
            made.setdefault(name, "".join(_table(name, part)))
    return "\n" + "\n".join(made.values()) + "\n"


def _table(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}\n\n{' '.join(schema['description'].split())}\n\n| key | | what it is |\n|---|---|---|\n"
    for key, field in schema["properties"].items():
        default = field.get("default")
        needed = "needed" if key in schema.get("required", ()) else f"`{default}`" if default else "optional"
        text = " ".join(field.get("description", "").split()).replace("|", "\\|")
        if "enum" in field:
            text = f"{', '.join(f'`{word}`' for word in field['enum'])}. {text}"
        yield f"| `{key}` | {needed} | {text} |\n"


def test_the_tables_of_fields_are_up_to_date() -> None:
    found = FIELDS.search(GUIDE.read_text(encoding="utf-8"))
    assert found
    assert found[0] == tables(), "write them anew: uv run python tests/test_docs.py"


@pytest.mark.parametrize("kind", [Persona, Story, Intervention])
def test_every_field_is_explained(kind: type[FrozenModel]) -> None:
    schema = kind.model_json_schema()
    for name, part in {kind.__name__: schema, **schema.get("$defs", {})}.items():
        for key, field in part["properties"].items():
            assert len(field.get("description", "")) > 3, f"{name}.{key}"


def test_the_tutorial_can_be_followed_word_for_word() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    commands = [line for kind, block in BLOCKS.findall(text) if kind == "sh" for line in block.splitlines()]
    assert len(commands) > 6
    for command in commands:
        words = shlex.split(command.partition(" > ")[0])
        assert words[0] == "dreamplay"
        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code == 0, (command, done.output, done.exception)
    assert len(list(Path("transcripts").glob("night-*/transcript.md"))) == 2


def test_the_whole_story_of_the_guide_plays() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for kind, block in BLOCKS.findall(text):
        if kind == "yaml":
            Path(block.splitlines()[0].removeprefix("# ")).write_text(block, encoding="utf-8")
    assert {path.name for path in Path().glob("*.yaml")} == {"toll.yaml", "ines.yaml", "otto.yaml"}
    done = CliRunner().invoke(app, ["check", "toll.yaml", "--secrets"])
    assert (done.exit_code, done.exception) == (0, None), done.output
    done = CliRunner().invoke(app, ["run", "--story", "toll.yaml", "--model", "scripted", "--seed", "1"])
    assert done.exit_code == 0, done.output
    assert re.search("The last coin went|They waved everybody", done.output)


if __name__ == "__main__":
    GUIDE.write_text(FIELDS.sub(lambda _: tables(), GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
