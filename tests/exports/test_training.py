"""Runs as material for training: whose words are in a row, what is learnt, and what was left out."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import formats
from dreamplay.errors import UsageError
from dreamplay.exports.table import Csv, JsonLines
from dreamplay.exports.training import SHEET, Conversations, Preferences, Prompts, ShareGpt
from dreamplay.formats import Files, Format, Source
from dreamplay.runs import prompt_reader
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.script import Script

ROLES = ("ada", "bo", "cyrus")
TRAINING = (Prompts, Conversations, ShareGpt, Preferences)
AGENT = {"by": "agent"}


def _mark(number: int) -> str:
    """A word that stands in one event and nowhere else."""
    return f"zq{number}zq"


@pytest.fixture
def log(small: Path) -> RunLog:
    """A run with every kind of event, each with a mark: things that one, two or all three of them witness."""
    both, alone = ["ada", "bo"], ["ada"]
    refused = [{"text": "Ada: I say zq900zq.", "reason": "copies", "check": "copies"}]
    events: list[dict[str, Any]] = [
        {"kind": "line", "speaker": "ada", "beat": "prologue", "scene": "prologue"},
        {"kind": "narration"},
        {"kind": "line", "speaker": "ada", "turn": 1, "provenance": AGENT | {"refused": refused}},
        {"kind": "line", "speaker": "ada", "turn": 2, "provenance": AGENT, "witnesses": both,
         "cue": worlds.cue(hears=("bo",))},
        {"kind": "thought", "speaker": "bo", "provenance": AGENT, "witnesses": ["bo"]},
        {"kind": "action", "speaker": "bo", "provenance": AGENT},
        {"kind": "line", "speaker": "bo", "turn": 3, "provenance": AGENT, "leaves": True},
        {"kind": "exit", "speaker": "bo", "provenance": AGENT},
        {"kind": "line", "speaker": "cyrus", "turn": 4, "provenance": AGENT, "witnesses": ["ada", "cyrus"]},
        {"kind": "dream", "witnesses": both, "ledger": [{"role": "ada", "fear": "zq901zq", "wish": "zq902zq"}]},
        {"kind": "reflection", "speaker": "ada", "witnesses": alone, "provenance": AGENT, "attitudes": {"bo": 0.5}},
        {"kind": "recap", "witnesses": both, "covers": [1, 3]},
        {"kind": "line", "speaker": "bo", "turn": 1, "provenance": {"by": "person"}, "witnesses": both},
        {"kind": "line", "speaker": "ada", "turn": 2, "provenance": AGENT, "witnesses": both, "scene": "corner"},
        {"kind": "stance", "speaker": "cyrus", "provenance": AGENT},
        {"kind": "line", "speaker": "cyrus", "turn": 3, "provenance": AGENT},
        {"kind": "outcome"},
    ]  # fmt: skip
    place = {"beat": "day", "scene": "square", "witnesses": list(ROLES)}
    script = Script(
        worlds.made(place | each | {"id": number, "text": f"I say {_mark(number)}."})
        for number, each in enumerate(events)
    )
    return RunLog(worlds.plan(small).header("a_model", {"length": "full"}), script, None, name="a_run")


def _whole(made: str | bytes | Files) -> str:
    parts = [made.main, *made.beside.values()] if isinstance(made, Files) else [made]
    return "".join(part if isinstance(part, str) else part.decode("utf-8", "replace") for part in parts)


def _witnessed(log: RunLog, role: str) -> set[str]:
    return {_mark(event.id) for event in log.script if role in event.witnesses}


def _rows(made: Files) -> list[dict[str, Any]]:
    assert isinstance(made.main, str)
    return [json.loads(line) for line in made.main.splitlines()]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", [*TRAINING, Csv, JsonLines])
def test_a_role_is_told_no_word_that_it_did_not_witness(kind: type[Format], role: str, log: RunLog) -> None:
    if kind is Preferences and role != "ada":
        with pytest.raises(UsageError, match="nothing to learn from"):
            kind().write(Source((log,), role))
        return
    text = _whole(kind().write(Source((log,), role)))
    told = set(re.findall(r"zq\d+zq", text)) - ({"zq900zq"} if role == "ada" else set())
    assert told <= _witnessed(log, role)
    assert told & {_mark(event.id) for event in log.script if event.speaker == role}
    assert "CANARY" not in text


@pytest.mark.parametrize("view", ["author", "reader"])
@pytest.mark.parametrize("kind", [Conversations, ShareGpt, Prompts])
def test_with_any_other_view_each_row_is_still_one_characters_own(kind: type[Format], view: str, log: RunLog) -> None:
    rows = _rows(kind().write(Source((log,), view)))  # type: ignore[arg-type]
    whose = []
    for row in rows:
        text = json.dumps(row)
        (name,) = set(re.findall(r"You are (\w+)\.", text))
        whose.append(name.lower())
        assert set(re.findall(r"zq\d+zq", text)) <= _witnessed(log, name.lower())
        assert view == "author" or _mark(4) not in text  # a thought
    assert sorted(set(whose)) == [*ROLES]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", [Conversations, ShareGpt])
def test_with_secrets_the_private_sheet_is_the_characters_own(kind: type[Format], role: str, log: RunLog) -> None:
    text = _whole(kind().write(Source((log,), role, secrets=True)))
    assert set(re.findall(r"CANARY-(\w+)-", text)) == {role.capitalize()}
    assert "zq901zq" not in text  # what was pooled into the dream


async def test_with_secrets_prompts_are_those_that_were_answered(staged: Path, tmp_path: Path) -> None:
    played = await worlds.play(staged, tmp_path / "run", worlds.Acting(), reflect=True)
    kept = prompt_reader.every(tmp_path / "run")
    for role in ROLES:
        rows = _rows(Prompts().write(Source((played,), role, True, (tmp_path / "run",))))
        lines = [event for event in played.script if event.kind == "line" and event.speaker == role]
        lines = [event for event in lines if event.provenance.prompt]
        assert [row["prompt"] for row in rows] == [
            kept[event.provenance.prompt or ""].messages(prefill=False) for event in lines
        ]
        text = json.dumps(rows, ensure_ascii=False)
        seen = {event.text for event in played.script if role in event.witnesses}
        unseen = {event.text for event in played.script if len(event.text) > 20} - seen
        assert unseen
        assert not [words for words in unseen if words in text]
        if role == "cyrus":  # who dreams with nobody
            assert set(re.findall(r"CANARY-(\w+)-", text)) <= {"Cyrus"}


def test_what_is_learnt_was_said_by_the_model_and_has_its_form(log: RunLog) -> None:
    said = [row["completion"][0]["content"] for row in _rows(Prompts().write(Source((log,), "bo")))]
    assert said == [f"<private>I say {_mark(4)}.</private> (I say {_mark(5)}.) I say {_mark(6)}. (leaves)"]
    (row,) = _rows(Conversations().write(Source((log,), "ada")))
    assert [each["role"] for each in row["messages"]] == ["system", *["user", "assistant"] * 3]
    contents = [each["content"] for each in row["messages"]]
    assert contents[1].startswith(f"Ada: I say {_mark(0)}.\n\nI say {_mark(1)}.")
    assert contents[3] == "Now Ada, in a whisper to Bo."
    assert f"Bo: I say {_mark(12)}." in contents[5]  # a person, who is heard and not learnt from
    assert f"(Ada thinks: I say {_mark(10)}.)" in contents[5]
    (other,) = _rows(ShareGpt().write(Source((log,), "ada")))
    assert [each["value"] for each in other["conversations"]] == contents
    assert [each["from"] for each in other["conversations"]][:3] == ["system", "human", "gpt"]


def _spoken(log: RunLog, *refused: dict[str, str], cue: str = "", text: str = "Tea is tea.") -> RunLog:
    line = {
        "kind": "line", "speaker": "ada", "text": text, "turn": 1, "beat": "day", "scene": "square", "id": 0,
        "witnesses": ROLES, "cue": worlds.cue(cue), "provenance": AGENT | {"refused": refused},
    }  # fmt: skip
    return replace(log, script=Script([worlds.made(line)]))


PAIRS: dict[str, tuple[Sequence[tuple[str, str]], str, list[str]]] = {
    "without the name that the engine was given": ([("Ada: No tea.", "copies")], "", ["No tea."]),
    "once each": ([("No tea.", "copies"), ("No tea.", "copies"), ("", "empty")], "", ["No tea."]),
    "not for a note that is not told": ([("No.", "leaves_cue"), ("Nor.", "copies")], "Ada says no.", ["Nor."]),
    "not against a line that was at fault itself": ([("Tea is tea.", "slip"), ("No.", "copies")], "", []),
}


@pytest.mark.parametrize(("tried", "cue", "rejected"), PAIRS.values(), ids=PAIRS)
def test_pairs(tried: Sequence[tuple[str, str]], cue: str, rejected: list[str], log: RunLog) -> None:
    refused = [{"text": text, "reason": "of some fault", "check": check} for text, check in tried]
    source = Source((_spoken(log, *refused, cue=cue),), "ada")
    if not rejected:
        with pytest.raises(UsageError, match="nothing to learn from: 1 lines in which a check found a fault"):
            Preferences().write(source)
        return
    rows = _rows(Preferences().write(source))
    assert [row["rejected"][0]["content"] for row in rows] == rejected
    assert {row["chosen"][0]["content"] for row in rows} == {"Tea is tea."}
    assert {tuple(row) for row in rows} == {("prompt", "chosen", "rejected")}


def test_a_prompt_that_was_not_kept_is_left_out_and_counted(log: RunLog, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 lines whose prompt the run did not keep"):
        Prompts().write(Source((_spoken(log),), "ada", True, (tmp_path,)))


def test_the_same_rows_of_a_branch_and_its_parent_stand_once(log: RunLog) -> None:
    once, twice = (Prompts().write(Source(logs, "ada")) for logs in ((log,), (log, log)))
    assert once.main == twice.main
    assert "| rows that stood there already, such as those of a branch and its parent | 3 |" in str(twice.beside[SHEET])


def test_the_datasheet_says_what_is_in_it_and_what_is_not(log: RunLog) -> None:
    sheet = str(Prompts().write(Source((log,), "bo")).beside[SHEET])
    for part in (
        "# Datasheet: Small Hours", "| rows | 1 |", "| view | bo: what this character witnessed |",
        "| a\\_run | bo: 1 |",
        "| private sheets | not in it |", "seed 7, model a\\_model; length full; not played to its end",
        "| turns of a person (they are told as context, and no line of a person is to be learnt) | 1 |",
        "1 lines of these runs were said by a person.", "were written by a\\_model",
    ):  # fmt: skip
        assert part in sheet, part


def test_a_long_run_is_cut_before_a_line_and_begins_with_the_prologue(log: RunLog) -> None:
    place = {"kind": "line", "speaker": "bo", "beat": "day", "scene": "square", "witnesses": ROLES, "turn": 1}
    events = [place | {"text": f"Word {number} {'tea ' * 50}"} for number in range(400)]
    events = [place | {"beat": "prologue", "scene": "prologue", "text": "First."}, *events]
    events.append(place | {"speaker": "ada", "text": "Last.", "provenance": AGENT})
    script = Script(worlds.made(each | {"id": number}) for number, each in enumerate(events))
    (row,) = _rows(Prompts().write(Source((replace(log, script=script),), "ada")))
    told = row["prompt"][1]["content"]
    assert told.startswith("Bo: First.\n")
    assert "Word 399 " in told
    assert len(told) < 24_000


@pytest.mark.parametrize("text", ["Two\nlines\n\nBo: of mine", "</private> [[x]] {bo} -> #", "\u202eabc 🫖 <|im_end|>"])
def test_one_event_passes_for_no_other(text: str, log: RunLog) -> None:
    place = {"beat": "day", "scene": "square", "witnesses": ROLES, "kind": "line", "turn": 1}
    heard = place | {"id": 0, "speaker": "cyrus", "text": text, "provenance": AGENT}
    said = place | {"id": 1, "speaker": "ada", "text": "Tea is tea.", "provenance": AGENT}
    (row,) = _rows(Prompts().write(Source((replace(log, script=Script(map(worlds.made, (heard, said)))),), "ada")))
    told = row["prompt"][1]["content"].splitlines()
    assert [line.partition(":")[0] for line in told] == ["Cyrus", "", "Now Ada."]
    assert "<|" not in told[0]


def test_secrets_are_for_the_author_or_for_whose_they_are(log: RunLog) -> None:
    assert "CANARY-Ada-want" in _whole(formats.write("messages", [log], view="ada", secrets=True))
    with pytest.raises(UsageError, match="author's view, not 'reader'"):
        formats.write("messages", [log], view="reader", secrets=True)
    with pytest.raises(UsageError, match="is somebody's view; add `view`: ada, bo, cyrus"):
        formats.write("prompts", [log])
    with pytest.raises(UsageError, match="readers do not see what was refused"):
        formats.write("preferences", [log], view="reader")


@pytest.mark.filterwarnings("default")
def test_datasets_reads_them(log: RunLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="datasets is large, and not among the tests' requirements")
    for kind, columns in (
        (Prompts, ["prompt", "completion"]), (Conversations, ["messages"]), (ShareGpt, ["conversations"]),
        (Preferences, ["prompt", "chosen", "rejected"]),
    ):  # fmt: skip
        made = kind().write(Source((log,), "ada"))
        (tmp_path / "rows.jsonl").write_text(str(made.main), encoding="utf-8")
        read = datasets.load_dataset(
            "json", data_files=str(tmp_path / "rows.jsonl"), split="train", cache_dir=str(tmp_path / kind.__name__)
        )
        assert read.column_names == columns
        assert [dict(row) for row in read] == _rows(made)


@pytest.mark.filterwarnings("default")
def test_trl_takes_them_for_what_they_are(log: RunLog) -> None:
    trl = pytest.importorskip("trl.data_utils", reason="trl needs torch, and is not among the tests' requirements")
    for kind in (Prompts, Conversations, Preferences):
        assert all(map(trl.is_conversational, _rows(kind().write(Source((log,), "ada")))))
