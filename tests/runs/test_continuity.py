"""What is valid in form and not in sense: refused where a transcript is read, and nowhere later."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.analysis import explain, knowledge
from dreamplay.branching import batch
from dreamplay.branching import branch as whatif
from dreamplay.branching.branch import Changes
from dreamplay.comparison import compare
from dreamplay.engine import run_config
from dreamplay.engine.runner import Runner
from dreamplay.errors import DreamplayError, RecordError
from dreamplay.exports.markdown import Markdown
from dreamplay.formats import Source
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.rendering import comparison_report
from dreamplay.runs import transcript
from dreamplay.runs.transcript import FILE, RunLog
from dreamplay.runs.viewpoint import AUTHOR
from dreamplay.schema.scene import VISITOR
from dreamplay.scoring import score
from dreamplay.storage.folders import folder_of

Lines = list[dict[str, Any]]
KINDS = ("whispers", "recaps", "visited", "resumed", "branch", "acting", "plotted")
EXAMPLE = Path(__file__).parents[2] / "transcripts" / "example"
DONE = [
    {"beat": "day", "say": "Good evening, Bo."},
    {"beat": "day", "turn": 3, "whisper": {"to": "Ada", "text": "The key."}},
    {"beat": "night", "play": "Bo"},
    {"beat": "night", "turn": 1, "playing": "Bo", "say": "I am not myself."},
    {"beat": "dawn", "stance": {"choice": "go", "because": "I have seen it."}},
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def runs(home: Path) -> dict[str, Lines]:
    """The records of runs of every kind."""
    asyncio.run(_played(home))
    return {name: _lines(home / name) for name in KINDS}


async def _played(home: Path) -> None:
    small = worlds.write(home / "small")
    staged = worlds.write(home / "staged", change=worlds.stage)
    serial = worlds.write(home / "serial", change=worlds.serial(4, 7))
    await worlds.play(staged, home / "whispers")
    await worlds.play(serial, home / "recaps", ScriptedModel(profile=worlds.narrow(2048)))
    await worlds.play(worlds.write(home / "five", 5), home / "acting", worlds.Acting(), beats=["day"])
    plotted = worlds.write(home / "plot", change=lambda data: worlds.plot(data["beats"][0]["scenes"][0]))
    await worlds.play(plotted, home / "plotted")
    done = worlds.dump(home / "done.yaml", {"interventions": DONE})
    visited = worlds.plan(small, guest="Noor", interventions=done)
    await worlds.visited(visited, home / "visited")
    stopping = Runner(worlds.plan(staged), ScriptedModel(), home / "resumed", {})
    await stopping.play(lambda seen: stopping.stop() if len(stopping.script) > 8 else None)
    await Runner(worlds.plan(staged), ScriptedModel(), home / "resumed", {"note": 2}, goes_on=True).play(
        lambda seen: None
    )
    changes = Changes(say=[("bo", "I am off.")], drop=["bo"])
    branch = whatif.branch(transcript.read(home / "whispers"), "whispers", "attic", changes)
    job = batch.job(branch, ScriptedModel(), {}, home)
    await job.run(ScriptedModel(), {}).play(lambda seen: None)
    folder_of(job.place).rename(home / "branch")


def _lines(folder: Path) -> Lines:
    return [json.loads(line) for line in (folder / FILE).read_bytes().splitlines()]


def _write(folder: Path, lines: Lines) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def _first(lines: Lines, **fields: Any) -> dict[str, Any]:
    return next(line for line in lines if fields.items() <= line.items())


def _set(line: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        line = line[key]
    line[last] = value


def _event(kind: str, path: str, value: Any, **fields: Any) -> Callable[[Lines], None]:
    return lambda lines: _set(_first(lines, kind=kind, **fields), path, value)


def _head(path: str, value: Any) -> Callable[[Lines], None]:
    return lambda lines: _set(lines[0], path, value)


def _repersona(lines: Lines) -> None:
    lines[0]["cast"]["bo"]["name"] = "Ada"


def _taken_back(lines: Lines) -> None:
    lines[-1:] = [{"record": "rollback", "event": 4}]


def _swap(lines: Lines, kind: str) -> None:
    """Put what follows the first event of a kind before it."""
    number = next(n for n, line in enumerate(lines) if line.get("kind") == kind)
    lines[number : number + 2] = lines[number : number + 2][::-1]
    for line, other in zip(lines[number : number + 2], lines[number : number + 2][::-1], strict=True):
        line["id"] = min(line["id"], other["id"]) if line is lines[number] else line["id"]
    lines[number + 1]["id"] = lines[number]["id"] + 1


def _without(lines: Lines, kind: str, **fields: Any) -> None:
    """Leave out an event of a kind."""
    gone = _first(lines, kind=kind, **fields)
    lines.remove(gone)
    for line in lines:
        if line.get("id", -1) > gone["id"]:
            line["id"] -= 1


def _twice(lines: Lines, kind: str) -> None:
    """Let an event of a kind happen again."""
    number = lines.index(_first(lines, kind=kind))
    lines.insert(number, dict(lines[number]))
    for line in lines[number + 1 :]:
        if "id" in line:
            line["id"] += 1


def _feared(lines: Lines) -> None:
    line = _first(lines, speaker=VISITOR, kind="line")
    line.update(kind="fear", speaker="bo")
    del line["turn"], line["cue"]


def _gone(lines: Lines) -> None:
    lines[:] = [line for line in lines if line.get("scene") != "corner"]
    for number, line in enumerate(line for line in lines if "id" in line):
        line["id"] = number


TURN = {"kind": "line", "scene": "square"}
SENSELESS: dict[str, tuple[str, Callable[[Lines], None], str]] = {
    # in which run, what is changed, and what is said of it
    "a choice that is none": ("whispers", _event("stance", "choice", "fly"), "choice: 'fly' is none of the story's"),
    "no choice": ("whispers", _event("stance", "choice", None), "choice: Input should be"),
    "a quotation of what was not said": (
        "whispers", _event("stance", "said", 0, speaker="ada"), "said: event 0 is no line of ada with these words"),
    "a choice of no stance": ("whispers", _event("line", "choice", "go"), "choice: a line has none"),
    "nobody's line": ("whispers", _event("line", "speaker", None), "speaker: Input should be"),
    "somebody's narration": ("whispers", _event("narration", "speaker", "bo"), "speaker: a narration has none"),
    "a speaker who does not hear": ("whispers", _event("line", "witnesses", ["cyrus"]), "witnesses: a line cannot be"),
    "an exit that nobody sees": (
        "whispers", _event("exit", "witnesses", []), "witnesses: an exit cannot be perceived by nobody"),
    "a witness twice": ("whispers", _event("line", "witnesses", ["ada", "ada", "bo"]), "witnesses names some"),
    "a whisper that all hear": (
        "whispers", lambda lines: _set(next(x for x in lines if (x.get("cue") or {}).get("hears")), "witnesses",
                                       ["ada", "bo", "cyrus"]), "witnesses: a line cannot be perceived by ada"),
    "words to nobody": ("whispers", _event("line", "cue.to", "zed", turn=1), "cue.to names 'zed'"),
    "words to oneself": (
        "whispers", lambda lines: _set(line := _first(lines, kind="line", turn=1), "cue.to", line["speaker"]),
        "cue.to: somebody speaks to themself"),
    "another turn": ("whispers", _event("line", "turn", 7, turn=1), "turn: it is 7, and 1 would follow"),
    "a turn of no turn": ("whispers", _event("narration", "turn", 1), "turn: a narration has none"),
    "a scene too soon": ("whispers", _event("narration", "scene", "attic", scene="corner"), "scene: day/attic is no"),
    "a scene left out": ("whispers", _gone, "scene: 'attic' does not follow 'square'"),
    "a silent line": ("whispers", _event("line", "text", " "), "text: there are no words"),
    "another maker": ("whispers", _event("dream", "provenance.by", "agent"), "provenance.by: a dream cannot be by"),
    "a ledger of no dream": (
        "whispers", _event("narration", "ledger", [{"role": "ada", "fear": "f", "wish": "w"}]), "ledger: a narration"),
    "a thought that others know": (
        "whispers", _event("reflection", "witnesses", ["ada", "bo"]), "witnesses: a reflection cannot"),
    "a memory of what is to come": (
        "whispers", lambda lines: _set(_first(lines, kind="line", turn=1), "provenance.recalled", [
            {"event": 99, "when": "", "text": "", "recency": 1, "importance": 1, "relevance": 1, "score": 1}]),
        "provenance.recalled: event 99"),
    "an infinite score": (
        "whispers", lambda lines: _set(_first(lines, kind="line", turn=1), "provenance.recalled", [
            {"event": 0, "when": "", "text": "", "recency": 1, "importance": 1, "relevance": 1, "score": 1e999}]),
        "provenance.recalled.0.score: "),
    "a number beyond all bounds": ("whispers", _event("line", "provenance.seed", 10**30), "provenance.seed: "),
    "a recap of what is to come": ("recaps", _event("recap", "covers", [0, 999]), "covers: events 0 to 999"),
    "a recap of nothing": ("recaps", _event("recap", "covers", None), "covers: "),
    "a recap upside down": ("recaps", _event("recap", "covers", [9, 3]), "covers: events 9 to 3"),
    "an act that nobody could do": ("visited", _event("line", "text", "x" * 5000, speaker=VISITOR), "say: .*4000"),
    "a fear of somebody else": (
        "visited", _feared,
        "speaker: a fear is given by the visitor alone"),
    "control by nobody": ("visited", _event("control", "controller", "zed"), "controller: "),
    "what no person did is taken back": ("visited", _taken_back, "event 4 is taken back, and no person did it"),
    "an end that counts otherwise": (
        "whispers", lambda lines: _set(lines[-1], "lines", 99), "lines: the end counts 99, and there are"),
    "other settings from there on": (
        "resumed", lambda lines: _set(_first(lines, record="resumed"), "settings.profile.candidates", -1),
        "profile.candidates: "),
    "a length that is none": ("whispers", _head("settings.length", "long"), "length: "),
    "no beats": ("whispers", _head("settings.beats", []), "beats: "),
    "beats of another story": ("whispers", _head("settings.beats", ["lunch"]), "settings.beats: .*lunch"),
    "beats in another order": ("whispers", _head("settings.beats", ["night", "day"]), "settings.beats: "),
    "a temperature that is none": ("whispers", _head("settings.profile.temperature", 99), "profile.temperature"),
    "an adapter that is none": (
        "whispers", _head("settings.adapter", {"name": "voice", "sha256": "short"}), "adapter.sha256: "),
    "a visit that is none": ("visited", _head("settings.visit", None), "settings.visit: "),
    "a visit of nobody": (
        "visited", _head("settings.visit.interventions", [{"beat": "day", "whisper": {"to": "zed", "text": "Hm."}}]),
        "visit.interventions.0: nobody else is called 'zed'"),
    "a visitor who was not there": ("whispers", _head("settings.visit", {}), "cast: the roles are ada, bo, cyrus, and"),
    "another story": ("whispers", _head("story.title", "Large Hours"), "story_hash, persona_hashes: .* was changed"),
    "another persona": ("whispers", _head("cast.bo.voice", "Shouting."), "story_hash, persona_hashes: .* was changed"),
    "two of one name": ("whispers", _repersona, "cast: two are called 'ada'"),
    "a branch of nobody": ("branch", _head("parent", None), "parent: a branch has a parent and a point"),
    "a branch beyond its end": ("branch", _head("point", 999), "point: it branches off at event 999"),
    "a seed beyond all bounds": ("whispers", _head("seed", 10**4000), "seed: "),
    "a private thought that others know": (
        "acting", _event("thought", "witnesses", ["ada", "bo"]), "witnesses: a thought cannot be perceived by"),
    "a thought after its gesture": ("acting", lambda lines: _swap(lines, "action"), "kind: an? .* within a turn of"),
    "a gesture that others see than hear the line": (
        "acting", lambda lines: _set(line := _first(lines, kind="action"), "witnesses", [line["speaker"]]),
        "witnesses: the gesture of the turn had others"),
    "a gesture of somebody else": ("acting", lambda lines: _without(lines, "silence"), "kind: .* within a turn of"),
    "an exit that was not said": (
        "acting", lambda lines: _set(_first(lines, leaves=True), "leaves", False), "kind: an exit by an agent follows"),
    "somebody who stays after all": ("acting", lambda lines: _without(lines, "exit"), "kind: .* within a turn of"),
    "an outcome of another scene": (
        "plotted", _event("outcome", "outcome", "she_goes"), "answer: 'she_goes == .*' is nothing that square can"),
    "an answer that is none": ("plotted", _event("outcome", "answer", "perhaps"), "answer: 'bo_goes == perhaps'"),
    "an outcome by a character": ("plotted", _event("outcome", "provenance.by", "agent"), "provenance.by: an outcome"),
    "two outcomes": ("plotted", lambda lines: _twice(lines, "outcome"), "kind: a second outcome of the narrator in"),
    "an older form": ("whispers", _head("schema_version", 0), "schema_version: "),
}  # fmt: skip


@pytest.mark.parametrize("what", SENSELESS)
def test_what_makes_no_sense_is_refused_with_line_and_field(runs: dict[str, Lines], tmp_path: Path, what: str) -> None:
    name, change, says = SENSELESS[what]
    lines = copy.deepcopy(runs[name])
    change(lines)
    with pytest.raises(RecordError, match=rf"{FILE}:\d+: (settings\.)?{says}") as caught:
        transcript.read(_write(tmp_path / "run", lines))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_every_run_that_was_played_can_be_read(runs: dict[str, Lines], home: Path) -> None:
    for name, lines in runs.items():
        assert len(transcript.read(home / name).script) == sum("id" in line for line in lines)
    assert transcript.read(EXAMPLE).end


def _odd(value: Any) -> list[Any]:
    """Values of the same type, and others, that might stand where one stood."""
    match value:
        case bool():
            return [not value, 1]
        case int() | float():
            return [-1, 0, value + 1, 10**30, 0.5]
        case str():
            return ["", "bo", VISITOR, "zed", "x" * 5000, "a\x00\x1b[2Jb", "..", "agent", "line", "go", "porch"]
        case list():
            return [[], [*value, *value], value[::-1], value[:1], ["bo"], [None]]
        case dict():
            return [{}, value | {"zed": 1}]
        case _:
            return ["bo", 3, [], {}, [0, 5], {"to": "bo", "pressure": "", "tactic": "", "material": "", "text": "x"}]


def _paths(node: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    items = node.items() if isinstance(node, dict) else enumerate(node[:2]) if isinstance(node, list) else ()
    for key, value in items:
        yield from _paths(value, (*at, key))


def _changed(line: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """A record with one field, at any depth, deleted or with another value."""
    changed = copy.deepcopy(line)
    *parents, last = dice.choice(list(_paths(line)))
    node = changed
    for key in parents:
        node = node[key]
    odd = [..., None, *_odd(node[last])]
    value = dice.choice(odd)
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return changed


class _Bounded(ScriptedModel):
    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        assert len(self.seen) < 200, "the play does not end"
        return await super().complete(prompt, seed=seed, on_token=on_token)


async def _used(folder: Path, other: RunLog) -> bool:
    """Have everything read a transcript that reads one. Whether it could be read at all."""
    try:
        record = transcript.read(folder)
    except RecordError:
        return False
    Markdown().write(Source((record,), AUTHOR))
    comparison_report.render(compare.compare([other], [record]))
    score.card({"run": record})
    knowledge.knows(record, record.cast.roles[0])
    for event in record.script:
        if event.provenance.by != "author":
            explain.why(record, event.id, lambda digest: None)
    for at in (None, f"{len(record.script) // 2}"):
        whatif.cost(record, [whatif.branch(record, "run", at, Changes())])
    if not record.end:
        await Runner(run_config.from_header(record.header), _Bounded(), folder, {}, goes_on=True).play(
            lambda seen: None
        )
    return True


@pytest.mark.parametrize("name", KINDS)
async def test_whatever_can_be_read_can_be_used(
    runs: dict[str, Lines], home: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(name)
    lines, other = runs[name], transcript.read(home / name)
    read = 0
    for number in range(24):
        at = 0 if number % 6 == 0 else dice.randrange(1, len(lines) - 1)
        upto = dice.randrange(at + 1, len(lines))
        changed = [*lines[:at], _changed(lines[at], dice), *lines[at + 1 : upto]]
        with contextlib.suppress(DreamplayError):
            read += await _used(_write(tmp_path / f"{number}", changed), other)
    assert read > 2
