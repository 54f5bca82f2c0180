from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dreamplay import prepare
from dreamplay.errors import RecordError
from dreamplay.models import model_choice, profile_table
from dreamplay.models.model_choice import ModelSpec
from dreamplay.runs import transcript, upgrade
from dreamplay.runs.transcript import FILE, Transcript
from dreamplay.schema.event import Cue, validate_event
from dreamplay.settings import load

EXAMPLE = Path(__file__).parent / "version_1"
"""A run of version 1."""
KEPT = "transcript.v1.jsonl"
ADDED = {"direction", "think", "judges_outcome", "brief_tokens", "earlier_scenes", "detailed_reflections"}
"""Fields of a profile that the first runs of version 2 do not have."""


def _old(kind: str, **fields: Any) -> dict[str, Any]:
    """An event as version 1 wrote it, with every field."""
    place = {"id": 5, "kind": kind, "text": "", "speaker": None, "witnesses": ["ada"], "beat": "day", "scene": "square"}
    rest = {"turn": 0, "cue": None, "ledger": [], "choice": None, "regards": {}, "covers": None}
    return place | rest | {"provenance": {"by": "person"}} | fields


def _cue(tactic: str) -> dict[str, Any]:
    return {"to": "bo", "pressure": "", "tactic": tactic, "material": "", "text": "", "glimpse": "", "hears": ["bo"]}


def _read(cue: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return Cue.model_validate(cue | rest).model_dump()


UPGRADED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # an event of version 1, and what of it is otherwise in the newest form
    "a narration": (_old("narration", text="It rains."), {"kind": "narration", "text": "It rains."}),
    "a role in hand": (
        _old("hand", text="visitor", speaker="bo"), {"kind": "control", "speaker": "bo", "controller": "visitor"}),
    "a role handed back": (
        _old("hand", text="agent", speaker="bo", turn=3), {"kind": "control", "controller": "model", "turn": 3}),
    "a thought": (
        _old("reflection", text="Hm.", speaker="ada", regards={"bo": 0.4}),
        {"kind": "reflection", "attitudes": {"bo": 0.4}, "failed": False}),
    "no thought": (_old("reflection", speaker="ada", witnesses=[]), {"kind": "reflection", "failed": True}),
    "an aside": (
        _old("line", text="Hush.", speaker="ada", turn=2, cue=_cue("in a whisper, for nobody else to hear,")),
        {"cue": _read(_cue("in a whisper, for nobody else to hear,"), aside=True)}),
    "an answer in a whisper": (
        _old("line", text="Hush.", speaker="ada", turn=2, cue=_cue("calmly")),
        {"cue": _read(_cue("calmly"), aside=False)}),
    "a silence": (_old("silence", speaker="ada", turn=2), {"kind": "silence", "speaker": "ada", "turn": 2}),
}  # fmt: skip


@pytest.mark.parametrize("what", UPGRADED)
def test_an_event_of_version_1_is_read(what: str) -> None:
    old, new = UPGRADED[what]
    before = json.dumps(old)
    assert new.items() <= validate_event(upgrade.record(old, 1)).model_dump().items()
    assert json.dumps(old) == before


def test_other_records_of_version_1_are_read() -> None:
    assert upgrade.record({"record": "undone", "event": 4}, 1) == {"record": "rollback", "event": 4}
    assert upgrade.record({"record": "end", "lines": 9}, 1) == {"record": "end", "lines": 9}
    assert upgrade.pending_answer({"kind": "reflection", "regards": {"bo": 1}}) == {
        "kind": "reflection", "attitudes": {"bo": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "hand", "text": "zed", "speaker": "leo"}, "text: a hand says who speaks for whom"),
        ({"kind": "hand", "text": ["visitor"], "speaker": "leo"}, "text: a hand says who speaks for whom"),
        ({"kind": "song"}, "kind: 'song' is no kind of event"),
        ({"choice": "go"}, "choice: a .* has none"),
        ({"regards": {"leo": 1}}, "attitudes: a .* has none"),
        ({"mood": "calm"}, "mood: a .* has none"),
    ],
)
def test_damage_in_a_run_of_version_1_is_one_error_with_its_line(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    lines = (EXAMPLE / FILE).read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if '"kind":"narration"' in line)
    lines[number] = json.dumps(json.loads(lines[number]) | change)
    (tmp_path / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(RecordError, match=rf":{number + 1}: {says}.*damaged there$"):
        transcript.read(tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rolls": "2"}, "settings.rolls: must be a whole number, not '2'"),
        ({"rolls": True}, "settings.rolls: must be a whole number, not 'True'"),
        ({"sheets": "no"}, "settings.sheets: must be true or false, not 'no'"),
        ({"sheets": 0}, "settings.sheets: must be true or false, not '0'"),
    ],
)
def test_a_setting_of_version_1_of_the_wrong_type_is_one_error(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    first, *rest = (EXAMPLE / FILE).read_text(encoding="utf-8").splitlines()
    header = json.loads(first)
    header["settings"] = {"length": "full", "beats": header["settings"]["beats"], "tries": 3} | change
    (tmp_path / FILE).write_text("\n".join([json.dumps(header), *rest]) + "\n", encoding="utf-8")
    with pytest.raises(RecordError, match=rf":1: {says}; the header is damaged$"):
        transcript.read(tmp_path)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("record", ["header", "resumed"])
def test_a_model_whose_profile_does_not_say_how_it_was_directed_was_led(version: int, record: str) -> None:
    old = {"record": record, "model": "tiny", "settings": {"profile": {"candidates": 2}}}
    new = upgrade.record(old, version)["settings"]["profile"]
    assert new == {"direction": "led", "think": False, "earlier_tokens": 0, "candidates": 2}
    said = {"direction": "free", "think": True}
    assert upgrade.record(old | {"settings": {"profile": said}}, version)["settings"]["profile"] == said | {
        "earlier_tokens": 0
    }
    assert "profile" not in upgrade.record(old | {"settings": {}}, 2)["settings"]


@pytest.mark.parametrize("kind", ["embedded", "gguf", "scripted", "endpoint"])
def test_a_run_whose_profile_did_not_say_how_it_was_directed_goes_on_led(kind: str, tmp_path: Path) -> None:
    header = json.loads((EXAMPLE / FILE).read_text(encoding="utf-8").splitlines()[0])
    known = profile_table.look_up(kind, "tiny").recorded()
    profile = {name: value for name, value in known.items() if name not in ADDED}
    settings = {"length": "full", "beats": header["settings"]["beats"], "provider": kind, "profile": profile}
    header |= {"schema_version": 2, "model": "tiny", "settings": settings}
    (tmp_path / FILE).write_text(json.dumps(header) + "\n", encoding="utf-8")
    kept = prepare.recorded_profile(transcript.read(tmp_path).header)
    played = model_choice.profile(ModelSpec(kind, "tiny", None, "as before"), load(), kept)
    assert played == profile_table.look_up(kind, "tiny").refined({"direction": "led", "think": False})


def test_a_run_goes_on_as_it_was_directed_unless_that_is_set_anew(stopped: Path) -> None:
    before = transcript.read(stopped).header
    for settings, expected in (({}, ("led", False)), ({"direction": "free", "think": True}, ("free", True))):
        spec, known = prepare.choose(load(model=before.model, base_url="http://127.0.0.1:9/v1", **settings), before)
        played = model_choice.profile(spec, load(**settings), known)
        assert (played.direction, played.think) == expected
    spec, known = prepare.choose(load(model="another", base_url="http://127.0.0.1:9/v1"), before)
    assert model_choice.profile(spec, load(), known).direction == "guided"


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A run of version 1 that was stopped in the middle of a line."""
    (tmp_path / FILE).write_bytes(b"".join((EXAMPLE / FILE).read_bytes().splitlines(keepends=True)[:40]) + b'{"id":')
    return tmp_path


def test_a_run_of_version_1_that_goes_on_becomes_one_of_version_2_and_the_old_file_is_kept(stopped: Path) -> None:
    old, before = (stopped / FILE).read_bytes(), transcript.read(stopped)
    with Transcript(stopped):
        pass
    assert (stopped / KEPT).read_bytes() == old
    new = (stopped / FILE).read_bytes()
    assert json.loads(new.splitlines()[0])["schema_version"] == 2
    assert b"regards" not in new
    assert transcript.read(stopped).header == before.header
    assert [event.model_dump() for event in transcript.read(stopped).script] == [
        event.model_dump() for event in before.script
    ]
    with Transcript(stopped):  # and once only
        pass
    assert (stopped / FILE).read_bytes() == new


@pytest.mark.parametrize("where", [KEPT, f"{FILE}.new"])
def test_a_run_of_version_1_that_cannot_be_upgraded_is_left_as_it_is(stopped: Path, where: str) -> None:
    (stopped / where / "in the way").mkdir(parents=True)
    old = (stopped / FILE).read_bytes()
    with pytest.raises(RecordError, match=r"^cannot write to .*; the transcript is left as it is; "):
        Transcript(stopped)
    assert (stopped / FILE).read_bytes() == old
    assert where == KEPT or not (stopped / KEPT).exists()


def test_another_file_of_that_name_is_never_written_over(stopped: Path) -> None:
    (stopped / KEPT).write_bytes(b"mine")
    with pytest.raises(RecordError, match=rf"{KEPT} .* move it away"):
        Transcript(stopped)
    assert (stopped / KEPT).read_bytes() == b"mine"
