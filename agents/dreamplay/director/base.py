"""The director protocol: what happens next in a scene. A director is code, and never asks a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dreamplay.director.situation import Situation
from dreamplay.schema.story import Move
from dreamplay.schema.turn import Turn


@dataclass(frozen=True)
class Narration:
    """Something happens that all present perceive."""

    text: str
    """In whole sentences, with names for roles."""


@dataclass(frozen=True)
class SceneEnd:
    """The scene is over."""


Step = Move | Narration | Turn | SceneEnd


class Director(Protocol):
    """Decides what happens next. Called as `Director(cast, seed, length, embedder)`, with `config=...` if it has a
    `Config`.

    It may read the whole script; a speaker gets no more of it than the cue of the turn. The same script and seed must
    give the same step in every process, since a run that was stopped goes on from its transcript alone: keep no state,
    and draw from `Situation.dice`.

    A visitor is asked by the engine. A director need not know of one: `Situation.cast` are those present who can be
    given a turn, and what the visitor said stands in the script as what anybody said does.
    """

    def next(self, now: Situation) -> Step:
        """What happens next. Once it has happened, the director is asked again, until the scene ends."""
