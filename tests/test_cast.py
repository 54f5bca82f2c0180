from __future__ import annotations

import pytest
import worlds
from dreamplay.cast import Cast, Persona
from pydantic import ValidationError


def test_values_cannot_be_changed_and_are_closed_to_unknown_keys() -> None:
    persona = Persona.model_validate(worlds.persona())
    with pytest.raises(ValidationError, match="frozen"):
        persona.name = "Bo"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Persona.model_validate(worlds.persona() | {"mood": "gloomy"})


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("Ada", True), ("Old Ada", True), ("Зоя", True), ("O'Neill", True), ("Ada Jr.", True),
        ("", False), ("Ada: Bo", False), ("Ada\nBo", False), ("[Ada]", False), ("{ada}", False), ("*Ada*", False),
        ("7", False), ("A" * 41, False), ("Zoë 🌸", True), ("ליאה", True), ("🌸", False), ("Ada\u202eoB", False),
        ("Ada\u200b", False), ("Ada\u2028Bo", False), ("Ada\x85Bo", False), ("Ada\ufeff", False),
    ],
)  # fmt: skip
def test_a_name_cannot_pass_for_anything_else_in_a_script(name: str, valid: bool) -> None:
    data = worlds.persona() | {"name": name}
    if valid:
        assert Persona.model_validate(data).name == name
    else:
        with pytest.raises(ValidationError):
            Persona.model_validate(data)


@pytest.fixture
def sams() -> Cast:
    personas = {"a": "Sam", "b": "Samantha", "c": "Ada"}
    return Cast({role: Persona.model_validate(worlds.persona(name)) for role, name in personas.items()})


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("Samantha, wait.", ("b",)), ("Sam's coat", ("a",)), ("Sam, ask Ada.", ("c", "a")), ("samantha", ()),
        ("Adam and Samson", ()), ("Ada? Sam? Ada!", ("c", "a")), ("", ()),
    ],
)  # fmt: skip
def test_mentions_are_whole_names_the_last_first(sams: Cast, text: str, roles: tuple[str, ...]) -> None:
    assert sams.mentioned(text) == roles


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{a} and {b}", "Sam and Samantha"), ("{nobody}", "{nobody}"), ("{{a}}", "{{a}}"), ("{{ a }}", "{{ a }}"),
        ("{% if a %}", "{% if a %}"), ("{a", "{a"), ("{}", "{}"), ("{a}{c}", "SamAda"), ("{a.name}", "{a.name}"),
    ],
)  # fmt: skip
def test_fill_puts_names_for_roles_and_leaves_every_other_brace(sams: Cast, written: str, told: str) -> None:
    assert sams.fill(written) == told
