"""What is left of a scene's aims, events and topics without some roles. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dreamplay.director.addressee import addressee
from dreamplay.languages.language import Language
from dreamplay.schema import own_moves
from dreamplay.schema.cast import Cast
from dreamplay.schema.scene import Pressure, Scene
from dreamplay.schema.topic import Topic, TopicMove


def talk(scene: Scene, cast: Cast, language: Language, absent: Collection[str]) -> dict[str, Any]:
    """The fields of a scene without what is by, for or known to these roles alone. An answer of the outcome that nobody
    can then bring about stays: a model may still find that it came about.

    Args:
        scene: the scene.
        cast: whose names its texts hold.
        language: of the story.
        absent: the roles that are never there.
    """
    reveals = tuple(
        each.model_copy(update={"knows": knows})
        for each in scene.reveals
        if (knows := tuple(role for role in each.knows if role not in absent))
    )
    known = {each.id for each in reveals}
    answers = scene.outcome.answers if scene.outcome else {}

    def topic(given: Topic) -> Topic | None:
        moves = [
            move for move in given.moves
            if move.role not in absent and not _said_to(scene.id, given, move, cast, language) & set(absent)
        ]  # fmt: skip
        while lost := [move for move in moves if not _answers_somebody(move, moves)]:
            moves = [move for move in moves if move not in lost]
        kept = tuple(
            move.model_copy(update={
                "reveals": move.reveals if move.reveals in known else None,
                "decides": move.decides if move.decides in answers else None,
            })
            for move in moves
        )  # fmt: skip
        knows = {role: text for role, text in given.knows.items() if role not in absent}
        return given.model_copy(update={"moves": kept, "knows": knows}) if kept else None

    topics = tuple(left for each in scene.topics if (left := topic(each)))
    opened = {each.id for each in topics}
    return {
        "aims": {role: aim for role, aim in scene.aims.items() if role not in absent},
        "may_break": tuple(role for role in scene.may_break if role not in absent),
        "reveals": reveals,
        "topics": topics,
        "pressures": tuple(_event(each, absent, opened) for each in scene.pressures),
    }


def _event(event: Pressure, absent: Collection[str], topics: Collection[str]) -> Pressure:
    to = None if event.to in absent else event.to
    return event.model_copy(update={"to": to, "opens": event.opens if event.opens in topics else None})


def _said_to(scene: str, topic: Topic, move: TopicMove, cast: Cast, language: Language) -> set[str | None]:
    """Whom a move is said to, in the words of whoever plays the role and in those of the story, which another persona
    of the role says again."""
    own = own_moves.of(cast, scene, topic, move)
    return {addressee(move, does, cast, language) for does in (move.does, *([own.does] if own else []))}


def _answers_somebody(move: TopicMove, among: Collection[TopicMove]) -> bool:
    """Whether what a move answers, if it answers something, is still said by somebody else."""
    return move.answers is None or any(
        move.answers in (other.id, other.role) and other.role != move.role for other in among
    )
