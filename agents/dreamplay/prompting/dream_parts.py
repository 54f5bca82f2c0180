"""A shared dream in parts, for a model that loses itself in a whole one: where the dreamers stand, and then the hidden
fears, one at a time. Everybody first meets their own; when they dream again, somebody else walks into it, and it goes
on to what was not told the first time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dreamplay.languages.language import Language
from dreamplay.schema.event import DreamContribution, DreamEvent

_BEGUN = 2
"""Words of a fear that are begun for the model: with one of them it goes on to something else."""
_REACH = 4
"""Words after the name, at most, that are begun."""
_SOON = 5
"""Words of a fear after which nobody looks for whose it is: begun so far, it would be told already."""


@dataclass(frozen=True)
class DreamPart:
    """A part of a dream."""

    begun: str
    """The words with which it begins."""
    fear: str = ""
    """The fear that it tells, as it befalls somebody; empty for the place."""


def parts(
    pooled: Sequence[DreamContribution],
    dreamers: Mapping[str, str],
    listed: str,
    language: Language,
    *,
    dreamt: Mapping[str, Sequence[DreamEvent]] | None = None,
    to_come: Collection[str] = (),
) -> tuple[DreamPart, ...]:
    """The parts of a dream, in order.

    Args:
        pooled: the hidden fears and wishes, in the order in which they come.
        dreamers: the names of all who dream, by role, in the order of the cast.
        listed: these names in one phrase.
        language: of the story.
        dreamt: the dreams that each of them has dreamt before, by role. In their first, they are alone with their own
            fear. In their next one the dreamer after them comes into it, and so on. It stays theirs: told of somebody
            else, it loses who is who.
        to_come: the roles of those who will dream again. Their first dream tells how their fear begins, and their next
            one what it comes to. Told whole in both, it would be the same dream. In the second dream that all of them
            dream together, the last fear comes first.
    """
    roles, dreamt = list(dreamers), dreamt or {}
    common = [each for each in dreamt.get(roles[0], ()) if all(each in dreamt.get(role, ()) for role in roles)]
    told: list[DreamPart] = []
    for number, each in enumerate(entry for entry in pooled if entry.fear):
        own = dreamt.get(each.role, ())
        name, guest = dreamers[each.role], dreamers[roles[(roles.index(each.role) + len(own)) % len(roles)]]
        fear = language.befalls(each.fear, name)
        begins, comes_to = language.halves(fear)
        if not own and each.role in to_come:
            fear = begins
        elif len(own) == 1 and each.fear in {entry.fear for entry in own[0].ledger}:
            fear = comes_to if guest != name else comes_to[:1].upper() + comes_to[1:]
        begun = _as_far_as(name, fear, language)
        if guest != name:
            fear, begun = (language.seen_by(text, guest, number, whose=name) for text in (fear, begun))
        told.append(DreamPart(begun, fear))
    place = DreamPart(f"{listed} stand there again, and" if common else f"{listed} stand in")
    return (place, *(reversed(told) if len(common) == 1 else told))


def _as_far_as(name: str, fear: str, language: Language) -> str:
    """The beginning of a fear as far as it says whose it is and what befalls them: the first two words after the name
    that mean something. With fewer, a small model tells of a thing and forgets the person, or of the person and
    something else.
    """
    said = fear.split()
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", " ".join(said[:_SOON]))
    named = len(" ".join(said)[: found.end()].split()) - 1 if found else 0
    meant = [
        number
        for number in range(named + 1, len(said))
        if said[number].strip(",.;:").lower() not in language.stop_words
    ]
    reaches = meant[1] + 1 if len(meant) > 1 and meant[1] <= named + _REACH else 0
    return " ".join(said[: max(_BEGUN, named + 2, min(reaches, len(said) // 2))])
