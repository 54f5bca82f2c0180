from __future__ import annotations

import pytest
import worlds
from dreamplay.story import Cast, Persona, Scene, Story, TurnContract
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


def test_a_turn_contract_is_ordered() -> None:
    with pytest.raises(ValidationError, match="min 5 is more than max 4"):
        TurnContract(min=5, max=4)


def test_scenes_come_in_the_order_of_play() -> None:
    story = Story.model_validate(worlds.story())
    assert [scene.id for _, scene in story.scenes] == ["square", "corner", "attic", "porch", "road"]


@pytest.mark.parametrize(
    ("moves", "there"),
    [
        ("", ["ab"] * 4), ("-b1", ["ab", "a", "a", "a"]), ("+c2", ["ab", "ab", "abc", "abc"]),
        ("+c2 -a1", ["ab", "b", "bc", "bc"]), ("-a0 +a2", ["b", "b", "ba", "ba"]), ("-a3", ["ab", "ab", "ab", "b"]),
        ("+c1 -b1", ["ab", "ac", "ac", "ac"]),
    ],
)  # fmt: skip
def test_who_is_there_after_how_many_turns(moves: str, there: list[str]) -> None:
    made = [
        {"role": role, "kind": "entrance" if sign == "+" else "exit", "after": int(after), "text": "It is so."}
        for sign, role, after in moves.split()
    ]
    scene = Scene.model_validate({
        "id": "hall", "kind": "waking", "place": "A hall", "present": ["a", "b"], "opening": "Night.", "moves": made,
        "turns": {"min": 0, "max": 9},
    })  # fmt: skip
    assert ["".join(scene.there(turns)) for turns in range(4)] == there


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
