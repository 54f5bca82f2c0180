"""An ending in parts, for a model that mixes up people and things in a whole one: everybody present with the thing that
is theirs, and then what else can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dreamplay.languages.language import Language


@dataclass(frozen=True)
class EndingPart:
    """A part of an ending."""

    begun: str
    """The words with which it begins."""
    thing: str
    """What is in it; empty: nothing was given."""
    name: str = ""
    """Of whoever does something with it; empty: it is the last picture."""
    alone: str = ""
    """What was begun as a whole sentence; empty if it is none."""


def parts(names: Sequence[str], material: Sequence[str], language: Language) -> tuple[EndingPart, ...]:
    """The parts of an ending, in order.

    Args:
        names: of those who are there.
        material: the things of the scene. Everybody gets one, in their order; if there are more, the last one is what
            can be seen when all have had theirs.
        language: of the story.
    """
    told: list[EndingPart] = []
    for name, thing in zip_longest(names, material[: len(names)], fillvalue=""):
        sentence, leads_on = language.with_thing(name, thing)
        told.append(EndingPart(f"{sentence}{leads_on}", thing, name, f"{sentence}." if sentence != name else ""))
    if len(material) > len(names):
        sentence, leads_on = language.there(material[-1])
        told.append(EndingPart(f"{sentence}{leads_on}", material[-1], alone=f"{sentence}." if leads_on else ""))
    return tuple(told)
