"""What somebody has in mind that nobody else is told: what they know, what they thought, and what they want since."""

from __future__ import annotations

from itertools import takewhile

from dreamplay.schema.cast import Cast
from dreamplay.schema.event import ReflectionEvent, ThoughtEvent, sanitize
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import last_reflection
from dreamplay.schema.story import Story
from dreamplay.schema.view import View


def knows(scene: Scene, role: str, cast: Cast) -> tuple[str, ...]:
    """What somebody knows that may come out in a scene, as clauses that follow "that"."""
    return tuple(cast.fill(reveal.what) for reveal in scene.reveals if role in reveal.knows)


def knew(story: Story, scene: Scene, role: str, cast: Cast) -> tuple[str, ...]:
    """The same of the scenes before it, the newest first: nobody forgets what they keep to themselves."""
    before = takewhile(lambda each: each.id != scene.id, (each for _, each in story.scenes))
    found = dict.fromkeys(what for each in before for what in knows(each, role, cast))
    return tuple(what for what in reversed(found) if what not in knows(scene, role, cast))


def thought_last(view: View, role: str) -> dict[str, str]:
    """What the last scene has meant to somebody (`reflected`), and what they have wanted since then (`wants_now`)."""
    reflection = last_reflection(view.of_kind(ReflectionEvent), role)
    text, wants = (reflection.text, reflection.wants) if reflection else ("", "")
    return {"reflected": sanitize(text), "wants_now": sanitize(wants).rstrip(".")}


def thought(view: View, role: str) -> str:
    """The speaker's last thought before a line; empty if there was none."""
    own = (event for event in reversed(view.of_kind(ThoughtEvent)) if event.speaker == role)
    return sanitize(next((event.text for event in own), ""))
