"""Stop and go on: whatever ends a play, and whenever, the run goes on to the same transcript as one that was never
stopped."""

from __future__ import annotations

import asyncio
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import crash
import pytest
import worlds
from dreamplay import prepare
from dreamplay.engine import run_config
from dreamplay.engine.nodes import SILENCES
from dreamplay.engine.runner import Runner
from dreamplay.errors import ModelError, RecordError, SettingsError, UsageError
from dreamplay.models import waiting
from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.client import open_client
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.prompt import Prompt
from dreamplay.models.retry import WAITS
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import pending_answers, prompt_reader, prompt_records, transcript
from dreamplay.runs.transcript import FILE, Resumed
from dreamplay.schema.event import turn_start
from dreamplay.settings import load
from fake_endpoint import CannedAnswer, FakeEndpoint, Fault


def _crashed(small: Path, root: Path, jobs: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """How the plays of some jobs ended, in processes of their own; see crash.py."""
    root.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, crash.__file__, small, root], input=json.dumps(jobs), capture_output=True, encoding="utf-8",
        timeout=300, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def _calls(folder: Path) -> list[list[str]]:
    """The calls that each process of a run has paid for."""
    processes = folder.with_suffix(f".{crash.CALLS}").read_text().split("-- another process\n")[1:]
    return [each.splitlines() for each in processes]


@pytest.mark.parametrize("kills", [10, pytest.param(50, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_at_any_moment_goes_on_as_if_it_had_not_been(
    kills: int, small: Path, tmp_path: Path
) -> None:
    kinds = ("any", "disk")
    whole = _crashed(small, tmp_path / "whole", [[{"kind": kind}] for kind in kinds])
    moments = {kind: int(steps[0]["said"]) for kind, steps in zip(kinds, whole, strict=True)}
    dice = random.Random(7)
    jobs: list[list[dict[str, Any]]] = []
    for number in range(kills):
        kind = kinds[number % 2]
        # How many moments a play has depends a little on its threads, so the last of them may not come.
        kill = {"kind": kind, "at": dice.randrange(1, moments[kind] * 9 // 10)}
        again = {"kind": kind, "at": dice.randrange(1, moments[kind] // 2)}  # of what goes on, and may be over by then
        jobs.append([kill, *([again] if dice.random() < 0.5 else []), {"lost": dice.random() < 0.2}])
    ends = _crashed(small, tmp_path / "runs", jobs)

    raw = (tmp_path / "whole" / "0" / FILE).read_bytes()
    page = (tmp_path / "whole" / "0" / "transcript.md").read_bytes()
    asked = _calls(tmp_path / "whole" / "0")[0]
    events = list(transcript.read(tmp_path / "whole" / "0").script)
    answers = [event for event in events for _ in range(event.provenance.usage.calls)]
    assert len(set(asked)) == len(asked) == len(answers)
    answer = dict(zip(asked, answers, strict=True))

    assert [steps[0]["ended"] for steps in ends] == ["SIGKILL"] * kills
    for number, steps in enumerate(ends):
        folder = tmp_path / "runs" / f"{number}"
        assert (folder / FILE).read_bytes() == raw, (number, jobs[number], steps)
        assert (folder / "transcript.md").read_bytes() == page
        left = {path.name for path in folder.iterdir()} - {FILE, prompt_records.FILE, "transcript.md"}
        assert not left or steps[-2]["events"] == len(events)  # it was over when it was killed
        kept = [json.loads(line) for line in (folder / prompt_records.FILE).read_bytes().splitlines()]
        named = {event.provenance.prompt for event in events} - {None}
        assert named <= {record.get("digest") for record in kept}, (number, jobs[number], steps)
        last = next(event.provenance.prompt for event in reversed(events) if event.provenance.prompt)
        assert prompt_reader.find(folder, last)
        paid: set[str] = set()
        stood = 0
        for calls, step in zip(_calls(folder), steps, strict=True):
            twice = [answer[call] for call in calls if call in paid]
            alone = ("stance", "reflection")  # those that are recorded together, once the last of them is there
            begun = [turn_start(events, event.id) for event in twice if event.kind not in alone]
            assert all(start == stood for start in begun), (number, jobs[number], steps)
            assert all(event.id >= stood for event in twice), (number, jobs[number], steps)
            paid.update(calls)
            stood = step["events"]
        assert paid == set(asked)


def test_a_disk_that_fills_up_stops_a_run_which_goes_on_when_there_is_room(small: Path, tmp_path: Path) -> None:
    sizes = (3, 9_000, 12_000, 16_000, 20_000)
    whole, *runs = _crashed(small, tmp_path / "runs", [[{}], *([{"most": most}, {}] for most in sizes)])
    for number, (stopped, gone_on) in enumerate(runs, start=1):
        assert re.match(r"cannot write to .*make room", stopped["said"])
        assert stopped["events"] < gone_on["events"] == whole[0]["events"]
        assert (tmp_path / "runs" / f"{number}" / FILE).read_bytes() == (tmp_path / "runs" / "0" / FILE).read_bytes()


def _go_on(folder: Path, model: Model | None = None, settings: dict[str, Any] | None = None) -> Runner:
    """The run in a folder, to be played on; from its folder alone."""
    plan = run_config.from_header(transcript.read(folder).header)
    return Runner(plan, model or ScriptedModel(), folder, settings or {}, goes_on=True)


@pytest.fixture
async def whole(tmp_path: Path) -> Path:
    """A finished run that was never stopped, whose story has gone."""

    def change(data: dict[str, Any]) -> None:
        worlds.stage(data)
        data["prologue"] *= 2

    story = worlds.write(tmp_path / "story", change=change)
    await worlds.play(story, tmp_path / "whole")
    shutil.rmtree(story.parent)
    return tmp_path / "whole"


def _cut(whole: Path, folder: Path, size: int) -> None:
    """A copy of a run, its transcript cut to a size."""
    shutil.copytree(whole, folder)
    (folder / FILE).write_bytes((whole / FILE).read_bytes()[:size])


async def test_a_transcript_cut_anywhere_goes_on_to_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    dice = random.Random(7)
    raw = (whole / FILE).read_bytes()
    events = list(transcript.read(whole).script)
    ends = [hit.end() for hit in re.finditer(b"\n", raw)][:-1]
    for stood, end in enumerate(ends):
        folder = tmp_path / f"{stood}"
        _cut(whole, folder, end + dice.choice([0, dice.randrange(100)]))
        model = ScriptedModel()
        await _go_on(folder, model).play(lambda seen: None)
        assert (folder / FILE).read_bytes() == raw, stood
        assert len(model.seen) == transcript.total(events[stood:]).calls


async def test_a_turn_of_which_a_crash_has_left_a_part_is_asked_for_again(tmp_path: Path) -> None:
    await worlds.play(worlds.write(tmp_path / "story", 5), tmp_path / "whole", worlds.Acting(), beats=["day"])
    raw = (tmp_path / "whole" / FILE).read_bytes()
    events = list(transcript.read(tmp_path / "whole").script)
    ends = [hit.end() for hit in re.finditer(b"\n", raw)][:-1]
    torn = [number for number in range(len(events)) if turn_start(events, number) < number]
    assert {events[number].kind for number in torn} == {"action", "line", "silence", "exit"}
    for stood in torn:
        folder, start = tmp_path / f"{stood}", turn_start(events, stood)
        _cut(tmp_path / "whole", folder, ends[stood] + stood % 3)
        before = transcript.read(folder)
        assert (list(before.script), before.torn) == (events[:start], stood - start)
        model = worlds.Acting()
        await _go_on(folder, model).play(lambda seen: None)
        assert (folder / FILE).read_bytes() == raw, stood
        assert len(model.seen) == transcript.total(events[start:]).calls


async def test_a_run_that_is_cut_between_two_recaps_makes_the_same_ones(tmp_path: Path) -> None:
    story = worlds.write(tmp_path / "story", change=worlds.serial(scenes=6, turns=8))
    record = await worlds.play(story, tmp_path / "whole", ScriptedModel(profile=worlds.narrow(2200)))
    raw = (tmp_path / "whole" / FILE).read_bytes()
    ends = [hit.end() for hit in re.finditer(b"\n", raw)]
    recaps = worlds.kinds(record.script, "recap")
    assert len({event.scene for event in recaps}) < len(recaps)  # several at the end of one scene
    for event in recaps[:3]:
        _cut(tmp_path / "whole", tmp_path / f"{event.id}", ends[event.id])
        await _go_on(tmp_path / f"{event.id}", ScriptedModel(profile=worlds.narrow(2200))).play(lambda seen: None)
        assert (tmp_path / f"{event.id}" / FILE).read_bytes() == raw


class _Deciding(ScriptedModel):
    """Answers the last stance only when the others are on disk; then a copy is made of all that is there, which is what
    a kill at that moment leaves.
    """

    def __init__(self, folder: Path, copy: Path) -> None:
        super().__init__()
        self._folder, self._copy = folder, copy

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        if prompt.kind == "stance" and [each.kind for each in self.seen].count("stance") == 2:
            for _ in range(10):  # the others' answers are on their way through the event loop
                await asyncio.sleep(0)
            shutil.copytree(self._folder, self._copy)
        return await super().complete(prompt, seed=seed, on_token=on_token)


@pytest.fixture
async def deciding(small: Path, tmp_path: Path) -> tuple[Path, bytes]:
    """A run that was killed when two of three had decided, and the transcript of the one that was not."""
    record = await worlds.play(small, tmp_path / "run", _Deciding(tmp_path / "run", tmp_path / "killed"))
    assert [event.speaker for event in worlds.kinds(record.script, "stance")] == ["ada", "bo", "cyrus"]
    assert not worlds.kinds(transcript.read(tmp_path / "killed").script, "stance")
    assert not (tmp_path / "run" / pending_answers.FILE).exists()
    return tmp_path / "killed", (tmp_path / "run" / FILE).read_bytes()


async def test_a_stance_that_was_decided_is_not_paid_for_again(deciding: tuple[Path, bytes]) -> None:
    folder, whole = deciding
    model = ScriptedModel()
    await _go_on(folder, model).play(lambda seen: None)
    assert [prompt.kind for prompt in model.seen] == ["stance", "epilogue"]
    assert (folder / FILE).read_bytes() == whole
    assert not (folder / pending_answers.FILE).exists()


@pytest.mark.parametrize("kind", ["line", "stance"])
@pytest.mark.parametrize("fault", ["busy", "stuck"])
async def test_a_stop_waits_for_no_endpoint_that_is_busy_or_comes_to_a_halt_and_loses_nothing(
    small: Path, tmp_path: Path, fault: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the stances, which are asked for at once, one meets the fault, and the others are waited for."""
    monkeypatch.setattr(waiting, "SILENCE", 0.5)
    met: list[dict[str, Any]] = []

    def once(request: dict[str, Any]) -> CannedAnswer | None:
        if ("response_format" in request) == (kind == "stance") and len(fake.seen) > 2 and not met:
            met.append(request)
            if fault == "busy":
                return CannedAnswer({"error": {"message": "slow down"}}, status=429, retry_after="60")
            fake.faults.append(fault)
        return None

    with FakeEndpoint(latency=0.05) as fake:
        client = open_client(fake.base_url, "none", timeout=60)
        whole = await worlds.play(small, tmp_path / "whole", Endpoint("fake", client, "there"))
        asked = len(fake.seen)
        fake.seen.clear()
        fake.refuses = once
        run = Runner(worlds.plan(small), Endpoint("fake", client, "there"), tmp_path / "run", {})
        async with asyncio.timeout(30):
            playing = asyncio.create_task(run.play(lambda seen: None))
            while not met:  # noqa: ASYNC110
                await asyncio.sleep(0)
            run.stop()
            await playing
        assert (run.stopped, transcript.read(tmp_path / "run").end) == (True, None)
        await Runner(worlds.plan(small), Endpoint("fake", client, "there"), tmp_path / "run", {}, goes_on=True).play(
            lambda seen: None
        )
        assert len(fake.seen) == asked + 1  # nothing is asked twice but what met the fault
        await client.close()
    assert [event.text for event in transcript.read(tmp_path / "run").script] == [event.text for event in whole.script]


UNFIT = {
    "lost": lambda raw: b"",
    "a flipped bit": lambda raw: bytes([raw[0] ^ 8]) + raw[1:],
    "no records": lambda raw: b"null\n[]\n3\n" + b"\xff\n",
    "an unknown key": lambda raw: raw.replace(b'"after"', b'"witnesses":[],"after"'),
    "of an earlier question": lambda raw: re.sub(rb'"after":\d+', b'"after":3', raw),
    "of another scene": lambda raw: re.sub(rb'"scene":"\w+"', b'"scene":"square"', raw),
    "of a stranger": lambda raw: re.sub(rb'"speaker":"\w+"', b'"speaker":"zoe"', raw),
    "for no choice": lambda raw: re.sub(rb'"choice":"\w+"', b'"choice":"run"', raw),
    "of another kind": lambda raw: raw.replace(b'"stance"', b'"reflection"'),
    "with what no stance has": lambda raw: raw.replace(b'"attitudes":{}', b'"attitudes":{"bo":0.5}'),
    "by nobody who answers": lambda raw: raw.replace(b'"by":"agent"', b'"by":"author"'),
}


@pytest.mark.parametrize("what", UNFIT)
async def test_a_pending_answer_that_does_not_fit_is_asked_for_again(deciding: tuple[Path, bytes], what: str) -> None:
    folder, whole = deciding
    raw = (folder / pending_answers.FILE).read_bytes()
    assert raw.count(b"\n") == 2
    (folder / pending_answers.FILE).write_bytes(UNFIT[what](raw))
    model = ScriptedModel()
    await _go_on(folder, model).play(lambda seen: None)
    kinds = [prompt.kind for prompt in model.seen]
    assert kinds.count("stance") == (2 if what == "a flipped bit" else 3)
    assert (folder / FILE).read_bytes() == whole


def test_going_on_reads_nothing_of_a_run_but_its_own_records(small: Path, tmp_path: Path) -> None:
    """A stranger's run may hold anything beside them, such as a database whose contents run when they are read."""
    folder = tmp_path / "run"
    asyncio.run(worlds.play(small, folder))
    (folder / FILE).write_bytes(b"".join((folder / FILE).read_bytes().splitlines(keepends=True)[:20]))
    for name in ("checkpoints.sqlite", "checkpoints.sqlite-wal", "dreamplay.toml", "sitecustomize.py"):
        (folder / name).write_bytes(b"import os; os.abort()")
    code = (
        "import sys; opened = set()\n"
        "sys.addaudithook(lambda event, args: event in ('open', 'sqlite3.connect') and opened.add(str(args[0])))\n"
        f"sys.argv = ['dreamplay', 'resume', {str(folder)!r}, '--quiet']\n"
        "from dreamplay.cli.main import main\n"
        "try: main()\n"
        f"finally: print(*sorted(name for name in opened if name.startswith({str(folder)!r})), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    opened = {Path(name).name for name in done.stdout.splitlines()}
    assert transcript.read(folder).end, done.stderr
    assert FILE in opened
    assert opened <= {FILE, prompt_records.FILE, pending_answers.FILE, "transcript.md", "transcript.md.new", "run.lock"}


class _Other(ScriptedModel):
    name = "other"


async def test_a_run_goes_on_on_another_model_and_says_so(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    stood: list[int] = []

    async def play(model: ScriptedModel, most: int = 99, **settings: Any) -> None:
        run = Runner(worlds.plan(small), model, folder, settings, goes_on=bool(stood))
        await run.play(lambda seen: run.stop() if len(run.script) >= most else None)
        stood.append(len(run.script))

    await play(ScriptedModel(), 6)
    await play(ScriptedModel(), 9)
    await play(_Other(), 12, note="other")
    await play(_Other(), 15, note="other")
    await play(ScriptedModel())
    record = transcript.read(folder)
    assert record.end
    plan = worlds.plan(small)
    header = plan.header("scripted", plan.recorded(ScriptedModel()))
    settings = header.settings
    assert record.header == header
    assert record.resumptions == (
        Resumed(model="other", settings=settings | {"note": "other"}, event=stood[1]),
        Resumed(model="scripted", settings=settings, event=stood[3]),
    )
    assert record.newest == record.resumptions[-1]
    assert record.models == ("scripted", "other")
    assert "Played by scripted, then other, seed 7" in (folder / "transcript.md").read_text(encoding="utf-8")


class _Learning(ScriptedModel):
    """Learns at its fourth call how it has to be asked."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        if len(self.seen) == 3:
            self.profile = self.profile.refined({"system_role": False, "seed": False})
        return await super().complete(prompt, seed=seed, on_token=on_token)


async def test_what_is_learnt_of_an_endpoint_is_recorded_from_there_on(small: Path, tmp_path: Path) -> None:
    record = await worlds.play(small, tmp_path / "run", _Learning())
    (learnt,) = record.resumptions
    assert record.header.settings["profile"] == worlds.SMALL.recorded()
    refined = worlds.SMALL.refined({"system_role": False, "seed": False})
    assert learnt.settings == record.header.settings | {"profile": refined.recorded()}
    assert sum(event.provenance.usage.calls for event in list(record.script)[: learnt.event]) == 3
    settings = load(model="scripted", base_url="http://127.0.0.1:9/v1")
    assert prepare.choose(settings, record.newest)[1] == refined
    assert prepare.choose(load(model="other", base_url="http://127.0.0.1:9/v1"), record.newest)[1] is None
    odd = learnt.model_copy(update={"settings": {"profile": {"memories": -1}}})
    with pytest.raises(SettingsError, match=r"the earlier run: profile\.memories: must be at least 0"):
        prepare.choose(settings, odd)


class _Mute(ScriptedModel):
    """Only thinks, or answers nothing that can stand, where a line is asked for."""

    def __init__(self, *, thinks: bool = True) -> None:
        super().__init__()
        self._thinks = thinks

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        if prompt.kind != "line":
            return reply
        return replace(reply, text="", thought="Hm.") if self._thinks else replace(reply, text="As an AI model, no.")


@pytest.mark.parametrize(
    ("thinks", "says"),
    [(True, r"nothing but thought\); raise DREAMPLAY_HEADROOM"), (False, r"being a model.*; choose another `model`")],
)
async def test_a_play_of_silences_is_given_up_and_goes_on_on_a_model_that_speaks(
    thinks: bool, says: str, small: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with pytest.raises(ModelError, match=rf"nobody has said a word for {SILENCES} turns.*{says}"):
        await worlds.play(small, folder, _Mute(thinks=thinks))
    with pytest.raises(ModelError, match=rf"for {2 * SILENCES} turns"):
        await _go_on(folder, _Mute(thinks=thinks)).play(lambda seen: None)
    assert [e.kind for e in worlds.turns(transcript.read(folder).script)].count("silence") == 2 * SILENCES
    await _go_on(folder).play(lambda seen: None)
    assert transcript.read(folder).end


async def test_where_nothing_more_was_said_no_other_model_is_named(small: Path, tmp_path: Path) -> None:
    await worlds.play(small, tmp_path / "whole")
    raw = (tmp_path / "whole" / FILE).read_bytes()
    _cut(tmp_path / "whole", tmp_path / "run", len(raw) - 5)  # the end is torn
    await _go_on(tmp_path / "run", _Other()).play(lambda seen: None)
    assert (tmp_path / "run" / FILE).read_bytes() == raw


def _finished(folder: Path) -> None:
    """Leaves it as it is."""


def _newer(folder: Path) -> None:
    raw = (folder / FILE).read_bytes()
    assert b'"schema_version":2' in raw
    (folder / FILE).write_bytes(raw.replace(b'"schema_version":2', b'"schema_version":99', 1))


def _elsewhere(folder: Path) -> None:
    lines = (folder / FILE).read_bytes().splitlines(keepends=True)
    lines[0] = lines[0].replace(b'"beats":["day","night","dawn"]', b'"beats":["day"]', 1)
    (folder / FILE).write_bytes(b"".join(lines[:-1]))


REFUSED = {
    "finished": (_finished, UsageError, "played to its end.*dreamplay.load_run"),
    "not there": (shutil.rmtree, RecordError, "no run in"),
    "without its transcript": (lambda folder: (folder / FILE).unlink(), RecordError, "no run in"),
    "of a newer version": (_newer, RecordError, "newer dreamplay"),
    "of a scene that it does not play": (_elsewhere, RecordError, "no scene that this run plays"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_cannot_go_on_is_refused_and_left_as_it_is(small: Path, tmp_path: Path, what: str) -> None:
    change, error, says = REFUSED[what]
    folder = tmp_path / "run"
    await worlds.play(small, folder)
    change(folder)
    before = {path: path.read_bytes() for path in folder.glob(FILE)}
    model = ScriptedModel()
    run = Runner(worlds.plan(small, beats=["day"]), model, folder, {}, goes_on=True)
    with pytest.raises(error, match=says):
        await run.play(lambda seen: None)
    assert {path: path.read_bytes() for path in folder.glob(FILE)} == before
    assert not model.seen


@pytest.mark.parametrize("settings", [{}, {"length": "long"}, {"beats": ["lunch"]}, {"beats": []}, {"beats": "day"}])
def test_a_header_that_does_not_say_how_to_go_on(small: Path, settings: dict[str, Any]) -> None:
    header = worlds.plan(small).header("scripted", {"profile": worlds.SMALL.recorded()})
    assert run_config.from_header(header) == worlds.plan(small)
    changed = header.model_copy(update={"settings": settings and header.settings | settings})
    with pytest.raises(RecordError, match="header"):
        run_config.from_header(changed)


KINDS = ("line", "dream", "stance", "epilogue")
SURVIVED: tuple[Fault, ...] = ("429", "429-retry-after", "500", "hang", "cut", "truncated", "garbled")
FATAL: tuple[Fault, ...] = (*SURVIVED, "401", "400", "404", "quota", "html", "empty")


class _Faulty(Endpoint):
    """A model at the fake endpoint, which fails at a call of each of some kinds; not at the very first line."""

    def __init__(self, fake: FakeEndpoint, faults: list[Fault], *kinds: str) -> None:
        client = open_client(fake.base_url, "none", timeout=0.3 if "hang" in faults else 30.0)
        super().__init__("fake", client, fake.base_url, wait=lambda error, tries: 0.0)
        self._fake, self._faults, self._kinds, self._begun = fake, faults, set(kinds), False

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        if prompt.kind in self._kinds and (self._begun or prompt.kind != "line"):
            self._kinds.remove(prompt.kind)
            self._fake.faults.extend(self._faults)
        self._begun = True
        return await super().complete(prompt, seed=seed, on_token=on_token)


async def _play(model: _Faulty, small: Path, folder: Path, *, goes_on: bool = False) -> bytes:
    """What stands in the transcript after a play, without the seconds that the endpoint took."""
    try:
        await Runner(worlds.plan(small), model, folder, {}, goes_on=goes_on).play(lambda seen: None)
    finally:
        await model.close()
    return re.sub(rb'"seconds":[0-9.]+', b'"seconds":0', (folder / FILE).read_bytes())


@pytest.fixture
def fake() -> Iterator[FakeEndpoint]:
    with FakeEndpoint() as fake:
        yield fake


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The transcript of a run on the fake endpoint in which nothing went wrong."""
    root = tmp_path_factory.mktemp("undisturbed")
    with FakeEndpoint() as fake:
        return asyncio.run(_play(_Faulty(fake, []), worlds.write(root / "small"), root / "run"))


@pytest.mark.parametrize("fault", SURVIVED)
async def test_a_fault_that_passes_is_survived(
    small: Path, tmp_path: Path, fake: FakeEndpoint, undisturbed: bytes, fault: Fault
) -> None:
    assert await _play(_Faulty(fake, [fault], *KINDS), small, tmp_path / "run") == undisturbed
    calls = transcript.total(transcript.read(tmp_path / "run").script).calls
    assert len(fake.seen) >= calls + len(KINDS)  # on a busy machine a good call may look like one that hangs


@pytest.mark.parametrize("fault", FATAL)
async def test_a_fault_that_stays_stops_a_run_which_goes_on_when_it_is_gone(
    small: Path, tmp_path: Path, fake: FakeEndpoint, undisturbed: bytes, fault: Fault
) -> None:
    stood: list[int] = []
    for kind in KINDS:
        with pytest.raises(ModelError):
            await _play(_Faulty(fake, [fault] * WAITS * 3, kind), small, tmp_path / "run", goes_on=bool(stood))
        fake.faults.clear()
        stood.append(len(transcript.read(tmp_path / "run").script))
    assert stood == sorted(set(stood))
    assert await _play(_Faulty(fake, []), small, tmp_path / "run", goes_on=True) == undisturbed
