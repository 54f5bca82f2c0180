"""Texts about events that several outputs share."""

from __future__ import annotations

from dreamplay.schema.cast import Cast
from dreamplay.schema.event import EventBase


def played_by(event: EventBase, cast: Cast) -> str:
    """The text after a speaker's name if a person plays the role."""
    by_visitor = event.provenance.by == "person" and not event.by_visitor
    return f" (played by {cast.name(cast.visitor)})" if by_visitor and cast.visitor else ""
