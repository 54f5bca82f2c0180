"""What a Python user sees: the names of the package, and a play in a script, in a coroutine and in a notebook."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dreamplay as dp
import pytest
from dreamplay.errors import UsageError
from dreamplay.keywords import PlayKeywords
from dreamplay.models.scripted import ScriptedModel
from dreamplay.settings import Settings


def test_every_public_name_is_there_and_nothing_heavy_is_loaded_for_the_import() -> None:
    code = (
        "import sys, dreamplay as dp; print(*{name.partition('.')[0] for name in sys.modules}); "
        "print(*(getattr(dp, name).__doc__ is None for name in dp.__all__)); "
        "print(*(type(getattr(dp, name)).__name__ for name in dp.__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, undocumented, kinds = done.stdout.splitlines()
    assert {"pydantic", "langgraph", "openai", "numpy", "rich", "typer"} & set(loaded.split()) == set()
    assert "True" not in undocumented
    assert "module" not in kinds  # which a function would be hidden by
    assert (Path(dp.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError, match="no attribute 'plya'"):
        dp.plya  # noqa: B018


@pytest.fixture
def run(small: Path) -> dp.Run:
    return dp.play(small, model="scripted", seed=7)


def test_a_run_can_be_read(run: dp.Run) -> None:
    assert run.finished
    assert [event.id for event in run.events] == list(range(len(run.events)))
    assert {line.speaker for line in run.lines} == {"ada", "bo", "cyrus"}
    assert all(line.text and line.beat != "prologue" for line in run.lines)
    assert set(run.stances) == {"ada", "bo", "cyrus"}
    assert (run.header.seed, run.name("ada"), run.folder.parent.name) == (7, "Ada", "transcripts")
    rows = run.to_records()
    assert json.loads(json.dumps(rows)) == rows
    assert {frozenset(row) for row in rows} == {frozenset(rows[0])}
    assert [row["text"] for row in rows if row["kind"] == "line" and row["turn"]] == [line.text for line in run.lines]
    assert dp.load_run(run.folder.name).events == dp.load_run().events == run.events


def test_a_play_from_python_is_the_play_of_the_command_line(run: dp.Run, small: Path) -> None:
    code = "from dreamplay.cli.main import main; main()"
    words = ["run", "--story", small, "--model", "scripted", "--seed", "7", "--out", "transcripts/cli", "--quiet"]
    subprocess.run([sys.executable, "-c", code, *map(str, words)], check=True)
    assert (run.folder / "transcript.jsonl").read_bytes() == Path("transcripts/cli/transcript.jsonl").read_bytes()


def test_a_branch_is_played_beside_its_parent_and_compared(run: dp.Run) -> None:
    branch = run.branch(at="night", drop=["bo"], say=[("bo", "I am off.")])
    other = dp.play(branch)
    assert other.folder.parent == run.folder.parent.resolve()
    assert other.header.parent == run.folder.name
    assert other.header.model == "scripted"
    assert set(other.stances) == {"ada", "cyrus"}
    made = dp.compare(run, other)
    assert str(made) == "\n".join(made.findings) != ""
    assert repr(made).startswith("<Comparison of 1 and 1 runs of 'Small Hours': Changed: from event ")
    with pytest.raises(dp.DreamplayError, match="two base runs have the seed 7"):
        dp.compare([run, run], [other])
    asked = dp.play(run.branch(at="night", say=[("bo", "Am I off?")]))
    assert dp.compare(run, asked).findings[0].endswith("say bo: “Am I off?”")


def test_runs_are_sorted_into_groups_and_put_side_by_side(run: dp.Run) -> None:
    line = run.lines[-1].id
    takes = [dp.play(run.branch(at=line, seed=seed)) for seed in (8, 9)]
    other = dp.play(run.branch(at=line, drop=["cyrus"]))
    assert dp.two_groups([other, run]) == ([other], [run])
    assert dp.two_groups([run, other, *takes]) == ([run, *takes], [other])
    beside = dp.side_by_side([run, *takes, other])
    assert {len(passage.columns) for scene in beside.after for passage in scene.passages} == {4}
    assert line - 2 <= beside.shared <= line


def test_a_run_is_exported_in_every_format(run: dp.Run) -> None:
    known = {each.name: each for each in dp.list_formats()}
    assert known["markdown"].suffix == ".md"
    assert known["markdown"].holds.startswith("A page for readers")
    assert run.export("markdown", view="reader") == (run.folder / "transcript.md").read_text(encoding="utf-8")
    assert [json.loads(row) for row in str(run.export("jsonl")).splitlines()] == run.to_records()
    with pytest.raises(dp.DreamplayError, match="unknown format 'docx'"):
        run.export("docx")


def test_a_story_and_its_personas_can_be_values(small: Path, run: dp.Run) -> None:
    story = dp.load_story(small)
    assert dp.play(story, model="scripted", seed=7).events == run.events
    by_name, by_value = (
        dp.play(story, swaps={"ada": leo}, model="scripted", seed=1, beats=["day"])
        for leo in ("leo", dp.load_persona("leo"))
    )
    assert (by_name.header, by_name.events) == (by_value.header, by_value.events)
    names = {"ada": "Ann", "bo": "Ben", "cyrus": "Cy"}
    made = dp.Story.model_validate(story.model_dump() | {"title": "Made Up", "cast": dict.fromkeys(names, "no file")})
    cast = {role: dp.load_persona(small.parent / f"{role}.yaml", name=name) for role, name in names.items()}
    own = dp.play(made, swaps=cast, model="scripted", seed=1, beats=["day"])
    assert (own.header.story_id, [own.name(role) for role in names]) == ("made_up", list(names.values()))
    changed = dp.play(own.branch(swap={"bo": dp.load_persona("nurse", name="Nan")}))
    assert changed.name("bo") == "Nan"


def test_a_branch_goes_on_with_an_edited_story(run: dp.Run) -> None:
    text = dp.dump_story(run.header.story)
    edited = dp.parse_story(text.replace("They meet: porch.", "They meet at last."))
    other = dp.play(run.branch(at="dawn", story_edit=edited))
    assert "They meet at last." in [event.text for event in other.events]
    assert other.header.changes[0].endswith("story-edit Small Hours")
    with pytest.raises(UsageError, match=r"^`story_edit` is another story: 'Large Hours'"):
        run.branch(at="dawn", story_edit=dp.parse_story(text.replace("Small Hours", "Large Hours")))


def test_a_role_is_given_by_itself_or_by_the_name_of_whoever_plays_it(small: Path, run: dp.Run) -> None:
    assert run.knows("BO") == run.knows("Bo") == run.knows("bo")
    assert run.seen_by("Bo") == run.seen_by("bo")
    assert run.threads("Bo") == run.threads("bo")
    assert run.export("csv", view="Bo") == run.export("csv", view="bo")
    changes = [{"drop": ["bo"], "say": [("bo", "I am off.")]}, {"drop": ["Bo", "bo"], "say": [("Bo", "I am off.")]}]
    by_role, by_name = (run.branch(at="night", **each).branch for each in changes)  # type: ignore[arg-type]
    assert by_name == by_role
    plays = [{"bo": "cyrus", "cyrus": "nurse"}, {"Bo": "Cyrus", "cyrus": "nurse"}]
    one, other = (dp.play(small, swaps=swaps, model="scripted", seed=1, beats=["day"]) for swaps in plays)
    assert one.header == other.header
    with pytest.raises(UsageError, match="'Bo' is the role bo, which is swapped already"):
        run.branch(swap={"bo": "leo", "Bo": "mira"})


def test_a_role_comes_before_a_name(small: Path) -> None:
    names = {"ada": "Bo", "bo": "Ada"}
    ada, bo = (dp.load_persona(small.parent / f"{role}.yaml", name=name) for role, name in names.items())
    run = dp.play(small, swaps={"ada": ada, "bo": bo}, model="scripted", seed=1, beats=["day"])
    assert (run.name("bo"), run.knows("Bo").role) == ("Ada", "bo")
    with pytest.raises(UsageError, match=r"no role 'zed' in this run; it has ada \(Bo\), bo \(Ada\), cyrus"):
        run.knows("zed")


def test_threads_are_asked_for_as_they_stood(run: dp.Run) -> None:
    asked = dp.play(run.branch(at="corner", say=[("ada", "Bo, who locked the door?")]))
    since = asked.header.point or 0
    since = next(event.id for event in asked.events[since:] if event.kind == "line")
    assert asked.threads(at=since - 1) == tuple(each for each in asked.threads(at=since) if each.since < since)
    (thread,) = (each for each in asked.threads(["ada", "cyrus"], at=since) if each.since == since)
    assert (thread.kind, thread.by, thread.to, thread.open) == ("question", "ada", "bo", True)
    assert since not in [each.since for each in asked.threads("cyrus")]  # who is not in the corner
    with pytest.raises(UsageError, match=r"`at=100000`: no such event; this run has events 0 to"):
        asked.threads(at=100_000)


def test_a_run_shows_itself_and_answers_questions(run: dp.Run) -> None:
    assert repr(run) == f"<Run {run.folder.name}: 'Small Hours' on scripted, seed 7, {len(run.lines)} lines, finished>"
    branch = run.branch(at="night", drop=["bo"])
    assert re.fullmatch(rf"<Branch of {run.folder.name}: from event \d+ on, drop bo, seed 7>", repr(branch))
    line = run.lines[-1]
    assert run.why(line.id).text == line.text
    assert run.why(line) == run.why(line.id)
    assert run.knows("ada", at=line.id).at == line.id
    assert {thread.since for thread in run.threads("ada")} <= {e.id for e in run.events if "ada" in e.witnesses}
    assert dp.score(run).runs[0].scores == dp.score([run]).pooled


def test_records_are_flat_and_of_one_type_a_column(run: dp.Run) -> None:
    rows = run.to_records()
    assert json.loads(json.dumps(rows)) == rows
    (other,) = dp.play(run.branch(at="night", drop=["bo"])).to_records()[:1]
    assert (rows[0]["changes"], re.sub(r"\d+", "N", other["changes"])) == ("", "from event N on, drop bo")
    for column in rows[0]:
        kinds = {type(row[column]) for row in rows} - {type(None)}
        assert kinds <= {str} or kinds <= {int} or kinds <= {float}, column


def test_the_settings_by_keyword_are_those_there_are() -> None:
    own = {"model", "story", "seed", "out"}
    assert set(PlayKeywords.__annotations__) == set(Settings.model_fields) - own


def test_one_function_is_told_of_each_event(small: Path) -> None:
    told: list[dp.Event] = []
    played = dp.play(small, model=ScriptedModel(), seed=3, beats=["day"], on_event=told.append)
    assert tuple(told) == played.events


REFUSED: dict[str, tuple[Callable[[Path, dp.Run], object], type[Exception], str]] = {
    "an unknown story": (
        lambda small, run: dp.play("mindsnyc", model="scripted"), UsageError,
        "no file and no shipped story called 'mindsnyc' (did you mean 'mindsync'?)",
    ),
    "a story of another kind": (lambda small, run: dp.play(7), TypeError, "a story is a name"),  # type: ignore[arg-type]
    "an unknown model": (
        lambda small, run: dp.play(small, model="scriptd"), UsageError,
        "`model=scriptd`: did you mean scripted? A model of that name needs a `base_url`",
    ),
    "a model of another kind": (
        lambda small, run: dp.play(small, model=3), TypeError, "`model` is a name, a file or a model, not int",  # type: ignore[arg-type]
    ),
    "a seed of another kind": (
        lambda small, run: dp.play(small, model="scripted", seed="x"), UsageError, "`seed`: must be a whole number",  # type: ignore[arg-type]
    ),
    "a negative timeout": (
        lambda small, run: dp.get_model("m", base_url="http://x/v1", timeout=-1), UsageError, "`timeout`: must be more",
    ),
    "an unknown setting": (
        lambda small, run: dp.play(small, modle="scripted"), TypeError,  # type: ignore[call-arg]
        "play() got an unexpected keyword argument 'modle' (did you mean 'model'?)",
    ),
    "an unknown beat": (
        lambda small, run: dp.play(small, model="scripted", beats=["lunch"]), UsageError, "no beat 'lunch'",
    ),
    "one beat, and no list": (
        lambda small, run: dp.play(small, model="scripted", beats="day"), TypeError, "`beats` is a list of names",
    ),
    "swaps of another kind": (
        lambda small, run: dp.play(small, model="scripted", swaps="leo=x"), TypeError,  # type: ignore[arg-type]
        "`swaps` is a dictionary, role to persona, not 'leo=x'",
    ),
    "an unknown role": (
        lambda small, run: dp.play(small, model="scripted", swaps={"zed": "leo"}), UsageError, "no role 'zed'",
    ),
    "a persona that is not valid": (
        lambda small, run: dp.play(
            small, swaps={"ada": dp.load_persona("leo").model_copy(update={"name": ""})}, model="scripted"
        ),
        UsageError, "this Persona is not valid: name: a name is up to 40 characters",
    ),
    "a visitor who does nothing": (
        lambda small, run: dp.play(small, visitor="Noor"), UsageError, "`visitor` and `interventions` need each other",
    ),
    "an unknown point": (
        lambda small, run: run.branch(at="lunch", drop=["bo"]), UsageError, "`at=lunch`: run has no such beat or scene",
    ),
    "one role to drop, and no list": (
        lambda small, run: run.branch(drop="bo"), TypeError, "`drop` is a list of names, not 'bo'",
    ),
    "one check to leave out, and no list": (
        lambda small, run: dp.play(small, model="scripted", no_check="empty"), TypeError,
        "`no_check` is a list of names, not 'empty'",
    ),
    "a seed that is no number": (
        lambda small, run: dp.play(small, model="scripted", seed=True), UsageError,
        "`seed`: must be a number, and neither true nor false",
    ),
    "a seed of a branch that is no number": (
        lambda small, run: run.branch(drop=["leo"], seed=True), TypeError, "`seed` is a whole number, not 'True'",
    ),
    "an event that is none": (
        lambda small, run: run.why("x"), TypeError, "`event` is an event, or its id, not 'x'",  # type: ignore[arg-type]
    ),
    "a point that is no number": (
        lambda small, run: run.knows("leo", at="x"), TypeError,  # type: ignore[arg-type]
        "`at` is the id of an event, not 'x'",
    ),
    "a run that goes on with other dice": (
        lambda small, run: dp.play(run, seed=8), UsageError, "`seed` cannot be changed in a run that goes on",
    ),
    "a finished run": (
        lambda small, run: dp.play(run), UsageError, "played to its end; look at it with: `dreamplay.load_run(",
    ),
    "a setting of an open model": (
        lambda small, run: dp.play(small, model=ScriptedModel(), window=4096), UsageError, "`window` is of a model",
    ),
    "an unknown run": (lambda small, run: dp.load_run("x"), dp.DreamplayError, "no run 'x'"),
    "an unknown event": (lambda small, run: run.knows("leo", at=999), UsageError, "`at=999`: no such event"),
    "a folder that holds a run": (
        lambda small, run: dp.play(small, model="scripted", out=run.folder), dp.DreamplayError, "choose another `out`",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dp.Run:
    return dp.play("mindsync", model="scripted", seed=7, length="short", out=tmp_path_factory.mktemp("runs") / "run")


@pytest.mark.parametrize(("call", "error", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_played_is_one_error_that_writes_nothing(
    call: Callable[[Path, dp.Run], object], error: type[Exception], says: str, small: Path, played: dp.Run
) -> None:
    before = (played.folder / "transcript.jsonl").read_bytes()
    with pytest.raises(error) as caught:
        call(small, played)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert " --" not in str(caught.value)
    assert not Path("transcripts").exists()
    assert (played.folder / "transcript.jsonl").read_bytes() == before


@pytest.mark.parametrize("line", [0, 3])
def test_a_damaged_run_is_an_error_that_says_where(line: int, small: Path) -> None:
    path = dp.play(small, model="scripted", beats=["day"]).folder / "transcript.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:line], b"{]\n", *lines[line + 1 :]]))
    with pytest.raises(dp.DreamplayError, match=rf"transcript\.jsonl:{line + 1}: "):
        dp.load_run()


def test_a_branch_that_was_played_is_not_played_again(small: Path) -> None:
    run = dp.play(small, model="scripted", seed=7, beats=["day"])
    other, again = (dp.play(run.branch(drop=["bo"])) for _ in range(2))
    assert (again.finished, again.folder, again.events) == (True, other.folder, other.events)
