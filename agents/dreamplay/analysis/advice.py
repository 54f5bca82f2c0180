"""Advice to authors: what is missing in a valid story or persona, and what would make its play better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dreamplay import languages
from dreamplay.director import acts
from dreamplay.languages import move_note
from dreamplay.languages.language import Language
from dreamplay.library import resources
from dreamplay.schema import own_moves
from dreamplay.schema.base import PLACEHOLDER
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.error_messages import listed
from dreamplay.schema.scene import Scene
from dreamplay.schema.scene_checks import Place
from dreamplay.schema.story import Story
from dreamplay.schema.topic import Topic
from dreamplay.schema.topic_checks import said

_PROMISING = frozenset({"promise", "offer", "yield", "refuse", "lie", "comfort"})
"""Acts with which somebody can promise something: to agree, to offer, to lie."""

_QUESTION_FAVOURS = "a question that 'favours' a choice: it is quoted as the reason of that, so make it a statement"


@dataclass(frozen=True)
class Advice:
    """One thing that could be better."""

    at: Place
    """The place in the file, as keys and indices."""
    text: str
    """What is missing, and what it is for, in one line."""
    also: tuple[Place, ...] = ()
    """Other places of which the same is to be said."""


def of_persona(persona: Persona) -> Iterator[Advice]:
    """What a persona is missing."""
    if persona.private is None:
        yield Advice(("name",), "no private sheet: it says what they want and fear, and is told only to them")
    elif not persona.private.arc:
        yield Advice(("private",), "no 'arc': a sentence for each beat of a story on where they stand in it")
    for address, move in persona.moves.items():
        if move.favours and _is_question(move.does, languages.get("en")):
            yield Advice(("moves", address, "does"), _QUESTION_FAVOURS)
    yield from _of_wording([(("moves", address, "does"), move.does) for address, move in persona.moves.items()])


def of_story(story: Story, cast: Cast) -> Iterator[Advice]:
    """What a story is missing, in the order of the file. `cast` is who plays it."""
    beats = [beat.id for beat in story.beats]
    for role, persona in cast.personas.items():
        if persona.moves and persona.moves.keys().isdisjoint(own_moves.addresses(story, role)):
            text = f"none of the moves that {persona.name} brings is one of {role}: all are ignored"
            yield Advice(("cast", role), text)
        arc = persona.private.arc if persona.private else {}
        if resources.is_shipped(persona.path) and not resources.is_shipped(story.path):
            continue  # it was not written for this story
        if persona.private and (lacking := [beat for beat in beats if beat not in arc]) and len(beats) > 1:
            text = f"{persona.name} has no 'arc' for {listed(lacking)}: a sentence on where they stand in that beat"
            yield Advice(("cast", role), text)
    if not any(scene.topics or scene.aims or scene.outcome for _, scene in story.scenes):
        text = (
            "no scene has 'topics', 'aims' or an 'outcome': what they talk about, what each is after, what comes of it"
        )
        yield Advice(("beats",), f"{text}; docs/writing.md says how to write them")
        return
    conditions = [condition for _, scene in story.scenes for when, _ in scene.conditions for condition in when]
    followed = {condition.scene for condition in conditions}
    for b, beat in enumerate(story.beats):
        for s, scene in enumerate(beat.scenes):
            if scene.kind != "epilogue":
                at: Place = ("beats", b, "scenes", s)
                for advice in _of_scene(story, scene, scene.id in followed):
                    yield Advice((*at, *advice.at), f"{beat.id}/{scene.id}: {advice.text}")
    moves: list[tuple[Place, str]] = [
        (("beats", b, "scenes", s, "topics", t, "moves", m), move.does)
        for b, beat in enumerate(story.beats)
        for s, scene in enumerate(beat.scenes)
        for t, topic in enumerate(scene.topics)
        for m, move in enumerate(topic.moves)
    ]
    yield from _of_wording(moves, story.language)


def _of_wording(moves: Sequence[tuple[Place, str]], language: str = "en") -> Iterator[Advice]:
    """What a small model would say wrong in the moves: one advice of each kind, at the first of them."""
    for pattern, why in languages.get(language).hard_moves:
        if found := [at for at, does in moves if pattern.search(does)]:
            yield Advice(found[0], f"a small model says it wrong: {why}", tuple(found[1:]))


def _of_scene(story: Story, scene: Scene, followed: bool) -> Iterator[Advice]:
    if not scene.topics:
        yield Advice(
            ("id",),
            "no 'topics': they say what is at stake, what each role knows of it and what can be said, so that people "
            "answer each other; without them each speaks of their own 'material'",
        )
    if lacking := [role for role in scene.everybody if role not in scene.aims]:
        yield Advice(("id",), f"no aim of {listed(lacking)}: 'aims' say what a role is after here")
    if scene.outcome is None and scene.kind == "waking":
        yield Advice(("id",), "no 'outcome': a question and its answers, on which later scenes can depend ('when')")
    elif scene.outcome and not followed:
        yield Advice(("outcome",), "nothing depends on the outcome: give a later opening or event a 'when'")
    if not scene.topics:
        return
    speaking = {move.role for topic in scene.topics for move in topic.moves}
    if silent := [role for role in scene.everybody if role not in speaking]:
        yield Advice(("topics",), f"no topic gives {listed(silent)} anything to say")
    for n, event in enumerate(scene.pressures):
        if not event.opens and not event.to:
            yield Advice(("pressures", n), "it 'opens' no topic and is put 'to' nobody, so that nothing comes of it")
    revealed = {move.reveals for topic in scene.topics for move in topic.moves}
    for n, reveal in enumerate(scene.reveals):
        if reveal.id not in revealed:
            yield Advice(("reveals", n), f"no move 'reveals' {reveal.id!r}: a model that is led never tells it")
    for t, topic in enumerate(scene.topics):
        for advice in _of_topic(story, scene, topic):
            yield Advice(("topics", t, *advice.at), advice.text)


def _of_topic(story: Story, scene: Scene, topic: Topic) -> Iterator[Advice]:
    knowing = {reveal.id: reveal.knows for reveal in scene.reveals}
    language = languages.get(story.language)
    if not any(move.opens for move in topic.moves):
        yield Advice(("id",), f"no move of topic {topic.id!r} 'opens' it: a model that is led never speaks of it")
        return
    # Moves that wait for the outcome of the scene itself are said later.
    free = topic.model_copy(
        update={"moves": tuple(move.model_copy(update={"when": ()}) for move in topic.moves), "when": ()}
    )
    heard = said(scene.model_copy(update={"pressures": ()}), free)
    for m, move in enumerate(topic.moves):
        if m not in heard:
            yield Advice(
                ("moves", m), "it is never said: it neither 'opens' nor 'joins' the topic, nor 'answers' a move"
            )
        if move.reveals and move.role not in knowing[move.reveals]:
            yield Advice(("moves", m), f"{move.role} tells {move.reveals!r}, and is not among those who know it")
        if move.favours and _is_question(move.does, language):
            yield Advice(("moves", m), _QUESTION_FAVOURS)
        act = move.act or acts.shown(move.does, language)
        if move.has_fate and act not in _PROMISING:
            yield Advice(("moves", m), f"it is to {act}: only a promise is 'kept' or 'broken' (act: promise)")
        if (
            move.act != "ask"
            and acts.shown(move.does, language) != "ask"
            and not language.asked_matter.search(move.does)
        ):
            continue
        answering = {
            other.role
            for other in topic.moves
            if other.answers is not None and other.answers in (move.id, move.role) and other.role != move.role
        }
        to = move.to or next(iter(PLACEHOLDER.findall(move.does)), None)
        if not answering:
            yield Advice(("moves", m), f"it asks something, and no other move 'answers' it: {move.does}")
        elif to in scene.everybody and to not in answering:
            yield Advice(("moves", m), f"it asks {{{to}}}, and no move of {to} 'answers' it: {move.does}")


def _is_question(does: str, language: Language) -> bool:
    """Whether a move is said as a question. A request is none: it can be quoted as a reason."""
    note = move_note.read(does, [f"{{{role}}}" for role in PLACEHOLDER.findall(does)], language)
    return does.rstrip().endswith("?") or (note is not None and note.form == "question")
