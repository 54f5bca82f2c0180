from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dreamplay.cli.commands.author import Kind, schema_of
from dreamplay.cli.main import main
from dreamplay.schema.cast import Persona
from dreamplay.schema.story import Story
from typer.testing import CliRunner

COMMAND = str(Path(sys.executable).with_name("dreamplay"))


def _run(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.setattr("sys.argv", ["dreamplay", *args])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


NAMES: dict[str, tuple[str, str, str]] = {
    # the file asked for, the file written, what the first line that is no remark says for a story and a persona
    "words": ("the_long-night.yaml", "the_long-night.yaml", "The Long Night"),
    "no ending": ("mara", "mara.yaml", "Mara"),
    "letters": ("jürgen.yml", "jürgen.yml", "Jürgen"),
    "a quote": ('o"b.yaml', 'o"b.yaml', "O B"),
}


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize("kind", ["story", "persona"])
def test_a_new_file_is_valid_and_called_like_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str, what: str
) -> None:
    asked, written, name = NAMES[what]
    assert _run(monkeypatch, "new", kind, asked) == 0
    text = Path(written).read_text(encoding="utf-8")
    key = "title" if kind == "story" else "name"
    assert f'\n{key}: "{name}"\n' in text
    assert text.startswith(f"# yaml-language-server: $schema=./{kind}.schema.json\n")
    assert json.loads(Path(f"{kind}.schema.json").read_text(encoding="utf-8")) == schema_of(Kind(kind))
    capsys.readouterr()
    assert _run(monkeypatch, "check", written) == 0
    assert capsys.readouterr().err == ""  # there is nothing to be said against it


def test_a_file_whose_name_is_no_name_makes_a_persona_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _run(monkeypatch, "new", "persona", "7.yaml") == 0
    assert '\nname: "Robin"\n' in Path("7.yaml").read_text(encoding="utf-8")


def test_a_new_study_can_be_played(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(monkeypatch, "new", "study", "the_warning") == 0
    assert '\ntitle: "The Warning"\n' in Path("the_warning.yaml").read_text(encoding="utf-8")
    assert json.loads(Path("study.schema.json").read_text(encoding="utf-8")) == schema_of(Kind.study)
    assert _run(monkeypatch, "study", "run", "the_warning.yaml", "--model", "scripted", "--dry-run") == 0
    assert capsys.readouterr().out.startswith("220 of 220 plays to play: about ")


@pytest.mark.parametrize(
    ("file", "code", "says"),
    [
        ("there.yaml", 2, "there.yaml already exists; choose another file"),
        ("nowhere/a.yaml", 2, "cannot write nowhere/a.yaml: No such file or directory"),
        ("a\nb: c.yaml", 2, "the name has a control character in it"),
        (f"{'a' * 300}.yaml", 1, "File name too long"),
    ],
)
def test_nothing_is_overwritten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: str, code: int, says: str
) -> None:
    Path("there.yaml").write_text("mine")
    assert _run(monkeypatch, "new", "story", file) == code
    assert says in capsys.readouterr().err
    assert Path("there.yaml").read_text() == "mine"
    assert [path.name for path in Path().iterdir()] == ["there.yaml"]


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for part in value.values() for key in _keys(part)}
    return {key for part in value for key in _keys(part)} if isinstance(value, list | tuple) else set()


@pytest.mark.parametrize(("kind", "value"), [(Kind.story, Story), (Kind.persona, Persona)])
def test_a_new_file_shows_every_field(monkeypatch: pytest.MonkeyPatch, kind: Kind, value: Any) -> None:
    from dreamplay.library import yaml_document

    _run(monkeypatch, "new", kind, "a.yaml")
    schema = value.model_json_schema()
    fields = {key for part in (schema, *schema["$defs"].values()) for key in part["properties"]}
    assert fields - _keys(yaml_document.read(Path("a.yaml")).plain()) == set()


@pytest.mark.parametrize("kind", Kind)
def test_a_schema_is_closed_and_says_what_is_needed(kind: Kind) -> None:
    from dreamplay.cli.app import app

    done = CliRunner().invoke(app, ["schema", kind])
    schema = json.loads(done.stdout)
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        assert set(part.get("required", ())) <= set(part["properties"])


def test_a_file_for_which_there_is_no_room_is_not_left_in_the_way() -> None:
    command = 'ulimit -f 1; exec "$0" new story a.yaml'  # less than the file needs
    done = subprocess.run(["/bin/sh", "-c", command, COMMAND], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "dreamplay: cannot write a.yaml: File too large; make room on that disk\n"
    assert list(Path().iterdir()) == []
