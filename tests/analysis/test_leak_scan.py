from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.analysis import leak_scan
from dreamplay.analysis.leak_scan import Scan
from dreamplay.engine.plugin_set import PluginSet
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import LeakError
from dreamplay.library import resources
from dreamplay.memory import retrieval
from dreamplay.memory.base import NO_MEMORY
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.participants import agent, narrator
from dreamplay.prompting import builder, context_window, event_text, summarization
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.event import DreamContribution, DreamEvent, Event, EventBase, FearEvent
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
ROLES = {"sam": "Sam", "samantha": "Samantha", "ann": "Ann", "anna": "Anna", "jo": "Jo", "jo_ann": "Jo Ann"}
"""Names that contain each other, and one that is made of two others."""


def _persona(name: str, thing: str) -> Persona:
    """Somebody whose past is about what she talks about, so that it comes up."""
    data = worlds.persona(name, thing)
    return Persona.model_validate(data | {"private": {
        "want": f"to sell the {thing}.", "belief": f"the {thing} is cursed.", "fear": f"the {thing} has a face.",
        "wish": f"to be a {thing}.", "memories": [f"The {thing} hums.", f"My {thing} rusts under the stairs."],
        "arc": {"day": f"The {thing} is not for sale yet."},
    }})  # fmt: skip


def _plot(n: int, here: list[str], before: list[int]) -> dict[str, Any]:
    """What two people have to talk about on a day, what may come of it, and what follows from the days before."""
    made: dict[str, Any] = {}
    if before:
        made["openings"] = [
            {"text": f"Day {n} is {weather}.", "when": f"scene{before[-1]}.gives == {answer}"}
            for weather, answer in (("cold", "yes"), ("warm", "no"))
        ]
    if len(here) < 2:
        return made
    asks, gives = here[:2]
    return made | {
        "aims": {asks: f"Wants the key on day {n}.", gives: f"Keeps the key on day {n}."}, "may_break": [gives],
        "reveals": [{"id": "truth", "what": f"the key of day {n} is lost", "knows": [gives]}],
        "topics": [{
            "id": "key", "about": f"the key of day {n}", "settled": "the key is given back",
            "knows": {gives: f"it was lost on day {n}"},
            "moves": [
                {"id": "why", "role": asks, "does": f"asks {{{gives}}} where the key of day {n} is", "opens": True},
                {"role": gives, "does": f"admits that it was lost on day {n}", "answers": "why", "reveals": "truth"},
                {"role": gives, "does": f"gives back another key of day {n}", "answers": "why", "decides": "yes"},
                {"role": asks, "does": f"says that day {n} is over", "answers": gives},
            ],
        }],
        "outcome": {
            "id": "gives", "question": f"Does {{{gives}}} give it back?", "otherwise": "no",
            "answers": {"yes": f"The key of day {n} is back.", "no": f"Nobody has the key of day {n}."},
        },
    }  # fmt: skip


def _plan(
    roles: list[str], scenes: list[tuple[str, list[str]]], *, shift: int = 0, seed: int = 7, recall: bool = True
) -> RunConfig:
    """A plan with these scenes, kind and those present. `shift` gives every role the persona of another one."""
    names = roles[shift:] + roles[:shift]
    things = ("kettle", "ladder", "harbour", "violin")
    personas = {
        role: _persona(ROLES[name], thing) for role, name, thing in zip(roles, names, things[: len(roles)], strict=True)
    }
    made = [
        {
            "id": f"scene{n}", "kind": kind, "place": f"The place {n}, by day", "present": here, "opening": f"Day {n}.",
            "pressures": [f"A bell rings on day {n}.", f"{{{here[0]}}} looks up."], "material": [f"day {n} is short"],
            "turns": {"min": 0, "max": 0} if kind == "epilogue" else {"min": len(here), "max": len(here) + 2},
        }
        for n, (kind, here) in enumerate(scenes)
    ]  # fmt: skip
    for n, (kind, here) in enumerate(scenes):
        before = [day for day in range(n) if "outcome" in made[day]]
        plot = _plot(n, here, before)
        made[n] |= {key: plot[key] for key in plot if kind != "epilogue" or key == "openings"}
        if before:
            made[n]["pressures"].append({"text": f"Day {n} ends.", "when": f"scene{before[-1]}.gives == no"})
    story = Story.model_validate({
        "title": "Small Hours", "premise": "Some people share a house.", "cast": dict.fromkeys(roles, "nobody"),
        "choices": worlds.story()["choices"], "beats": [{"id": "day", "title": "Day", "scenes": made}],
    })  # fmt: skip
    return RunConfig(
        "small", story, Cast(personas), seed, "full", ("day",), PluginSet() if recall else PluginSet(memory=NO_MEMORY)
    )


@st.composite
def _plans(draw: st.DrawFn) -> RunConfig:
    roles = draw(st.lists(st.sampled_from(sorted(ROLES)), min_size=2, max_size=4, unique=True))
    here = st.lists(st.sampled_from(roles), min_size=1, max_size=len(roles), unique=True)
    before = draw(st.lists(here, min_size=0, max_size=2))
    last = draw(st.sampled_from(["waking", "crossroads", "epilogue", "dream"]))
    scenes = [*(("waking", some) for some in before), ("dream", draw(here)), (last, draw(here))]
    return _plan(roles, scenes, shift=draw(st.integers(0, len(roles) - 1)), seed=draw(st.integers(0, 999)))


@pytest.mark.parametrize(
    ("plays", "explores"), [(50, False), pytest.param(200, True, marks=pytest.mark.slow)], ids=["the same", "explores"]
)
def test_no_secret_is_ever_in_the_prompt_of_somebody_not_entitled_to_it(
    plays: int, explores: bool, explored: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans: list[Scan] = []
    came_up: list[int] = []
    recall = retrieval.RetrievalMemory.recall

    def counted(*args: Any, **rest: Any) -> Any:
        found = recall(*args, **rest)
        came_up.append(len(found))
        return found

    monkeypatch.setattr(retrieval.RetrievalMemory, "recall", counted)

    @seed(explored if explores else 0)
    @settings(max_examples=plays, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(_plans(), st.sampled_from([worlds.SMALL, *LARGE]), st.booleans())
    def never(plan: RunConfig, profile: ModelProfile, guest: bool) -> None:
        scans.append(asyncio.run(leak_scan.scan(leak_scan.visited(plan) if guest else plan, profile=profile)))
        assert scans[-1].leaks == ()

    never()
    assert len(scans) >= plays
    assert sum(scan.prompts for scan in scans) > 5 * plays
    assert sum(map(bool, came_up)) > plays  # else recall was not put to the test


LARGE = [worlds.LARGE.refined({"direction": direction}) for direction in ("free", "guided", "led")]
ALL, TWO = ["sam", "samantha", "ann"], ["samantha", "ann"]
SCENES = [("waking", ALL), ("waking", TWO), ("dream", TWO), ("waking", ["sam", "ann"]), ("crossroads", ALL)]


class _TellsTales(PromptBuilder):
    """Puts a text into the tail of everybody's lines that she is not to know."""

    text: Callable[[PromptBuilder, Turn, View], str]

    def line(self, turn: Turn, view: View, *args: Any, **rest: Any) -> Prompt:
        made = super().line(turn, view, *args, **rest)
        return made.model_copy(update={"tail": self.text(turn, view) + made.tail})


def _tale(text: Callable[[PromptBuilder, Turn, View], str]) -> type[PromptBuilder]:
    return type("_Tale", (_TellsTales,), {"text": text})


def _dreamt(desk: PromptBuilder, turn: Turn, view: View) -> str:
    """The sheet that a dream came from, once it has been dreamt."""
    return desk.cast.personas["samantha"].private.fear if view.of_kind(DreamEvent) else ""


def _given(desk: PromptBuilder, turn: Turn, view: View) -> str:
    """The fear that the visitor has given, if it can be read."""
    return "".join(event.text for event in view.of_kind(FearEvent))


def _everything(script: Script, *roles: str, kind: type[EventBase] = EventBase) -> list[Event]:
    """Everybody is shown everything."""
    return [event for event in script if isinstance(event, kind)]


def _contained(script: Script, *roles: str, kind: type[EventBase] = EventBase) -> list[Event]:
    """The test for witnesses that ChatArena made: «sam» is in «samantha»."""
    asked = [event for event in script if isinstance(event, kind)]
    return [event for event in asked if all(role in " ".join(event.witnesses) for role in roles)]


def _everybody(desk: PromptBuilder, *_: Any) -> tuple[DreamContribution, ...]:
    return tuple(
        DreamContribution(role=r, fear=p.private.fear, wish=p.private.wish) for r, p in desk.cast.personas.items()
    )


VISIBLE = "dreamplay.schema.script.Script.visible_to"
FAULTS: dict[str, tuple[type[PromptBuilder], tuple[str, Any] | None, tuple[str, str]]] = {
    "a private scene": (PromptBuilder, (VISIBLE, _everything), ("line", "scene day/scene1")),
    "a sheet": (_tale(lambda desk, *_: desk.cast.personas["ann"].private.want), None, ("line", "Ann's want")),
    "a memory": (
        _tale(lambda desk, *_: desk.cast.personas["ann"].private.memories[1]),
        None,
        ("line", "Ann's memory 2"),
    ),
    "the sheet behind a dream": (_tale(_dreamt), None, ("line", "Samantha's fear")),
    "what is yet to come": (
        _tale(lambda desk, turn, view: turn.scene.pressures[0].text),
        None,
        ("line", "a pressure of scene day/scene1"),
    ),
    "somebody's arc": (
        _tale(lambda desk, *_: desk.cast.personas["ann"].private.arc["day"]),
        None,
        ("line", "Ann's arc in day"),
    ),
    "somebody's aim": (
        _tale(lambda desk, turn, view: turn.scene.aims.get("samantha", "")),
        None,
        ("line", "the aim of samantha"),
    ),
    "what somebody knows of a topic": (
        _tale(lambda desk, turn, view: turn.scene.topics[0].knows.get("samantha", "") if turn.scene.topics else ""),
        None,
        ("line", "what samantha knows of topic key of scene day/scene0"),
    ),
    "what somebody could say": (
        _tale(lambda desk, turn, view: turn.scene.topics[0].moves[1].does if turn.scene.topics else ""),
        None,
        ("line", "a move of topic key of scene day/scene0"),
    ),
    "what may come out": (
        _tale(lambda desk, turn, view: turn.scene.reveals[0].what if turn.scene.reveals else ""),
        None,
        ("line", "truth, to be revealed of scene day/scene0"),
    ),
    "what may come of a scene": (
        _tale(lambda desk, turn, view: turn.scene.outcome.answers["yes"] if turn.scene.outcome else ""),
        None,
        ("line", "the outcome of scene day/scene0"),
    ),
    "how a scene does not begin": (
        _tale(lambda desk, turn, view: " ".join(each.text for each in turn.scene.openings)),
        None,
        ("line", "another opening of scene day/scene"),
    ),
    "a name within a name": (
        PromptBuilder,
        (VISIBLE, _contained),
        ("line", "scene day/scene1"),
    ),
    "a fear that was not dreamt": (
        PromptBuilder,
        ("dreamplay.participants.narrator.pool", _everybody),
        ("dream", "Sam's fear"),
    ),
    "somebody else's past": (
        PromptBuilder,
        (
            "dreamplay.engine.state.open_memory",
            lambda choice, story, cast, role, embedder: retrieval.RetrievalMemory(story, cast, "ann", embedder),
        ),
        ("line", "Ann's memory"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_scan_can_fail(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, patch, (kind, secret) = FAULTS[fault]
    if patch:
        monkeypatch.setattr(*patch)
    # Nobody is reminded of anything where a topic leads them.
    profile = LARGE[1] if fault == "somebody else's past" else None
    found = await leak_scan.scan(_plan(ALL, SCENES), desk=desk, profile=profile)
    assert any(leak.prompt == kind and secret in leak.secret for leak in found.leaks), found.leaks
    assert not any(leak.reader == "ann" and leak.secret.startswith("Ann's") for leak in found.leaks)


HERS: dict[str, tuple[type[PromptBuilder], str]] = {
    "a whisper": (PromptBuilder, "what the visitor did"),
    "her fear": (_tale(_given), "the visitor's fear"),
}


@pytest.mark.parametrize("fault", HERS)
async def test_the_scan_can_fail_for_what_a_visitor_hides(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, secret = HERS[fault]
    plans = [leak_scan.visited(_plan(ALL, SCENES, seed=seed)) for seed in range(4)]
    assert not [leak for plan in plans for leak in (await leak_scan.scan(plan, desk=desk)).leaks]
    monkeypatch.setattr(VISIBLE, _everything)
    leaks = [leak for plan in plans for leak in (await leak_scan.scan(plan, desk=desk)).leaks]
    assert any(leak.prompt == "line" and leak.secret.startswith(secret) for leak in leaks), leaks


async def test_without_a_fault_there_is_no_leak() -> None:
    scan = await leak_scan.scan(_plan(ALL, SCENES))
    assert scan.leaks == ()
    assert scan.prompts > 15
    assert scan.marks > 3 * 2 * (6 + 10)


@pytest.mark.parametrize("reference", resources.names("stories"))
async def test_the_shipped_stories_keep_their_secrets(reference: str) -> None:
    assert (await leak_scan.check(worlds.plan(reference, length="short"))).prompts >= 40


async def test_a_leak_is_one_line_with_scene_speaker_and_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VISIBLE, _contained)
    with pytest.raises(LeakError, match=r"^scene scene\d: the prompt of a line for sam holds [^\n]*report it[^\n]*$"):
        await leak_scan.check(_plan(ALL, SCENES))


AGENT = """
from dreamplay.participants.agent import Agent
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

async def speak(agent: Agent, turn: Turn, view: View) -> None:
    view.{0}
    turn.{0}
    agent.{0}
    view.common.{0}
"""
"""An agent that tries to reach the script from everything that it is given."""


def test_reaching_the_script_from_an_agent_is_a_type_error(tmp_path: Path) -> None:
    """The modules that write prompts do not even import the script, so that they could not be handed it unnoticed."""
    for module in (agent, builder, context_window, event_text, narrator, retrieval, summarization):
        assert "Script" not in vars(module), module
    names = ("script", "_script", "visible_to", "in_scene", "of_kind_in_script", "view", "common_view")
    for name in names:
        (tmp_path / f"reaches_{name}.py").write_text(AGENT.format(name), encoding="utf-8")
    (tmp_path / "fine.py").write_text(AGENT.format("__class__"), encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *map(str, tmp_path.iterdir())],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    assert "fine.py" not in found
    for name in names:
        assert len(re.findall(rf'reaches_{name}.py:\d+: error: ".+" has no attribute "{name}"', found)) == 4, found
