"""To whom a move of a topic is said. Pure."""

from __future__ import annotations

from dreamplay.languages import move_note
from dreamplay.languages.language import Language
from dreamplay.schema.cast import Cast
from dreamplay.schema.topic import TopicMove


def addressee(move: TopicMove, does: str, cast: Cast, language: Language) -> str | None:
    """The role that a move is said to by its own words; None if they name nobody whom it is said to. Who is named in
    what is asked or said, as Sam is in "says that Sam has it", is only spoken of.

    Args:
        move: the move.
        does: what it does, in the words of whoever says it.
        cast: who plays.
        language: of the story.
    """
    if move.to:
        return move.to
    told = cast.fill(does)
    named = [role for role in reversed(cast.mentioned(told)) if role != move.role]
    note = move_note.read(told, cast.all_names, language)
    if note is None or note.form == "act":
        return next(iter(named), None)
    return next((role for role in named if note.to in cast.names(role)), None)
