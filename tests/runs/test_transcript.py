from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import worlds
from dreamplay.errors import RecordError, UsageError
from dreamplay.runs import transcript
from dreamplay.runs.transcript import FILE, End, Header, Resumed, Transcript
from dreamplay.schema.event import Cue, DreamContribution, Event
from dreamplay.schema.provenance import Provenance, RejectedCandidate, Usage
from dreamplay.schema.script import Script

PLACE = {"beat": "night", "scene": "attic"}
EVENTS = [
    worlds.event(0, "narration", "Night.\nWind — “ö”, \\ and \u2028.", witnesses=("ada", "bo"), **PLACE),
    worlds.event(
        1,
        speaker="ada",
        turn=1,
        witnesses=("ada", "bo"),
        **PLACE,
        cue=Cue(to="bo", pressure="p", tactic="t", material="m", text="Ada means it."),
        provenance=Provenance(
            by="agent",
            prompt="0" * 64,
            seed=3,
            usage=Usage(calls=2, prompt=9, seconds=0.5),
            refused=(RejectedCandidate(text="x", reason="empty"),),
        ),
    ),
    worlds.event(
        2,
        "dream",
        "A hall.",
        witnesses=("ada",),
        ledger=(DreamContribution(role="ada", fear="f", wish="w"),),
        **PLACE,
        provenance=Provenance(by="narrator"),
    ),
    worlds.event(
        3,
        "stance",
        "I go.",
        speaker="bo",
        choice="go",
        witnesses=("ada", "bo"),
        beat="dawn",
        scene="porch",
        provenance=Provenance(by="agent"),
    ),
]
END = End(lines=1, usage=Usage(calls=2))


@pytest.fixture
def header(small: Path) -> Header:
    return worlds.plan(small, beats=["night", "dawn"]).header("scripted", {"note": 3})


@pytest.fixture
def folder(tmp_path: Path, header: Header) -> Path:
    """A finished run."""
    with Transcript(tmp_path / "run", header) as record:
        for event in [*EVENTS, END]:
            record.append(event)
    return tmp_path / "run"


def _lines(folder: Path) -> list[bytes]:
    return (folder / FILE).read_bytes().splitlines(keepends=True)


def test_what_is_written_is_read_back(folder: Path, header: Header) -> None:
    record = transcript.read(folder)
    assert record.header == header
    assert list(record.script) == EVENTS
    assert record.end == END
    assert record.cast.roles == ("ada", "bo", "cyrus")
    assert transcript.read(folder / FILE).header == header
    assert len(_lines(folder)) == 6
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_each_event_is_on_disk_when_append_returns(tmp_path: Path, header: Header) -> None:
    with Transcript(tmp_path / "run", header) as record:
        for number, event in enumerate(EVENTS, start=1):
            record.append(event)
            assert len(transcript.read(tmp_path / "run").script) == number
    assert transcript.read(tmp_path / "run").end is None


def test_every_cut_leaves_a_run_that_can_be_read(folder: Path) -> None:
    raw = (folder / FILE).read_bytes()
    whole = len(_lines(folder)[0])
    for size in range(whole, len(raw), 7):
        (folder / FILE).write_bytes(raw[:size])
        events = list(transcript.read(folder).script)
        assert events == EVENTS[: len(events)]
        assert len(events) == min(len(EVENTS), raw[:size].count(b"\n") - 1)


def _event(**change: object) -> bytes:
    return json.dumps(EVENTS[1].model_dump() | change).encode() + b"\n"


def _thought(**change: object) -> bytes:
    return json.dumps(worlds.event(1, "reflection", speaker="ada").model_dump() | PLACE | change).encode() + b"\n"


def _dream(**change: object) -> bytes:
    made = worlds.event(1, "dream", provenance={"by": "narrator"}).model_dump()
    return json.dumps(made | PLACE | change).encode() + b"\n"


def _resumed(**change: object) -> bytes:
    settings = {"length": "full", "beats": ["night", "dawn"]}
    return json.dumps({"record": "resumed", "model": "m", "settings": settings} | change).encode() + b"\n"


DAMAGE: dict[str, tuple[int, bytes, str]] = {
    # line that is replaced, by what, words of the message
    "half a line in the middle": (3, b'{"id": 1, "kind"\n', ":3: .*damaged"),
    "a line that is gone": (2, b"", ":2: .*cannot follow"),
    "a line twice": (3, _event() + _event(), ":4: .*cannot follow"),
    "nested without an end": (3, b"[" * 99_999 + b"\n", ":3: .*damaged"),
    "no mapping": (3, b"[1]\n", ":3: .*damaged"),
    "an empty line": (3, b"\n", ":3: .*damaged"),
    "not UTF-8": (3, b'{"id": "\xff"}\n', ":3: .*damaged"),
    "unknown kind": (3, _event(kind="song"), ":3: kind.*damaged"),
    "unknown key": (3, _event(mood="calm"), ":3: mood.*damaged"),
    "unknown witness": (
        3,
        _event(witnesses=["ada", "zed"]),
        ":3: (witnesses|speaker) names 'zed'",
    ),
    "unknown speaker": (3, _event(speaker="zed"), ":3: (witnesses|speaker) names 'zed'"),
    "unknown dreamer": (3, _dream(ledger=[{"role": "zed", "fear": "f", "wish": "w"}]), ":3: ledger names 'zed'"),
    "unknown attitude": (3, _thought(attitudes={"zed": 1}), ":3: attitudes names 'zed'"),
    "unknown scene": (3, _event(scene="moon"), ":3: scene: night/moon is no scene that this run plays"),
    "a change of model somewhere else": (3, _resumed(event=7) + _event(), ":3: event 7 is said to follow, and event 1"),
    "a change of model, and something more": (3, _resumed(event=1, why="") + _event(), ":3: why.*damaged"),
    "an attitude beyond all bounds": (3, _thought(attitudes={"ada": 2}), ":3: attitudes.ada.*less than or equal to 1"),
    "unknown hearer": (3, _event(cue=worlds.cue(hears=("zed",)).model_dump()), ":3: .*names 'zed'"),
    "something after the end": (6, END.model_dump_json().encode() + b"\n" + _event(id=4), ":7: .*follows the end"),
    "a newer form": (1, b'{"record": "header", "schema_version": 99}\n', "newer dreamplay .*99.*upgrade"),
    "no header": (1, b"", ":1: "),
    "no version": (1, b'{"record": "header"}\n', ":1: schema_version: it is missing, not a number from 1 to 2"),
    "a version that is no number": (
        1,
        b'{"record": "header", "schema_version": true}\n',
        ":1: schema_version: it is true",
    ),
    "a header without a story": (1, b'{"record": "header", "schema_version": 1}\n', ":1: .*header is damaged"),
    "another file": (1, b"hello\n", ":1: no header"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named_with_its_line(folder: Path, what: str) -> None:
    number, put, says = DAMAGE[what]
    lines = _lines(folder)
    lines[number - 1] = put
    (folder / FILE).write_bytes(b"".join(lines))
    with pytest.raises(RecordError, match=says) as caught:
        transcript.read(folder)
    assert str(folder / FILE) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "says"),
    [(b"", "before it began"), (b'{"record": "hea', r":1: the header is cut off")],
    ids=["nothing", "half a header"],
)
def test_a_run_that_never_began(folder: Path, raw: bytes, says: str) -> None:
    (folder / FILE).write_bytes(raw)
    for where in (folder, folder / FILE):
        with pytest.raises(RecordError, match=says):
            transcript.read(where)


def test_there_is_no_run_in_a_folder_that_holds_none(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RecordError, match="no run in"):
            transcript.read(place)


def test_a_run_goes_on_behind_what_is_whole(folder: Path, header: Header) -> None:
    raw = b"".join(_lines(folder)[:3])
    (folder / FILE).write_bytes(raw + _event()[:-1])  # longer than what comes in its place
    resumed = Resumed(model="another", settings=header.settings | {"note": 1}, event=2)
    with Transcript(folder) as record:
        assert list(record.before.script) == EVENTS[:2]
        record.append(resumed)
        assert (folder / FILE).read_bytes() == raw + resumed.model_dump_json().encode() + b"\n"
        record.append(EVENTS[2])
    record_ = transcript.read(folder)
    assert (record_.header, list(record_.script), record_.resumptions) == (header, EVENTS[:3], (resumed,))
    assert record_.models == ("scripted", "another")
    assert record_.newest == resumed


def test_a_run_that_was_played_to_its_end_does_not_go_on(folder: Path) -> None:
    before = (folder / FILE).read_bytes()
    for go_on in (Transcript, transcript.unfinished):
        with pytest.raises(UsageError, match=r"played to its end; look at it with: `dreamplay.load_run"):
            go_on(folder)
    assert (folder / FILE).read_bytes() == before


@pytest.mark.parametrize("raw", [b"", b'{"record": "hea'], ids=["nothing", "half a header"])
def test_what_never_began_is_begun_anew(folder: Path, header: Header, raw: bytes) -> None:
    (folder / FILE).write_bytes(raw)
    with Transcript(folder, header):
        pass
    assert transcript.read(folder).header == header


def test_who_writes_a_run_keeps_others_off(tmp_path: Path, header: Header) -> None:
    with Transcript(tmp_path / "run", header):
        for rest in ((header,), ()):
            with pytest.raises(RecordError, match=rf"run is being played by process {os.getpid()} on "):
                Transcript(tmp_path / "run", *rest)
    Transcript(tmp_path / "run").__exit__(None, None, None)


def test_a_run_is_never_written_over(folder: Path, header: Header) -> None:
    before = (folder / FILE).read_bytes()
    with pytest.raises(RecordError, match="already holds a run; choose another `out`"):
        Transcript(folder, header)
    assert (folder / FILE).read_bytes() == before


def test_a_folder_that_cannot_be_made(tmp_path: Path, header: Header) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RecordError, match=r"cannot write to .*choose another folder"):
        Transcript(tmp_path / "file" / "run", header)


async def test_a_full_disk_keeps_what_was_played_and_leaves_no_half_record(
    tmp_path: Path, header: Header, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with Transcript(tmp_path / "run", header) as record:
        record.append(EVENTS[0])
        await record.settled()
        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", full)
            record.append(EVENTS[1])
            with pytest.raises(RecordError, match=r"No space left on device.*kept; make room"):
                await record.settled()
        assert list(transcript.read(tmp_path / "run").script) == EVENTS[:1]
        record.append(EVENTS[1])  # room was made
    assert list(transcript.read(tmp_path / "run").script) == EVENTS[:2]


def test_a_disk_that_is_full_from_the_start_leaves_nothing_behind(
    tmp_path: Path, header: Header, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordError, match="No space left"):
        Transcript(tmp_path / "run", header)
    assert not (tmp_path / "run" / FILE).exists()
    assert not (tmp_path / "run").exists()


def test_the_cost_of_a_run_is_the_sum_of_its_events() -> None:
    script: list[Event] | Script = Script(EVENTS)
    assert transcript.total(script) == Usage(calls=2, prompt=9, seconds=0.5)


async def test_what_a_terminal_would_obey_is_left_out_of_a_strangers_transcript(small: Path, tmp_path: Path) -> None:
    await worlds.play(small, tmp_path / "run")
    path = tmp_path / "run" / FILE
    theirs = path.read_text(encoding="utf-8").replace('"text":"Tea is tea."', '"text":"Tea \\u001b[2J\\u0007is tea."')
    path.write_text(theirs, encoding="utf-8")
    texts = [event.text for event in transcript.read(tmp_path / "run").script]
    assert "Tea  [2J is tea." in texts
    assert not any("\x1b" in text or "\x07" in text for text in texts)
