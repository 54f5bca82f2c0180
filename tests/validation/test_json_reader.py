"""Answers in JSON as models send them: what is meant is read, and what is not said is not made up."""

# ruff: noqa: RUF001 - the signs that look like others are what is tested
from __future__ import annotations

import contextlib
import json
from typing import Annotated

import pytest
from dreamplay.validation import json_reader
from dreamplay.validation.json_reader import Scale, UnreadableError
from pydantic import TypeAdapter, ValidationError

PLAIN = '{"reason": "I want a door, \\"always\\" {so}.", "marks": {"Mira": 3}}'
READ = {"reason": 'I want a door, "always" {so}.', "marks": {"Mira": 3}}

DRESSED = {
    "bare": PLAIN,
    "a fence": f"```json\n{PLAIN}\n```",
    "a plain fence": f"```\n{PLAIN}\n```",
    "a fence in capitals": f"```JSON\n{PLAIN}\n```",
    "a fence that is not closed": f"```json\n{PLAIN}",
    "tildes": f"~~~json5\n{PLAIN}\n~~~",
    "tags": f"<answer>{PLAIN}</answer>",
    "words around a fence": f"Here is the answer:\n\n```json\n{PLAIN}\n```\n\nI hope that helps.",
    "words around": f'He said "yes {PLAIN} and that is all.',
    "braces before": f"The set {{reason}} and {{}} come first: {PLAIN}",
    "the form before": f'You asked for {{"format": "json"}}: {PLAIN}',
    "another answer after": f'{PLAIN}\n{{"reason": "Another.", "marks": {{}}}}',
    "a byte order mark": f"\ufeff{PLAIN}",
    "lines": json.dumps(READ, indent=2),
    "a list of one": f"[{PLAIN}]",
    "an object around it": f'{{"answer": {PLAIN}}}',
    "keys in capitals": PLAIN.replace("reason", "Reason").replace("marks", " MARKS "),
    "a key too many": PLAIN.replace("}}", '}, "confidence": 0.9}'),
    "trailing commas": PLAIN.replace("}}", ",},}"),
    "comments": PLAIN.replace("{", "{ // the reason first\n", 1),
    "single quotes": """{'reason': 'I want a door, "always" {so}.', 'marks': {'Mira': 3}}""",
    "bare keys": PLAIN.replace('"reason"', "reason").replace('"marks"', "marks"),
    "a plus sign": PLAIN.replace("3", "+3"),
}


@pytest.mark.parametrize("how", DRESSED)
def test_an_answer_is_read_however_it_is_dressed(how: str) -> None:
    assert json_reader.read(DRESSED[how], ("reason", "marks")) == READ


def test_a_line_break_within_a_text_is_kept() -> None:
    assert json_reader.read('{"reason": "one\ntwo"}', ("reason",)) == {"reason": "one\ntwo"}


def test_half_an_answer_is_refused_wherever_it_ends() -> None:
    for end in range(len(PLAIN)):
        with pytest.raises(UnreadableError, match="not JSON, or only half of it"):
            json_reader.read(PLAIN[:end], ("reason", "marks"))


@pytest.mark.parametrize("text", ["", "No.", "null", "[]", "{}{", '{"reason": "he said "no" to me"}', "{" * 100_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        json_reader.read(text, ("reason",))


def test_what_is_missing_is_named() -> None:
    with pytest.raises(UnreadableError, match=r"^the answer lacks Mira, Sam$"):
        json_reader.read('{"thought": "I do.", "elara": 1}', ("thought", "Elara", "Mira", "Sam"))


def test_what_is_hidden_never_fills_in_for_what_is_shown() -> None:
    with pytest.raises(UnreadableError, match="lacks voice"):
        json_reader.read('{"private": {"voice": "I am a spy."}}', ("private", "voice"))
    assert json_reader.read('{"a": {"Ada": 1, "ADA": 2}}', ("ADA",)) == {"ADA": 2}


@pytest.mark.parametrize("name", ["Jürgen", "O'Neill", "李", "Ann Marie"])
def test_a_name_as_a_key_is_the_same_in_any_spelling(name: str) -> None:
    for key in (
        name,
        name.upper(),
        f" {name.replace(' ', '  ')} ",
        name.replace("'", "’"),
        name.replace("ü", "u\u0308"),
    ):
        assert json_reader.read(json.dumps({key: 1}, ensure_ascii=False), (name,)) == {name: 1}


MARK = TypeAdapter(Annotated[int, Scale(-5, 5)])


@pytest.mark.parametrize(
    "value",
    [4, 4.0, "4", "+4", " 4 ", "4.0", "4/5", "4 / 5", "4 out of 5", "４", "4 (a friend)", {"mark": 4, "why": "x"}],
)
def test_a_whole_number_is_read_in_any_spelling(value: object) -> None:
    assert MARK.validate_python(value) == 4
    if isinstance(value, str):
        assert MARK.validate_python(value.replace("4", "−4").replace("４", "-4").replace("+", "")) == -4


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (3.7, "a whole number from -5 to 5 is needed, not '3.7'"), ("many", "needed, not 'many'"), ("3.7", "not '3.7'"),
        ("4/10", "not '4/10'"), (None, "is needed"), (True, "is needed"), ([4], "is needed"), ("", "is needed"),
        ({"before": 1, "after": 2}, "is needed"), (8, "less than or equal to 5, not '8'"), ("8", "equal to 5, not '8'"),
        (-6, "greater than or equal to -5"), (float("inf"), "is needed"), ("9" * 5000, "is needed"),
    ],
)  # fmt: skip
def test_what_is_no_mark_is_refused_with_what_was_wrong(value: object, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MARK.validate_python(value)
    assert says in json_reader.fault(caught.value)
    assert "\n" not in json_reader.fault(caught.value)


@pytest.mark.parametrize("unit", ["{", '{"a":', "{}", '"\\', "{'a'", '{"a": [', "}{"])
def test_the_longest_answer_is_read_in_a_time_in_proportion(unit: str) -> None:
    """Looked at again from each brace, each of these takes minutes."""
    with contextlib.suppress(UnreadableError):
        assert json_reader.read(unit * 50_000, ("a",))
