"""What becomes of a turn that a character takes in their own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import prepare
from dreamplay.director.situation import Situation
from dreamplay.engine.nodes import SILENCES, heard
from dreamplay.engine.runner import Runner
from dreamplay.errors import ModelError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.runs import transcript
from dreamplay.schema.event import Event, ExitEvent, SilenceEvent, Token, TurnEvent, turn_start
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script, silences
from dreamplay.settings import load
from fake_endpoint import FakeEndpoint

ORDER = ("thought", "action", "line", "silence", "exit")


def _turns(events: Sequence[Event]) -> list[list[Event]]:
    """The events of each turn of the cast, in order."""
    found: list[list[Event]] = []
    for event in events:
        if isinstance(event, TurnEvent) and event.turn:
            start, end = turn_start(events, event.id), event.id + 1 + event.leaves
            found.append(list(events[start:end]))
    return found


async def test_a_turn_is_a_thought_a_gesture_a_line_or_silence_and_an_exit(tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        worlds.stage(data)
        data["beats"] = data["beats"][:1]

    shown: list[Event | Token] = []
    model = worlds.Acting()
    run = Runner(worlds.plan(worlds.write(tmp_path / "story", 5, change)), model, tmp_path / "run", {})
    await run.play(shown.append)
    events = list(transcript.read(tmp_path / "run").script)
    assert [event for event in shown if not isinstance(event, Token)] == events
    turns = _turns(events)
    assert {event.kind for turn in turns for event in turn} == set(ORDER)
    for turn in turns:
        (said,) = [event for event in turn if isinstance(event, TurnEvent)]
        assert [event.kind for event in turn] == sorted((event.kind for event in turn), key=ORDER.index)
        assert {(event.speaker, event.scene) for event in turn} == {(said.speaker, said.scene)}
        assert {event.provenance.prompt for event in turn} == {said.provenance.prompt}
        assert [event for event in turn if event.provenance.usage.calls] == [said]
        for event in turn:
            if event.kind == "thought":
                assert event.witnesses == (said.speaker,)
            elif event.kind == "action":
                assert event.witnesses == said.witnesses
        if isinstance(said, SilenceEvent):
            assert said.chosen
    whispered = [turn for turn in turns if any(getattr(event, "hears", ()) for event in turn)]
    assert whispered
    thoughts = [event for event in events if event.kind == "thought"]
    tokens = "".join(each.text for each in shown if isinstance(each, Token))
    asked = {event.provenance.prompt: event.speaker for event in events}
    for thought in thoughts:
        assert thought.text not in tokens
        knowing = [prompt for prompt in model.seen if thought.text in f"{prompt.system}{prompt.script}{prompt.tail}"]
        assert {asked.get(prompt.digest) for prompt in knowing} <= {thought.speaker}


@pytest.fixture
def square(small: Path) -> Scene:
    return worlds.plan(small).scenes[0][1]


def _gone(role: str, by: str) -> dict[str, Any]:
    return {"kind": "exit", "speaker": role, "text": "Gone.", "provenance": {"by": by}}


def _now(scene: Scene, *events: dict[str, Any]) -> Situation:
    place = {"beat": "day", "scene": scene.id, "witnesses": scene.present}
    return Situation.of(Script(worlds.made(place | e | {"id": i}) for i, e in enumerate(events)), "day", scene)


async def test_somebody_may_leave_where_the_scene_can_do_without_them(square: Scene) -> None:
    assert _now(square).turn("ada").may_leave
    for kind in ("dream", "crossroads"):
        assert not _now(square.model_copy(update={"kind": kind})).turn("ada").may_leave
    alone = [_gone("bo", "agent")]
    assert not _now(square, *alone).turn("ada").may_leave  # one would be left alone
    taken = [{"kind": "line", "speaker": "cyrus", "turn": number} for number in range(1, square.turns.min)]
    assert _now(square, *alone, *taken).turn("ada").may_leave
    assert not _now(square, *alone, *taken, _gone("cyrus", "agent")).turn("ada").may_leave
    moves = [{"role": "cyrus", "kind": "exit", "after": 3, "text": "Gone."}]
    asides = [{"role": "ada", "to": ["bo"], "after": 1, "material": "the key is under the mat"}]
    staged = Scene.model_validate(square.model_dump() | {"moves": moves, "asides": asides})
    now = _now(staged)
    assert [role for role in now.cast if now.turn(role).may_leave] == []
    whisper = {"kind": "silence", "speaker": "ada", "turn": 1, "cue": {**worlds.cue().model_dump(), "aside": True}}
    after = _now(staged, whisper, _gone("cyrus", "author"))
    assert after.moves_left == []
    assert after.cast == ("ada", "bo")


async def test_who_has_left_is_asked_for_nothing_more_and_is_there_again_in_the_next_scene(tmp_path: Path) -> None:
    story = worlds.write(tmp_path / "story", 5)
    record = await worlds.play(story, tmp_path / "run", worlds.Acting(), seed=3)
    gone = [event for event in record.script if isinstance(event, ExitEvent)]
    assert gone
    for event in gone:
        later = [each for each in record.script.in_scene(event.scene, TurnEvent) if each.id > event.id]
        assert event.speaker not in {each.speaker for each in later}
        assert not any(event.speaker in each.witnesses for each in later)
        assert event.provenance.by == "agent"
    assert record.end


@pytest.mark.parametrize("chosen", [True, False])
def test_a_chosen_silence_is_no_failure_unless_nothing_else_comes(square: Scene, chosen: bool) -> None:
    def silent(count: int, *more: dict[str, Any]) -> Script:
        made = {"kind": "silence", "speaker": "ada", "chosen": chosen, "provenance": {"by": "agent"}}
        return _now(square, *[made] * count, *more, made).script

    gesture = {"kind": "action", "speaker": "ada", "text": "nods", "provenance": {"by": "agent"}}
    assert len(silences(silent(3))) == (0 if chosen else 4)
    heard(silent(SILENCES - 2))
    heard(silent(SILENCES - 1, gesture))
    with pytest.raises(ModelError, match=rf"for {SILENCES} turns \(most often: {'they chose' if chosen else ''}"):
        heard(silent(SILENCES - 1))


class _Whole(worlds.Acting):
    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        return replace(reply, text="<private>I never end this.") if prompt.kind == "line" else reply


async def test_a_model_that_never_ends_a_thought_is_given_up_and_nothing_of_it_is_kept(
    small: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="a thought that is not closed"):
        await worlds.play(small, tmp_path / "run", _Whole())
    assert b"never end" not in (tmp_path / "run" / transcript.FILE).read_bytes()


async def test_a_hosted_model_takes_turns_in_its_own_words(small: Path, tmp_path: Path) -> None:
    replies = [
        "<think>The user wants it.</think><private>I know where it is.</private>\n(turns the cup) Ask somebody else.",
        "(silence)",
        "<private>I have heard enough.</private>No. (pushes the cup away)",
    ]
    shown: list[Event | Token] = []
    with FakeEndpoint(replies) as endpoint:
        settings = load(model="fake", base_url=endpoint.base_url, out=tmp_path / "run", seed=7, story=str(small))
        prepared = await prepare.begin(settings, {}, beats=["day"])
        run = prepared.player
        await run.play(lambda seen: shown.append(seen) or (run.stop() if len(run.script) > 9 else None))
        await run.model.close()
    record = transcript.read(tmp_path / "run")
    profile = record.header.settings["profile"]
    assert (profile["direction"], profile["think"]) == ("guided", True)
    turns = _turns(list(record.script))
    assert [[(event.kind, event.text) for event in turn] for turn in turns[:3]] == [
        [("thought", "I know where it is."), ("action", "turns the cup"), ("line", "Ask somebody else.")],
        [("silence", "")],
        [("thought", "I have heard enough."), ("action", "pushes the cup away"), ("line", "No.")],
    ]
    tokens = "".join(each.text for each in shown if isinstance(each, Token))
    assert "Ask somebody else." in tokens
    assert not any(words in tokens for words in ("know where", "heard enough", "user wants", "turns the cup"))
