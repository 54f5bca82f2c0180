"""A shared dream in parts, for a model that loses itself in a whole one: where the dreamers stand, and then one hidden
fear after the other. Everybody first meets their own; in a dream that comes again it is that of somebody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dreamplay.languages.language import Language
from dreamplay.schema.event import DreamContribution

_BEGUN = 2
"""Words of a fear that are begun for the model: with one of them it goes on to something else."""


@dataclass(frozen=True)
class DreamPart:
    """One sentence of a dream."""

    begun: str
    """The words with which it begins: of all dreamers, or of the fear."""
    fear: str = ""
    """The fear, as it befalls somebody; empty where the dream begins."""


def parts(
    pooled: Sequence[DreamContribution], dreamers: Mapping[str, str], listed: str, before: int, language: Language
) -> list[DreamPart]:
    """The sentences of a dream.

    Args:
        pooled: the hidden fears and wishes, in the order in which they come.
        dreamers: the names of all who dream, by role, in the order of the cast.
        listed: these names in one phrase.
        before: dreams that they have dreamt before. In the first, everybody meets their own fear, in the next one that
            of the dreamer before them, and so on: readers lose track where it is another's from the beginning.
        language: of the story.
    """
    roles = list(dreamers)
    met = [(dreamers[roles[(roles.index(each.role) + before) % len(roles)]], each.fear) for each in pooled]
    befallen = [language.befalls(fear, name) for name, fear in met]
    return [
        DreamPart(f"{listed} stand in"),
        *(DreamPart(" ".join(fear.split()[:_BEGUN]), fear) for fear in befallen if fear),
    ]
