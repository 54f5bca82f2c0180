from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import casting
from dreamplay.analysis import advice
from dreamplay.library import resources, yaml_document
from dreamplay.schema.cast import Persona

Scene = dict[str, Any]


def _whole(data: dict[str, Any]) -> Scene:
    """Make one scene of the story that nothing can be said against; return it."""
    square = data["beats"][0]["scenes"][0]
    del data["beats"][0]["scenes"][1], data["beats"][1:]
    worlds.plot(square)
    square["present"] = ["ada", "bo"]
    square["aims"]["bo"] = "He wants to stay."
    square["pressures"] = [
        {"text": "A bell rings.", "opens": "door"}, {"text": "Rain.", "to": "bo", "when": "square.bo_goes == no"}
    ]  # fmt: skip
    return dict(square)


def _found(tmp_path: Path, change: Callable[[Scene], object]) -> list[str]:
    def write(data: dict[str, Any]) -> None:
        _whole(data)
        change(data["beats"][0]["scenes"][0])

    path = worlds.write(tmp_path / "small", 3, write)
    story = casting.load_story(str(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    node = yaml_document.read(path)
    return [
        f"{lines[node.line_of(each.at) - 1].strip()} <- {each.text}"
        for each in advice.of_story(story, casting.cast(story))
    ]


def _moves(scene: Scene) -> list[dict[str, Any]]:
    moves: list[dict[str, Any]] = scene["topics"][0]["moves"]
    return moves


def _undecided(scene: Scene) -> None:
    del scene["outcome"], _moves(scene)[1]["decides"], scene["pressures"][1]


CASES: dict[str, tuple[Callable[[Scene], object], str, str]] = {
    "no topics": (lambda s: s.pop("topics") and s.update(pressures=[]), "id: square", "no 'topics'"),
    "no aim": (lambda s: s["aims"].pop("bo"), "id: square", "no aim of bo"),
    "no outcome": (
        _undecided, "id: square", "no 'outcome'",
    ),
    "an outcome without consequences": (
        lambda s: s["pressures"].pop(), "outcome:", "nothing depends on the outcome",
    ),
    "nothing to say": (lambda s: s.update(present=["ada", "bo", "cyrus"]), "", "no topic gives cyrus anything to say"),
    "an event that nothing comes of": (lambda s: s["pressures"].append("Snow."), "- Snow.", "it 'opens' no topic"),
    "a topic that never begins": (
        lambda s: (_moves(s)[0].pop("opens"), _undecided(s)),
        "id: door", "no move of topic 'door' 'opens' it",
    ),
    "a promise that is none": (
        lambda s: _moves(s)[0].update(kept="square.bo_goes == yes"),
        "", "it is to ask: only a promise is 'kept' or 'broken' (act: promise)",
    ),
    "a question that nobody answers": (
        lambda s: _moves(s).append({"role": "ada", "joins": True, "id": "x", "does": "asks {bo} what he has eaten"}),
        "", "no other move 'answers' it: asks {bo} what he has eaten",
    ),
    "a question that somebody else answers": (
        lambda s: (s["present"].append("cyrus"), _moves(s).extend([
            {"role": "ada", "joins": True, "id": "x", "does": "asks {bo}: has the bread come?"},
            {"role": "cyrus", "answers": "x", "does": "says that the bread has come"},
        ])),
        "", "it asks {bo}, and no move of bo 'answers' it",
    ),
    "nobody in particular": (
        lambda s: _moves(s)[0].update(does="tells {bo} that whoever knocks may come in"), "", "'whoever'",
    ),
    "two negatives": (
        lambda s: _moves(s)[0].update(does="says that a key is no use where nobody wakes up"), "", "two negatives",
    ),
    "a pronoun without a noun": (
        lambda s: _moves(s)[0].update(does="tells {bo} that it stood open"), "", "before anything is named",
    ),
    "a pronoun that is turned round": (
        lambda s: _moves(s)[0].update(does="tells {bo} that the door stays shut behind his back"), "", "turns round",
    ),
    "a name that is turned round": (
        lambda s: _moves(s)[0].update(does="tells {bo} that the key stays with {ada}"), "", "turns round",
    ),
    "a question as a reason": (
        lambda s: _moves(s)[0].update(favours="go", act="press"), "", "a question that 'favours' a choice",
    ),
    "a passive": (lambda s: _moves(s)[0].update(does="says that the door must not be opened"), "", "a passive"),
    "too many words": (
        lambda s: _moves(s)[0].update(does="says that " + "the bread has come, and " * 5 + "the soup"), "", "20 words",
    ),
    "a move that is never said": (
        lambda s: _moves(s).append({"role": "bo", "does": "says that tea is tea"}), "", "it is never said",
    ),
    "what is never revealed": (lambda s: _moves(s)[2].pop("reveals"), "- id: lock", "no move 'reveals' 'lock'"),
    "what somebody else knows": (
        lambda s: s["reveals"][0].update(knows=["ada"]), "", "bo tells 'lock', and is not among those who know it",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_would_make_a_story_better_is_said_with_its_line(case: str, tmp_path: Path) -> None:
    change, line, text = CASES[case]
    found = _found(tmp_path, change)
    assert any(line.strip("- ") in each.partition(" <- ")[0] and text in each for each in found), found


def test_nothing_is_said_of_a_story_that_has_it_all(tmp_path: Path) -> None:
    assert _found(tmp_path, lambda scene: None) == []


def test_a_story_without_any_of_it_is_told_once(small: Path) -> None:
    story = casting.load_story(str(small))
    found = [each.text for each in advice.of_story(story, casting.cast(story))]
    assert [text.partition(":")[0] for text in found[:3]] == [f"{name} has no 'arc' for day, night, dawn" for name in
                                                              ("Ada", "Bo", "Cyrus")]  # fmt: skip
    assert [text.partition(":")[0] for text in found[3:]] == ["no scene has 'topics', 'aims' or an 'outcome'"]


def test_of_a_persona_what_it_lacks_is_said() -> None:
    sheet = worlds.persona()
    told = [advice.of_persona(Persona.model_validate(each)) for each in (sheet, sheet | {"private": None})]
    assert [[each.text.partition(":")[0] for each in found] for found in told] == [["no 'arc'"], ["no private sheet"]]
    sheet["private"]["arc"] = {"day": "She waits."}
    assert list(advice.of_persona(Persona.model_validate(sheet))) == []
    sheet["moves"] = {"square.door.why": {"does": "says that it is shut"}}
    (found,) = advice.of_persona(Persona.model_validate(sheet))
    assert found.at == ("moves", "square.door.why", "does")
    assert found.text.startswith("a small model says it wrong: 'it' or 'they'")
    sheet["moves"]["square.door.key"] = {"does": "asks {bo}: will you go?", "favours": "go"}
    found = next(iter(advice.of_persona(Persona.model_validate(sheet))))
    assert found.at == ("moves", "square.door.key", "does")
    assert found.text.startswith("a question that 'favours' a choice")
    sheet["moves"]["square.door.key"] = {"does": "says that it is lost"}
    (found,) = advice.of_persona(Persona.model_validate(sheet))
    assert found.also == (("moves", "square.door.key", "does"),)


@pytest.mark.parametrize("name", resources.names("stories"))
def test_the_shipped_stories_have_what_acting_needs(name: str) -> None:
    story = casting.load_story(name)
    found = [each.text for each in advice.of_story(story, casting.cast(story))]
    assert [text for text in found if "'topics'" in text or "'favours'" in text or "turns round" in text] == []


@pytest.mark.parametrize("name", resources.names("personas"))
def test_the_shipped_personas_favour_choices_in_statements(name: str) -> None:
    found = [each.text for each in advice.of_persona(casting.load_persona(name))]
    assert [text for text in found if "'favours'" in text or "turns round" in text] == []
