"""Which checks run: those that a profile names, without those that are switched off, and those of strangers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import strangers
import worlds
from dreamplay.errors import PluginError, PluginFailedError
from dreamplay.models.base import Reply
from dreamplay.runs import transcript
from dreamplay.schema.provenance import Usage
from dreamplay.validation import pipeline
from dreamplay.validation.check import CheckContext, Heard
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.pipeline import Pipeline

SHOUTS = """
from dreamplay.validation.check import Check, Fault

def shouts(candidate, context):
    if "raise" in candidate.text:
        raise ValueError("lost count")
    if "wrong" in candidate.text:
        return "no fault"
    return Fault("shouts", f"{context.speaker} lowers their voice.") if candidate.text.isupper() else None

CHECK = Check("shouts", shouts)
NONE = 4
"""
LEO = CheckContext("Leo", ["Leo", "Mira"], heard=Heard.of(["I have sold the piano to the man from the inn."]))
COPY = "I have sold the piano to the man from the inn."


def _said(checks: Pipeline, text: str) -> str:
    return checks.line(Reply(text, True, Usage()), LEO)


def test_a_check_that_is_switched_off_does_not_run() -> None:
    checks = pipeline.build(["standard"])
    with pytest.raises(CandidateRejectedError) as caught:
        _said(checks, COPY)
    assert caught.value.refusal.check == "copies"
    assert _said(checks.without(["copies", "near_copy"]), COPY) == COPY
    assert {"copies", "near_copy"}.isdisjoint(checks.without(["copies", "near_copy"]).recorded()["names"])


def test_a_name_that_no_check_has_is_one_clear_error() -> None:
    with pytest.raises(PluginError, match="did you mean 'copies'"):
        pipeline.build(["standard"]).without(["copie"])
    with pytest.raises(PluginError, match="unknown check 'stricter'"):
        pipeline.build(["stricter"])


def test_a_check_that_knows_another_language_does_not_run() -> None:
    line = "Leo nods. Es ist spät."
    with pytest.raises(CandidateRejectedError, match="by name"):
        _said(pipeline.build(["standard"]), line)
    assert _said(pipeline.build(["standard"], "de"), line) == line


def test_a_run_records_its_checks_and_their_thresholds(small: Path, tmp_path: Path) -> None:
    run = asyncio.run(worlds.play(small, tmp_path / "run"))
    kept = transcript.read(tmp_path / "run").header.settings["checks"]
    assert "copies" in kept["names"]
    assert (kept["language"], kept["near_copy"]) == ("en", 0.4)
    assert run.header.settings["checks"] == kept


def test_a_strangers_check_runs_by_name_and_is_named_when_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_points = "[dreamplay.checks]\nshouts = loud:CHECK\nnone = loud:NONE\n"
    strangers.visible(monkeypatch, strangers.install(tmp_path / "site", entry_points, loud=SHOUTS))
    checks = pipeline.build(["standard", "shouts"])
    assert _said(checks, "Good night.") == "Good night."
    with pytest.raises(CandidateRejectedError) as caught:
        _said(checks, "GOOD NIGHT.")
    assert caught.value.refusal.check == "shouts"
    assert _said(checks.without(["shouts"]), "GOOD NIGHT.") == "GOOD NIGHT."
    for text in ("I raise my hand.", "You are wrong."):
        with pytest.raises(PluginFailedError, match="shouts"):
            _said(checks, text)
    with pytest.raises(PluginError, match="expected a Check"):
        pipeline.build(["none"])


@pytest.mark.parametrize(("entry", "target"), [("own", "OWN"), ("empty", "CHECK")])
def test_a_strangers_check_cannot_take_the_name_of_a_shipped_one(
    entry: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f'{SHOUTS}OWN = (CHECK, Check("empty", shouts))\n'
    entry_points = f"[dreamplay.checks]\n{entry} = loud:{target}\n"
    strangers.visible(monkeypatch, strangers.install(tmp_path / "site", entry_points, loud=source))
    with pytest.raises(
        PluginError, match=f"^check '{entry}' of stranger 1.0 .*: a check of dreamplay is called 'empty'"
    ):
        pipeline.build(["standard", entry])


def test_the_story_and_the_settings_switch_checks_off(small: Path) -> None:
    plan = worlds.plan(small)
    story = plan.story.model_copy(update={"checks_off": ("copies",)})
    names = replace(plan, story=story, checks_off=("recites",)).pipeline(worlds.LARGE).recorded()["names"]
    assert {"copies", "recites"}.isdisjoint(names)
    assert "refusal" in names
    with pytest.raises(PluginError, match="`no_check`: unknown check 'x'"):
        replace(plan, checks_off=("x",)).pipeline(worlds.LARGE)


def test_an_unknown_check_in_a_story_is_told_with_file_and_line(small: Path) -> None:
    small.write_text(small.read_text(encoding="utf-8") + "checks_off: [copie]\n", encoding="utf-8")
    line = len(small.read_text(encoding="utf-8").splitlines())
    with pytest.raises(PluginError, match=rf"story\.yaml:{line}: checks_off: unknown check 'copie' "):
        worlds.plan(small).pipeline(worlds.LARGE)


def test_a_strangers_check_may_be_switched_off_by_the_story_and_the_settings(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_points = "[dreamplay.checks]\nshouts = loud:CHECK\n"
    strangers.visible(monkeypatch, strangers.install(tmp_path / "site", entry_points, loud=SHOUTS))
    plan = worlds.plan(small)
    story = plan.story.model_copy(update={"checks_off": ("shouts",)})
    profile = worlds.LARGE.refined({"checks": ("standard", "shouts")})
    names = replace(plan, story=story, checks_off=("shouts",)).pipeline(profile).recorded()["names"]
    assert "shouts" not in names
    assert "copies" in names
