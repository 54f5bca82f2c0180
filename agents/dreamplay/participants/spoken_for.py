"""What a character has spoken for: the choice that follows from what a model was led to say."""

from __future__ import annotations

from dreamplay.schema.event import LineEvent
from dreamplay.schema.story import Choice, Story
from dreamplay.schema.view import View


def spoken_for(story: Story, role: str, view: View) -> Choice | None:
    """The choice that the last line of a role favours which was led to say something that favours one; None if no line
    of theirs does.
    """
    choices = {choice.id: choice for choice in story.choices}
    moves = {
        (scene.id, topic.id, number): choices[move.favours]
        for _, scene in story.scenes
        for topic in scene.topics
        for number, move in enumerate(topic.moves)
        if move.favours
    }
    led = [event for event in view.of_kind(LineEvent) if event.speaker == role and event.cue and event.cue.text]
    places = [(event.scene, event.cue.topic, event.cue.move) for event in led if event.cue]
    return next((moves[place] for place in reversed(places) if place in moves), None)
