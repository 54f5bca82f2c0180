"""The move of a topic that a line was made of, by its words.

A cue keeps the index that the move had when the line was said. In a branch the story may have been edited since, or
somebody dropped from it, and another move may have that index.
"""

from __future__ import annotations

from collections.abc import Iterable

from dreamplay.schema.event import LineEvent, TurnEvent
from dreamplay.schema.story import Story
from dreamplay.schema.topic import Topic, TopicMove

Topics = dict[str, tuple[Topic, ...]]
"""The topics of a story, by scene."""


def topics(story: Story) -> Topics:
    """The topics of all scenes."""
    return {scene.id: scene.topics for _, scene in story.scenes}


def made_of(among: Iterable[Topic], line: LineEvent) -> TopicMove | None:
    """The move that a line was led to say; None if it was led to none, or to one that is no longer there: from a line
    that nobody could say now, nothing is concluded.

    Args:
        among: the topics of the scene of the line.
        line: the line.
    """
    if not line.cue or not line.cue.text:
        return None
    topic = next((topic for topic in among if topic.id == line.cue.topic), None)
    number = _same(topic, line) if topic else None
    return topic.moves[number] if topic and number is not None else None


def place(topic: Topic, turn: TurnEvent) -> int | None:
    """The index of the move of a topic that was given for a turn; None if it is no longer there. A move that has other
    words now, as those of another persona, has stayed in its place.
    """
    found = _same(topic, turn)
    if found is not None or turn.cue is None or turn.cue.move is None:
        return found
    there = turn.cue.move < len(topic.moves) and topic.moves[turn.cue.move].role == turn.speaker
    return turn.cue.move if there else None


def _same(topic: Topic, turn: TurnEvent) -> int | None:
    """The index of the move with the words that the cue of a turn has. The same words may stand in two places of a
    topic: then in the one that the cue names, if it is one of them."""
    cue = turn.cue
    if cue is None or cue.move is None:
        return None
    every = range(len(topic.moves))
    likely = [cue.move] if cue.move in every else []
    words = turn.speaker, cue.material
    return next((n for n in (*likely, *every) if (topic.moves[n].role, topic.moves[n].does) == words), None)
