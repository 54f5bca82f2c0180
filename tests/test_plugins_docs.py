"""The examples of docs/plugins: each is installed as a package of its own, chosen by its name, and takes effect."""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import docs_pages
import pytest
import strangers
from dreamplay.cli.app import app
from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.event import LineEvent
from typer.testing import CliRunner

PAGES = Path(__file__).parents[1] / "docs" / "plugins"
EXAMPLE = Path(__file__).parents[1] / "transcripts" / "example"
PLAY = ["run", "--model", "scripted", "--seed", "7", "--length", "short", "--beats", "launch", "--quiet", "--out"]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Installs the example of a page."""

    def installed(page: str) -> None:
        found = docs_pages.blocks(PAGES / f"{page}.md")
        blocks = {block.language: block.text for block in reversed(found)}  # the first of each
        assert len(blocks["python"].splitlines()) < 40
        ((group, points),) = tomllib.loads(blocks["toml"])["project"]["entry-points"].items()
        assert group == f"dreamplay.{page}"
        listed = "".join(f"{name} = {target}\n" for name, target in points.items())
        module = next(iter(points.values())).partition(":")[0]
        folder = strangers.install(tmp_path / "site", f"[{group}]\n{listed}", **{module: blocks["python"]})
        strangers.visible(monkeypatch, folder)

    return installed


def _played(folder: str, *options: str) -> RunLog:
    done = CliRunner().invoke(app, [*PLAY, folder, *options])
    assert done.exit_code == 0, (done.output, done.exception)
    return transcript.read(Path(folder))


def _lines(log: RunLog) -> list[LineEvent]:
    return [event for event in log.script if isinstance(event, LineEvent) and event.provenance.by == "agent"]


def test_a_memory(install: Callable[[str], None]) -> None:
    install("memories")
    # Led by a topic nobody is reminded of anything.
    Path("dreamplay.toml").write_text('[profile]\ndirection = "guided"\nbrief_tokens = 1000\n')
    log = _played("run", "--memory", "reminisce")
    assert log.header.settings["memory"] == {"name": "reminisce", "every": 2}
    recalled = [(line.speaker, memory.text) for line in _lines(log) for memory in line.provenance.recalled]
    assert recalled
    for role, text in recalled:
        private = log.cast.personas[role].private
        assert private
        assert text in [log.cast.fill(memory) for memory in private.memories]


def test_a_director(install: Callable[[str], None]) -> None:
    install("directors")
    log = _played("run", "--director", "in_turn")
    assert log.header.settings["director"] == {"name": "in_turn"}
    scene = log.header.story.beats[0].scenes[0]
    spoken = [line.speaker for line in _lines(log) if line.scene == scene.id]
    assert spoken == [scene.present[n % len(scene.present)] for n in range(scene.turns.min)]


def test_an_embedder(install: Callable[[str], None]) -> None:
    install("embedders")
    # What is at hand is what is closest to the words before it; whoever is led has their note instead.
    Path("dreamplay.toml").write_text('[profile]\ndirection = "guided"\n')
    log = _played("run", "--embedder", "trigrams")
    assert log.header.settings["embedder"] == {"name": "trigrams"}
    assert [line.cue for line in _lines(log)] != [line.cue for line in _lines(_played("shipped"))]


def test_a_format(install: Callable[[str], None]) -> None:
    install("formats")
    shutil.copytree(EXAMPLE, "transcripts/example")
    done = CliRunner().invoke(app, ["export", "example", "--out", "example.srt"])
    assert done.exit_code == 0, done.output
    written = Path("example.srt").read_text(encoding="utf-8")
    assert written.startswith("1\n00:00:00,000 --> 00:00:03,000\n")
    assert all(line.text in written for line in _lines(transcript.read(EXAMPLE)))


PROGRAM = """
import random, sys
dice = random.Random(sys.stdin.read())
words = "kettle ladder postman harbour lantern orchard violin winter copper saffron walrus bridge".split()
print("I keep thinking of the", *dice.sample(words, 6), "tonight.")
"""


def test_a_model(install: Callable[[str], None]) -> None:
    install("models")
    Path("answer.py").write_text(PROGRAM)
    log = _played("run", "--model", f"program:{sys.executable} answer.py", "--no-reflect")
    assert log.models == (f"{sys.executable} answer.py",)
    assert all(line.text.startswith("I keep thinking of the ") for line in _lines(log))
    assert _lines(log)


def test_a_check(install: Callable[[str], None]) -> None:
    install("checks")
    settings = docs_pages.blocks(PAGES / "checks.md")[-1].text
    Path("dreamplay.toml").write_text(settings)
    refused = [each for line in _lines(_played("run")) for each in line.provenance.refused]
    brief = [each for each in refused if each.check == "brief"]
    assert brief
    assert all(each.reason == f"{len(each.text.split())} words" for each in brief)
