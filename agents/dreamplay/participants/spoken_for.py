"""What a character has spoken for: the choice that follows from what a model was led to say."""

from __future__ import annotations

from dreamplay.schema.event import LineEvent
from dreamplay.schema.story import Choice, Story
from dreamplay.schema.view import View


def spoken_for(story: Story, role: str, view: View) -> Choice | None:
    """The choice that the last line of a role favours which was led to say something that favours one; None if no line
    of theirs does, or if they have said something since that nobody led them to.
    """
    choices = {choice.id: choice for choice in story.choices}
    moves: dict[tuple[str, str, int | None], Choice] = {
        (scene.id, topic.id, number): choices[move.favours]
        for _, scene in story.scenes
        for topic in scene.topics
        for number, move in enumerate(topic.moves)
        if move.favours and move.role == role
    }
    for event in reversed(view.of_kind(LineEvent)):
        if event.speaker != role:
            continue
        if not event.cue or not event.cue.text:
            return None
        if found := moves.get((event.scene, event.cue.topic, event.cue.move)):
            return found
    return None
