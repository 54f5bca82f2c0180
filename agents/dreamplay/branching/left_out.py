"""Outcomes that are left out of a story, and what depends on them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dreamplay.schema.conditions import Begun, Once
from dreamplay.schema.scene import Outcome, Scene
from dreamplay.schema.story import Beat
from dreamplay.schema.topic import TopicMove


def settled(scene: Scene, otherwise: Mapping[str, str]) -> Scene:
    """A scene in which what depends on outcomes that were left out is settled: it stays if it goes with the answer that
    they have otherwise, and is left out if not.

    Args:
        scene: the scene.
        otherwise: these answers, by scene.
    """
    scene = scene.settled(otherwise)
    unmet = set(otherwise)
    topics = (each.model_copy(update={"moves": _kept(each.moves, unmet)}) for each in _kept(scene.topics, unmet))
    parts: dict[str, Any] = {key: _kept(getattr(scene, key), unmet) for key in ("openings", "pressures", "moves")}
    sure = next((n for n, each in enumerate(parts["openings"]) if not each.when), None)
    if sure is not None:
        parts |= {"opening": parts["openings"][sure].text, "openings": parts["openings"][:sure]}
    return scene.model_copy(update=parts | {"topics": tuple(topics)})


def undecided(scene: Scene) -> Scene:
    """A scene that has lost its own outcome, without what waits for it."""
    unmet = {scene.id}
    topics = (each.model_copy(update={"moves": _kept(each.moves, unmet)}) for each in _kept(scene.topics, unmet))
    parts = {key: _kept(getattr(scene, key), unmet) for key in ("pressures", "moves")}
    return scene.model_copy(update=parts | {"outcome": None, "topics": tuple(topics)})


def unsettled(beats: Iterable[Beat]) -> list[Beat]:
    """Beats in which no promise waits for a scene or an outcome that was left out: it stays open.

    Args:
        beats: all of the story, with what is left of it.
    """
    beats = list(beats)
    outcomes = {scene.id: scene.outcome for beat in beats for scene in beat.scenes}

    def left(once: Once) -> Once:
        there = all(each.scene in outcomes and (isinstance(each, Begun) or outcomes[each.scene]) for each in once)
        return once if there else ()

    def move(given: TopicMove) -> TopicMove:
        return given.model_copy(update={"kept": left(given.kept), "broken": left(given.broken)})

    def scene(given: Scene) -> Scene:
        topics = (topic.model_copy(update={"moves": tuple(map(move, topic.moves))}) for topic in given.topics)
        return given.model_copy(update={"topics": tuple(topics)})

    return [beat.model_copy(update={"scenes": tuple(map(scene, beat.scenes))}) for beat in beats]


def noted(outcome: Outcome | None) -> str:
    """What a note adds where an outcome is left out."""
    return f" (what depends on it takes {outcome.otherwise!r})" if outcome else ""


def _kept(parts: Sequence[Any], unmet: set[str]) -> tuple[Any, ...]:
    """The parts that depend on none of these scenes."""
    return tuple(part for part in parts if not any(each.scene in unmet for each in part.when))
