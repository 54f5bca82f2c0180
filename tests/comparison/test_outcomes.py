from __future__ import annotations

from dataclasses import replace

import worlds
from dreamplay.comparison import alignment, compare, outcomes
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.story import Story


def _runs(letters: str, ended: bool = True, **swaps: str) -> list[RunLog]:
    """A run for each letter: Bo goes (y), stays (n), or it never comes to that (-)."""
    data = worlds.story(3)
    square = data["beats"][0]["scenes"][0]
    worlds.plot(square)
    story, runs = Story.model_validate(data), []
    for seed, letter in enumerate(letters, start=1):
        answer = {"y": "yes", "n": "no"}.get(letter)
        text = square["outcome"]["answers"].get(answer, "").format(bo=swaps.get("bo", "Bo"))
        event = {"kind": "outcome", "outcome": "bo_goes", "answer": answer, "text": text, "scene": square["id"]}
        run = worlds.record(*([event] if answer else []), seed=seed, ended=ended, **swaps)
        runs.append(replace(run, header=run.header.model_copy(update={"story": story})))
    return runs


def _says(base: list[RunLog], changed: list[RunLog]) -> list[str]:
    return outcomes.says(outcomes.differing(alignment.match(base, changed)))


def test_two_runs_tell_an_outcome_that_differs_in_the_words_of_the_author() -> None:
    (told,) = _says(_runs("y"), _runs("n", bo="Zoe"))
    assert told == (
        "Outcomes that differ: Does Bo go? (The square) base: “Bo takes his coat and goes”, changed: “Zoe stays where "
        "he is”."
    )
    assert told in compare.compare(_runs("y"), _runs("n", bo="Zoe")).findings


def test_the_same_outcome_is_not_told() -> None:
    assert _says(_runs("y"), _runs("y", bo="Zoe")) == []
    assert _says(_runs("yyn"), _runs("nyy")) == []


def test_several_runs_are_counted_by_the_ids_of_the_answers() -> None:
    (told,) = _says(_runs("yyn"), _runs("nnn"))
    assert told == "Outcomes that differ: Does Bo go? (The square) yes 2 to 0, no 1 to 3."


def test_a_run_that_ended_without_the_outcome_never_came_to_it_and_one_that_stopped_before_is_not_compared() -> None:
    assert _says(_runs("y"), _runs("-")) == [
        "Outcomes that differ: Does Bo go? (The square) base: “Bo takes his coat and goes”, changed: it never "
        "came to that."
    ]
    assert _says(_runs("y"), _runs("-", ended=False)) == []
    assert _says(_runs("yn"), _runs("y-")) == [
        "Outcomes that differ: Does Bo go? (The square) no 1 to 0, never came to that 0 to 1."
    ]
