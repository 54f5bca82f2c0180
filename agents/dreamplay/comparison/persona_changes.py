"""Roles that have another persona in the changed runs, and the differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Cast, Persona, PrivateSheet

_LONGEST = 160
"""Maximum number of characters of a field that are shown."""


class Edit(FrozenModel):
    """One field of a persona that differs. Of a list, what one of the two has and the other has not; cut short."""

    field: str
    base: str
    changed: str


class Swap(FrozenModel):
    """A role that has another persona in the changed runs. Empty where a group does not have the role."""

    role: str
    base: str
    """The public fields: the name, and what everybody knows."""
    changed: str
    base_fear: str
    """What a shared dream tells the others."""
    changed_fear: str
    edits: tuple[Edit, ...]
    """What differs, the private sheet included; empty where one of the groups does not have the role."""

    @property
    def edited(self) -> bool:
        """Whether it is the same person with other words or another name, rather than somebody else."""
        return bool(self.edits) and not any(edit.field == "who" for edit in self.edits)

    @property
    def fields(self) -> str:
        """The names of the fields that differ."""
        return ", ".join(edit.field for edit in self.edits)


def swaps(base: RunLog, changed: RunLog) -> tuple[Swap, ...]:
    """Every role that two runs give to different personas, or that one of them has alone."""
    return tuple(
        _swap(role, base.cast, changed.cast)
        for role in {**base.header.cast, **changed.header.cast}
        if base.header.cast.get(role) != changed.header.cast.get(role)
    )


def _swap(role: str, base: Cast, changed: Cast) -> Swap:
    one, other = base.personas.get(role), changed.personas.get(role)
    return Swap(
        role=role, base=_public(one, base), changed=_public(other, changed), base_fear=_fear(one, base),
        changed_fear=_fear(other, changed), edits=tuple(_edits(one, base, other, changed)) if one and other else (),
    )  # fmt: skip


def _public(persona: Persona | None, cast: Cast) -> str:
    return f"{persona.name}, {cast.fill(persona.who)}" if persona else ""


def _fear(persona: Persona | None, cast: Cast) -> str:
    return cast.fill(persona.private.fear) if persona and persona.private else ""


def _edits(one: Persona, base: Cast, other: Persona, changed: Cast) -> Iterator[Edit]:
    for sheet, word in ((Persona, ""), (PrivateSheet, "private ")):
        was, became = (each if sheet is Persona else each.private for each in (one, other))
        for field in sheet.model_fields:
            if field != "private":
                old, new = getattr(was, field, ""), getattr(became, field, "")
                if old != new and (old or new):
                    yield Edit(field=word + field, base=_told(old, new, base), changed=_told(new, old, changed))


def _told(value: object, beside: object, cast: Cast) -> str:
    """A field, or of a list or a table what is not in the other's, in short."""
    value, beside = _entries(value), _entries(beside)
    if isinstance(value, tuple):
        against = beside if isinstance(beside, tuple) else ()
        value = "; ".join(map(str, [each for each in value if each not in against]))
    text = cast.fill(str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _entries(value: object) -> object:
    """The entries of a table, each with its key; everything else as it is."""
    return tuple(f"{key}: {each}" for key, each in value.items()) if isinstance(value, Mapping) else value
