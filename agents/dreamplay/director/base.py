"""The director protocol. A director decides what happens next in a scene. It is code, and never asks a model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol, get_args

from dreamplay import plugin_guard, plugins
from dreamplay.director.situation import Situation
from dreamplay.errors import PluginFailedError
from dreamplay.memory.base import Embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue, MoveEvent, NarrationEvent, TurnEvent
from dreamplay.schema.plugin_choice import PluginChoice
from dreamplay.schema.scene import Move
from dreamplay.schema.story import Length
from dreamplay.schema.turn import Turn


@dataclass(frozen=True)
class Narration:
    """Something happens that all present perceive."""

    text: str
    """Whole sentences, with names in place of roles."""


@dataclass(frozen=True)
class SceneEnd:
    """The scene is over."""


SLACK = 10
"""How much more a stranger's director may do than the scene asks for: turns in a scene, and narrations in a row."""
Step = Move | Narration | Turn | SceneEnd


class Director(Protocol):
    """Decides what happens next. Called as `Director(cast, seed, length, embedder)`, with `config=...` if it has a
    `Config`.

    It may read the whole script. A speaker gets only the cue of the turn. The same script and seed must give the same
    step in every process, since a resumed run has nothing but its transcript: keep no state, and draw random numbers
    from `Situation.dice`.

    A visitor is asked by the engine, and a director need not know of one: `Situation.cast` are those present who can be
    given a turn, and the script holds what the visitor said like anything else.
    """

    def next(self, now: Situation) -> Step:
        """What happens next. Once it has happened, the director is asked again, until the scene ends."""


def open_director(choice: PluginChoice, cast: Cast, seed: int, length: Length, embedder: Embedder) -> Director:
    """The chosen director. What a stranger's decides is checked before anything comes of it.

    Raises:
        PluginError: it is not installed, or cannot be used.
    """
    plugin = plugins.find("directors", choice.name)
    made: Director = plugins.create(
        "directors", choice, Director, cast, seed, length, embedder,
        returns={"next": plugin_guard.one_of(*get_args(Step))},
    )  # fmt: skip
    return made if plugin.shipped else CheckedDirector(plugin, made)


@dataclass(frozen=True)
class CheckedDirector:
    """A stranger's director, which may not decide what cannot happen, nor go on without end."""

    plugin: plugins.Plugin
    director: Director

    def next(self, now: Situation) -> Step:
        """What the director decides.

        Raises:
            PluginFailedError: it cannot happen in the situation.
        """
        step = self.director.next(now)
        if why := _misfit(step, now):
            raise PluginFailedError(f"{self.plugin} failed: next() returned {why}")
        return step


def _misfit(step: Step, now: Situation) -> str | None:
    """Why a step cannot be the next one; None if it can. Nobody but those present takes a turn or perceives one."""
    match step:
        case Move():
            return None if step in now.moves[:1] else "a move that is not the scene's next"
        case Narration():
            if not isinstance(step.text, str) or not step.text.strip():
                return "a narration without words"
            most, told = len(now.scene.moves) + len(now.scene.pressures) + SLACK, _untaken(now)
            return f"yet another narration: {told} moves and narrations without a turn" if told >= most else None
        case SceneEnd():
            return None
    if not now.unanswered and len(now.contracted) >= max(now.scene.turns.max, now.scene.turns.min) + SLACK:
        return f"yet another turn: {len(now.contracted)} in a scene of {now.scene.turns.max} at most"
    if step.speaker not in now.cast:
        return f"a turn of {step.speaker!r}, who is not present"
    if not isinstance(step.cue, Cue):
        return "a turn without a cue"
    named = {role for role in (step.cue.to, *step.cue.hears) if role is not None}
    if not named <= set(now.present) - {step.speaker}:
        return "a cue that names somebody who is not present, or the speaker"
    if step != now.turn(step.speaker, step.cue):
        return "a turn that is not of this moment; make it with now.turn()"
    return None


def _untaken(now: Situation) -> int:
    """How many moves and narrations stand in the scene since its last turn, be it of the cast or of the visitor."""
    since = takewhile(lambda event: not isinstance(event, TurnEvent), reversed(now.events))
    return sum(isinstance(event, MoveEvent | NarrationEvent) for event in since)
