from __future__ import annotations

from typing import Any

import pytest
import worlds
from dreamplay.comparison.side_by_side import SideBySide, side_by_side
from dreamplay.errors import UsageError
from dreamplay.runs.transcript import RunLog

ATTIC = {"beat": "night", "scene": "attic"}


def _run(*texts: str, attic: str = "", **swaps: str) -> RunLog:
    said = [worlds.said("ada", text) for text in texts]
    return worlds.record(*said, *([worlds.said("bo", attic, **ATTIC)] if attic else []), **swaps)


def _told(made: SideBySide) -> list[Any]:
    return [
        (scene.place, passage.same, ["".join(said.text for said in column) for column in passage.columns])
        for scene in made.after
        for passage in scene.passages
    ]


def test_what_runs_share_comes_once_and_then_each_has_its_own() -> None:
    made = side_by_side([_run("a", "b", "c", "d"), _run("a", "x", "c", "d"), _run("a", "y", "z", "c", "q")])
    assert made.shared == 1
    assert [said.text for scene in made.before for passage in scene.passages for said in passage.columns[0]] == ["a"]
    assert _told(made) == [
        ("The square", False, ["b", "x", "yz"]), ("The square", True, ["c", "c", "c"]),
        ("The square", False, ["d", "d", "q"]),
    ]  # fmt: skip


def test_a_run_that_ends_earlier_has_an_empty_column() -> None:
    made = side_by_side([_run("a", attic="n"), _run("a")])
    assert _told(made) == [("The attic", False, ["n", ""])]
    assert made.after[0].beat == "Night"


def test_what_all_say_under_other_names_is_the_same() -> None:
    made = side_by_side([_run("Come, Bo.", "x"), _run("Come, Zoe.", "y", bo="Zoe"), _run("Come, Bo.", "z")])
    assert made.shared == 1
    assert [names["bo"] for names in made.names] == ["Bo", "Zoe", "Bo"]


def test_runs_that_are_the_same_have_nothing_after() -> None:
    made = side_by_side([_run("a", attic="n"), _run("a", attic="n")])
    assert (made.shared, made.after) == (2, ())
    assert [scene.place for scene in made.before] == ["The square", "The attic"]


def test_one_run_has_nothing_beside_it() -> None:
    with pytest.raises(UsageError, match="name at least two"):
        side_by_side([_run("a")])
