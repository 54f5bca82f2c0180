"""Text that enters can be written again, whatever it held."""

from __future__ import annotations

from typing import Any

import pytest
from dreamplay.errors import SettingsError
from dreamplay.participants.actions import Action
from dreamplay.schema.base import Name, Text, Words, mended
from dreamplay.schema.event import LineEvent
from dreamplay.settings import load
from pydantic import TypeAdapter


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", ""), ("Ünï \U0001f600 \ufeff", "Ünï \U0001f600 \ufeff"), ("a\ud83d\ude00b", "a\U0001f600b"),
        ("a\ud83d", "a\ufffd"), ("\ude00a", "\ufffda"), ("\ude00\ud83d", "\ufffd\ufffd"), ("\udcff", "\ufffd"),
    ],
)  # fmt: skip
def test_halves_are_joined_and_a_lone_half_is_replaced(text: str, whole: str) -> None:
    assert mended(text) == whole
    assert mended(text).encode().decode() == whole


@pytest.mark.parametrize("kind", [Words, Text, Name])
def test_text_that_enters_is_mended(kind: Any) -> None:
    assert TypeAdapter(kind).validate_python("Ann \ud83d") == "Ann \ufffd"


def test_what_is_typed_told_or_recorded_is_mended() -> None:
    assert Action(say="Hello \ud83d").say == "Hello \ufffd"
    event = LineEvent(id=0, speaker="leo", text="Hello \udcff", beat="b", scene="s")
    assert LineEvent.model_validate_json(event.model_dump_json()).text == "Hello \ufffd"


def test_a_setting_that_is_no_text_is_refused_in_one_line() -> None:
    with pytest.raises(SettingsError, match=r"^`model`: holds half a character"):
        load(model="x\udcff")
