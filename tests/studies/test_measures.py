from __future__ import annotations

from typing import Any

import pytest
import worlds
from dreamplay.errors import UsageError
from dreamplay.schema.story import Story
from dreamplay.studies import measures


def _story(change: Any = None) -> Story:
    data = worlds.story(3)
    if change:
        change(data)
    return Story.model_validate(data)


STORY = _story()
RUN = worlds.record(
    worlds.said("ada", "Tea is tea."),
    worlds.said("ada", "It is a long way to the sea."),
    worlds.said("bo", "So it is.", scene="other"),
    {"kind": "reflection", "speaker": "ada", "text": "Hm.", "attitudes": {"bo": -0.5}},
    {"kind": "stance", "speaker": "ada", "choice": "go"},
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stance.ada=go", 1.0), ("stance.ada=stay", 0.0), ("stance.bo=go", None), ("stance.ada=go@other", None),
        ("lines.ada", 2.0), ("lines.ada@square", 2.0), ("lines.ada@other", 0.0), ("lines.bo@day", 1.0),
        ("lines.ada@never", None), ("words.ada", 11.0), ("words.bo", 3.0), ("words.cyrus", 0.0),
        ("regard.ada.bo", -0.5), ("regard.bo.ada", None), ("score.lines", 3.0), ("score.contract.silent", 0.0),
    ],
)  # fmt: skip
def test_a_measure_is_a_figure_of_one_run(name: str, value: float | None) -> None:
    assert measures.values([measures.parse(name)], RUN) == {name: value}


def test_an_outcome_is_a_yes_or_no_and_nothing_if_its_scene_was_not_played() -> None:
    told = worlds.record({"kind": "outcome", "speaker": None, "outcome": "opens", "answer": "yes"})
    asked = [measures.parse(f"outcome.square.opens={answer}") for answer in ("yes", "no")]
    assert measures.values(asked, told) == {"outcome.square.opens=yes": 1.0, "outcome.square.opens=no": 0.0}
    assert set(measures.values(asked, RUN).values()) == {None}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("mood.ada", "'mood.ada' is not a measure; measures are written stance.ROLE=CHOICE"),
        ("lines", "'lines' is not a measure"),
        ("stance.ada", "'stance.ada' is written wrongly; a measure of this kind is stance.ROLE=CHOICE"),
        ("lines.ada=3", "a measure of this kind is lines.ROLE"),
        ("lines.ada.bo", "a measure of this kind is lines.ROLE"),
        ("regard.ada", "a measure of this kind is regard.ROLE.OTHER"),
        ("score.lines@square", "a measure of this kind is score.PATH"),
        ("lines.adah", "lines.adah: no role 'adah'; there are ada, bo, cyrus"),
        ("stance.ada=fly", "stance.ada=fly: no choice 'fly'; there are "),
        ("words.ada@sea", "words.ada@sea: no beat or scene 'sea'; there are "),
        ("outcome.sea.opens=yes", "no scene 'sea'; there are "),
        ("score.mood", "score.mood: no figure of the scorecard 'mood'; there are lines, "),
    ],
)
def test_a_name_that_asks_for_nothing_says_what_there_is(name: str, wrong: str) -> None:
    with pytest.raises(UsageError) as error:
        measures.check([name], STORY)
    assert wrong in str(error.value)


def test_each_measure_is_asked_for_once() -> None:
    measures.check(["lines.ada", "lines.bo"], STORY)
    with pytest.raises(UsageError, match=r"lines\.ada is listed twice"):
        measures.check(["lines.ada", "lines.ada"], STORY)


@pytest.mark.parametrize("form", measures.FORMS)
def test_every_kind_says_in_words_what_it_is(form: str) -> None:
    name = form.replace("[@PLACE]", "@square").replace("PATH", "lines")
    for word, given in (("ROLE", "ada"), ("OTHER", "bo"), ("CHOICE", "go"), ("SCENE", "square"), ("ID", "opens"),
                        ("ANSWER", "yes")):  # fmt: skip
        name = name.replace(word, given)
    told = measures.parse(name).meaning()
    assert "{" not in told
    assert told.endswith("in square alone") is ("@" in name)
