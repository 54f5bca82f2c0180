"""A story as one role knows it before it is played. Pure."""

from __future__ import annotations

from functools import lru_cache

from dreamplay.schema.base import Same
from dreamplay.schema.scene import Reveal, Scene
from dreamplay.schema.story import Beat, Choice, Story
from dreamplay.schema.topic import Topic, TopicMove


def known_to(story: Story, role: str) -> Story:
    """The parts of a story that a role may know: the scenes that they are in, and in these their own aims, moves and
    whispers, and what they know. A text that is not theirs is empty; what then happens, they witness.

    The values are made anew of what is named here, so that nothing else is ever in them. They are not checked: a move
    that is kept may name one that is not.

    Args:
        story: as it is played.
        role: whose knowledge it is.
    """
    return _known_to(Same(story), role)


@lru_cache(64)  # the plays of a study are of the same few stories
def _known_to(same: Same[Story], role: str) -> Story:
    story = same.value
    known = [(beat, tuple(s for s in beat.scenes if role in s.everybody)) for beat in story.beats]
    decides = any(scene.kind == "crossroads" for _, scenes in known for scene in scenes)
    return Story.model_construct(
        title="",
        premise=story.premise,
        language=story.language,
        cast=dict.fromkeys(story.cast, ""),
        prologue=story.prologue,
        choices=tuple(
            Choice.model_construct(id=choice.id, text=choice.text, ending="") for choice in story.choices if decides
        ),
        beats=tuple(
            Beat.model_construct(id=beat.id, title="", scenes=tuple(_scene(scene, role) for scene in scenes))
            for beat, scenes in known
            if scenes
        ),
    )


def _scene(scene: Scene, role: str) -> Scene:
    return Scene.model_construct(
        id=scene.id,
        kind=scene.kind,
        place=scene.place,
        present=scene.present,
        opening="",
        aims={other: aim for other, aim in scene.aims.items() if other == role},
        may_break=tuple(other for other in scene.may_break if other == role),
        reveals=tuple(
            Reveal.model_construct(id=each.id, what=each.what, knows=(role,))
            for each in scene.reveals
            if role in each.knows
        ),
        topics=tuple(_topic(topic, role) for topic in scene.topics),
        material=scene.material,
        asides=tuple(aside for aside in scene.asides if aside.role == role),
        turns=scene.turns,
    )


def _topic(topic: Topic, role: str) -> Topic:
    return Topic.model_construct(
        id=topic.id,
        about=topic.about,
        settled=topic.settled,
        knows={other: text for other, text in topic.knows.items() if other == role},
        moves=tuple(
            TopicMove.model_construct(
                id=move.id, role=role, does=move.does, to=move.to, act=move.act, favours=move.favours,
                reveals=move.reveals,
            )
            for move in topic.moves
            if move.role == role
        ),
    )  # fmt: skip
