from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import worlds
from dreamplay.analysis import leak_scan
from dreamplay.analysis.leak_scan import Scan
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import LeakError
from dreamplay.library import resources
from dreamplay.memory import retrieval
from dreamplay.models.prompt import Prompt
from dreamplay.participants import agent, narrator
from dreamplay.prompting import builder as desk
from dreamplay.prompting import context_window, event_text
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.event import DreamContribution, Event
from dreamplay.schema.script import Script, given_fear
from dreamplay.schema.story import Scene, Story
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

ROLES = {"sam": "Sam", "samantha": "Samantha", "ann": "Ann", "anna": "Anna", "jo": "Jo", "jo_ann": "Jo Ann"}
"""Names that contain each other, and one that is made of two others."""


def _persona(name: str, thing: str) -> Persona:
    """Somebody whose past is about what she talks about, so that it comes up."""
    data = worlds.persona(name, thing)
    return Persona.model_validate(data | {"private": {
        "want": f"to sell the {thing}.", "belief": f"the {thing} is cursed.", "fear": f"the {thing} has a face.",
        "wish": f"to be a {thing}.", "memories": [f"The {thing} hums.", f"My {thing} rusts under the stairs."],
    }})  # fmt: skip


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
            "turns": {"min": 0 if kind == "epilogue" else len(here), "max": 0 if kind == "epilogue" else len(here) + 1},
        }
        for n, (kind, here) in enumerate(scenes)
    ]  # fmt: skip
    story = Story.model_validate({
        "title": "Small Hours", "premise": "Some people share a house.", "cast": dict.fromkeys(roles, "nobody"),
        "choices": worlds.story()["choices"], "beats": [{"id": "day", "title": "Day", "scenes": made}],
    })  # fmt: skip
    return RunConfig("small", story, Cast(personas), seed, "full", ("day",), recall)


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
    recall = retrieval.Memory.recall

    def counted(*args: Any, **rest: Any) -> Any:
        found = recall(*args, **rest)
        came_up.append(len(found))
        return found

    monkeypatch.setattr(retrieval.Memory, "recall", counted)

    @seed(explored if explores else 0)
    @settings(max_examples=plays, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(_plans(), st.booleans(), st.booleans())
    def never(plan: RunConfig, sheets: bool, guest: bool) -> None:
        scans.append(asyncio.run(leak_scan.scan(leak_scan.visited(plan) if guest else plan, sheets=sheets)))
        assert scans[-1].leaks == ()

    never()
    assert len(scans) >= plays
    assert sum(scan.prompts for scan in scans) > 5 * plays
    assert sum(map(bool, came_up)) > plays  # else recall was not put to the test


ALL, TWO = ["sam", "samantha", "ann"], ["samantha", "ann"]
SCENES = [("waking", ALL), ("waking", TWO), ("dream", TWO), ("waking", ["sam", "ann"]), ("crossroads", ALL)]


class _TellsAll(PromptBuilder):
    """Shows everybody everything."""

    def _prompt(self, kind: Any, script: Script, here: Sequence[str], tail: str, **rest: Any) -> Prompt:
        return self._fitted(kind, list(script), tail, **rest)


class _TellsTales(PromptBuilder):
    """Puts a text into the tail of everybody's lines that she is not to know."""

    text: Callable[[PromptBuilder, Script, Scene], str]

    def line(self, script: Script, scene: Scene, *args: Any, **rest: Any) -> Prompt:
        made = super().line(script, scene, *args, **rest)
        return made.model_copy(update={"tail": self.text(script, scene) + made.tail})


def _tale(text: Callable[[PromptBuilder, Script, Scene], str]) -> type[PromptBuilder]:
    return type("_Tale", (_TellsTales,), {"text": text})


def _dreamt(desk: PromptBuilder, script: Script, scene: Scene) -> str:
    """The sheet that a dream came from, once it has been dreamt."""
    dreams = [event for event in script if event.kind == "dream"]
    return desk.cast.personas["samantha"].private.fear if dreams else ""


def _contained(script: Script, *roles: str, kinds: tuple[str, ...] = ()) -> list[Event]:
    """The test for witnesses that ChatArena made: «sam» is in «samantha»."""
    asked = [event for event in script if not kinds or event.kind in kinds]
    return [event for event in asked if all(role in " ".join(event.witnesses) for role in roles)]


def _everybody(desk: PromptBuilder, *_: Any) -> tuple[DreamContribution, ...]:
    return tuple(
        DreamContribution(role=r, fear=p.private.fear, wish=p.private.wish) for r, p in desk.cast.personas.items()
    )


FAULTS: dict[str, tuple[type[PromptBuilder], tuple[str, Any] | None, tuple[str, str]]] = {
    "a private scene": (_TellsAll, None, ("line", "scene day/scene1")),
    "a sheet": (_tale(lambda desk, *_: desk.cast.personas["ann"].private.want), None, ("line", "Ann's want")),
    "a memory": (
        _tale(lambda desk, *_: desk.cast.personas["ann"].private.memories[1]),
        None,
        ("line", "Ann's memory 2"),
    ),
    "the sheet behind a dream": (_tale(_dreamt), None, ("line", "Samantha's fear")),
    "what is yet to come": (
        _tale(lambda desk, script, scene: scene.pressures[0]),
        None,
        ("line", "a pressure of scene day/scene1"),
    ),
    "a name within a name": (
        PromptBuilder,
        ("dreamplay.schema.script.Script.visible_to", _contained),
        ("line", "scene day/scene1"),
    ),
    "a fear that was not dreamt": (
        PromptBuilder,
        ("dreamplay.participants.narrator.pool", _everybody),
        ("dream", "Sam's fear"),
    ),
    "somebody else's past": (
        PromptBuilder,
        ("dreamplay.engine.state.Memory", lambda story, cast, role: retrieval.Memory(story, cast, "ann")),
        ("line", "Ann's memory 1"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_scan_can_fail(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, patch, (kind, secret) = FAULTS[fault]
    if patch:
        monkeypatch.setattr(*patch)
    plan = _plan(ALL, SCENES)
    found = await leak_scan.scan(plan, desk=desk)
    assert any(leak.prompt == kind and secret in leak.secret for leak in found.leaks), found.leaks
    assert not any(leak.reader == "ann" and leak.secret.startswith("Ann's") for leak in found.leaks)


HERS: dict[str, tuple[type[PromptBuilder], str]] = {
    "a whisper": (_TellsAll, "what the visitor did"),
    "her fear": (_tale(lambda desk, script, scene: given_fear(script)), "the visitor's fear"),
}


@pytest.mark.parametrize("fault", HERS)
async def test_the_scan_can_fail_for_what_a_visitor_hides(fault: str) -> None:
    desk, secret = HERS[fault]
    plans = [leak_scan.visited(_plan(ALL, SCENES, seed=seed)) for seed in range(4)]
    leaks = [leak for plan in plans for leak in (await leak_scan.scan(plan, desk=desk)).leaks]
    assert any(leak.prompt == "line" and leak.secret.startswith(secret) for leak in leaks), leaks
    assert not [leak for plan in plans for leak in (await leak_scan.scan(plan)).leaks]


async def test_without_a_fault_there_is_no_leak() -> None:
    scan = await leak_scan.scan(_plan(ALL, SCENES))
    assert scan.leaks == ()
    assert scan.prompts > 15
    assert scan.marks > 3 * 2 * (6 + 10)


@pytest.mark.parametrize("reference", resources.names("stories"))
async def test_the_shipped_stories_keep_their_secrets(reference: str) -> None:
    assert (await leak_scan.check(worlds.plan(reference, length="short"))).prompts >= 40


async def test_a_leak_is_one_line_with_scene_speaker_and_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamplay.schema.script.Script.visible_to", _contained)
    with pytest.raises(LeakError, match=r"^scene scene\d: the prompt of a line for sam holds [^\n]*report it[^\n]*$"):
        await leak_scan.check(_plan(ALL, SCENES))


@pytest.mark.parametrize("module", [desk, context_window, event_text, retrieval, agent, narrator])
def test_whatever_makes_a_prompt_reads_events_through_visible_to_alone(module: Any) -> None:
    """No look at the script but this one, and what stands for it once there are recaps: not at its last event, not at a
    scene, not over all of it.
    """
    tree = ast.parse(inspect.getsource(module))
    asked = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "script"]
    assert {node.attr for node in asked} <= {"visible_to", "standing"}
    looped = [n.iter for n in ast.walk(tree) if isinstance(n, ast.For | ast.AsyncFor | ast.comprehension)]
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) in dir(builtins)]
    read = [*looped, *(arg for call in calls for arg in call.args)]
    assert not [node for node in read if isinstance(node, ast.Name) and node.id == "script"]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Starred | ast.Subscript)
                and ast.unparse(node.value) == "script"]  # fmt: skip


def test_the_modules_that_are_held_to_it_do_read_the_script() -> None:
    assert all("script.visible_to" in inspect.getsource(module) for module in (desk, retrieval, agent, narrator))
