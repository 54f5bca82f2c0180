"""Words about an event that several outputs share."""

from __future__ import annotations

from dreamplay.schema.cast import Cast
from dreamplay.schema.event import EventBase
from dreamplay.schema.story import VISITOR


def played_by(event: EventBase, cast: Cast) -> str:
    """What is told beside a speaker's name if a person plays the role."""
    by_visitor = event.provenance.by == "person" and event.speaker != VISITOR and VISITOR in cast.personas
    return f" (played by {cast.name(VISITOR)})" if by_visitor else ""
