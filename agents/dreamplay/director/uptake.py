"""Uptake: which of the moves that a speaker could choose among their line takes up.

Nobody can tell before a line is said, and asking a model would cost a call for each line. So it is told from the words:
the move whose sentence vector is nearest to that of the line. In plays that were answered by hand as a strong model
would, that was right in 11 of the 12 lines with two moves to choose from, where the likeliest move was in 7; of 70
lines written to say one of several moves in other words, in 64. Where two were almost equally near, the nearer one was
still right in most, so no lead over the others is asked for.

The same tells what a line says that was put in by hand. Nobody had a choice to make there, and it may well say none of
the moves, so it has to be much nearer.
"""

from __future__ import annotations

from collections.abc import Sequence

from dreamplay.director import acts, relevance
from dreamplay.director.situation import Situation
from dreamplay.director.topic_steps import step_of
from dreamplay.director.topics import able
from dreamplay.memory.base import Embedder
from dreamplay.schema import made_move
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue, TurnEvent
from dreamplay.schema.topic import Topic
from dreamplay.schema.turn import Turn

NEAR = 0.08
"""The cosine below which a line takes up no move. None of the 42 lines of the plays that were answered by hand falls
below it, and of 58 lines on something else, 34 do."""
_SAID = 0.7
"""The cosine from which a line that was put in by hand says a move. Of 472 lines of small models that were led to say a
move, nine in ten are nearer to it; of 69 that were led to something else, none comes above 0.42. In a story about a
piano, lines by hand that only spoke of the piano as well came to 0.66, and a denial of a move to 0.53."""
_SHORT = 16
"""Letters below which the words of a line tell nothing: "No, Ada." and "I won't." take up what stood at hand."""


def with_uptake(turn: Turn, said: str, cast: Cast, embedder: Embedder, before: Sequence[TurnEvent]) -> Cue | None:
    """The cue of a turn as it is recorded: with the move that the line takes up, or with none. A cue that left no
    choice stays as it is, as does one whose options are none of the story's moves, and that of a very short line.

    Args:
        turn: whose line it is, and what they could do.
        said: the line, or what was done in its place; empty if there was neither.
        cast: who plays.
        embedder: makes the vectors of lines and moves.
        before: the turns of the scene so far.

    Raises:
        EmbeddingError: the sentence vectors cannot be loaded.
    """
    cue = turn.cue
    if cue is None or cue.move is None:
        return cue
    offered = _offered(turn, cue)
    if len(offered) < 2 or 0 < len(said) < _SHORT:
        return cue
    near = {does: relevance.similarity(cast, embedder, does, said) for does in offered}
    does = max(near, key=near.__getitem__)
    if near[does] < NEAR:
        return cue.model_copy(update={"topic": "", "move": None, "material": "", "written": ""})
    if does == cue.material:
        return cue
    topic, number = offered[does]
    answers = cue.answers if topic.id == cue.topic else None
    answered = next((event for event in before if event.id == answers), None)
    to = step_of(cast, turn.witnesses, topic, number, answered).to
    taken = {"topic": topic.id, "move": number, "material": does, "written": "", "answers": answers}
    taken["to"] = to if to in turn.witnesses else cue.to
    return made_move.noted(turn.scene.topics, cue.model_copy(update=taken))


def said_by_hand(now: Situation, speaker: str, said: str, cast: Cast, embedder: Embedder) -> Cue | None:
    """The cue of a line that is put in by hand: with the move that it says, of those that its speaker can still make;
    None if it says none.

    Args:
        now: where the scene stands before the line.
        speaker: whose line it is.
        said: the line.
        cast: who plays.
        embedder: makes the vectors of lines and moves.

    Raises:
        EmbeddingError: the sentence vectors cannot be loaded.
    """
    near = {
        (topic.id, number): (relevance.similarity(cast, embedder, move.does, said), topic, move)
        for topic in now.scene.topics if now.holds(topic.when)
        for number, move in able(cast, now, topic, (speaker,))
    }  # fmt: skip
    closest = max(near, key=lambda known: near[known][0], default=None)
    if closest is None or near[closest][0] < _SAID:
        return None
    _, topic, move = near[closest]
    cue = Cue(
        to=step_of(cast, now.present, topic, closest[1]).to, pressure="", tactic="", material=move.does, text="",
        topic=topic.id, move=closest[1], act=move.act or acts.shown(move.does, now.language),
    )  # fmt: skip
    return made_move.noted(now.scene.topics, cue)


def _offered(turn: Turn, cue: Cue) -> dict[str, tuple[Topic, int]]:
    """The moves of the speaker that a cue offers, each with its topic and index, by what they do: its options, and what
    it gives. Of two with the same words it is the one in the topic of the cue, and there the first."""
    topics = sorted(turn.scene.topics, key=lambda topic: topic.id != cue.topic)
    found: dict[str, tuple[Topic, int]] = {}
    for topic in topics:
        for number, move in enumerate(topic.moves):
            if move.role == turn.speaker and move.does in (*cue.options, cue.material):
                found.setdefault(move.does, (topic, number))
    return found
