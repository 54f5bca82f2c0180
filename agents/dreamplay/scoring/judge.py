"""A model's opinion of a run: one fixed rubric, asked once for each character.

The rubric is four of the seven dimensions of SOTOPIA-Eval (arXiv 2310.11667). There GPT-4 and people agreed on the
goal (Pearson 0.71) and less on the other dimensions. CoSER (arXiv 2502.09082) reports scores of 36 and 53 for the same
play from two judges. A score therefore has no meaning on its own: compare only runs that the same model has judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import fmean
from typing import Annotated, Any

from pydantic import Field

from dreamplay.errors import ModelError, UsageError
from dreamplay.library import templates
from dreamplay.models.base import Model, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.participants.agent import call_seed
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import (
    ActionEvent,
    ControlEvent,
    DreamEvent,
    EntranceEvent,
    EventBase,
    ExitEvent,
    FearEvent,
    LineEvent,
    NarrationEvent,
    OutcomeEvent,
    RecapEvent,
    ReflectionEvent,
    SilenceEvent,
    StanceEvent,
    ThoughtEvent,
)
from dreamplay.settings import Settings
from dreamplay.validation import structured_output
from dreamplay.validation.generate import generate
from dreamplay.validation.json_reader import Scale

TRIES = 3
CAUTION = "only as a comparison between runs judged by the same model"
_MAX_TOKENS = 400


class Verdict(FrozenModel):
    """The marks of one character in one run."""

    reason: str = Field(min_length=1, max_length=2000)
    believability: Annotated[int, Scale(0, 10)]
    """Whether the character speaks naturally and as described."""
    relationship: Annotated[int, Scale(-5, 5)]
    """Whether the relations with the others are better or worse at the end than at the beginning."""
    secret: Annotated[int, Scale(-10, 0)]
    """Whether the character kept their fear and wish secret until a dream showed them."""
    goal: Annotated[int, Scale(0, 10)]
    """How far the character reached their goal."""


class Judgement(FrozenModel):
    """The judgement of several runs by one model."""

    model: str
    caution: str = CAUTION
    runs: dict[str, dict[str, Verdict]]
    """By run, then by role."""

    def mean(self, run: str, dimension: str) -> float | None:
        """The mean mark of a run's characters in one dimension; None if no character spoke in the run."""
        marks = [getattr(verdict, dimension) for verdict in self.runs[run].values()]
        return round(fmean(marks), 2) if marks else None


SCALES: dict[str, tuple[int, int]] = {
    name: (field["minimum"], field["maximum"])
    for name, field in Verdict.model_json_schema()["properties"].items()
    if field["type"] == "integer"
}
"""Lowest and highest mark in each dimension."""


async def judge(model: Model, runs: Mapping[str, RunLog]) -> Judgement:
    """Ask a model to judge every character of every run.

    Raises:
        ModelError: the model failed, or returned no valid marks in any attempt.
    """
    return Judgement(
        model=model.name,
        runs={
            name: {role: await _verdict(model, run, role) for role in run.cast.roles if _plays(run, role)}
            for name, run in runs.items()
        },
    )


async def ask(reference: str, base_url: str | None, runs: Mapping[str, RunLog]) -> Judgement:
    """Open a model, named as in `run`, without an adapter, and ask it to judge the runs.

    Raises:
        UsageError: the model is the scripted one, which cannot judge, or a setting is invalid.
        ModelError: see `judge`.
    """
    from dreamplay import settings as reading
    from dreamplay.models import adapter, model_choice, registry

    if reference == "scripted":
        raise UsageError("`judge=scripted`: the fake has no opinion; name a model, as `model` for a play")
    settings: Settings = reading.load(model=reference, base_url=base_url, adapter=adapter.NONE)
    if settings.temperature is None:  # the same play should get the same marks
        settings = settings.model_copy(update={"temperature": 0.0})
    model = await registry.open_model(model_choice.choose(settings), settings)
    try:
        return await judge(model, runs)
    finally:
        await model.close()


async def _verdict(model: Model, run: RunLog, role: str) -> Verdict:
    async def ask(number: int, advice: str) -> Reply:
        seed = call_seed(0, "judge", role, number)  # the judge's own seed: the same for every run
        return await model.complete(_prompt(run, role, advice), seed=seed)

    def check(reply: Reply) -> Verdict:
        return structured_output.valid(reply, Verdict.model_validate, ("reason", *SCALES))

    made = await generate(ask, check, attempts=TRIES)
    if made.value is None:
        raise ModelError(
            f"{model.name} gave no valid marks for {run.cast.name(role)} in {TRIES} tries ({made.last_reason}); "
            "choose another `judge`, one that answers in JSON and keeps to the scales"
        )
    return made.value


def _prompt(run: RunLog, role: str, advice: str) -> Prompt:
    """The prompt. The rubric and the play come first and are the same for every character of a run, so that an engine
    can reuse its prompt cache."""
    persona = run.cast.personas[role]
    tail = templates.render("judge.jinja", persona=persona, scales=SCALES, wrong=advice)
    return Prompt(
        kind="judge",
        system=templates.render("judge.jinja", persona=None),
        script=f"{_play(run)}\n\n",
        tail=run.cast.fill(tail),
        json_schema=_schema(),
        max_tokens=_MAX_TOKENS,
    )


def _schema() -> dict[str, Any]:
    """The JSON schema. The reason comes first, so that the marks follow from it. The marks are lists of allowed values,
    which every engine's grammar can enforce."""
    marks = {name: {"type": "integer", "enum": list(range(low, high + 1))} for name, (low, high) in SCALES.items()}
    return {
        "type": "object",
        "properties": {"reason": {"type": "string"}, **marks},
        "required": ["reason", *marks],
        "additionalProperties": False,
    }


def _play(run: RunLog) -> str:
    """The whole play as a reader sees it, without the names of its players and its model."""
    return "\n".join(filter(None, (READ[type(event)](run, event) for event in run.script)))


def _name(run: RunLog, event: EventBase) -> str:
    return run.cast.name(event.speaker) if event.speaker else ""


def _text(event: EventBase) -> str:
    return " ".join(event.worded.split())


def _stance(run: RunLog, event: StanceEvent) -> str:
    chosen = " ".join(choice.text for choice in run.header.story.choices if choice.id == event.choice)
    because = f":) {_text(event)}" if event.text else ".)"
    return f"({_name(run, event)} chooses to {run.cast.fill(chosen)}{because}"


def _narrated(run: RunLog, event: EventBase) -> str:
    return f"({_text(event)})"


def _nothing(run: RunLog, event: EventBase) -> str:
    """Empty, for an event that no character heard or that only repeats others."""
    return ""


READ: Mapping[type[EventBase], Callable[[RunLog, Any], str]] = {
    NarrationEvent: _narrated,
    LineEvent: lambda run, event: f"{_name(run, event)}: {_text(event)}",
    ActionEvent: lambda run, event: f"({_name(run, event)} {_text(event)})",
    SilenceEvent: _nothing,
    ThoughtEvent: _nothing,
    OutcomeEvent: _narrated,
    DreamEvent: lambda run, event: f"(They dream: {_text(event)})",
    ReflectionEvent: _nothing,
    StanceEvent: _stance,
    RecapEvent: _nothing,
    EntranceEvent: _narrated,
    ExitEvent: _narrated,
    FearEvent: _nothing,
    ControlEvent: _nothing,
}
"""How each kind of event is shown to a judge; empty if it is not shown."""


def _plays(run: RunLog, role: str) -> bool:
    return any(event.speaker == role and event.provenance.by == "agent" for event in run.script)
