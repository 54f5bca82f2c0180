"""An edited story for a branch: the parent's story up to the point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dreamplay import casting
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import UsageError
from dreamplay.library import yaml_loader
from dreamplay.schema.event import Event, OutcomeEvent, StanceEvent
from dreamplay.schema.scene import Scene
from dreamplay.schema.story import Story


def called(story: Path | Story) -> str:
    """The name of an edited story: that of its file, or its title if it has none."""
    if isinstance(story, Path):
        return story.name
    return story.path.name if story.path else story.title


def edited(plan: RunConfig, shared: Sequence[Event], here: Scene, begun: bool, edit: Path | Story) -> Story:
    """An edited story, if it is the parent's story up to the point.

    Args:
        plan: of the parent.
        shared: the events before the point.
        here: the scene that the point lies in.
        begun: whether that has begun.
        edit: the edited story, or its file.

    Raises:
        LibraryError: there is none, or it is not valid.
        UsageError: it is another story.
    """
    story = casting.checked(edit) if isinstance(edit, Story) else yaml_loader.read(edit, Story)
    file = f"`story_edit={story.path}`" if story.path else "`story_edit`"
    if begun and here.kind == "epilogue":
        raise UsageError(f"{file}: an epilogue is told whole; choose a point before it, with `at`")
    if (story.title, list(story.cast)) != (plan.story.title, list(plan.story.cast)):
        raise UsageError(
            f"{file} is another story: {story.title!r} with {', '.join(story.cast)}, and the run plays "
            f"{plan.story.title!r} with {', '.join(plan.story.cast)}; edit a copy of that"
        )
    was, now = ([(beat.id, scene.id, scene.kind, scene.present) for beat, scene in each.scenes]
                for each in (plan.story, story))  # fmt: skip
    played = next(i for i, each in enumerate(was) if each[1] == here.id) + begun
    for old, new in zip(was[:played], [*now, *[None] * played], strict=False):
        if old != new:
            raise UsageError(
                f"{file}: the run has played {old[0]}/{old[1]} ({old[2]}: {', '.join(old[3])}) before the point, and "
                "the edited story has no such scene there; leave what was played as it was"
            )
    taken = {event.choice for event in shared if isinstance(event, StanceEvent)} - {each.id for each in story.choices}
    if taken:
        raise UsageError(f"{file}: the choice {min(taken)!r} was taken before the point; leave it there")
    for event in shared:
        if isinstance(event, OutcomeEvent):
            outcome = next(scene.outcome for _, scene in story.scenes if scene.id == event.scene)
            if outcome is None or outcome.id != event.outcome or event.answer not in outcome.answers:
                raise UsageError(
                    f"{file}: {event.scene}.{event.outcome} == {event.answer} was decided before the "
                    "point; leave it there"
                )
    return story
