from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.engine import run_config
from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.runner import Runner
from dreamplay.models.scripted import ScriptedModel
from dreamplay.rendering.story_view import OutputMode, StoryView
from dreamplay.schema.event import Event, LineEvent, Token


@pytest.fixture
def plan(small: Path) -> RunConfig:
    return worlds.plan(small)


def _screen(plan: run_config.RunConfig, manner: OutputMode = "story") -> StoryView:
    return StoryView(plan.story, plan.cast, plan.scenes, manner)


def test_nothing_of_a_refused_line_is_left_on_a_pipe(plan: RunConfig, capsys: pytest.CaptureFixture[str]) -> None:
    with _screen(plan) as screen:
        for word in ("I cannot ", "assist ", "with that."):
            screen.watch(Token("ada", word))
        for word in ("Tea ", "is tea."):
            screen.watch(Token("ada", word))
        screen.watch(worlds.event(0, speaker="ada", beat="day", scene="square", text="Tea is tea."))
    out, err = capsys.readouterr()
    assert "assist" not in out + err
    assert out.count("Tea is tea.") == 1
    assert "\x1b" not in out + err


@pytest.mark.parametrize("manner", ["story", "json", "quiet"])
async def test_a_whole_run_on_a_pipe(
    plan: RunConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str], manner: OutputMode
) -> None:
    run = Runner(plan, ScriptedModel(), tmp_path / "run", {})
    with _screen(plan, manner) as screen:
        await run.play(screen.watch)
    out, err = capsys.readouterr()
    assert err == ""
    match manner:
        case "quiet":
            assert out == ""
        case "json":
            assert [json.loads(line) for line in out.splitlines()] == [
                json.loads(event.model_dump_json()) for event in run.script
            ]
        case "story":
            assert out.startswith("SMALL HOURS\n")
            at = [out.index(title) for title in ("The night before", "Day", "Night", "Dawn")]
            assert at == sorted(at)
            for event in run.script:
                assert " ".join(event.text.split()) in " ".join(out.split())
            assert "Ada chooses to " in out
            assert "\x1b" not in out


@pytest.mark.parametrize("text", ["[bold]loud[/bold]", "[/]", ":smile:", "[link=http://x]y[/link]", "a\\[b]"])
def test_what_was_said_is_never_markup(plan: RunConfig, capsys: pytest.CaptureFixture[str], text: str) -> None:
    kinds = {"line": "ada", "narration": None, "dream": None, "action": "ada"}
    with _screen(plan) as screen:
        for number, (kind, speaker) in enumerate(kinds.items()):
            screen.watch(worlds.event(number, kind, text, speaker=speaker, beat="day", scene="square"))
    assert capsys.readouterr().out.count(text) == 4


async def test_a_run_that_goes_on_begins_with_what_was_said_last(
    plan: RunConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    before = (await worlds.play(tmp_path / "small" / "story.yaml", tmp_path / "run")).script
    last = before.in_scene("square", LineEvent)[-1]
    played = list(before)[: last.id]
    with _screen(plan) as screen:
        screen.recall(played)
        recalled = capsys.readouterr().out
        screen.watch(last)
    for event in played[-3:]:
        assert re.search(rf"\x1b\[2(;3)?m[^\n]*\n?{re.escape(event.text)}", recalled)
    assert played[0].text not in recalled
    assert recalled.rstrip().endswith("— new from here on —\x1b[0m")
    shown = capsys.readouterr().out
    assert f"\x1b[0m: {last.text}" in shown
    assert "Day" not in shown.partition(last.text)[0]
    for manner in ("json", "quiet"):
        with _screen(plan, manner) as screen:
            screen.recall(played)
        assert played[-1].text not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seen", "shown"),
    [
        ({"kind": "silence", "speaker": "ada", "turn": 1}, ""), ({"kind": "thought", "speaker": "ada"}, ""),
        ({"kind": "silence", "speaker": "ada", "turn": 1, "chosen": True}, "Ada says nothing\n"),
        ({"kind": "recap", "witnesses": ("ada", "bo")}, ""),
        ({"kind": "reflection", "speaker": "ada"}, "(Ada thinks: So it goes.)\n"),
        ({"kind": "reflection", "speaker": "ada", "text": "", "failed": True}, ""),
        ({"kind": "exit", "speaker": "ada"}, "So it goes.\n\n"), ({"speaker": "ada"}, "Ada: So it goes.\n"),
        ({"speaker": "ada", "cue": worlds.cue(hears=("bo", "cyrus"))}, "Ada whispers to Bo and Cyrus: So it goes.\n"),
    ],
)  # fmt: skip
def test_what_is_shown_of_an_event(
    plan: RunConfig, capsys: pytest.CaptureFixture[str], seen: dict[str, Any], shown: str
) -> None:
    place = {"beat": "day", "scene": "square"}
    with _screen(plan) as screen:
        screen.watch(worlds.event(0, "narration", "Night.", **place))
        assert "Night." in capsys.readouterr().out
        screen.watch(worlds.event(1, **{"text": "So it goes."} | place | seen))
    assert capsys.readouterr().out == shown


def _turn(*kinds: str, hears: tuple[str, ...] = ()) -> list[Event]:
    """The events of a turn of Ada's, with these kinds."""
    place = {"beat": "day", "scene": "square", "speaker": "ada", "provenance": {"by": "agent"}}
    own: dict[str, dict[str, Any]] = {
        "thought": {"text": "He lies."}, "action": {"text": "slides the key across"},
        "line": {"text": "So it goes.", "turn": 1, "cue": worlds.cue(hears=hears)},
        "silence": {"turn": 1, "chosen": True},
    }  # fmt: skip
    return [worlds.event(number, kind, **{"text": ""} | place | own[kind]) for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        (_turn("thought", "action", "line"), "Ada (slides the key across): So it goes.\n"),
        (_turn("action", "line", hears=("bo",)), "Ada (slides the key across) whispers to Bo: So it goes.\n"),
        (_turn("action", "silence"), "Ada slides the key across\nAda says nothing\n"),
    ],
)
def test_a_gesture_is_shown_with_its_line_and_a_thought_only_by_number(
    plan: RunConfig, capsys: pytest.CaptureFixture[str], events: list[Event], shown: str
) -> None:
    for numbers in (False, True):
        with StoryView(plan.story, plan.cast, plan.scenes, "story", numbers=numbers) as screen:
            for event in events:
                screen.watch(event)
        out = capsys.readouterr().out
        assert out.endswith(shown) is not numbers
        assert ("   0  (Ada thinks: He lies.)\n   1  Ada slides the key across\n" in out) is (
            numbers and events[0].kind == "thought"
        )
