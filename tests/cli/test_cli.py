"""The command line: the installed command where a process of its own matters, `main` in this one where it does not."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import adapter_files
import pytest
import typer.main
import worlds
from dreamplay import casting, formats
from dreamplay.cli import main
from dreamplay.cli.app import app
from dreamplay.comparison.compare import Comparison
from dreamplay.errors import INTERRUPTED, RecordError
from dreamplay.library import resources
from dreamplay.models import connection, model_store, scripted, shipped
from dreamplay.models.adapter import Adapter
from dreamplay.models.base import Reply
from dreamplay.models.client import open_client
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import prompt_records, transcript
from dreamplay.runs.transcript import End
from dreamplay.schema.event_base import EventBase
from dreamplay.schema.provenance import Usage
from dreamplay.schema.script import Script
from dreamplay.storage import lock
from fake_endpoint import FakeEndpoint

COMMAND = str(Path(sys.executable).with_name("dreamplay"))
EXAMPLE = shlex.quote(str(Path(__file__).parents[2] / "transcripts" / "example"))


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """What it said on stderr, without the line that tells what plays."""
        assert "Traceback" not in self.err
        return "".join(line for line in self.err.splitlines(keepends=True) if ": playing on " not in line)


def _run(*args: object, **environment: str) -> Done:
    done = subprocess.run(
        [COMMAND, *map(str, args)], env=os.environ | environment, capture_output=True, encoding="utf-8", timeout=60,
        check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """The command in this process: a second or two sooner."""

    def called(*args: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["dreamplay", *map(str, args)])
        with pytest.raises(SystemExit) as caught:
            main.main()
        out, err = capsys.readouterr()
        return Done(int(caught.value.code or 0), out, err)

    return called


@pytest.mark.parametrize(
    ("variable", "traced"), [("LANGGRAPH_DEFAULT_RECURSION_LIMIT", ""), ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "--trace")]
)
def test_a_variable_of_others_with_which_a_library_cannot_be_loaded_is_named(
    small: Path, variable: str, traced: str
) -> None:
    if traced:
        pytest.importorskip("opentelemetry.sdk", reason="the extra `trace` is not installed")
    trace = [traced, "http://127.0.0.1:9"] if traced else []
    done = _run("run", "--story", small, "--model", "scripted", *trace, **{variable: "abc"})
    assert (done.code, done.out, len(done.message.splitlines())) == (2, "", 1)
    assert done.message.endswith(f"; correct or unset {variable}\n")


def test_of_thoughts_that_could_not_be_read_the_run_says_how_many_and_why(
    call: Callable[..., Done], small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = call("run", "--story", small, "--model", "scripted", "--seed", "1", "--out", "all")
    assert "thoughts that" not in told.err

    answer = ScriptedModel.complete

    async def unreadable(self: ScriptedModel, prompt: Prompt, **rest: Any) -> Reply:
        reply = await answer(self, prompt, **rest)
        return replace(reply, text='{"thought": "It is late."}') if prompt.kind == "reflection" else reply

    monkeypatch.setattr(ScriptedModel, "complete", unreadable)
    lost = call("run", "--story", small, "--model", "scripted", "--seed", "1", "--reflect", "--out", "none")
    count = sum(event.kind == "reflection" for event in transcript.read(Path("none")).script)
    assert count > 0
    assert re.search(
        f"^dreamplay: reflections that could not be read and are left out: {count} "
        r"\(the last one: no valid reflection: the answer lacks [A-Z][\w ]+\)$",
        lost.err,
        re.MULTILINE,
    )
    assert (told.code, lost.code) == (0, 0)


def test_a_run_in_which_nearly_nobody_speaks_says_so(
    call: Callable[..., Done], small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = scripted.answer

    def same(text: str, seed: int, shape: dict[str, Any] | None = None) -> str:
        return "I say that it is late." if text.rstrip().endswith("]") else answer(text, seed, shape)

    monkeypatch.setattr(scripted, "answer", same)
    done = call("run", "--story", small, "--model", "scripted", "--seed", "1")
    assert done.code == 0
    assert re.search(r"\d+ of \d+ turns passed in silence \(most often: copies\); try another --model", _flat(done.err))


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_a_run_is_played_and_can_be_shown(small: Path, call: Callable[..., Done]) -> None:
    folder = Path("transcripts") / "small-1"
    done = _run("run", "--story", small, "--model", "scripted", "--seed", 1, "--out", folder)
    assert done.code == 0, done.err
    assert done.out.startswith("SMALL HOURS\n")
    assert done.err.splitlines() == [
        "dreamplay: playing on scripted (the shipped fake: no model, no network), seed 1",
        f"dreamplay: transcript: {folder / 'transcript.md'}",
    ]
    record = transcript.read(folder)
    assert record.end
    assert record.header.seed == 1
    for reference in ([], ["small-1"], [folder]):
        shown = call("show", *reference)
        assert (shown.code, shown.err) == (0, "")
        assert _flat(shown.out) == _flat(done.out)
    events = json.loads(call("show", "--json").out)
    assert [event["text"] for event in events] == [event.text for event in record.script]


def test_a_run_that_somebody_else_is_playing_is_not_said_to_be_resumed(call: Callable[..., Done]) -> None:
    _left_behind()
    with lock.hold(Path("elsewhere")):
        assert call("show", "elsewhere").err.startswith("dreamplay: this run is being played by process ")
    assert "continue with: dreamplay resume elsewhere" in call("show", "elsewhere").err
    assert call("show", "elsewhere", "--store", ".").err.endswith("with: dreamplay resume elsewhere --store .\n")


def test_a_run_can_be_asked_why_and_who_knows_what(small: Path, call: Callable[..., Done]) -> None:
    assert call("run", "--story", small, "--model", "scripted", "--quiet", "--out", "run").code == 0
    shown = call("show", "run", "--numbers").out
    record = transcript.read(Path("run"))
    (first, *_) = [event for event in record.script if event.provenance.by == "agent"]
    assert re.search(rf"^ +{first.id}  {record.cast.name(first.speaker or '')}: ", shown, re.MULTILINE)
    why = json.loads(call("why", "run", first.id, "--json").out)
    assert (why["text"], why["prompt"]["kind"]) == (first.text, "line")
    assert first.text in call("why", "run/transcript.jsonl", first.id).out
    Path("run/prompts.jsonl").unlink()
    assert "not kept" in call("why", "run", first.id).out
    knows = json.loads(call("knows", "run", "bo", "--at", first.id, "--json").out)
    assert knows["witnessed"][-1] == {**knows["witnessed"][-1], "since": first.id, "text": first.text}
    assert "What Bo has witnessed" in call("knows", "run", "bo").out
    threads = json.loads(call("threads", "run", "--role", "bo", "--json").out)
    known = {event.id for event in record.script.visible_to("bo")}
    assert {thread["since"] for thread in threads} <= known
    assert call("threads", EXAMPLE).out


def test_json_prints_the_events_and_quiet_prints_nothing(small: Path, call: Callable[..., Done]) -> None:
    play = ("run", "--story", small, "--model", "scripted", "--seed", 3, "--length", "short", "--beats", "day")
    told, silent = call(*play, "--json", "--out", "told"), call(*play, "--quiet", "--out", "silent")
    events = [json.loads(line) for line in told.out.splitlines()]
    assert [event["id"] for event in events] == list(range(len(events)))
    assert silent == Done(0, "", "")
    assert [event.text for event in transcript.read(Path("silent")).script] == [event["text"] for event in events]


def test_a_page_that_cannot_be_written_is_not_announced(
    small: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise RecordError("no room")

    monkeypatch.setattr(formats, "write_page", full)
    done = call("run", "--story", small, "--model", "scripted", "--beats", "day", "--out", "x")
    assert done.message == (
        "dreamplay: transcript: x/transcript.jsonl; transcript.md could not be written, read the run with: "
        "dreamplay show x\n"
    )


def test_a_swap_is_played(small: Path, call: Callable[..., Done]) -> None:
    worlds.dump(Path("zoe.yaml"), worlds.persona("Zoe", "parrot"))
    play = ("run", "--story", small, "--model", "scripted", "--beats", "day", "--out", "x")
    assert call(*play, "--swap", "bo=zoe.yaml").code == 0
    assert transcript.read(Path("x")).cast.name("bo") == "Zoe"


def test_runs_are_compared(small: Path, call: Callable[..., Done]) -> None:
    play = ("run", "--story", small, "--model", "scripted", "--quiet", "--beats", "day", "--seed", 1)
    worlds.dump(Path("zoe.yaml"), worlds.persona("Zoe", "parrot"))
    for name, persona in (("base", small.with_name("bo.yaml")), ("same", "bo"), ("zoe", "zoe.yaml")):
        assert call(*play, "--out", Path("transcripts") / name, "--swap", f"bo={persona}").code == 0
    assert "- The runs are the same, event for event.\n" in call("compare", "base", "same").out
    done = call("compare", "base", "transcripts/zoe", "--markdown", "it.md", "--html", "it.html")
    assert done.err == "dreamplay: written: it.md\ndreamplay: written: it.html\n"
    assert "- Changed: Bo/Zoe has another persona.\n" in done.out
    assert Path("it.md").read_text(encoding="utf-8").startswith("# Small Hours: two groups of runs\n")
    assert Path("it.html").read_text(encoding="utf-8").startswith("<!doctype html>\n")
    listed = json.loads(call("compare", "base", "zoe", "--json").out)
    assert Comparison.model_validate(listed).names["bo"] == "Bo/Zoe"
    assert "two base runs have the seed 1" in call("compare", "base", "same", "zoe").message
    failed = call("compare", "base", "zoe", "--html", "no/such/it.html")
    assert (failed.code, failed.err) == (
        2, "dreamplay: cannot write no/such/it.html: No such file or directory; choose another folder\n"
    )  # fmt: skip


def test_what_if(small: Path, call: Callable[..., Done]) -> None:
    parent = Path("transcripts") / "p"
    assert call("run", "--story", small, "--model", "scripted", "--quiet", "--seed", 1, "--out", parent).code == 0
    what_if = ("whatif", "p", "--at", "night", "--say", "bo: I am off.", "--drop", "bo")
    done = call(*what_if)
    assert done.code == 0, done.err
    assert "Bo: I am off." in done.out
    assert "on, say bo: “I am off.”; drop bo.\n- The runs diverge at event " in done.out
    assert "\n— new from here on —\n" in done.out
    assert "\nWho chose what\n" in done.out
    assert "Methods" not in done.out
    compared = re.search(r"texts, measures and methods: dreamplay (compare p \S+)\n", done.err)
    assert compared
    assert "\nMethods\n" in call(*compared[1].split()).out
    assert call(*what_if, "--quiet") == Done(0, "", "")
    listed = call(*what_if, "--seeds", 2, "--jobs", 4, "--dry-run")
    assert re.fullmatch(r"2 of 3 runs to play: about \d+ calls, [\d,]+ prompt tokens .*\n", listed.out)
    many = call(*what_if, "--seeds", 2, "--jobs", 4, "--json", "--html", "it.html")
    assert many.err == "dreamplay: written: it.html\n"
    made = Comparison.model_validate_json(many.out)
    assert (made.base.seeds, made.changed.seeds) == ((1, 2), (1, 2))
    before = {path: path.read_bytes() for path in Path("transcripts").rglob("*") if path.is_file()}
    again = call(*what_if, "--seeds", 2, "--json")
    assert (again.out, again.err) == (many.out, "")
    assert {path: path.read_bytes() for path in Path("transcripts").rglob("*") if path.is_file()} == before
    drawn = call("tree", "p").out.splitlines()
    assert len(drawn) == 4
    assert drawn[0] == "p  seed 1, finished"


NOT_BRANCHED = {
    "no change": ("whatif p", "nothing is changed; add --swap"),
    "no change by a swap": (
        "whatif p --swap bo=bo --seeds 2",
        "nothing is changed by --swap bo=bo, which is as it was",
    ),
    "no change by a swap on another model": (
        "whatif p --swap bo=bo --model scripted",
        "nothing is changed by --swap bo=bo, which is as it was",
    ),
    "beyond the end": ("whatif p --at 999 --drop bo", "p ends with event"),
    "no such role": ("whatif p --at corner --swap zed=bo", "no role 'zed'"),
    "no such run": ("whatif q --drop bo", "no run 'q'"),
    "damaged": ("whatif broken --drop bo", "the file is damaged there"),
    "half a line": ("whatif p --say bo", "write ROLE: WORDS"),
    "no number": ("whatif p --drop bo --seeds many", "--seeds 'many': write how many"),
    "no seed": ("whatif p --drop bo --seeds 0", "from 1 to 1000 of them"),
    "another story": ("whatif p --at corner --story-edit mindsync.yaml", "is another story"),
    "a report into a folder": ("whatif p --drop bo --html .", "cannot write .: Is a directory"),
    "too many at once": (
        "whatif p --drop bo --seeds 9 --jobs 9 --model x.gguf",
        "--jobs 9: gguf models have room for 8",
    ),
}


def test_what_cannot_branch_off_leaves_nothing_behind(small: Path, call: Callable[..., Done]) -> None:
    play = ("run", "--story", small, "--model", "scripted", "--quiet", "--beats", "day")
    for name in ("p", "broken"):
        assert call(*play, "--out", Path("transcripts") / name).code == 0
    damaged = Path("transcripts") / "broken" / "transcript.jsonl"
    damaged.write_bytes(damaged.read_bytes().replace(b'"kind":"line"', b'"kind":"song"', 1))
    shutil.copy(resources.prompts() / "stories" / "mindsync.yaml", "mindsync.yaml")
    Path("x.gguf").write_bytes(b"GGUF")
    before = sorted(Path.cwd().rglob("*"))
    for what, (command, said) in NOT_BRANCHED.items():
        done = call(*shlex.split(command))
        assert done.code in (1, 2), what
        assert said in done.message, what
        assert done.out == "", what
        assert sorted(Path.cwd().rglob("*")) == before, what


MISUSED: dict[str, tuple[str, str]] = {
    "no such story": ("run --story mindsink --model scripted", "did you mean 'mindsync'"),
    "no such role": ("run --swap zed=leo --model scripted", "no role 'zed'"),
    "no such persona": ("run --swap leo=lleo --model scripted", "did you mean 'leo'"),
    "half a swap": ("run --swap leo --model scripted", "ROLE=PERSONA"),
    "a swap of a role that has one": ("run --swap leo=mira --swap leo=sam --model scripted", "leo is mira already"),
    "no such beat": ("run --beats lunch --model scripted", "no beat 'lunch'"),
    "no such file": ("run --model no.gguf", "no.gguf"),
    "an address that is none": ("run --model m --base-url localhost", "--base-url"),
    "a temperature that is none": ("run --model scripted --temperature 9", "--temperature"),
    "nobody to ask": ("run --model scripted --as Noor", "needs a terminal to type in; add --interventions FILE"),
    "a visit that is not read": ("run --model scripted --as Noor --quiet", "leave out --quiet and --json"),
    "a visitor of the cast": ("run --model scripted --as Leo --interventions file", "Leo is in the cast already"),
    "a visitor without a name": ("run --model scripted --as '' --interventions file", "no name; at most 40 characters"),
    "interventions of nobody": ("run --model scripted --interventions file", "needs a visitor: add --as NAME"),
    "interventions that are none": ("run --model scripted --as Noor --interventions file", "file:1"),
    "no such interventions": ("run --model scripted --as Noor --interventions none.yaml", "none.yaml: No such file"),
    "a folder without a name": ("run --model scripted --out ''", "--out: a folder has a name"),
    "a seed below 0": ("run --model scripted --seed -5", "--seed"),
    "no key": ("run --model gpt-x", "OPENAI_API_KEY"),
    "a run to its end": ("resume finished", "played to its end; look at it with: dreamplay show finished"),
    "a visit to go on with, and nobody there": ("resume visited", "needs a terminal to type in; resume the run in one"),
    "no such model to go on": ("resume elsewhere", "--model m --base-url URL"),
    "no such file to check": ("check nothing.yaml", "nothing.yaml"),
    "a file that is not valid": ("check file", "file:1"),
    "a folder to check": ("check .", "directory"),
    "one run to compare": (f"compare {EXAMPLE}", "name at least two"),
    "an event that nobody said": (f"why {EXAMPLE} 0", "nearest that can be asked about"),
    "no such event": (f"why {EXAMPLE} 9999", "events 0 to"),
    "no such role to know": (f"knows {EXAMPLE} zed", "it has elara, leo"),
    "no such role to list": (f"threads {EXAMPLE} --role zed", "it has elara, leo"),
    "no such moment": (f"knows {EXAMPLE} leo --at 9999", "--at 9999"),
    "no such name to check": ("check lleo", "did you mean 'leo'"),
    "the secrets of a persona": ("check leo --secrets", "leo is a persona"),
    "a story into no folder": ("new story no/night.yaml", "cannot write no/night.yaml: "),
    "a story into a folder that is a file": ("new story file/night.yaml", "cannot write file/night.yaml: "),
    "a swap in no role": ("check mindsync --swap zed=leo", "no role 'zed'"),
    "a swap in a role that is misspelt": ("check mindsync --swap lea=leo", "no role 'lea' in this story (did you mean"),
    "a folder that is a file": ("run --model scripted --out file", "cannot use file: "),
    "a folder in a file": ("run --model scripted --out file/run", "cannot use file/run: "),
    "a store that is a file": ("run --model scripted --store file", "cannot use file: "),
    "runs of a file": ("runs --store file", "a part of that path is a file; choose another folder"),
    "a copy into a file": (f"copy {EXAMPLE} --to file", "cannot use file: "),
    "an export into a file": (f"export {EXAMPLE} --out file/run.csv", "cannot write file/run.csv: "),
    "an export by a long name": (f"export {EXAMPLE} --out {'x' * 300}.csv", "choose a shorter name"),
    "an export into no folder": (f"export {EXAMPLE} --out no/run.csv", "cannot write no/run.csv: "),
    "an export into a link to itself": (f"export {EXAMPLE} --out loop.html", "cannot write loop.html: "),
    "a report into a link to itself": ("compare nothing nothing --html loop.html", "cannot write loop.html: "),
    "a report into a folder that is there": ("compare nothing nothing --html finished", "cannot write finished: "),
    "a report into a file that is only read": ("compare nothing nothing --html locked", "cannot write locked: "),
    "no such story to cast": ("cast --story mindsink", "did you mean 'mindsync'"),
}
FAILED: dict[str, tuple[str, str]] = {
    "no runs to show": ("show", "dreamplay run"),
    "no run to go on with": ("resume", "dreamplay run"),
    "no such run to go on with": ("resume nothing", "no run 'nothing'"),
    "a run of a newer version": ("resume newer", "newer dreamplay"),
    "a run that never began": ("resume empty", "stopped before it began"),
    "a run of which a part is left": ("resume torn", "torn/transcript.jsonl:1: the header is cut off"),
    "no such run": ("show nothing", "no run 'nothing'"),
    "no such run to compare": ("compare nothing nothing", "no run 'nothing'"),
    "not a run": ("show file", "file:1"),
}


def _left_behind() -> None:
    """Runs in the current folder, with which one cannot go on just so."""
    header = worlds.plan("mindsync").header("m", {}).model_dump_json()
    visited = worlds.plan("mindsync", guest="Noor").header("m", {}).model_dump_json()
    end = End(lines=0, usage=Usage()).model_dump_json()
    for name, text in {
        "finished": f"{header}\n{end}\n", "elsewhere": f"{header}\n", "torn": header[:99], "empty": "",
        "visited": f"{visited}\n",
        "newer": header.replace('"schema_version":2', '"schema_version":9', 1) + "\n",
    }.items():  # fmt: skip
        Path(name).mkdir()
        (Path(name) / transcript.FILE).write_text(text)


@pytest.mark.parametrize("what", [*MISUSED, *FAILED])
def test_what_cannot_be_done_is_one_line_and_an_exit_code(what: str, call: Callable[..., Done]) -> None:
    command, says = (MISUSED | FAILED)[what]
    Path("file").write_text("hello\n")
    Path("loop.html").symlink_to("loop.html")
    Path("locked").symlink_to("/proc/sys/kernel/ostype")  # which root cannot write to either
    _left_behind()
    done = call(*shlex.split(command))
    assert done.code == (2 if what in MISUSED else 1)
    assert done.message.startswith("dreamplay: ")
    assert done.message.count("\n") == 1
    assert says in done.message
    assert done.out == "" or what not in MISUSED
    assert not Path("transcripts").exists()


def test_a_folder_that_holds_a_run_is_refused_before_anything_is_printed(
    small: Path, call: Callable[..., Done]
) -> None:
    play = ("run", "--story", small, "--seed", 1, "--model", "scripted", "--beats", "day", "--out", "run")
    assert call(*play).code == 0
    assert call(*play) == Done(2, "", "dreamplay: run already holds a run; choose another --out\n")


def test_a_language_that_is_no_code_is_told_in_words(small: Path, call: Callable[..., Done]) -> None:
    small.write_text(small.read_text(encoding="utf-8") + "\nlanguage: german\n", encoding="utf-8")
    done = call("run", "--story", small, "--model", "scripted")
    assert done.code == 2
    assert "must be a code of two or three small letters, such as en or de (it is 'german')" in done.message


def test_a_dead_endpoint_is_one_line_and_leaves_no_run(small: Path) -> None:
    done = _run("run", "--story", small, "--base-url", "http://127.0.0.1:9/v1")
    assert done.code == 1
    assert re.fullmatch(r"dreamplay: cannot reach http://127\.0\.0\.1:9/v1 .*--base-url.*\n", done.message)
    assert list(Path().glob("transcripts/*")) == []


def test_a_named_model_at_a_dead_endpoint_is_one_line_before_anything_of_the_play(
    small: Path, call: Callable[..., Done]
) -> None:
    dead = ("--model", "some", "--base-url", "http://127.0.0.1:9/v1")
    played = ("run", "--story", small, "--seed", "1", "--model", "scripted", "--quiet", "--beats", "day")
    assert call(*played, "--out", "transcripts/p").code == 0
    what_if = ("whatif", "p", "--drop", "ada")
    for command in (("run", "--story", small), what_if):
        done = call(*command, *dead)
        assert (done.code, done.out) == (1, "")
        assert re.fullmatch(r"dreamplay: cannot reach http://127\.0\.0\.1:9/v1 .*--base-url\n", done.message)
    assert "left out" in call(*what_if, "--dry-run").err
    assert [path.name for path in Path("transcripts").iterdir()] == ["p"]


@pytest.mark.parametrize(
    ("command", "told"),
    {
        "export run --format html": "no such option: --format (Possible options: --to); see dreamplay export --help",
        "run --lenght short": "no such option: --lenght (Possible options: --length); see dreamplay run --help",
        "run --length medium": "--length: 'medium' is not one of 'short', 'full'; see dreamplay run --help",
        "run --seed soon": "--seed: must be a whole number (it is 'soon'); see dreamplay run --help",
        "run night.yaml day.yaml": "got unexpected extra argument(s) (day.yaml); see dreamplay run --help",
        "run night.yaml --story day.yaml": "two stories, 'night.yaml' and --story 'day.yaml'; leave out one of them",
        "why a_run first": "LINE: must be a whole number (it is 'first'); see dreamplay why --help",
        "sing": "no such command 'sing'; see dreamplay --help",
        "check": "missing argument 'FILE...'; see dreamplay check --help",
        "run --as": "option '--as' requires an argument; see dreamplay run --help",
        "new poem night.yaml": "no such command 'poem'; see dreamplay new --help",
    }.items(),
)
def test_what_is_typed_wrongly_is_one_line_that_names_it(command: str, told: str, call: Callable[..., Done]) -> None:
    assert call(*shlex.split(command)) == Done(2, "", f"dreamplay: {told}\n")


@pytest.mark.parametrize("command", ["", "new"])
def test_who_types_no_command_is_shown_which_there_are(command: str, call: Callable[..., Done]) -> None:
    done = call(*shlex.split(command))
    assert done.code == 2
    assert f"Usage: dreamplay {command}".strip() in done.out + done.err
    assert "Commands:" in done.out + done.err


def test_the_version_is_printed(call: Callable[..., Done]) -> None:
    assert call("--version") == Done(0, f"dreamplay {importlib.metadata.version('dreamplay')}\n", "")


def test_what_a_command_does_is_said_in_full(call: Callable[..., Done]) -> None:
    assert "..." not in call("--help").out.partition("Commands:")[2]


def test_who_plays(call: Callable[..., Done]) -> None:
    listed = json.loads(_run("cast", "--json", "--swap", "sam=nurse").out)
    assert [row["role"] for row in listed["cast"]] == ["elara", "leo", "mira", "sam"]
    assert listed["cast"][3]["name"] == casting.load_persona("nurse").name
    assert not any("{" in row["who"] for row in listed["cast"])
    assert set(listed["personas"]) == set(resources.names("personas"))
    assert "Elara: " in call("cast").out
    assert "In this folder" not in call("cast").out
    worlds.dump(Path("zoe.yaml"), worlds.persona("Zoe"))
    assert call("cast").out.endswith("\nIn this folder: zoe.yaml\n")
    assert json.loads(call("cast", "--json").out)["files"] == ["zoe.yaml"]
    assert "Zoe: keeper of the kettle" in call("cast", "--swap", "sam=zoe.yaml").out


def test_files_of_ones_own_are_checked(small: Path, call: Callable[..., Done]) -> None:
    done = call("check", small)
    assert "a valid story of 3 roles, 3 beats" in done.out
    assert re.search(rf"{small}:\d+: no scene has 'topics'", done.err.replace("\n", " "))
    assert call("check", small.with_name("ada.yaml")).out.endswith("a valid persona\n")
    worlds.dump(Path("bare.yaml"), {key: value for key, value in worlds.persona().items() if key != "private"})
    assert "it has no private sheet" in call("check", "bare.yaml").out
    Path("zoe.png").write_bytes(worlds.portrait(chara=worlds.card()))
    assert call("check", "zoe.png").out == "zoe.png: a valid card of Zoe Marsh\n"
    Path("zoe.png").write_bytes(worlds.portrait(chara=worlds.card(character_book="bells")))
    assert "its character_book is no lorebook" in call("check", "zoe.png").message


def test_each_of_several_files_is_checked_and_each_fault_has_its_line(small: Path, call: Callable[..., Done]) -> None:
    Path("bad.yaml").write_text("tittle: x\nprmise: y\ncast: {leo: leo}\nbeats: 7\n", encoding="utf-8")
    assert call("new", "study", "warning.yaml").code == 0
    done = call("check", "leo", "bad.yaml", "warning.yaml", small)
    assert done.code == 2
    assert done.out.startswith(f"leo: a valid persona\n{small}: a valid story")
    told = [line.removeprefix("dreamplay: ") for line in done.err.splitlines()]
    assert told[0].startswith("bad.yaml:1: tittle: unknown key (did you mean 'title'?); valid keys are beats, cast, ")
    assert told[1] == "bad.yaml:2: prmise: unknown key (did you mean 'premise'?)"
    assert (
        "warning.yaml: this is a study, and no story; try it with: dreamplay study run --dry-run warning.yaml" in told
    )
    assert sum("valid keys" in line for line in told) == 1


def test_of_the_moves_of_a_persona_it_is_said_where_they_are_checked(small: Path, call: Callable[..., Done]) -> None:
    moves = {"morning.sheet.campaing": {"does": "tells {elara} that the tea is cold"}}
    worlds.dump(Path("zoe.yaml"), worlds.persona("Zoe") | {"moves": moves})
    told = "zoe.yaml: a valid persona; its moves are checked with a story: dreamplay check STORY --swap ROLE=zoe.yaml"
    assert call("check", "zoe.yaml").out == f"{told}\n"
    assert "(did you mean 'morning.sheet.campaign'?)" in call("check", "mindsync", "--swap", "leo=zoe.yaml").message
    elsewhere = call("check", small, "--swap", "ada=zoe.yaml")
    assert "none of the moves that Zoe brings is one of ada: all are ignored" in elsewhere.err.replace("\n", " ")


def test_what_is_shipped_is_checked_by_name(call: Callable[..., Done]) -> None:
    assert call("check", "leo").out == "leo: a valid persona\n"
    assert call("check", "mindsync").out.startswith("mindsync: a valid story of 4 roles")


def test_a_story_is_checked_for_secrets(
    small: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds.dump(Path("zoe.yaml"), worlds.persona("Zoe", "parrot"))
    done = call("check", small, "--secrets", "--swap", "bo=zoe.yaml")
    assert done.code == 0
    assert re.search(r"^no prompt tells a secret: \d+ prompts scanned for \d+ marks$", done.out, re.MULTILINE)

    def everything(script: Script, *roles: str, kind: type[EventBase] = EventBase) -> list[EventBase]:
        return [event for event in script if isinstance(event, kind)]

    monkeypatch.setattr("dreamplay.schema.script.Script.visible_to", everything)
    done = call("check", small, "--secrets")
    assert done.code == 1
    assert re.fullmatch(r"dreamplay: scene \w+: the prompt of a \w+ for \w+ holds [^\n]+\n", done.message)
    assert "tells a secret" not in done.out


def test_how_much_characters_are_told_is_set_recorded_kept_and_compared(small: Path, call: Callable[..., Done]) -> None:
    play = ("run", "--story", small, "--model", "scripted", "--quiet", "--seed", 1, "--beats", "day", "--out")

    def played(name: str) -> tuple[str, bool]:
        profile = transcript.read(Path("transcripts") / name).newest.settings["profile"]
        return profile["direction"], profile["think"]

    assert call(*play, "transcripts/p").code == 0
    assert call(*play, "transcripts/q", "--direction", "guided", "--think").code == 0
    assert (played("p"), played("q")) == (("led", False), ("guided", True))
    said = call("compare", "p", "q").out
    assert "direction is guided instead of led" in said
    assert "think is on instead of off" in said
    assert "nothing is changed" in call("whatif", "p").message
    done = call("whatif", "p", "--at", "corner", "--direction", "free", "--quiet")
    assert (done.code, done.err) == (0, "")
    (branched,) = [path.name for path in Path("transcripts").iterdir() if path.name not in ("p", "q")]
    assert played(branched) == ("free", False)
    raw = (Path("transcripts") / "q" / transcript.FILE).read_bytes().splitlines(keepends=True)
    (Path("transcripts") / "q" / transcript.FILE).write_bytes(b"".join(raw[:12]))
    assert call("resume", "q", "--quiet", "--no-think").code == 0
    assert played("q") == ("guided", False)
    done = call("run", "--direction", "loud")
    assert done.code == 2
    assert "'free', 'guided', 'led'" in done.err


def test_the_adapter_is_recorded_kept_and_compared(
    small: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the scripted model in the place of the embedded one."""

    def local(*, profile: ModelProfile, adapter: Adapter | None, **rest: object) -> ScriptedModel:
        model = ScriptedModel(profile=profile)
        model.name = model_store.NAME
        return model

    def played(name: str) -> str | None:
        return (transcript.read(Path("transcripts") / name).newest.settings.get("adapter") or {}).get("sha256")

    monkeypatch.setattr(shipped, "LocalModel", local)
    monkeypatch.setattr(model_store, "installed", lambda: None)
    voice = adapter_files.ship(monkeypatch, tmp_path / "adapters")
    play = ("run", "--story", small, "--seed", 1, "--beats", "day", "--out")
    said = call(*play, "transcripts/p").err
    assert f"playing on {model_store.NAME} with dreamplay voice (embedded; nothing else is set)" in said
    assert call(*play, "transcripts/q", "--no-adapter").code == 0
    assert (played("p"), played("q")) == (voice.sha256, None)
    assert "k\\_m with dreamplay voice, seed 1" in Path("transcripts/p/transcript.md").read_text(encoding="utf-8")
    assert f"adapter is not set instead of dreamplay voice ({voice.sha256[:12]})" in call("compare", "p", "q").out
    assert "leave out one of them" in call(*play, "x", "--no-adapter", "--adapter", "voice").message

    new = adapter_files.ship(monkeypatch, tmp_path / "adapters", end="another")
    for name in ("p", "q"):
        file = Path("transcripts") / name / transcript.FILE
        file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:12]))
        assert call("resume", name).code == 0
    assert (played("p"), played("q")) == (new.sha256, None)
    assert transcript.read(Path("transcripts/p")).header.settings["adapter"]["sha256"] == voice.sha256
    assert call("whatif", "q", "--at", "corner", "--adapter", "voice", "--quiet").code == 0
    (branched,) = [path.name for path in Path("transcripts").iterdir() if path.name not in ("p", "q")]
    assert played(branched) == new.sha256
    shown = call("models").out
    assert re.search(rf"-> {model_store.NAME} .* with dreamplay voice \(0\.0 MB, SHA-256 {new.sha256[:12]}\)", shown)
    assert f"{model_store.NAME} " in call("models", "--no-adapter").out
    assert "embedded, ready; without an adapter" in call("models", "--no-adapter").out


def test_what_a_model_cannot_play_with_leaves_nothing_behind(small: Path, call: Callable[..., Done]) -> None:
    adapter_files.lora(Path("mine.gguf"))
    done = call("run", "--story", small, "--model", "scripted", "--adapter", "mine.gguf", "--out", "run")
    assert (done.code, Path("run").exists()) == (2, False)
    assert "--adapter mine.gguf: only the embedded model and .gguf files take an adapter" in done.message


def test_models_are_surveyed() -> None:
    with FakeEndpoint(models=["one", "two"]) as fake:
        rows = json.loads(_run("models", "--json", "--model", "one", OPENAI_BASE_URL=fake.base_url).out)
    assert [row["chosen"] for row in rows] == [True, False, False]
    assert "one, two" in rows[0]["state"]


def _interrupted(small: Path, fake: FakeEndpoint, calls: int, *signals: signal.Signals) -> Done:
    """Start a run, and send it signals once it has asked so often."""
    args = ["run", "--story", str(small), "--base-url", fake.base_url, "--seed", "1", "--out", "run"]
    running = subprocess.Popen(
        [COMMAND, *args], env=os.environ | {"OPENAI_API_KEY": "sk-secret"}, encoding="utf-8", stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    with running:
        try:
            _until(lambda: len(fake.seen) >= calls or running.poll() is not None)
            for each in signals:
                running.send_signal(each)
                _until(lambda: running.poll() is not None, seconds=0.2)
            out, err = running.communicate(timeout=60)
        finally:
            running.kill()
    return Done(running.returncode, out, err)


def _until(true: Callable[[], bool], seconds: float = 30) -> None:
    end, tick = time.monotonic() + seconds, threading.Event()
    while not true() and time.monotonic() < end:
        tick.wait(0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals for a single process there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP] if sys.platform != "win32" else [])
def test_an_interrupt_ends_a_run_on_an_endpoint_after_the_line_under_way(small: Path, number: signal.Signals) -> None:
    with FakeEndpoint(models=["one"], latency=0.1, api_key="sk-secret") as fake:
        done = _interrupted(small, fake, 3, number)
        assert done.code == INTERRUPTED
        record = transcript.read(Path("run"))
        assert record.end is None
        assert sum(event.provenance.usage.calls for event in record.script) == len(fake.seen)
    assert re.fullmatch(
        r"dreamplay: stopping after this line .*\ndreamplay: stopped after event \d+; "
        rf"continue with: dreamplay resume run --model one --base-url {fake.base_url}\n",
        done.message,
    )
    assert "stopped before its end" in Path("run/transcript.md").read_text(encoding="utf-8")
    assert {request["model"] for request in fake.seen} == {"one"} == {record.header.model}
    kept = b"".join(path.read_bytes() for path in Path("run").iterdir())
    assert "sk-secret" not in done.out + done.err + kept.decode(errors="replace")


RESUMED: dict[str, tuple[str, str, str]] = {
    # where the address stands, what is added to it, and how the command that goes on ends
    "in a flag": ("--base-url", "", " --model m.gguf --base-url URL"),
    "in a flag, with a secret": (
        "--base-url", "?key=sk-word",
        " --model m.gguf and the same --base-url as before, which has a secret in it and is not shown",
    ),
    "in a variable": ("DREAMPLAY_BASE_URL", "", " --model m.gguf"),
    "in a variable of OpenAI's": ("OPENAI_BASE_URL", "?key=sk-word", " --model m.gguf"),
    "in a file": ("dreamplay.toml", "", " --model m.gguf"),
}  # fmt: skip


@pytest.mark.parametrize("where", RESUMED)
def test_the_command_that_goes_on_shows_no_secret_and_trusts_no_file(
    where: str, small: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, added, ends = RESUMED[where]
    flags: list[str] = []
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    with FakeEndpoint(faults=[None, None, None, "401"]) as fake:
        address = fake.base_url + added
        if place.startswith("--"):
            flags = [place, address]
        elif place.endswith(".toml"):
            Path(place).write_text(f'base_url = "{address}"')
        else:
            monkeypatch.setenv(place, address)
        done = call("run", "--story", small, "--seed", 1, "--model", "m.gguf", *flags, "--out", "run")
        assert done.message.endswith(f"continue with: dreamplay resume run{ends}\n".replace("URL", fake.base_url))
        words = shlex.split(done.message.rpartition("continue with: dreamplay ")[2].partition(" and the same")[0])
        assert call(*words, *(flags if added and flags else [])).code == 0
    kept = b"".join(path.read_bytes() for path in Path("run").iterdir()).decode(errors="replace")
    assert not [secret for secret in ("sk-word", "sk-of-openai") if secret in done.out + done.err + kept]
    assert ("OPENAI_API_KEY is not sent" in done.err) == (place == "dreamplay.toml")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a single process there")
def test_an_interrupt_while_modules_load_ends_it_without_a_word() -> None:
    Path("early").mkdir()
    Path("early/typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise AssertionError\n")
    search = os.pathsep.join(["early", *filter(None, [os.environ.get("PYTHONPATH")])])
    code = "from dreamplay.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "runs"], env=os.environ | {"PYTHONPATH": search}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a single process there")
@pytest.mark.parametrize("model", [[], ["--model", "one"]])
def test_an_interrupt_while_an_endpoint_is_asked_for_its_models_says_that_nothing_began(
    model: list[str], small: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        command = [COMMAND, "run", "--story", small, "--base-url", url, *model]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as running:
            try:
                caller, _ = silent.accept()
                with caller:
                    running.send_signal(signal.SIGINT)
                    out, err = running.communicate(timeout=60)
            finally:
                running.kill()
    assert (running.returncode, out) == (INTERRUPTED, "")
    assert Done(0, out, err).message == "dreamplay: stopped before it began; the same command starts it again\n"
    assert not Path("transcripts").exists()


def test_a_second_interrupt_ends_it_at_once(small: Path) -> None:
    with FakeEndpoint(faults=[None, None, "hang"]) as fake:
        done = _interrupted(small, fake, 3, signal.SIGTERM, signal.SIGINT)
    assert done.code == INTERRUPTED
    assert done.message.count("\n") == 2
    record = transcript.read(Path("run"))
    assert record.end is None
    assert sum(event.provenance.usage.calls for event in record.script) == 2


def test_an_endpoint_that_is_lost_says_how_to_go_on_and_that_works(
    small: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = []

    def opened(*args: Any, **rest: Any) -> Any:
        clients.append(open_client(*args, **rest))
        return clients[-1]

    monkeypatch.setattr(connection, "open_client", opened)
    play = ("run", "--story", small, "--seed", 1, "--quiet", "--model", "fake")
    with FakeEndpoint() as whole:
        call(*play, "--base-url", whole.base_url, "--out", "whole")
    with FakeEndpoint(faults=[None, None, None, "401"]) as fake:
        done = call(*play, "--base-url", fake.base_url, "--temperature", "0.3")
        (folder,) = Path("transcripts").iterdir()
        command = f"dreamplay resume {folder.name} --model fake --base-url {fake.base_url}"
        assert (done.code, done.message.count("\n")) == (1, 1)
        assert done.message.endswith(f"one that it accepts; continue with: {command}\n")
        shutil.rmtree(small.parent)
        gone_on = call(*shlex.split(command)[1:])
    assert gone_on.code == 0
    assert gone_on.message.splitlines() == [
        f"dreamplay: resuming {folder.name} after event 7, in day, square",
        f"dreamplay: transcript: {folder / 'transcript.md'}",
    ]
    record, other = transcript.read(folder), transcript.read(Path("whole"))
    assert [event.text for event in record.script] == [event.text for event in other.script]
    assert not record.resumptions
    assert {request["temperature"] for request in fake.seen} == {0.3}
    assert gone_on.out.startswith("SMALL HOURS\n")
    assert record.script.last
    assert record.script.last.text in gone_on.out
    assert next(iter(record.script)).text not in gone_on.out
    assert [client.is_closed() for client in clients] == [True] * 3


def test_a_run_that_is_played_is_refused_to_others_until_its_process_is_dead(
    small: Path, call: Callable[..., Done]
) -> None:
    folder = Path("transcripts/one")
    play = ("run", "--story", small, "--seed", "1", "--model", "fake", "--out", folder)
    with FakeEndpoint(faults=[None, None, None, "hang"]) as fake:
        first = subprocess.Popen(
            [COMMAND, *map(str, play), "--base-url", fake.base_url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        with first:
            try:
                _until(lambda: len(fake.seen) == 4 or first.poll() is not None)
                again = ("--model", "scripted", "--quiet")
                for command in (("resume", "one", *again), ("resume", *again), (*play, *again)):
                    second = call(*command)
                    assert second.code == 1
                    assert f"{folder} is being played by process {first.pid} on " in second.message
                    assert second.message.count("\n") == 1
                (row,) = json.loads(call("runs", "--json").out)
                assert (row["name"], row["state"], row["turn"]) == ("one", "playing", 3)
                assert f"process {first.pid} on " in row["why"]
            finally:
                first.kill()
    assert [row["state"] for row in json.loads(call("runs", "--json").out)] == ["stopped"]
    assert "one  " in call("runs").out
    assert call("resume", "--model", "scripted", "--json").code == 0
    record = transcript.read(folder)
    assert record.end
    assert [each.event for each in record.resumptions] == [row["events"]]
    assert {path.name for path in folder.iterdir()} == {transcript.FILE, prompt_records.FILE, "transcript.md"}


def test_a_run_whose_story_is_damaged_or_done_is_not_the_newest_to_go_on_with(
    small: Path, call: Callable[..., Done]
) -> None:
    for name in ("old", "new"):
        call("run", "--story", small, "--model", "scripted", "--quiet", "--out", f"transcripts/{name}", "--seed", 1)
    whole = Path("transcripts/old/transcript.jsonl").read_bytes()
    Path("transcripts/old/transcript.jsonl").write_bytes(whole[: len(whole) // 2])
    os.utime("transcripts/old/transcript.jsonl", (1, 1))
    assert call("resume", "--quiet") == Done(0, "", "")
    assert Path("transcripts/old/transcript.jsonl").read_bytes() == whole


@pytest.mark.parametrize("command", ["run --story small/story.yaml --model scripted --out run", "show"])
def test_a_pipe_that_is_closed_ends_without_a_traceback(small: Path, command: str, call: Callable[..., Done]) -> None:
    if command == "show":
        call("run", "--story", small, "--model", "scripted", "--quiet")
    line = f"{shlex.quote(COMMAND)} {command} | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.stdout == "SMALL HOURS\n"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "Errno" not in done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "run",
        "resume",
        "runs",
        "show",
        "why",
        "knows",
        "threads",
        "compare",
        "cast",
        "cast import",
        "cast export",
        "check",
        "models",
    ],
)
def test_help_gives_an_example_that_can_be_given(name: str) -> None:
    command: Any = typer.main.get_command(app)
    for word in name.split():
        command = command.commands[word]
    examples = re.findall(rf"dreamplay {name}\b([^\n]*)", command.help)
    assert examples
    assert len(examples) == command.help.count("dreamplay ")
    for rest in examples:
        command.make_context(name, shlex.split(rest)).close()
