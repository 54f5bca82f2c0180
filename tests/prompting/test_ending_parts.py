"""How everybody's part of an ending, and the last picture, are begun."""

from __future__ import annotations

import pytest
from dreamplay import languages
from dreamplay.prompting import ending_parts


@pytest.mark.parametrize(
    ("thing", "begun", "alone"),
    [
        ("a towel to fold", "Leo folds a towel", "Leo folds a towel."),
        ("a tray to carry", "Leo carries a tray", "Leo carries a tray."),
        ("a plate to wash", "Leo washes a plate", "Leo washes a plate."),
        ("a pair of wet boots to take off", "Leo takes off a pair of wet boots", "Leo takes off a pair of wet boots."),
        ("a flat stone to sit down on", "Leo sits down on a flat stone", "Leo sits down on a flat stone."),
        ("a hamper with a lid", "Leo takes a hamper with a lid and", "Leo takes a hamper with a lid."),
        ("a map that is blue from edge to edge", "Leo takes a map that is blue from edge to edge and", None),
        ("a letter to the bank", "Leo takes a letter to the bank and", None),
        ("a letter to mother", "Leo takes a letter to mother and", None),
        ("an invitation to sing", "Leo takes an invitation to sing and", None),
        ("a letter to rest", "Leo takes a letter to rest and", None),
        ("a cup to drink from", "Leo drinks from a cup", "Leo drinks from a cup."),
        ("A towel to fold", "Leo folds a towel", "Leo folds a towel."),
        ("A hamper with a lid", "Leo takes a hamper with a lid and", None),
        ("Will's coat", "Leo takes Will's coat and", None),
    ],
)
def test_somebody_does_with_a_thing_what_its_author_says_or_takes_it(thing: str, begun: str, alone: str | None) -> None:
    (part,) = ending_parts.parts(["Leo"], [thing], "", languages.ENGLISH)
    assert part.begun == begun
    assert part.alone == (alone or f"{begun.removesuffix(' and')}.")


def test_who_has_no_thing_is_begun_by_name_and_the_last_picture_comes_last() -> None:
    def begun(*things: str, last: str = "", code: str = "en") -> list[str]:
        return [part.begun for part in ending_parts.parts(["Ada", "Bo"], things, last, languages.get(code))]

    assert begun("a cup to fill") == ["Ada fills a cup", "Bo"]
    assert begun("a cup to fill", "a key", last="a chair")[2:] == ["And there is a chair, and nobody is"]
    assert begun("a cup to fill", "a key", last="A chair")[2:] == ["And there is a chair, and nobody is"]
    assert begun("a cup to fill", "a key", last="two moths")[2:] == ["Two moths"]
    assert begun("taso", "ŝlosilo", last="seĝo", code="eo") == ["Ada", "Bo", "Seĝo"]
