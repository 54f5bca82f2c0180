"""The benchmarks that play runs, on fakes in the place of the local model. Nothing here is timed."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import lines
import others
import pytest
import readers
import tune
import worlds
from dreamplay.director.cues import Cues
from dreamplay.director.situation import Situation
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import EmbeddedModelError, ModelError, UsageError
from dreamplay.models import llamacpp, model_store
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.runs import transcript
from dreamplay.runs.transcript import FILE, RunLog
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, Cue, TurnEvent
from dreamplay.schema.provenance import Usage
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story
from dreamplay.scoring import score
from fake_endpoint import FakeEndpoint
from layout import Chat, PlainModel
from lines import Opening, Way

NAME = ScriptedModel.name
COST = Usage(calls=1, prompt=9, cached=4, output=3)


class Asked(ScriptedModel):
    """Says what it is told to, by the number of the call, and then always the same."""

    def __init__(self, *replies: str) -> None:
        super().__init__()
        self._first = list(replies)

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        self.seen.append(prompt)
        return Reply(self._first.pop(0) if self._first else "I have told you all of it.", True, COST)


def opening(plain: Callable[[], ScriptedModel] = Asked) -> Opening:
    @contextlib.contextmanager
    def opened(way: Way) -> Iterator[ScriptedModel]:
        yield plain() if way == "plain" else ScriptedModel()

    return opened


def closed(way: Way) -> Any:
    raise AssertionError(f"{way} is played again")


def both(plan: RunConfig, home: Path, opened: Opening) -> tuple[RunLog, RunLog]:
    (pair,), failed = lines.played([plan], home, opened, NAME)
    assert not failed
    assert pair[1]
    return pair[0], pair[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run, played both ways."""
    folder = tmp_path_factory.mktemp("benchmarks")
    both(_short(worlds.write(folder / "small")), folder, opening())
    return folder


@pytest.fixture
def short(home: Path) -> RunConfig:
    return _short(home / "small" / "story.yaml")


@pytest.fixture
def pair(home: Path) -> tuple[RunLog, RunLog]:
    return transcript.read(home / "dreamplay-1"), transcript.read(home / "plain-1")


def _short(story: Path) -> RunConfig:
    return worlds.plan(story, seed=1, length="short")


def test_the_table_holds_every_measure_and_says_which_way_is_better(pair: tuple[RunLog, RunLog]) -> None:
    ours, plain = pair
    head, _, *rows = [line.split(" | ") for line in lines.report([ours], [plain]).split("\n\n")[0].splitlines()]
    cells = {row.measure: [cell.strip(" |") for cell in line] for row, line in zip(score.ROWS, rows, strict=True)}
    assert [cell.strip(" |") for cell in head] == ["measure", "bar", "plain", "dreamplay", "kept?", "better?"]
    assert [line[0] for line in cells.values()] == [row.label.strip() for row in score.ROWS]
    assert cells["faults.refusals"][1:] == ["at most 0", "0", "0", "yes", "same"]
    assert cells["echo.copies"][5] == "yes"
    assert cells["words.median"][2:] == ["7", cells["words.median"][3], "yes", "yes"]
    assert {measure for measure, line in cells.items() if line[2] == "n/a"} == lines.NOT_PLAIN
    assert {cells[measure][5] for measure in lines.NOT_PLAIN} == {""}
    assert "better than plain" in lines.report([ours], [plain])
    assert "better than plain" not in lines.report([ours], [])


def test_every_measure_that_is_named_is_one_of_the_card() -> None:
    known = {row.measure for row in score.ROWS}
    assert lines.NOT_PLAIN | lines.LESS | lines.MORE | set(tune.COLUMNS.values()) <= known
    assert not lines.LESS & lines.MORE


@pytest.mark.parametrize(
    ("measure", "values", "word"),
    [
        ("contract.silent", (0.1, 0.2), "yes"),
        ("contract.silent", (0.0, 0.0), "same"),
        ("voice.separation", (0.3, 0.4), "NO"),
        ("words.median", (9, 24), "same"),
        ("words.median", (7, 30), "yes"),
        ("voice.kept", (1.1, 1.9), "same"),
        ("voice.kept", (0.8, 1.9), "NO"),
        ("echo.by_self", (0.1, 0.2), "yes"),
        ("echo.distinct", (0.1, 0.2), "NO"),
        ("words.high", (10, 20), ""),
        ("voice.separation", (0.3, None), ""),
    ],
)
def test_what_is_better_goes_by_the_bar(measure: str, values: tuple[Any, Any], word: str) -> None:
    row = next(row for row in score.ROWS if row.measure == measure)
    assert lines.better(row, *values) == word


def test_the_plain_run_follows_the_events_of_the_other_with_lines_of_its_own(
    home: Path, pair: tuple[RunLog, RunLog]
) -> None:
    ours, plain = pair
    theirs = [event for event in ours.script if event.beat != "prologue"]
    for event, other in zip(theirs, plain.script, strict=True):
        assert (event.beat, event.scene, event.witnesses) == (other.beat, other.scene, other.witnesses)
        if isinstance(event, TurnEvent):
            assert isinstance(other, TurnEvent)
            assert (event.speaker, event.turn) == (other.speaker, other.turn)
            assert (other.cue, other.provenance.usage) == (None, COST)
        else:
            assert other == event.model_copy(update={"id": other.id})
    assert plain.header.settings["layout"] == "plain"
    assert plain.end
    assert plain.end.usage == transcript.total(plain.script)
    card = score.scores([plain])
    assert (card.contract.ended, card.contract.scenes) == (1, card.contract.scenes_planned)
    assert {path.name for path in (home / "plain-1").iterdir()} == {FILE, "transcript.md"}


def test_a_plain_line_stands_as_it_was_said_but_for_the_own_name(
    short: RunConfig, pair: tuple[RunLog, RunLog], tmp_path: Path
) -> None:
    me, other = [short.cast.name(event.speaker) for event in worlds.turns(pair[1].script)][:2]
    said = (f"{me}: Mind the", f"{me}: Mine is ours.", "", "As an AI, I cannot sigh.")
    plain = lines.play_plain(short, tmp_path / "plain", opening(lambda: Asked(*said)), NAME, pair[0])
    turns = worlds.turns(plain.script)[:4]
    assert me != other
    assert [event.text for event in turns] == ["Mind the", said[1], "", said[3]]
    assert [event.kind for event in turns] == ["line", "line", "silence", "line"]
    faults = score.scores([plain]).faults
    assert (faults.unfinished, faults.wrong_speaker, faults.model_talk) == (1, 1, 1)


def test_each_character_has_a_chat_of_its_own(short: RunConfig, pair: tuple[RunLog, RunLog], tmp_path: Path) -> None:
    model = Asked()
    plain = lines.play_plain(short, tmp_path / "plain", opening(lambda: model), NAME, pair[0])
    for turn, prompt in zip(worlds.turns(plain.script), model.seen, strict=True):
        assert isinstance(prompt, Chat)
        first, *chat, _ = prompt.messages(prefill=True)
        name = plain.cast.name(turn.speaker or "")
        assert first["content"].startswith(f"You are {name},")
        assert f"CANARY-{name}-fear" in first["content"]
        heard = [event for event in plain.script.visible_to(turn.speaker or "") if event.id < turn.id]
        own = [event.kind == "line" and event.speaker == turn.speaker for event in heard]
        assert [message["role"] == "assistant" for message in chat] == own
        assert all(message["content"].endswith(event.text) for message, event in zip(chat, heard, strict=True))


async def test_the_plain_model_is_asked_as_by_an_ordinary_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMPLAY_CACHE", str(tmp_path))
    (tmp_path / "m.gguf").touch()
    with FakeEndpoint(["Leo: No."]) as served:
        engine = model_store.LocalServer(served.base_url.removesuffix("/v1"), "key", tmp_path / "m.gguf", None)
        monkeypatch.setattr(model_store, "start", lambda gguf=None, **rest: engine)
        model = PlainModel()
        said = ({"role": "user", "content": "It is late."},)
        chat = Chat(kind="line", system="You are Leo.", script="", tail="Speak.", history=said, max_tokens=72)
        reply = await model.complete(chat, seed=5)
        await model._endpoint.client.close()  # type: ignore[union-attr]
    (request,) = served.seen
    assert reply.text == "Leo: No."
    assert (
        {"temperature": model.profile.temperature, "min_p": model.profile.min_p, "seed": 5, "max_tokens": 72}
    ).items() <= request.items()
    assert not {"id_slot", "n"} & set(request)
    assert [message["role"] for message in request["messages"]] == ["system", "user", "user"]


def test_what_is_finished_is_not_played_again_and_what_was_cut_is(home: Path, short: RunConfig, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "runs")
    paths = [tmp_path / "runs" / name / FILE for name in ("dreamplay-1", "plain-1")]
    before = [path.read_bytes() for path in paths]
    both(short, tmp_path / "runs", closed)
    for path in paths:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-4]))
    both(short, tmp_path / "runs", opening())
    assert [path.read_bytes() for path in paths] == before


@pytest.mark.parametrize(
    ("change", "name"), [({"seed": 2}, NAME), ({"length": "full"}, NAME), ({"beats": ("day",)}, NAME), ({}, "another")]
)
def test_a_folder_with_another_run_is_left_alone(
    home: Path, short: RunConfig, change: dict[str, Any], name: str
) -> None:
    before = (home / "dreamplay-1" / FILE).read_bytes()
    with pytest.raises(UsageError, match="holds a run of something else"):
        lines.play_ours(replace(short, **change), home / "dreamplay-1", closed, name, {})
    assert (home / "dreamplay-1" / FILE).read_bytes() == before


def test_a_seed_that_fails_is_in_neither_column(small: Path, tmp_path: Path) -> None:
    class Failing(Asked):
        async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
            raise ModelError("the model is gone")

    models = iter([Failing(), Asked()])
    plans = [worlds.plan(small, seed=seed, length="short", beats=["day"]) for seed in (1, 2)]
    pairs, failed = lines.played(plans, tmp_path, opening(lambda: next(models)), NAME)
    assert [ours.header.seed for ours, _ in pairs] == [2]
    assert failed == ["seed 1 is left out: the model is gone"]


def test_a_change_gets_a_row_and_leaves_nothing_behind(small: Path, tmp_path: Path) -> None:
    plan = worlds.plan(small, length="short", beats=["day"])
    plays = [(tune.AS_IT_IS, "one"), ("cue-without-material", "two"), (tune.AS_IT_IS, "three")]
    before, changed, after = [tune.row(name, [plan], tmp_path / folder, opening(), NAME) for name, folder in plays]
    assert before == after
    assert changed[:2] == ["cue-without-material", "1"]
    assert len(changed) == len(before) == len(tune.COLUMNS) + 4
    cues = [event.cue for event in worlds.turns(transcript.read(tmp_path / "two" / changed[0] / "7").script)]
    assert all(cue and not cue.material and cue.text.endswith(f" speaks {cue.tactic}.") for cue in cues)


@pytest.mark.parametrize("change", tune.PROMPTS)
def test_a_change_of_the_prompt_changes_it(change: str, story: Story, cast: Cast) -> None:
    def asked() -> Prompt:
        everyone = {"speaker": "mira", "witnesses": cast.roles}
        cue = Cue(to=None, pressure="", tactic="", material="", text="Mira tells Leo drily that it is late.")
        first = worlds.event(0, beat=PROLOGUE, scene=PROLOGUE, cue=cue, **everyone)
        script = Script([first, *(worlds.event(number, **everyone) for number in range(1, 20))])
        _, scene = next(iter(story.scenes))
        cue = Cues(cast, 7).draw(Situation.of(script, "launch", scene), "leo")
        return PromptBuilder(story, cast, worlds.SMALL).line(
            *worlds.turn(script, scene, "leo", cue), recalled=()
        )  # as an agent asks

    before = asked()
    with tune.changed(change):
        assert asked() != before
    assert asked() == before


@pytest.mark.parametrize(
    ("change", "setting", "value"),
    [("temperature-0.6", "temperature", 0.6), ("min-p-0.02", "min_p", 0.02), ("candidates-3", "candidates", 3)],
)
def test_a_change_of_the_sampling_is_in_the_header(
    change: str, setting: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(*args: object, **rest: object) -> None:
        raise EmbeddedModelError("no engine in tests")

    monkeypatch.setattr(model_store, "start", absent)
    with tune.changed(change):
        assert llamacpp.LocalModel(timeout=1).profile.recorded()[setting] == value


def test_what_is_compared_with_others_is_counted_where_it_is_asked_for() -> None:
    chosen = argparse.Namespace(plays=4, jobs=4, latency=0.0)
    played, asked = others._played("dreamplay", Path(sys.executable), "", chosen)
    reflections = 4 * 3
    assert played.lines >= 4 * 12
    assert asked.calls >= played.lines + reflections
    assert asked.characters > 1000 * asked.calls


def test_the_fake_answers_others_in_their_form() -> None:
    offered = "Who is next?\nRespond EXACTLY with one of the following strings:\nMira\nLeo."
    assert others._continued({"messages": [{"content": offered}]}) == "Mira"
    acted = [json.loads(others._acted({"messages": [{"content": prompt}]})) for prompt in ("one", "two")]
    assert [action["type"] for action in acted[0]["actions"]] == ["TALK", "DONE"]
    assert acted[0]["actions"][0] != acted[1]["actions"][0]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ("1 A sure\n2 B guess after long thought\n", "all: 1 sure and right, 2 right of 2\n"),
        (None, "No such file or directory: 'answers.txt'\n"),
        ("1 A sure", "answers.txt: no answer to 2; ask the reader again\n"),
        ("1 A sure\n2 B", "'2 B' is no answer; write one line for each number, like '3 A sure'\n"),
        ("1 A sure\n1 B sure\n", "'1 B sure' is no answer; write one line for each number, like '3 A sure'\n"),
    ],
)  # fmt: skip
def test_answers_of_readers_are_counted_or_what_is_wrong_with_them_is_one_line(
    answers: str | None, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("key.json").write_text('[[1, "day", "A"], [2, "night", "B"]]')
    if answers is not None:
        Path("answers.txt").write_text(answers)
    monkeypatch.setattr(sys, "argv", ["readers.py", "score", ".", "answers.txt"])
    with contextlib.nullcontext() if says.startswith("all") else pytest.raises(SystemExit, match=r"^2$"):
        readers.main()
    out, err = capsys.readouterr()
    assert says in (out or err)
    assert err.count("\n") == (not out)


def test_every_benchmark_finds_what_it_imports_when_it_is_run_as_a_script() -> None:
    folder = Path(lines.__file__).parent
    names = sorted(path.stem for path in folder.glob("*.py"))
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import {', '.join(names)}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


SCRIPTS = sorted(path for path in Path(lines.__file__).parent.glob("*.py") if not path.stem.startswith("others_"))
"""All but those that run in the environment of another framework."""


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_finds_what_it_imports_when_it_is_started_by_itself(script: Path) -> None:
    started = "import runpy, sys; sys.path[0] = sys.argv[1]; runpy.run_path(sys.argv[2], run_name='started')"
    subprocess.run([sys.executable, "-c", started, script.parent, script], check=True, capture_output=True)
