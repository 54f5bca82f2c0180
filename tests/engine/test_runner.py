from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any

import langsmith
import pytest
import worlds
from dreamplay.analysis import leak_scan
from dreamplay.engine import state
from dreamplay.engine.runner import Runner
from dreamplay.errors import ModelError, RecordError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import prompt_records, transcript
from dreamplay.runs.transcript import FILE, Transcript
from dreamplay.schema.event import Event, Token


class Failing(ScriptedModel):
    """Gives up at a call, counted from 1."""

    def __init__(self, at: int, error: Exception | None = None) -> None:
        super().__init__()
        self._at, self._error = at, error or ModelError("the model is gone")

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        if len(self.seen) + 1 >= self._at:
            raise self._error
        return await super().complete(prompt, seed=seed, on_token=on_token)


class Timed(ScriptedModel):
    """Keeps a copy of the context of each call, as every timer of a client does."""

    def __init__(self) -> None:
        super().__init__()
        self.contexts: list[Context] = []

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        self.contexts.append(copy_context())
        return await super().complete(prompt, seed=seed, on_token=on_token)


def _run(small: Path, folder: Path, model: ScriptedModel | None = None, seed: int = 7, **rest: bool) -> Runner:
    return Runner(worlds.plan(small, seed=seed), model or ScriptedModel(), folder, {}, **rest)


async def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    seeds = {"one": 7, "two": 7, "three": 8}
    for name, seed in seeds.items():
        await worlds.play("forty_one_metres", tmp_path / name, seed=seed)
    one, two, three = ((tmp_path / name / FILE).read_bytes() for name in seeds)
    assert one == two
    assert one != three
    pages = [(tmp_path / name / "transcript.md").read_bytes() for name in ("one", "two")]
    assert pages[0] == pages[1]
    assert str(tmp_path).encode() not in one


async def test_a_play_that_nobody_watches_is_not_kept_by_the_timers_of_its_calls(small: Path, tmp_path: Path) -> None:
    model = Timed()
    run = _run(small, tmp_path / "run", model, watched=False)
    await run.play(lambda seen: None)
    script = weakref.ref(run.script)
    del run
    gc.collect()
    assert model.contexts
    assert script() is None


async def test_who_watches_sees_every_event_once_and_its_tokens_before_it(small: Path, tmp_path: Path) -> None:
    seen: list[Event | Token] = []
    run = _run(small, tmp_path / "run")
    await run.play(seen.append)
    assert [event for event in seen if not isinstance(event, Token)] == list(run.script)
    spoken = ""
    for each in seen:
        if isinstance(each, Token):
            spoken += each.text
        elif each.kind == "line" and each.provenance.by == "agent":
            assert each.text in spoken
            spoken = ""


async def test_a_run_ends_with_what_it_cost(small: Path, tmp_path: Path) -> None:
    model = ScriptedModel()
    record = await worlds.play(small, tmp_path / "run", model)
    assert record.end
    assert record.end.usage.calls == len(model.seen)
    assert record.end.usage == transcript.total(record.script)
    assert record.end.lines == sum(e.kind == "line" and e.beat != "prologue" for e in record.script)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {FILE, prompt_records.FILE, "transcript.md"}


@pytest.mark.parametrize(
    "variable",
    ["LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_HANDLER"],
)
async def test_nothing_of_a_play_or_a_scan_is_traced_whatever_the_environment_says(
    variable: str, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    for name in ("create_run", "update_run"):
        monkeypatch.setattr(langsmith.Client, name, lambda self, *args, **rest: sent.append(rest))
    monkeypatch.setenv(variable, "true")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
    record = await worlds.play(small, tmp_path / "run")
    monkeypatch.setenv(variable, "true")
    assert record.end
    assert (await leak_scan.scan(worlds.plan(small), profile=worlds.LARGE)).prompts
    assert sent == []


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("at", [2, 5, 9])
async def test_a_model_that_fails_leaves_everything_so_far(small: Path, tmp_path: Path, at: int, watched: bool) -> None:
    run = _run(small, tmp_path / "run", Failing(at), watched=watched)
    with pytest.raises(ModelError, match="the model is gone"):
        await run.play(lambda seen: None)
    record = transcript.read(tmp_path / "run")
    whole = await worlds.play(small, tmp_path / "whole")
    assert record.end is None
    assert list(record.script) == list(whole.script)[: len(record.script)]
    calls = sum(event.provenance.usage.calls for event in record.script)
    assert at - worlds.SMALL.max_attempts <= calls < at  # what a line cost that never came to stand is in no event
    assert "stopped before its end" in (tmp_path / "run" / "transcript.md").read_text()


@pytest.mark.parametrize("others", [False, True], ids=["new-folder", "folder-with-other-files"])
async def test_a_model_that_fails_at_once_leaves_nothing(small: Path, tmp_path: Path, others: bool) -> None:
    folder = tmp_path / "runs" / "first"
    if others:
        folder.mkdir(parents=True)
        (folder / "mine.txt").write_text("x")
    with pytest.raises(ModelError):
        await _run(small, folder, Failing(1)).play(lambda seen: None)
    assert ([path.name for path in folder.iterdir()] if folder.exists() else []) == (["mine.txt"] if others else [])
    assert folder.exists() == others


async def test_a_run_that_is_stopped_keeps_the_line_under_way_and_says_that_it_was_stopped(
    small: Path, tmp_path: Path
) -> None:
    run = _run(small, tmp_path / "run")

    def watch(seen: Event | Token) -> None:
        if isinstance(seen, Token) and len(run.script) > 4:
            run.stop()

    await run.play(watch)
    record = transcript.read(tmp_path / "run")
    last = record.script.last
    assert run.stopped
    assert run.stopping
    assert record.end is None
    assert list(record.script) == list(run.script)
    assert last
    assert last.kind == "line"
    assert 4 < len(record.script) < 9
    assert "stopped before its end" in (tmp_path / "run" / "transcript.md").read_text()


class Stopping(ScriptedModel):
    """Has the run stopped at a call, counted from 1."""

    run: Runner

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        if len(self.seen) + 1 == self._at:
            self.run.stop()
        return await super().complete(prompt, seed=seed, on_token=on_token)


@pytest.mark.parametrize("kind", ["line", "dream", "reflection", "stance"])
async def test_a_play_that_nobody_watches_stops_and_goes_on_as_any_other(
    kind: str, small: Path, tmp_path: Path
) -> None:
    asked = ScriptedModel()
    whole = await worlds.play(small, tmp_path / "whole", asked)
    at = max(number for number, prompt in enumerate(asked.seen, start=1) if prompt.kind == kind)
    model, goes_on = Stopping(at), ScriptedModel()
    model.run = run = _run(small, tmp_path / "run", model, watched=False)
    await run.play(lambda seen: None)
    begun = list(transcript.read(tmp_path / "run").script)
    assert run.stopped
    assert begun == list(whole.script)[: len(begun)]
    await _run(small, tmp_path / "run", goes_on, watched=False, goes_on=True).play(lambda seen: None)
    assert list(transcript.read(tmp_path / "run").script) == list(whole.script)
    # Nothing is asked for twice; who is the first of several that are asked at once is not said.
    paid = [prompt.digest for prompt in (*model.seen, *goes_on.seen)]
    assert sorted(paid) == sorted(prompt.digest for prompt in asked.seen)


async def test_a_folder_that_holds_a_run_is_left_alone(small: Path, tmp_path: Path) -> None:
    await worlds.play(small, tmp_path / "run")
    before = {path: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    model = ScriptedModel()
    with pytest.raises(RecordError, match="already holds a run"):
        await worlds.play(small, tmp_path / "run", model)
    assert {path: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
    assert not model.seen


async def test_a_disk_that_fills_up_keeps_what_was_played_and_goes_on_when_there_is_room(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Transcript.append

    def full(self: Transcript, value: Event) -> None:
        if value.id == 6:
            raise RecordError("cannot write: No space left on device")
        write(self, value)

    run = _run(small, tmp_path / "run")
    with monkeypatch.context() as disk:
        disk.setattr(Transcript, "append", full)
        with pytest.raises(RecordError, match="No space left"):
            await run.play(lambda seen: None)
    assert len(transcript.read(tmp_path / "run").script) == len(run.script) == 6
    await Runner(run.plan, ScriptedModel(), tmp_path / "run", {}, goes_on=True).play(lambda seen: None)
    await worlds.play(small, tmp_path / "whole")
    assert (tmp_path / "run" / FILE).read_bytes() == (tmp_path / "whole" / FILE).read_bytes()


async def test_what_is_left_of_an_earlier_run_has_no_part_in_a_new_one(small: Path, tmp_path: Path) -> None:
    first = await worlds.play(small, tmp_path / "run")
    (tmp_path / "run" / FILE).unlink()
    assert list((await worlds.play(small, tmp_path / "run")).script) == list(first.script)


async def test_a_thousand_lines_fit_a_small_window(tmp_path: Path) -> None:
    window = 4096
    model = worlds.Wordy(profile=worlds.narrow(window))
    plan = worlds.plan(worlds.write(tmp_path / "story", 4, worlds.serial(scenes=50, turns=20)))
    run = Runner(plan, model, tmp_path / "run", {})
    await run.play(lambda seen: None)
    lines = len(worlds.kinds(run.script, "line"))
    assert 1001 <= lines <= 1101  # with one of the prologue, and answers that were owed at the ends of scenes
    for prompt in model.seen:
        written = prompt.system + prompt.script + prompt.tail + prompt.ask + prompt.prefill
        assert len(written) / 3.5 + prompt.max_tokens <= window
    recaps = worlds.kinds(run.script, "recap")
    assert len({event.scene for event in recaps}) < 15  # it happens seldom
    assert {len(event.witnesses) for event in recaps} == {2, 3, 4}


@pytest.mark.parametrize(
    ("odd_field", "says"), [({"speaker": "zed"}, "speaker names 'zed', .*"), ({"text": 4}, "text: .*")]
)
async def test_what_a_reader_would_refuse_is_never_written(
    odd_field: dict[str, Any], says: str, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_all = state.Context.record_all

    def odd(self: state.Context, place: Any, events: Sequence[dict[str, Any]]) -> list[Event]:
        return record_all(self, place, [event | (odd_field if len(self.script) == 8 else {}) for event in events])

    with monkeypatch.context() as bug:
        bug.setattr(state.Context, "record_all", odd)
        with pytest.raises(RecordError, match=rf"^event 8 cannot be recorded: {says} bug"):
            await _run(small, tmp_path / "run").play(lambda seen: None)
    assert len(transcript.read(tmp_path / "run").script) == 8
    run = _run(small, tmp_path / "run")
    await Runner(run.plan, ScriptedModel(), tmp_path / "run", {}, goes_on=True).play(lambda seen: None)
    assert transcript.read(tmp_path / "run").end


class Forgetful(ScriptedModel):
    """Retells nothing that can stand."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        return Reply("They met.", True, reply.usage) if prompt.kind == "recap" else reply


async def test_a_recap_that_cannot_be_made_is_an_error_and_what_was_played_is_kept(tmp_path: Path) -> None:
    plan = worlds.plan(worlds.write(tmp_path / "story", 3, worlds.serial(scenes=9, turns=8)))
    run = Runner(plan, Forgetful(profile=worlds.narrow(2048)), tmp_path / "run", {})
    with pytest.raises(ModelError, match=r"scene s\d .*`seed` or `model`"):
        await run.play(lambda seen: None)
    record = transcript.read(tmp_path / "run")
    assert len(record.script) > 20
    assert not worlds.kinds(record.script, "recap")
