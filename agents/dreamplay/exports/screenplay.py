"""The screenplay: a playscript in the elements that film and stage write with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dreamplay.exports.playscript import Passage, Playscript

DREAM = "INT. DREAM - NIGHT"
"""The heading of a shared dream, inside of the scene in which it is dreamt."""


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


def elements(text: Playscript) -> Iterator[Element]:
    """The elements of a playscript. A beat is a section. Each scene has a heading, and what stands before the first one
    has that of its section, so that nothing is outside of a scene.
    """
    for part in text.parts:
        came = [each.text for each in part.passages if each.kind == "outcome"]
        yield Element("section", part.title, synopsis=" ".join(came))
        for each in part.passages:
            if each.place or each.beat:
                yield Element("heading", each.place or part.title)
            if each.kind == "dream":
                yield Element("heading", DREAM)
            yield _element(each)


def _element(each: Passage) -> Element:
    played = f"played by {each.played_by}" if each.played_by else ""
    match each.kind:
        case "line" | "stance":
            return Element("speech", each.text, each.speaker, played, each.manner)
        case "thought" | "reflection":
            return Element("speech", each.text, each.speaker, "V.O.")
        case "action":
            return Element("action", f"{each.name} {each.text}")
        case "silence":
            return Element("action", f"{each.name} says nothing.")
        case _:
            return Element("action", each.text)
