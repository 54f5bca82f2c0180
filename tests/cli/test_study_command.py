"""`dreamplay study`: played, stopped, gone on with, and how far it is."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import worlds
from dreamplay.cli import main
from dreamplay.errors import ModelError
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.storage.postgres import faults
from dreamplay.storage.postgres.address import Address
from dreamplay.studies.engines.here import Here
from dreamplay.studies.loaded import check
from dreamplay.studies.play import StudyPlay
from dreamplay.studies.worker import Workplace
from fake_endpoint import FakeEndpoint

COMMAND = str(Path(sys.executable).with_name("dreamplay"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study with four plays, two of which branch off the others."""
    worlds.write(tmp_path / "small", roles=3)
    return worlds.dump(tmp_path / "words.yaml", {
        "title": "Do two words matter?", "story": "small/story.yaml", "length": "short", "seeds": "2",
        "model": "fake", "baseline": "base", "prices": {"prompt": "1", "output": "2", "currency": "EUR"},
        "conditions": {"base": {}, "told": {"at": "night", "say": [{"bo": "I am off."}]}},
    })  # fmt: skip


def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: object
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["dreamplay", "study", *map(str, words)])
    code = 0
    try:
        main.main()
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def study(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    return lambda *words: command(capsys, monkeypatch, *words)


Study = Callable[..., tuple[int, str, str]]


def test_a_dry_run_estimates_what_is_missing_and_plays_nothing(study: Study, file: Path) -> None:
    code, out, _ = study("run", file, "--dry-run", "--model", "scripted")
    assert code == 0
    assert out.startswith("4 of 4 plays to play: about ")
    assert " EUR; how long it takes is known once a play is finished" in out
    assert "4 at once in " in out
    assert " on scripted (the shipped fake: no model, no network); they are kept in transcripts/words\n" in out
    assert not Path("transcripts").exists()
    _, out, _ = study("run", file, "--dry-run", "--model", "scripted", "--json")
    estimate = json.loads(out)
    assert (estimate["plays"], estimate["store"]) == (4, "transcripts/words")
    assert estimate["money"] == pytest.approx((estimate["prompt"] + 2 * estimate["output"]) / 1_000_000)


def test_a_dry_run_says_that_the_file_of_a_cluster_is_missing(study: Study, file: Path) -> None:
    code, out, err = study("run", file, "--dry-run", "--model", "scripted", "--cluster", "slurm.yaml")
    assert (code, out) == (2, "")
    assert "slurm.yaml" in err


def test_the_same_command_again_plays_only_what_is_missing(study: Study, file: Path) -> None:
    with FakeEndpoint() as fake:
        run = ("run", file, "--base-url", fake.base_url, "--processes", 1, "--jobs", 2)
        code, _, err = study(*run)
        assert (code, "4 of 4 finished" in err) == (0, True)
        asked = len(fake.seen)
        assert study(*run)[0] == 0
        assert len(fake.seen) == asked
        file.write_text(file.read_text().replace("seeds: '2'", "seeds: '3'"))
        assert study(*run)[0] == 0
        found = {path.parent.name: transcript.read(path.parent) for path in Path("transcripts/words").glob("*/*.jsonl")
                 if path.name == transcript.FILE}  # fmt: skip
        own = [transcript.total(list(log.script)[log.header.point or 0 :]).calls for log in found.values()]
        assert (len(found), sum(own)) == (6, len(fake.seen))
    _, out, _ = study("status", file, "--model", "fake")
    assert [line.split() for line in out.splitlines()[1:]] == [["base", "plain", "3", "3"], ["told", "plain", "3", "3"]]


def test_a_play_that_fails_fails_alone_and_is_missing(study: Study, file: Path) -> None:
    with FakeEndpoint(faults=["401"]) as fake:
        code, _, err = study("run", file, "--base-url", fake.base_url, "--processes", 1, "--jobs", 1)
        assert code == 1
        assert "dreamplay: 2 of 4 plays failed, story-" in err.splitlines()[-1]
        assert err.endswith("the same command again plays what is missing\n")
        assert len([line for line in err.splitlines() if " failed, and with it 1 that branches off it: " in line]) == 1
        assert "which it branches off" not in err
        _, out, _ = study("status", file)
        assert [line.split()[2] for line in out.splitlines()] == ["finished", "1", "1"]
        assert study("run", file, "--base-url", fake.base_url, "--processes", 1)[0] == 0


def test_a_reason_that_names_the_next_step_is_followed_by_no_other() -> None:
    full = faults.cannot("write to", "a", Address.read("postgresql://a/b"), psycopg.errors.DiskFull())
    playing = StudyPlay(Here(Workplace(store="plays", jobs=1, all_jobs=1)), (), failed={"one": str(full)})
    with pytest.raises(ModelError) as told:
        check(playing)
    assert str(told.value).count("the same command again") == 1


def test_what_is_wrong_with_the_file_is_said_in_one_line_before_anything_is_played(study: Study, file: Path) -> None:
    file.write_text(file.read_text().replace("seeds: '2'", "seeds: 1"))
    code, _, err = study("run", file)
    assert (code, err.count("\n")) == (2, 1)
    assert ": seeds: from fewer than two seeds nothing can be concluded; ask for at least 2" in err


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a single process there")
def test_ctrl_c_finishes_the_lines_and_the_same_command_goes_on(study: Study, file: Path) -> None:
    with FakeEndpoint(latency=0.02) as fake:
        words = ["study", "run", str(file), "--base-url", fake.base_url, "--jobs", "2"]
        with subprocess.Popen([COMMAND, *words, "--processes", "2"], stderr=subprocess.PIPE, text=True) as playing:
            assert playing.stderr
            for _ in range(3):  # the third line says that a play is finished
                playing.stderr.readline()
            playing.send_signal(signal.SIGINT)
            rest = playing.stderr.read()
        assert (playing.returncode, "stopping after this line" in rest) == (130, True)
        assert rest.splitlines()[-1].endswith("the same command again plays what is missing")
        assert study(*words[1:], "--processes", 1)[0] == 0
        logs = [transcript.read(path.parent) for path in Path("transcripts/words").glob(f"*/{transcript.FILE}")]
        own = [transcript.total(list(log.script)[log.header.point or 0 :]).calls for log in logs]
        assert (len(logs), all(log.end for log in logs), sum(own)) == (4, True, len(fake.seen))


def test_a_study_from_python(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dreamplay as dp

    found = dp.load_study(file, model="scripted", store="plays")
    assert repr(found) == "<Study words: 'Do two words matter?', 4 plays in plays>"
    assert (found.status().count("missing"), found.estimate().plays) == (4, 4)
    assert found.run(processes=1).finished
    assert {path.name for path in Path("plays").iterdir() if path.is_dir()} == {task.name for task in found.tasks}

    def fail(*args: Any, **rest: Any) -> None:
        raise AssertionError("nothing is left to play")

    monkeypatch.setattr(ScriptedModel, "complete", fail)
    assert found.run(processes=1).count("finished") == 4


def test_the_next_command_finds_what_was_played(study: Study, file: Path) -> None:
    file.write_text(f"{file.read_text()}measures: [words.ada]\n")
    code, _, err = study("run", file, "--model", "scripted", "--store", "my plays", "--processes", 1)
    told = err.splitlines()[-1].partition("look at them with: ")[2]
    assert (code, told) == (0, f"dreamplay study report {file} --model scripted --store 'my plays'")
    assert "base, the baseline: 1 phrasing, 2 of 2 runs" in study(*shlex.split(told)[2:])[1]


def test_the_next_command_names_the_address_that_was_given(study: Study, file: Path) -> None:
    with FakeEndpoint() as fake:
        _, _, err = study("run", file, "--base-url", fake.base_url, "--processes", 1)
        assert err.endswith(f"dreamplay study report {file} --base-url {fake.base_url}\n")
        secret = fake.base_url.replace("://", "://me:secret@")
        _, _, err = study("run", file, "--base-url", secret, "--processes", 1)
    assert err.endswith(f"report {file} and the same --base-url as before, which has a secret in it and is not shown\n")


@pytest.mark.parametrize("word", ["status", "report"])
def test_what_another_model_played_is_told_where_nothing_is_found(study: Study, file: Path, word: str) -> None:
    file.write_text(f"{file.read_text()}measures: [words.ada]\n")
    assert "it was played" not in study(word, file)[2]
    study("run", file, "--model", "scripted", "--processes", 1)
    _, _, err = study(word, file)
    command = f"dreamplay study {word} {file} --model scripted"
    assert err == f"dreamplay: it was played on scripted, though; for that: {command}\n"
    assert study(word, file, "--model", "scripted")[2] == ""
