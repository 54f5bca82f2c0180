from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import worlds
from dreamplay.comparison import alignment
from dreamplay.errors import UsageError
from dreamplay.runs.transcript import RunLog

BEATS = {"day": "Day", "night": "Night"}
ATTIC = {"beat": "night", "scene": "attic"}


def _lines(*texts: str, **rest: Any) -> list[dict[str, Any]]:
    return [worlds.said("ada", text, **rest) for text in texts]


def _pairs(base: Sequence[RunLog], changed: Sequence[RunLog]) -> tuple[alignment.Pair, ...]:
    return alignment.pairs(alignment.match(base, changed))


SAME, AT_ONCE = "The runs are the same, event for event.", "The runs diverge at event 0, in Day."
PARTS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], int, str]] = {
    # base, changed, events in common, sentence
    "nothing": (_lines("a", "b"), _lines("a", "b"), 2, SAME),
    "a text": (_lines("a", "b"), _lines("a", "c"), 1, "The runs diverge at event 1, in Day."),
    "at once": (_lines("a"), _lines("b"), 0, AT_ONCE),
    "who speaks": (_lines("a"), [worlds.said("bo", "a")], 0, AT_ONCE),
    "an end": (_lines("a"), _lines("a", "b"), 1, "The runs diverge at event 1, in Day."),
    "a place": (_lines("a"), _lines("a", **ATTIC), 0, AT_ONCE),
    "a choice": ([{"kind": "stance", "speaker": "bo", "text": "x", "choice": "go"}],
                 [{"kind": "stance", "speaker": "bo", "text": "x", "choice": "stay"}], 0, AT_ONCE),
    "its cost": (_lines("a"), _lines("a", provenance={"by": "agent", "usage": {"calls": 3}}), 1, SAME),
}  # fmt: skip


@pytest.mark.parametrize("what", PARTS)
def test_the_first_difference_is_found(what: str) -> None:
    base, changed, shared, says = PARTS[what]
    (pair,) = found = _pairs([worlds.record(*base)], [worlds.record(*changed)])
    assert pair.shared == shared
    assert alignment.parting(found, BEATS) == says
    if "same" in says:
        assert pair.first is None
    else:
        assert pair.first
        for said, events in ((pair.first.base, base), (pair.first.changed, changed)):
            assert (said.text if said else None) == (events[shared]["text"] if shared < len(events) else None)


def _night_before(text: str) -> dict[str, Any]:
    return worlds.said("ada", text, beat="prologue", scene="prologue", provenance={"by": "author"})


HUMS = {"kind": "action", "speaker": "ada", "text": "hums."}
RENAMED: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], int | None]] = {
    # base, played by Ada; changed, played by Ada Zoe; events in common, None for all
    "a line to her": ([worlds.said("bo", "Come, Ada.")], [worlds.said("bo", "Come, Ada Zoe.")], None),
    "a line of hers": (_lines("I am Ada's."), _lines("I am Ada Zoe's."), None),
    "an exit": ([{"kind": "exit", "speaker": "ada", "text": "Ada goes."}],
                [{"kind": "exit", "speaker": "ada", "text": "Ada Zoe goes."}], None),
    "a night before that is told otherwise": ([_night_before("Ada slept."), *_lines("a")],
                                              [_night_before("Somebody slept."), *_lines("a")], None),
    "a night before that only one has": ([_night_before("Ada slept."), HUMS], [HUMS], None),
    "other words": ([HUMS, worlds.said("bo", "Come, Ada.")], [HUMS, worlds.said("bo", "Go, Ada Zoe.")], 1),
    "the old name": (_lines("Call Bo."), [worlds.said("ada", "Call Ada.")], 0),
    "part of a word": (_lines("Adamant."), _lines("Ada Zoemant."), 0),
    "a recap": ([{"kind": "recap", "text": "So far.", "covers": (0, 1)}, HUMS], [HUMS], None),
    "what is behind the scenes": ([{"kind": "fear", "speaker": "ada", "text": "A stair."}, HUMS], [HUMS], None),
    "who hears a whisper": ([worlds.said("ada", "x", cue=worlds.cue(hears=("bo",)).model_dump())],
                            [worlds.said("ada", "x", cue=worlds.cue(hears=("cyrus",)).model_dump())], 0),
}  # fmt: skip


@pytest.mark.parametrize("what", RENAMED)
def test_who_plays_under_another_name_plays_the_same(what: str) -> None:
    base, changed, shared = RENAMED[what]
    (pair,) = _pairs([worlds.record(*base)], [worlds.record(*changed, ada="Ada Zoe")])
    if shared is None:
        assert (pair.first, pair.rows) == (None, ())
        assert pair.base_events == pair.changed_events == pair.shared == 1
    else:
        assert pair.first is not None
        assert pair.shared == shared


def test_what_both_say_but_for_a_name_stands_in_one_row() -> None:
    base = worlds.record(*_lines("a"), worlds.said("bo", "Come, Ada."))
    changed = worlds.record(*_lines("b"), worlds.said("bo", "Come, Zoe."), ada="Zoe")
    (pair,) = _pairs([base], [changed])
    assert [row.same for row in pair.rows] == [False, True]


def test_several_pairs_say_where_the_first_and_the_last_part() -> None:
    base = [worlds.record(*_lines("a", "b", "c"), seed=seed) for seed in (1, 2, 3)]
    changed = [worlds.record(*_lines(*texts), seed=seed) for seed, texts in ((3, "abc"), (2, "abx"), (1, "xbc"))]
    found = _pairs(base, changed)
    assert [pair.base_seed for pair in found] == [pair.changed_seed for pair in found] == [1, 2, 3]
    assert alignment.parting(found, BEATS) == (
        "1 of 3 pairs are the same, event for event; the others diverge at event 0, in Day, the last of them at "
        "event 2."
    )


def test_runs_part_at_the_number_that_their_events_have_after_a_night_before() -> None:
    base, changed = (worlds.record(_night_before("Ada slept."), *_lines("a", text)) for text in "bc")
    assert alignment.parting(_pairs([base], [changed]), BEATS) == "The runs diverge at event 2, in Day."


def test_what_both_say_stands_in_one_row_scene_by_scene() -> None:
    bell = {"kind": "narration", "text": "A bell."}
    base = worlds.record(*_lines("a"), *_lines("b", "c"), bell, *_lines("z", **ATTIC))
    changed = worlds.record(*_lines("a"), *_lines("x"), bell, *_lines("d"), *_lines("z", **ATTIC))
    (pair,) = _pairs([base], [changed])
    rows = [(row.base.text if row.base else None, row.changed.text if row.changed else None, row.same)
            for row in pair.rows]  # fmt: skip
    assert rows == [("b", "x", False), ("c", None, False), ("A bell.", "A bell.", True), (None, "d", False),
                    ("z", "z", True)]  # fmt: skip


def _named(*runs: RunLog) -> list[tuple[str, RunLog]]:
    return [(f"run-{number}", run) for number, run in enumerate(runs, start=1)]


LIKE, OTHER, THIRD = {}, {"bo": "Zoe"}, {"ada": "Zoe"}


@pytest.mark.parametrize(
    ("swaps", "base"),
    [([LIKE, OTHER], 1), ([LIKE, LIKE], 1), ([LIKE, LIKE, OTHER], 2), ([LIKE, OTHER, LIKE], 2), ([LIKE] * 4, 2)],
)
def test_runs_are_sorted_into_two_groups(swaps: list[dict[str, str]], base: int) -> None:
    runs = [worlds.record(seed=seed, **swap) for seed, swap in enumerate(swaps)]
    one, other = alignment.groups(_named(*runs))
    assert len(one) == base
    assert len(one) + len(other) == len(runs)
    assert len({str(run.header.persona_hashes) for run in one}) == 1


@pytest.mark.parametrize(
    ("swaps", "says"),
    [
        ([LIKE], "name at least two"),
        ([LIKE, OTHER, THIRD], "3 runs of 3 kinds .* 1: run-1; 2: run-2; 3: run-3; name"),
        ([LIKE] * 3, "3 runs of 1 kind .* 1: run-1, run-2, run-3; name"),
    ],
)
def test_runs_that_are_not_two_groups_are_named(swaps: list[dict[str, str]], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        alignment.groups(_named(*(worlds.record(**swap) for swap in swaps)))


def _retold(**change: Any) -> RunLog:
    run = worlds.record()
    story = run.header.story.model_copy(update=change)
    return RunLog(run.header.model_copy(update={"story": story, "story_hash": "other"}), run.script, run.end)


@pytest.mark.parametrize(
    ("base", "changed", "says"),
    [
        ([], [worlds.record()], "no base runs"),
        ([worlds.record()], [], "no changed runs"),
        ([worlds.record(seed=4), worlds.record(seed=4)], [worlds.record()], "two base runs have the seed 4"),
        ([worlds.record()], [_retold(title="Large Hours")], "'Small Hours' and 'Large Hours' are two stories"),
        ([worlds.record()], [_retold(tie="They slept.")], "'Small Hours' was rewritten between"),
    ],
)
def test_what_cannot_be_compared_is_refused(base: list[RunLog], changed: list[RunLog], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        alignment.match(base, changed)


def test_runs_are_paired_by_seed_as_far_as_seeds_match() -> None:
    base = [worlds.record(seed=seed) for seed in (1, 2, 3)]
    matched = alignment.match(base, [worlds.record(seed=seed) for seed in (3, 9, 2)])
    assert matched.paired
    assert [run.header.seed for run in matched.base] == [run.header.seed for run in matched.changed] == [2, 3]
    assert [[run.header.seed for run in group] for group in matched.spare] == [[1], [9]]
    assert not alignment.match(base, [worlds.record(seed=9)]).paired
