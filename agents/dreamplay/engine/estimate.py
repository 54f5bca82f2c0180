"""What a play will about cost: its calls and tokens, from the story, the length and the profile, without playing it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, takewhile

from dreamplay.engine.run_config import RunConfig
from dreamplay.models.profile import ModelProfile
from dreamplay.models.tokens import tokens
from dreamplay.prompting import reflection
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.provenance import Usage
from dreamplay.schema.scene import VISITOR, Scene
from dreamplay.schema.script import Script
from dreamplay.sentences import sentences

_ANSWERING = 1
"""Turns that a scene takes on the average beyond those it was asked for, since a question is open."""
_SPOKEN = 24
"""Tokens of a line with the name before it, as it stands in the script."""
_ADDED = 30
"""Tokens that a thought and a gesture add to the answer of a model that is not led."""
_BRIEF = 420
"""Tokens of what a speaker who is not led is given, where there is room for it."""
_TOLD = 110
"""Tokens of a dream, or of the last minute."""
_DECIDED = 55
"""Tokens of a stance."""
_JUDGED = 12
"""Tokens of the answer to what came of a scene."""
_CUE = 45
"""Tokens of the note for a line, of a model that is led."""
_SHEET = 90
"""Tokens of a private sheet and a memory where they stand in a prompt."""
_ASKED = {"stance": 170, "outcome": 130, "dream": 220, "epilogue": 260}
"""Tokens of what is asked, behind the script."""
_REFLECTING = {False: 60, True: 300}
"""The same of a reflection; true: one with all its parts."""


class Estimate(FrozenModel):
    """What a play will about cost if every answer can stand. Some are asked for again, which is not counted."""

    lines: int
    """Turns of the cast, silent ones included."""
    calls: int
    """Model calls: for lines, reflections, stances, dreams, outcomes and the end. A character on a model that is led
    who has spoken for a choice is not asked for a stance."""
    prompt: int
    """Tokens of all prompts together. An engine that keeps what it has read reads much less."""
    output: int
    """Tokens of all answers, without what a reasoning model thinks before them."""


def estimate(plan: RunConfig, profile: ModelProfile, since: str | None = None) -> Estimate:
    """Estimate what a play costs on a model with this profile; the whole, or from a beat or scene on."""
    meter, scenes = _Meter(plan, profile), plan.scenes
    first = next((n for n, (beat, scene) in enumerate(scenes) if since in (beat.id, scene.id)), 0)
    costs = [cost for n in range(first, len(scenes)) for cost in meter.scene(n)]
    used = sum(costs, Usage())
    return Estimate(
        lines=sum(meter.turns(scene) for _, scene in scenes[first:]),
        calls=used.calls, prompt=used.prompt, output=used.output,
    )  # fmt: skip


@dataclass(frozen=True)
class _Meter:
    """Measures the scenes of a play."""

    plan: RunConfig
    profile: ModelProfile

    def turns(self, scene: Scene) -> int:
        """The turns that a scene takes. Everybody speaks at least once, if there is talk. If a model judges what came
        of a scene, it is often over before its last turn.
        """
        least, most = scene.turns.min, scene.turns.max
        asked = least if self.plan.length == "short" else (least + most + 1) // 2 if self._judged(scene) else most
        return max(asked, len(_people(scene))) + _ANSWERING if most else 0

    def scene(self, number: int) -> Iterator[Usage]:
        """What each call in a scene costs."""
        scene, turns = self.plan.scenes[number][1], self.turns(self.plan.scenes[number][1])
        before = self._system + self._past(number)
        opened = before + tokens(scene.opening)
        whole = opened + self._talk(scene, turns)
        led = self.profile.direction == "led"
        if scene.kind in ("dream", "epilogue"):
            in_parts = self.profile.dream_parts if scene.kind == "dream" else self.profile.epilogue_parts
            parts = 1 + len(_people(scene)) if in_parts else 1
            for _ in range(parts):
                yield self._call(opened, _ASKED[scene.kind], _TOLD // parts)
        tail = _CUE + self.profile.private_sheet * _SHEET if led else min(_BRIEF, self.profile.brief_tokens)
        for turn in range(turns):
            grown = opened + (whole - opened) * turn / turns
            yield self._call(grown, tail, _SPOKEN + (not led) * _ADDED)
        if self._judged(scene):
            for _ in range(1 + (turns - scene.turns.min) // 2 if turns > scene.turns.min else 1):
                yield self._call(whole, _ASKED["outcome"], _JUDGED)
        if scene.kind == "crossroads":
            spoken = self._spoken_for(number) if led else ()
            for role in _people(scene, turns):
                if role not in spoken:
                    yield self._call(whole, _ASKED["stance"], _DECIDED)
        elif turns and self.plan.reflect:
            detailed = self.profile.detailed_reflections
            others = _people(scene)[1:]
            answer = reflection.length(others, detailed=detailed) * 2 // 3
            for _ in _people(scene):
                yield self._call(whole, _REFLECTING[detailed] + detailed * _SHEET, answer)

    def _spoken_for(self, number: int) -> Collection[str]:
        """The roles that can have spoken for a choice by the end of a scene, and so are taken to have: they are not
        asked."""
        scenes = [scene for _, scene in self.plan.scenes[: number + 1]]
        return {move.role for scene in scenes for topic in scene.topics for move in topic.moves if move.favours}

    def _judged(self, scene: Scene) -> bool:
        """Whether the model is asked what came of a scene."""
        led = self.profile.direction == "led"
        return scene.outcome is not None and self.profile.judges_outcome and not (led and scene.topics)

    def _call(self, prefix: float, tail: float, answer: int) -> Usage:
        most = self.profile.context_window - answer
        return Usage(calls=1, prompt=int(min(prefix + tail, most)), output=answer)

    def _talk(self, scene: Scene, turns: int) -> float:
        """Tokens that a scene adds to the script after its opening."""
        told = [*(each.text for each in scene.pressures), *(each.text for each in scene.moves)]
        told += [max(scene.outcome.answers.values(), key=len)] if scene.outcome else []
        stances = len(_people(scene, turns)) * _DECIDED if scene.kind == "crossroads" else 0
        return sum(map(tokens, told)) + turns * _SPOKEN + (scene.kind == "dream") * _TOLD + stances

    def _past(self, number: int) -> float:
        """Tokens of what stands in the prompts of a scene from before it."""
        scenes = [scene for _, scene in self.plan.scenes]
        here = set(_people(scenes[number]))
        known = [scene for scene in scenes[:number] if here <= set(_people(scene))]
        if self.profile.earlier_scenes == "whole":
            past = sum(map(self._whole, known))
        else:
            sizes = accumulate(map(self._whole, reversed(known)))
            whole = sum(1 for _ in takewhile(lambda size: size <= self.profile.earlier_tokens, sizes))
            older, newest = known[: len(known) - whole], known[len(known) - whole :]
            past = sum(map(self._whole, newest)) + sum(map(self._shortly, older))
            past += _SPOKEN if older and not newest else 0
            past += _TOLD if _dreamt(older) and not _dreamt(newest) else 0
        return self._prologue + past

    def _whole(self, scene: Scene) -> float:
        """Tokens of an earlier scene word for word."""
        return tokens(scene.opening) + self._talk(scene, self.turns(scene))

    @staticmethod
    def _shortly(scene: Scene) -> float:
        """Tokens of an earlier scene in short: its first sentence, and what came of it."""
        came = max(scene.outcome.answers.values(), key=len) if scene.outcome else ""
        return tokens(sentences(scene.opening)[0]) + tokens(came)

    @cached_property
    def _prologue(self) -> float:
        led, lines = self.profile.direction == "led", self.plan.story.prologue
        return sum(tokens(f"Name: {each.line}") + led * tokens(each.cue) for each in lines)

    @cached_property
    def _system(self) -> float:
        desk = PromptBuilder(self.plan.played, self.plan.cast, self.profile)
        return tokens(desk.ahead(Script().common_view(self.plan.cast.roles)).system)


def _dreamt(scenes: Sequence[Scene]) -> bool:
    return any(scene.kind == "dream" for scene in scenes)


def _people(scene: Scene, turns: int | None = None) -> Sequence[str]:
    """The characters who are in a scene at some time, or once so many turns are taken."""
    there = scene.everybody if turns is None else scene.there(turns)
    return [role for role in there if role != VISITOR]
