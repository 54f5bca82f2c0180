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


def parts(names: Sequence[str], things: Sequence[str], last: str, language: Language) -> tuple[EndingPart, ...]:
    """The parts of an ending, in order.

    Args:
        names: of those who are there.
        things: a thing for each of them, in their order, as far as there are things.
        last: what can be seen when all have had theirs; empty: nothing.
        language: of the story.
    """
    told: list[EndingPart] = []
    for name, given in zip_longest(names, things, fillvalue=""):
        thing = given.rstrip(".")
        sentence, leads_on = language.with_thing(name, thing)
        told.append(EndingPart(f"{sentence}{leads_on}", thing, name, f"{sentence}." if sentence != name else ""))
    if last := last.rstrip("."):
        sentence, leads_on = language.there(last)
        told.append(EndingPart(f"{sentence}{leads_on}", last, alone=f"{sentence}." if leads_on else ""))
    return tuple(told)
