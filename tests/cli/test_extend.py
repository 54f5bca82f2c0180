"""What plug-ins add, on the command line: plugins, export, and a play with those of strangers."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import strangers
import worlds
from dreamplay.comparison import compare
from dreamplay.engine.plugin_set import PluginSet
from dreamplay.memory.base import NO_MEMORY
from dreamplay.runs import transcript
from dreamplay.schema.plugin_choice import PluginChoice

COMMAND = str(Path(sys.executable).with_name("dreamplay"))
EXAMPLE = str(Path(__file__).parents[2] / "transcripts" / "example")
STRANGER = """
from dreamplay.formats import Format
from dreamplay.models.scripted import ScriptedModel
from dreamplay.schema.base import FrozenModel


class Options(FrozenModel):
    after: int = 2


class Breaks:
    \"\"\"Recalls nothing, and then breaks. Always.\"\"\"

    Config = Options

    def __init__(self, story, cast, role, embedder, config):
        self.left = config.after

    def recall(self, view, query, *, scene, shown=(), limit):
        self.left -= 1
        if self.left < 0:
            raise LookupError("nothing comes to mind")
        return ()


class Strings(Breaks):
    def recall(self, *args, **rest):
        return ["a memory"]


class Idle:
    def __init__(self, cast, seed, length, embedder):
        pass

    def next(self, now):
        return "the end"


class Tired(ScriptedModel):
    def __init__(self, variant, settings):
        super().__init__()
        self.left = int(variant)

    async def complete(self, prompt, *, seed, on_token=None):
        self.left -= 1
        if self.left < 0:
            return None
        return await super().complete(prompt, seed=seed, on_token=on_token)


class Bytes(Format):
    suffix = ".bin"

    def write(self, source):
        return b"\\x00" + str(len(list(source.log.script))).encode()
"""
POINTS = """
[dreamplay.memories]
breaks = stranger:Breaks
strings = stranger:Strings
absent = nowhere:Memory
[dreamplay.directors]
idle = stranger:Idle
[dreamplay.models]
tired = stranger:Tired
[dreamplay.formats]
bytes = stranger:Bytes
"""


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    return strangers.install(tmp_path / "site", POINTS, stranger=STRANGER)


def _run(*args: str, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PYTHONPATH": str(site)} if site else {})
    done = subprocess.run([COMMAND, *args], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done


def test_plugins_are_listed_with_those_that_fail(stranger: Path) -> None:
    rows = json.loads(_run("plugins", "--json", site=stranger).stdout)
    found = {(row["group"], row["name"]): row for row in rows}
    assert found["memories", "retrieval"]["distribution"] == "dreamplay"
    assert found["memories", "breaks"]["description"] == "Recalls nothing, and then breaks."
    assert "No module named 'nowhere'" in found["memories", "absent"]["error"]
    listed = _run("plugins", site=stranger).stdout.splitlines()
    assert sum(line.startswith("  ") for line in listed) == len(rows)


def test_a_run_is_exported(tmp_path: Path, stranger: Path) -> None:
    events = list(transcript.read(Path(EXAMPLE)).script)
    rows = list(csv.DictReader(io.StringIO(_run("export", EXAMPLE, "--to", "csv").stdout)))
    assert [row["text"] for row in rows] == [event.text for event in events]
    assert _run("export", EXAMPLE, "--out", "run.jsonl").returncode == 0
    assert [json.loads(line)["id"] for line in Path("run.jsonl").read_text().splitlines()] == [e.id for e in events]
    assert _run("export", EXAMPLE, "--out", "run.bin", site=stranger).returncode == 0
    assert Path("run.bin").read_bytes() == b"\x00%d" % len(events)


def test_a_format_is_also_called_by_the_suffix_of_its_files() -> None:
    short, long = (_run("export", EXAMPLE, "--to", name).stdout for name in ("md", "markdown"))
    assert short == long != ""


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["export"], "name a run: dreamplay export RUN; dreamplay runs lists them"),
        (["export", EXAMPLE], "add --to FORMAT, or --out FILE; --list has the formats"),
        (
            ["export", EXAMPLE, "--out", "run.docx"],
            "--out run.docx: no format writes .docx; add --to FORMAT; --list has",
        ),
        (["export", EXAMPLE, "--to", "bytes"], "format 'bytes' is not a text; add --out FILE"),
        (["export", EXAMPLE, "--to", "cvs"], "unknown format 'cvs' (did you mean 'csv'?); installed: atif, bytes,"),
        (
            ["export", EXAMPLE, "--to", "csv", "--view", "loe"],
            "unknown view 'loe' (did you mean 'leo'?); choose reader,",
        ),
        (["export", EXAMPLE, EXAMPLE, "--to", "markdown"], "format 'markdown' takes one run, not 2; name one"),
        (
            ["export", EXAMPLE, "--to", "markdown", "--with-secrets"],
            "--with-secrets needs the author's view, not 'reader'",
        ),
        (
            ["export", EXAMPLE, "--to", "csv", "--author", "Noor"],
            "format 'csv' has no place for the name of an author; leave out --author",
        ),
        (["export", EXAMPLE, "--to", "html", "--author", "?"], "--author: write a name, with a letter in it"),
        (
            ["export", EXAMPLE, "--to", "csv", "--out", "taken.csv"],
            "taken.csv exists; choose another file, or add --replace",
        ),
        (["run", "--memory", "absent"], "--memory: memory 'absent' of stranger 1.0 (nowhere:Memory): cannot be imp"),
        (["run", "--memory", "breakes"], "--memory: unknown memory 'breakes' (did you mean 'breaks'?)"),
        (["run", "--director", "none"], "--director: unknown director 'none'; installed: idle, standard"),
        (["run", "--memory", "none", "--no-recall"], "--memory none and --no-recall: leave out one of them"),
    ],
)
def test_what_cannot_be_used_is_one_line(args: list[str], said: str, stranger: Path) -> None:
    Path("taken.csv").touch()
    done = _run(*args, *(["--model", "scripted"] if args[0] == "run" else []), site=stranger)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"dreamplay: {said}")
    assert done.stderr.count("\n") == 1
    assert not Path("transcripts").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("breaks", "LookupError: nothing comes to mind at stranger.py:"),
        ("strings", "recall() returned the wrong type: expected RetrievedMemory, found str"),
    ],
)
def test_a_plug_in_that_fails_in_a_play_stops_it_and_loses_nothing(
    name: str, why: str, small: Path, stranger: Path
) -> None:
    Path("dreamplay.toml").write_text(f'[memory]\nname = "{name}"\n' + ("after = 1\n" if name == "breaks" else ""))
    play = ["run", "--story", str(small), "--model", "scripted", "--seed", "7", "--out", "run", "-q"]
    done = _run(*play, site=stranger)
    assert done.returncode == 1
    assert f"dreamplay: memory '{name}' of stranger 1.0 (stranger:" in done.stderr
    assert why in done.stderr
    if name == "strings":
        assert not Path("run").exists()  # nobody had said a word
        return
    stopped = transcript.read(Path("run"))
    assert stopped.header.settings["memory"] == {"name": "breaks", "after": 1}
    assert stopped.header.versions["stranger"] == "1.0"
    Path("dreamplay.toml").unlink()
    assert "unknown memory 'breaks'; installed: none, retrieval; install it, or choose another --memory" in _run(
        "resume", "run", "-q"
    ).stderr  # fmt: skip
    assert _run("resume", "run", "--memory", "none", "-q").returncode == 0
    whole = transcript.read(Path("run"))
    events = list(stopped.script)
    assert list(whole.script)[: len(events)] == events
    assert whole.end
    assert whole.newest.settings["memory"] == {"name": "none"}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--director", "idle", "--model", "scripted"], "director 'idle' of stranger 1.0 (stranger:Idle) failed: next"),
        (["--model", "tired:3"], "model 'tired' of stranger 1.0 (stranger:Tired) failed: complete"),
    ],
)
def test_a_result_of_the_wrong_type_stops_a_play_and_loses_nothing(
    options: list[str], why: str, small: Path, stranger: Path
) -> None:
    done = _run("run", "--story", str(small), "--seed", "7", "--out", "run", "-q", *options, site=stranger)
    assert done.returncode == 1
    assert f"dreamplay: {why}() returned the wrong type: expected" in done.stderr
    if "tired:3" in options:
        assert sum(event.provenance.usage.calls for event in transcript.read(Path("run")).script) == 3
        assert _run("resume", "run", "--model", "scripted", "-q").returncode == 0
        assert transcript.read(Path("run")).end


async def test_comparing_runs_says_which_memory_was_changed(small: Path, tmp_path: Path) -> None:
    base = await worlds.play(small, tmp_path / "one")
    none = await worlds.play(small, tmp_path / "two", plugins=PluginSet(memory=NO_MEMORY))
    near = PluginChoice.model_validate({"name": "retrieval", "floor": 0.5})
    high = await worlds.play(small, tmp_path / "three", plugins=PluginSet(memory=near))
    changed = [[(each.name, each.base, each.changed) for each in compare.compare([base], [other]).settings]
               for other in (none, high)]  # fmt: skip
    assert changed == [[("memory", "retrieval", "none")], [("memory floor", "0.3", "0.5")]]
