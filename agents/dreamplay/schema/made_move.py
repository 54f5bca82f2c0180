"""The move of a topic that a line was made of, by the words of its author.

A cue keeps the index that the move had when the line was said. In a branch the story may have been edited since, or
somebody dropped from it, and another move may have that index. It also keeps the words of the author where a persona
had others: in a branch another persona may play the role, and say the same move in other words or in these.
"""

from __future__ import annotations

from collections.abc import Iterable

from dreamplay.schema.event import Cue, LineEvent, TurnEvent
from dreamplay.schema.story import Story
from dreamplay.schema.topic import OwnWords, Topic, TopicMove

Topics = dict[str, tuple[Topic, ...]]
"""The topics of a story, by scene."""


def topics(story: Story) -> Topics:
    """The topics of all scenes."""
    return {scene.id: scene.topics for _, scene in story.scenes}


def made_of(among: Iterable[Topic], line: LineEvent) -> TopicMove | None:
    """The move that a line was led to say, or that a line says which was put in by hand; None if there is none, or one
    that is no longer there: from a line that nobody could say now, nothing is concluded.

    Args:
        among: the topics of the scene of the line.
        line: the line.
    """
    if not line.cue or not (line.cue.text or line.placed):
        return None
    topic = next((topic for topic in among if topic.id == line.cue.topic), None)
    number = place(topic, line) if topic else None
    return topic.moves[number] if topic and number is not None else None


def place(topic: Topic, turn: TurnEvent) -> int | None:
    """The index of the move of a topic that was given for a turn; None if it is no longer there. The same words may
    stand in two places of a topic: then it is the one that the cue names, if it is one of them.
    """
    cue = turn.cue
    if cue is None or cue.move is None:
        return None
    theirs = [n for n, move in enumerate(topic.moves) if move.role == turn.speaker]
    theirs.sort(key=lambda n: n != cue.move)
    told = cue.written or cue.material
    same = [n for n in theirs if _written(topic.moves[n]) == told]
    # The cue of an older run has the words of a persona alone.
    same = same or [n for n in theirs if not cue.written and topic.moves[n].does == told]
    return next(iter(same), None)


def noted(among: Iterable[Topic], cue: Cue) -> Cue:
    """A cue with what the author wrote for the move that it gives, if the speaker is given other words."""
    topic = next((topic for topic in among if topic.id == cue.topic), None)
    if topic is None or cue.move is None or cue.move >= len(topic.moves):
        return cue
    written = _written(topic.moves[cue.move])
    return cue if cue.material == written else cue.model_copy(update={"written": written})


def _written(move: TopicMove) -> str:
    """What a move does in the story, whatever it does in this play."""
    return move.written if isinstance(move, OwnWords) else move.does
