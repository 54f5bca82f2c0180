from __future__ import annotations

from pathlib import Path

import pytest
import worlds
from dreamplay.analysis import explain
from dreamplay.errors import UsageError
from dreamplay.models.scripted import ScriptedModel
from dreamplay.rendering.explain_view import ExplainView
from dreamplay.runs import prompt_reader, transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.event import TurnEvent, turn_start

EXAMPLE = Path(__file__).parents[1] / "runs" / "version_1"


def _nothing_kept(digest: str) -> None:
    return None


@pytest.fixture(scope="module")
def example() -> RunLog:
    return transcript.read(EXAMPLE)


async def test_why_says_all_that_went_into_an_event(tmp_path: Path) -> None:
    model = ScriptedModel()
    record = await worlds.play("mindsync", tmp_path / "run", model)
    asked = {prompt.digest: prompt for prompt in model.seen}
    told = 0
    for event in record.script:
        made = event.provenance
        if made.by == "author":
            continue
        told += 1
        why = explain.why(record, event.id, lambda digest: prompt_reader.find(tmp_path / "run", digest))
        assert (why.event, why.kind, why.speaker, why.text) == (event.id, event.kind, event.speaker, event.worded)
        assert why.cue == (event.cue if isinstance(event, TurnEvent) else None)
        assert (why.recalled, why.refused, why.usage) == (made.recalled, made.refused, made.usage)
        assert why.prompt == (asked[made.prompt] if made.prompt else None)
        assert (why.prompt is None) == (why.said is not None)  # a choice that follows from a line
        who = [event.speaker] if event.speaker else event.witnesses
        seen = [n for sight in why.saw for n in range(sight.first, sight.last + 1)]
        assert seen == [e.id for e in record.script if e.id < event.id and set(who) <= set(e.witnesses)]
        assert why.unseen == event.id - len(seen)
        assert all(len({e.scene for e in list(record.script)[s.first : s.last + 1]}) == 1 for s in why.saw)
    assert told > 30


async def test_why_says_what_was_thought_and_done_in_the_turn(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = await worlds.play(small, tmp_path / "run", worlds.Acting())
    events = list(record.script)
    said = [event for event in events if isinstance(event, TurnEvent) and turn_start(events, event.id) < event.id]
    assert said
    for event in said:
        own = {each.kind: each.text for each in events[turn_start(events, event.id) : event.id]}
        why = explain.why(record, event.id, _nothing_kept)
        assert (why.thought, why.gesture) == (own.get("thought", ""), own.get("action", ""))
        ExplainView(record).why(why)
        shown = " ".join(capsys.readouterr().out.split())
        assert all(text in shown for text in own.values())


def test_a_prompt_that_was_not_kept_is_no_error(example: RunLog) -> None:
    why = explain.why(example, 30, _nothing_kept)
    assert why.digest
    assert why.prompt is None


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (8, r"^event 8 \(narration\) was written by the author; .*: 10 "),
        (0, "^event 0 .*: 10 "),
        (999, r"^no event 999; this run has events 0 to \d+; .*: \d+ "),
        (-3, "^no event -3; .*: 10 "),
    ],
)
def test_an_event_that_nobody_was_asked_for_names_those_nearest_to_it(example: RunLog, number: int, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        explain.why(example, number, _nothing_kept)


def test_between_two_that_were_asked_for_both_are_named(example: RunLog) -> None:
    asked = [event.provenance.prompt is not None for event in example.script]
    number = next(n for n in range(1, len(asked) - 1) if asked[n - 1 : n + 2] == [True, False, True])
    with pytest.raises(UsageError, match=rf"^event {number} .*: {number - 1} and {number + 1} "):
        explain.why(example, number, _nothing_kept)
