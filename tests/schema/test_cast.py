from __future__ import annotations

import unicodedata

import pytest
import worlds
from dreamplay.schema.cast import Cast, Persona
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
        ("Ada\u200b", False), ("Ada\u2028Bo", False), ("Ada\x85Bo", False), ("Ada\ufeff", False), ("A\xadda", False),
        ("Ada\u200d", False), ("Ada\u3164", False), ("Ada\uffa0", False), ("Ada\U000e0041", False),
        ("Ada\ufe0f", False), ("Ada\u034f", False), ("Ada\u180e", False), ("Ada\u2800", False), ("A\u0308da", True),
        ("Jürgen Müller-Voß", True),
    ],
)  # fmt: skip
def test_a_name_cannot_pass_for_anything_else_in_a_script(name: str, valid: bool) -> None:
    data = worlds.persona() | {"name": name}
    if valid:
        assert Persona.model_validate(data).name == unicodedata.normalize("NFC", name)
    else:
        with pytest.raises(ValidationError):
            Persona.model_validate(data)


def _cast(**names: str) -> Cast:
    """A cast by names; «Dr. Groß/Anna» is called Anna."""
    parts = {role: name.partition("/") for role, name in names.items()}
    sheets = {
        role: worlds.persona(name) | ({"called": called} if called else {}) for role, (name, _, called) in parts.items()
    }
    return Cast({role: Persona.model_validate(sheet) for role, sheet in sheets.items()})


PEOPLE = _cast(
    a="Ann", b="Ann \u00a0Marie", z="Zoe\u0308", c="Jürgen Müller-Voß", d="Dr. Groß", elara="Nora", sam="Elara",
    e="Samuel Lee/Sam",
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "role", "rest"),
    [
        ("Ann Marie the door", "b", "the door"), ("ann: Marie left", "a", "Marie left"), ("ANN MARIE", "b", ""),
        ("marie, wait", "b", "wait"), ("jürgen hm", "c", "hm"), ("ju\u0308rgen hm", "c", "hm"),
        ("voß: hm", "c", "hm"), ("MÜLLER-VOSS hm", "c", "hm"), ("groß hm", "d", "hm"), ("dr. groß hm", "d", "hm"),
        ("Elara psst", "sam", "psst"), ("nora psst", "elara", "psst"), ("d psst", "d", "psst"),
        ("sam psst", "e", "psst"), ("samuel psst", "e", "psst"), ("lee, psst", "e", "psst"),
        ("\uff41\uff4e\uff4e psst", "a", "psst"),
        ("annie psst", None, ""), ("", None, ""),
    ],
)  # fmt: skip
def test_the_longest_name_counts_and_names_before_roles_before_parts(typed: str, role: str | None, rest: str) -> None:
    assert PEOPLE.addressed(typed) == ((role, rest) if role else None)


def test_a_part_that_two_names_have_means_nobody() -> None:
    assert _cast(a="Ann Lee", b="Bo Lee").addressed("lee hm") is None


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Leo", "LEO", True), ("Groß", "GROSS", True), ("Zoë", "Zoe\u0308", True), ("Leo", "\uff2c\uff45\uff4f", True),
        ("Ann Lee", "Ann  Lee", True), ("Samuel/Sam", "Sam", True), ("Ann", "Ann Marie", False), ("Leo", "Leon", False),
    ],
)  # fmt: skip
def test_names_that_read_alike_are_one_name(one: str, other: str, alike: bool) -> None:
    assert _cast(a=one, b=other).alike() == (("a", "b") if alike else None)


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("Ann Marie, wait.", ("b",)), ("Ann, ask Ann Marie.", ("b", "a")), ("Sam and Samuel Lee", ("e",)),
        ("Marie?", ()), ("Zo\u00eb!", ("z",)),
    ],
)  # fmt: skip
def test_a_name_within_a_longer_one_is_not_mentioned(text: str, roles: tuple[str, ...]) -> None:
    assert PEOPLE.mentioned(text) == roles


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
