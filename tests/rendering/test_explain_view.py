from __future__ import annotations

import re
from pathlib import Path

import pytest
import worlds
from dreamplay.analysis import explain, knowledge
from dreamplay.models.scripted import ScriptedModel
from dreamplay.rendering.explain_view import ExplainView
from dreamplay.runs import prompt_reader, transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.event import DreamEvent, LineEvent

EXAMPLE = Path(__file__).parents[1] / "runs" / "version_1"


def _why(record: RunLog, folder: Path, number: int) -> None:
    ExplainView(record).why(explain.why(record, number, lambda digest: prompt_reader.find(folder, digest)))


@pytest.mark.parametrize("direction", ["guided", "led"])
async def test_why_prints_everything_in_full(
    direction: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ScriptedModel(profile=worlds.SMALL.refined({"direction": direction, "brief_tokens": 1000}))
    record = await worlds.play("mindsync", tmp_path / "run", model)
    asked = {prompt.digest: prompt for prompt in model.seen}
    lines = record.script.of_kind(LineEvent)
    # Beside the note of a move there are no memories.
    line = next(each for each in lines if each.turn and (direction == "led" or each.provenance.recalled))
    (dream, _) = worlds.kinds(record.script, "dream")
    for event in (line, dream):
        _why(record, tmp_path / "run", event.id)
        out = capsys.readouterr().out
        prompt = asked[event.provenance.prompt or ""]
        parts = [event.text, prompt.system.strip(), prompt.script.strip(), prompt.tail.strip()]
        parts += [refusal.reason for refusal in event.provenance.refused]
        parts += [word for r in event.provenance.recalled for word in (r.text, f"{r.score:.3f}", f"{r.recency:.3f}")]
        parts += [entry.fear for entry in event.ledger] if isinstance(event, DreamEvent) else [event.cue.text]
        assert [part for part in parts if part not in out] == []


def test_a_run_that_kept_no_prompts_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = transcript.read(EXAMPLE)
    _why(record, tmp_path, 30)
    out = capsys.readouterr().out
    usage = list(record.script)[30].provenance.usage
    assert "The prompt was not kept with this run" in out
    assert f"{usage.prompt:,} prompt tokens, {usage.evaluated:,} of them read anew" in out


def test_knows_prints_names_and_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    record = transcript.read(EXAMPLE)
    lines = [event for event in record.script if isinstance(event, LineEvent) and event.id <= 45]
    heard = next(event for event in lines if "leo" in event.witnesses and event.turn)
    missed = next(event for event in lines if "leo" not in event.witnesses)
    ExplainView(record).knows(knowledge.knows(record, "leo", 45))
    out = capsys.readouterr().out
    assert f"  {heard.id}  {record.cast.name(heard.speaker or '')}: {heard.text}"[:60] in out
    assert f"  {missed.id}  " not in out  # said without him
    gone = next(event for event in record.script if event.kind == "exit")
    assert f"  {gone.id}  {gone.text}" in out  # told, and not said
    assert re.search(r"^Launch +- +- +- +-", out, re.MULTILINE)
    assert re.search(r"^Glitch +Leo, Mira, Sam +Elara, Mira, Sam ", out, re.MULTILINE)


def test_knows_prints_what_somebody_chose_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    stance = {"kind": "stance", "choice": "go", "scene": "porch", "beat": "dawn"}
    record = worlds.record(stance | {"speaker": "bo", "text": "I must."}, stance | {"speaker": "ada", "text": ""})
    ExplainView(record).knows(knowledge.knows(record, "cyrus"))
    out = capsys.readouterr().out
    assert "  0  Bo chooses to leave the house: I must.\n" in out
    assert "  1  Ada chooses to leave the house.\n" in out
