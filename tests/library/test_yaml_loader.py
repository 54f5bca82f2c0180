from __future__ import annotations

from pathlib import Path

import pytest
from dreamplay.errors import LibraryError
from dreamplay.library import yaml_loader
from dreamplay.schema.cast import Persona
from dreamplay.schema.story import Story
from dreamplay.studies.study import Study

FILES: dict[str, tuple[bytes, int | None, str]] = {
    # the file, the line that must be named (None: the fault has no line), what must be said
    "not UTF-8": (b"name: Ren\xe9\n", None, "not UTF-8"),
    "not YAML": (b"name: Ada\nwho: [a, b\nvoice: c\n", 2, "not YAML"),
    "a tab for a blank": (b"private:\n\twant: x\n", 2, "not YAML"),
    "a key twice": (b"name: Ada\nvoice: a\nname: Bo\n", 3, "duplicate key"),
    "a list on top": (b"- name: Ada\n", 1, "not keys and values"),
    "a word on top": (b"Ada\n", 1, "not keys and values"),
    "nothing": (b"", 1, "empty"),
    "a number for a key": (b"7: Ada\n", 1, "7: unknown key"),
    "a list for a key": (b"? [a, b]\n: Ada\n", 1, ""),
    "a mapping for a key": (b"? {a: b}\n: Ada\n", 1, ""),
    "a tag that would run code": (b"!!python/object/apply:os.getcwd []\n", 1, "not YAML"),
    "two documents": (b"name: Ada\n---\nname: Bo\n", 2, "not YAML"),
    "brackets without end": (b"[" * 1_200, None, "not YAML"),
    "too large": (b"name: " + b"a" * 1_000_001, None, "larger than"),
    "a NUL": (b"name: A\x00da\n", None, "not YAML"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_read_gives_one_line(tmp_path: Path, what: str) -> None:
    data, number, says = FILES[what]
    path = tmp_path / "ada.yaml"
    path.write_bytes(data)
    for read in (lambda: yaml_loader.read(path, Persona), lambda: yaml_loader.read_either(path)):
        with pytest.raises(LibraryError) as caught:
            read()
        message = str(caught.value)
        assert message.startswith(f"{path}:{number}: " if number else f"{path}:")
        assert says in message
        assert "\n" not in message
        assert len(message) < 500


def test_a_file_of_the_other_kind_is_called_what_it_is(small: Path) -> None:
    for path, kind, says in (
        (small.parent / "ada.yaml", Story, "this is a persona, and a story is needed here"),
        (small, Persona, "this is a story, and a persona is needed here"),
    ):
        with pytest.raises(LibraryError) as caught:
            yaml_loader.read(path, kind)
        assert str(caught.value) == f"{path}: {says}"


def test_a_study_is_known_by_keys_that_each_has() -> None:
    assert {name for name, field in Study.model_fields.items() if field.is_required()} >= yaml_loader._STUDY
