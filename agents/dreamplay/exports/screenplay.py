"""The screenplay: a playscript in the elements that film and stage write with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dreamplay.exports import play_text
from dreamplay.exports.playscript import Passage, Playscript

DREAM = "INT. DREAM - NIGHT"
"""The heading of a shared dream, inside of the scene in which it is dreamt."""
_BREAKS = re.compile(r"[ \t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")


@dataclass(frozen=True)
class Element:
    """A section, a scene heading, a piece of action, or a speech with all that belongs to it."""

    kind: Literal["section", "heading", "action", "speech"]
    text: str
    """Of a speech, what is said; it may be empty."""
    speaker: str = ""
    """Of a speech: the name of whoever speaks."""
    extension: str = ""
    """Of a speech: what stands behind the name: "V.O.", or who plays them."""
    manner: str = ""
    """Of a speech: the parenthetical, without its parentheses; empty if there is none."""
    synopsis: str = ""
    """Of a section: what comes of its scenes."""


def one_line(text: str) -> str:
    """A text on one line, as all of a script is. Blanks at which no line may break stay."""
    return _BREAKS.sub(" ", play_text.legal(text)).strip()


def elements(text: Playscript) -> Iterator[Element]:
    """The elements of a playscript. A beat is a section. Each scene has a heading, and what stands before the first one
    has that of its section, so that nothing is outside of a scene.
    """
    for part in text.parts:
        came = [one_line(each.text) for each in part.passages if each.kind == "outcome"]
        yield Element("section", one_line(part.title), synopsis=" ".join(came))
        for each in part.passages:
            if each.place or each.beat:
                yield Element("heading", one_line(each.place or part.title))
            if each.kind == "dream":
                yield Element("heading", DREAM)
            yield _element(each)


def _element(each: Passage) -> Element:
    text, played = one_line(each.text), f"played by {each.played_by}" if each.played_by else ""
    match each.kind:
        case "line" | "stance":
            return Element("speech", text, each.speaker, played, one_line(each.manner))
        case "thought" | "reflection":
            return Element("speech", text, each.speaker, "V.O.")
        case "action":
            return Element("action", f"{each.name} {text}")
        case "silence":
            return Element("action", f"{each.name} says nothing.")
        case _:
            return Element("action", text)
