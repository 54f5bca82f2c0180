"""What a character has spoken for: the choice that follows from what a model was led to say."""

from __future__ import annotations

from dreamplay.schema import made_move
from dreamplay.schema.event import LineEvent
from dreamplay.schema.story import Choice, Story
from dreamplay.schema.view import View


def spoken_for(story: Story, role: str, view: View) -> tuple[Choice, LineEvent] | None:
    """The choice that the last line of a role favours which was led to say something that favours one, or was put in by
    hand and says it, and that line; None if no line of theirs does, or if they have said something since that is none
    of the story's, or that is no longer in the story, or that another persona of the role said in other words: it may
    have favoured another.
    """
    choices = {choice.id: choice for choice in story.choices}
    topics = made_move.topics(story)
    for event in reversed(view.of_kind(LineEvent)):
        if event.speaker != role:
            continue
        if not event.cue or not (event.cue.text or event.placed):
            return None
        if event.cue.move is None:
            continue
        move = made_move.made_of(topics.get(event.scene, ()), event)
        if move is None or move.does != event.cue.material:
            return None
        if move.favours:
            return choices[move.favours], event
    return None
