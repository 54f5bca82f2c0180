"""Outcomes that are left out of a story, and what depends on them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dreamplay.schema.scene import Outcome, Scene


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


def noted(outcome: Outcome | None) -> str:
    """What a note adds where an outcome is left out."""
    return f" (what depends on it takes {outcome.otherwise!r})" if outcome else ""


def _kept(parts: Sequence[Any], unmet: set[str]) -> tuple[Any, ...]:
    """The parts that depend on none of these scenes."""
    return tuple(part for part in parts if not any(each.scene in unmet for each in part.when))
