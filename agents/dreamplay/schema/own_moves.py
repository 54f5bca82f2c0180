"""The moves that personas bring of their own: a story as a cast plays it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

from dreamplay.schema.base import MisplacedError, Same
from dreamplay.schema.cast import Cast, OwnMove, Persona
from dreamplay.schema.error_messages import did_you_mean, listed
from dreamplay.schema.scene_checks import check_braces
from dreamplay.schema.story import Story
from dreamplay.schema.topic import OwnWords, Topic, TopicMove


def played_by(story: Story, cast: Cast) -> Story:
    """The story with what its cast says in place of its moves. Whatever else a move has stays, so that the same moves
    answer it. A move that the story does not have for the role is of another role or story; a choice that it does not
    have is favoured by nobody.
    """
    if not any(persona.moves for persona in cast.personas.values()):
        return story
    return _played_by(Same(story), Same(cast))


@lru_cache(16)  # the plays of a study are of the same few stories and casts
def _played_by(same: Same[Story], by: Same[Cast]) -> Story:
    story, cast = same.value, by.value
    choices = {choice.id for choice in story.choices}

    def said(scene: str, topic: Topic, move: TopicMove) -> TopicMove:
        own = of(cast, scene, topic, move)
        if own is None:
            return move
        favours = own.favours if own.favours in choices else None
        words = {"does": own.does, "act": own.act, "favours": favours, "written": move.does}
        return OwnWords.model_construct(**(dict(move) | words))

    def topic(scene: str, given: Topic) -> Topic:
        return given.model_copy(update={"moves": tuple(said(scene, given, move) for move in given.moves)})

    beats = []
    for beat in story.beats:
        scenes = [
            scene.model_copy(update={"topics": tuple(topic(scene.id, each) for each in scene.topics)})
            for scene in beat.scenes
        ]
        beats.append(beat.model_copy(update={"scenes": tuple(scenes)}))
    return story.model_copy(update={"beats": tuple(beats)})


def of(cast: Cast, scene: str, topic: Topic, move: TopicMove) -> OwnMove | None:
    """What whoever plays the role of a move says in its place; None if they say it as it is."""
    persona = cast.personas.get(move.role)
    return persona.moves.get(f"{scene}.{topic.id}.{move.id}") if persona else None


def check(story: Story, persona: Persona, roles: Collection[str], *, own: bool, whole: bool = True) -> None:
    """Refuse a move of a persona that the story does not have, or that favours no choice of it or names no role of it.

    Args:
        story: what is played.
        persona: somebody who plays in it.
        roles: of the cast.
        own: whether they were written for this story. Of others, all moves may be of another one: then this one has
            none of their topics.
        whole: whether the story has all that its author wrote. One that has lost some moves may miss any.

    Raises:
        MisplacedError: see above.
    """
    known, choices = list(addresses(story)), [choice.id for choice in story.choices]
    topics = {f"{scene.id}.{topic.id}" for _, scene in story.scenes for topic in scene.topics}
    if not own and not any(address.rpartition(".")[0] in topics for address in persona.moves):
        return
    check_braces(persona.model_dump(include={"moves"}), set(roles))
    for address, move in persona.moves.items():
        if address not in known and whole:
            wrong = f"the story has no move {address!r}{did_you_mean(address, known)}"
            raise MisplacedError(f"{wrong}; rename it, or delete it", "moves", address)
        if move.favours and move.favours not in choices:
            wrong = f"the story has no choice {move.favours!r}{did_you_mean(move.favours, choices)}"
            raise MisplacedError(f"{wrong}; it has {listed(choices)}", "moves", address, "favours")


def addresses(story: Story, role: str | None = None) -> Iterator[str]:
    """What the moves of a story are called in a persona: all, or those of a role."""
    for _, scene in story.scenes:
        for topic in scene.topics:
            mine = (move for move in topic.moves if move.id and role in (None, move.role))
            yield from (f"{scene.id}.{topic.id}.{move.id}" for move in mine)
