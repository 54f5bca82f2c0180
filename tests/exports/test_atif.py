"""ATIF trajectories, read by a strict model of ours, and by Harbor's own where that is installed (it needs Python
3.12)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

import pytest
import worlds
from dreamplay.exports.atif import Atif
from dreamplay.formats import Source
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.script import Script
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, model_validator


class Closed(BaseModel):
    """ATIF refuses unknown keys everywhere but in `extra`."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Agent(Closed):
    name: str
    version: str
    model_name: str | None = None
    extra: dict[str, Any] | None = None


class Metrics(Closed):
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int


class Ref(Closed):
    trajectory_id: str


class Result(Closed):
    subagent_trajectory_ref: list[Ref]


class Observation(Closed):
    results: list[Result]


class Step(Closed):
    step_id: int = Field(ge=1)
    source: Literal["system", "user", "agent"]
    message: str
    model_name: str | None = None
    reasoning_content: str | None = None
    observation: Observation | None = None
    metrics: Metrics | None = None
    is_copied_context: bool | None = None
    llm_call_count: int | None = Field(default=None, ge=0)
    extra: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _own_fields(self) -> Self:
        of_agents = (self.model_name, self.reasoning_content, self.metrics)
        assert self.source == "agent" or of_agents == (None, None, None)
        assert self.llm_call_count != 0 or (self.metrics, self.reasoning_content) == (None, None)
        return self


class Total(Closed):
    total_prompt_tokens: int
    total_completion_tokens: int
    total_cached_tokens: int
    total_steps: int


class Trajectory(Closed):
    schema_version: Literal["ATIF-v1.8"]
    session_id: str
    trajectory_id: str
    agent: Agent
    steps: list[Step] = Field(min_length=1)
    final_metrics: Total
    notes: str | None = None
    extra: dict[str, Any] | None = None
    subagent_trajectories: list[Trajectory] = []

    @model_validator(mode="after")
    def _whole(self) -> Self:
        assert [step.step_id for step in self.steps] == list(range(1, len(self.steps) + 1))
        assert self.final_metrics.total_steps == len(self.steps)
        inner = [each.trajectory_id for each in self.subagent_trajectories]
        refs = [
            ref.trajectory_id
            for step in self.steps if step.observation
            for result in step.observation.results
            for ref in result.subagent_trajectory_ref
        ]  # fmt: skip
        assert refs == inner
        assert len(set(inner)) == len(inner)
        return self


def _read(log: RunLog, view: str = "author", *, secrets: bool = False) -> Trajectory:
    return Trajectory.model_validate_json(Atif().write(Source((log,), view, secrets)))


def _of(small: Path, *events: dict[str, Any]) -> RunLog:
    place = {"beat": "day", "scene": "square", "witnesses": ["ada", "bo", "cyrus"]}
    script = Script(worlds.made(place | event | {"id": number}) for number, event in enumerate(events))
    return replace(RunLog(worlds.plan(small).header("a_model", {}), script, None), name="a run")


async def test_a_played_run_is_valid_and_each_trajectory_has_what_its_character_witnessed(
    staged: Path, tmp_path: Path
) -> None:
    log = await worlds.play(staged, tmp_path / "run")
    whole = _read(log)
    assert [each.agent.name for each in whole.subagent_trajectories] == ["Ada", "Bo", "Cyrus"]
    for role, each in zip(log.cast.characters, whole.subagent_trajectories, strict=True):
        told = {step.extra["event"] for step in each.steps if step.extra}
        assert told
        assert told <= {event.id for event in log.script.visible_to(role)}
    heard = [{step.message for step in each.steps} for each in whole.subagent_trajectories]
    assert heard[1] - heard[2], "somebody whispers to Bo"
    assert "CANARY-Ada-want" not in whole.model_dump_json()


def test_own_turns_are_the_agents_with_thought_and_cost_and_a_person_is_not(small: Path) -> None:
    spent = {"by": "agent", "usage": {"calls": 2, "prompt": 30, "cached": 10, "output": 5}}
    log = _of(
        small,
        {"kind": "line", "speaker": "ada", "text": "Tea is tea."},
        {"kind": "thought", "speaker": "ada", "text": "He lies.", "witnesses": ["ada"], "provenance": {"by": "agent"}},
        {"kind": "action", "speaker": "ada", "text": "nods", "provenance": {"by": "agent"}},
        {"kind": "line", "speaker": "ada", "text": "Yes.", "turn": 1, "provenance": spent},
        {"kind": "line", "speaker": "ada", "text": "As I say.", "turn": 2, "provenance": {"by": "person"}},
    )
    ada, bo, _ = _read(log).subagent_trajectories
    written, spoken, played = ada.steps[1:]
    assert (written.source, written.llm_call_count, written.message) == ("agent", 0, "Tea is tea.")
    assert (spoken.message, spoken.reasoning_content, spoken.llm_call_count) == ("(nods) Yes.", "He lies.", 2)
    assert spoken.metrics == Metrics(prompt_tokens=30, completion_tokens=5, cached_tokens=10)
    assert (played.source, (played.extra or {})["by"]) == ("user", "person")
    assert [step.message for step in bo.steps[1:3]] == ["Ada: Tea is tea.", "Ada (nods): Yes."]
    assert "He lies." not in bo.model_dump_json()
    reader = _read(log, "reader")
    assert "He lies." not in reader.model_dump_json()
    assert [each.agent.name for each in _read(log, "bo").subagent_trajectories] == ["Bo"]


def test_what_a_branch_has_from_before_counts_as_copied(small: Path) -> None:
    log = _of(small, worlds.said("ada", "Before."), worlds.said("ada", "After."))
    log = replace(log, header=log.header.model_copy(update={"parent": "trunk", "point": 1}))
    ada = _read(log).subagent_trajectories[0]
    assert [step.is_copied_context for step in ada.steps[1:]] == [True, None]


def test_private_sheets_have_to_be_asked_for(small: Path) -> None:
    log = _of(small, worlds.said("ada", "Oh."))
    whole = _read(log, secrets=True)
    assert "CANARY-Ada-want" in whole.subagent_trajectories[0].steps[0].message
    assert "CANARY-Ada" not in whole.subagent_trajectories[1].model_dump_json()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
def test_any_words_come_back_as_they_were(small: Path, words: str) -> None:
    log = _of(small, worlds.said("ada", words))
    assert _read(log).subagent_trajectories[0].steps[1].message == log.script.last.text  # type: ignore[union-attr]


async def test_harbor_accepts_it(small: Path, tmp_path: Path) -> None:
    harbor = pytest.importorskip("harbor.models.trajectories", reason="harbor is not installed; it needs Python 3.12")
    log = await worlds.play(small, tmp_path / "run")
    text = Atif().write(Source((log,), "author"))
    read = harbor.Trajectory.model_validate_json(text)
    assert read.to_json_dict() == json.loads(text)
