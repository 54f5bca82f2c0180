"""What a story that does not fit together is refused with, and where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import casting
from dreamplay.errors import LibraryError
from dreamplay.schema.story import Story

Scene = dict[str, Any]
Change = Callable[[Scene, Scene], object]
"""Changes the first scene of the story for three, in which all are present, and the second, in which Ada and Bo are."""


def _plotted(data: dict[str, Any]) -> tuple[Scene, Scene]:
    """The first scene with a topic and an outcome, and the second with a condition."""
    square, corner = data["beats"][0]["scenes"]
    worlds.plot(square)
    corner["openings"] = [{"text": "The kettle is cold.", "when": "square.bo_goes == yes"}]
    return square, corner


def _refused(path: Path) -> str:
    with pytest.raises(LibraryError) as caught:
        casting.load_story(str(path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _move(scene: Scene, number: int, **fields: Any) -> None:
    scene["topics"][0]["moves"][number] |= fields


def _goes(role: str, **rest: Any) -> dict[str, Any]:
    return {"role": role, "kind": "exit", "after": 2, "text": "It is so.", **rest}


def _comes(role: str, **rest: Any) -> dict[str, Any]:
    return _goes(role, **rest) | {"kind": "entrance"}


YES, NO = {"when": "square.bo_goes == yes"}, {"when": "square.bo_goes == no"}

FAULTS: dict[str, tuple[Change, str, str]] = {
    "a promise kept in no scene": (
        lambda a, b: _move(a, 1, kept="cornr"), "kept: cornr", "no scene called 'cornr' (did you mean 'corner'?)",
    ),
    "a promise kept in its own scene": (
        lambda a, b: _move(a, 1, kept="square"), "kept: square", "scene 'square' does not come after the promise",
    ),
    "a promise broken by an unknown answer": (
        lambda a, b: _move(a, 1, broken="corner and square.bo_goes == perhaps"),
        "broken: ", "no answer to square.bo_goes called 'perhaps'; there are yes, no",
    ),
    "a promise that was kept before it is made": (
        lambda a, b: b.update(topics=[{"id": "tea", "about": "tea", "moves": [
            {"role": "bo", "does": "promises tea", "opens": True, "kept": "square.bo_goes == yes"},
        ]}]),
        "kept: ", "square.bo_goes == yes: it is decided before the promise is made; name a later scene",
    ),
    "a promise that nothing settles": (
        lambda a, b: _move(a, 1, kept="when Bo goes"), "kept: ",
        "nothing that settles a promise; write the id of a later scene, or scene.outcome == answer, joined by and",
    ),
    "an unknown scene": (
        lambda a, b: b["openings"][0].update(when="sqare.bo_goes == yes"),
        "when: sqare.bo_goes", "no scene called 'sqare' (did you mean 'square'?)",
    ),
    "an unknown outcome": (
        lambda a, b: b["openings"][0].update(when="square.bo_stays == yes"),
        "square.bo_stays", "no outcome of scene 'square' called 'bo_stays'",
    ),
    "an unknown answer": (
        lambda a, b: b["openings"][0].update(when="square.bo_goes == perhaps"),
        "== perhaps", "no answer to square.bo_goes called 'perhaps'; there are yes, no",
    ),
    "a scene without an outcome": (
        lambda a, b: b["openings"][0].update(when="corner.bo_goes == yes"),
        "corner.bo_goes", "scene 'corner' has no outcome; give it one",
    ),
    "a later scene": (
        lambda a, b: (
            b.update(outcome=dict(a["outcome"])), a["pressures"].append({"text": "Hm.", "when": "corner.bo_goes == no"})
        ),
        "corner.bo_goes", "scene 'corner' comes later than 'square'",
    ),
    "an opening after its own scene": (
        lambda a, b: a.update(openings=[{"text": "Hm.", **YES}]),
        "when: square.bo_goes == yes", "a scene begins before anything is decided in it",
    ),
    "a contradiction": (
        lambda a, b: b["openings"][0].update(when="square.bo_goes == yes and square.bo_goes == no"),
        "and square.bo_goes", "no answer to square.bo_goes can be square.bo_goes == yes and square.bo_goes == no",
    ),
    "a circle": (
        lambda a, b: _move(a, 1, **NO), "when: square.bo_goes == no", "a circle of conditions",
    ),
    "a circle through an event": (
        lambda a, b: a["pressures"].append({"text": "Hm.", "opens": "door", **YES}),
        "decides: ", "a circle of conditions",
    ),
    "no condition": (
        lambda a, b: b["openings"][0].update(when="if bo goes"), "if bo goes", "write scene.outcome == answer",
    ),
    "an answer that nobody reaches": (
        lambda a, b: a["topics"][0]["moves"][1].pop("decides"), "yes: ", "nobody can reach the answer 'yes'",
    ),
    "an answer of a move that cannot be said": (
        lambda a, b: _move(a, 0, opens=False), "yes: ", "nobody can reach the answer 'yes'",
    ),
    "an aim of somebody unknown": (
        lambda a, b: a.update(aims={"dee": "Out."}),
        "dee: Out", "an aim in scene day/square names 'dee', who is not in",
    ),
    "an aim of somebody who is never there": (
        lambda a, b: b.update(aims={"cyrus": "Out."}), "cyrus: Out", "who is never there (ada, bo)",
    ),
    "an event for somebody who is never there": (
        lambda a, b: b["pressures"].append({"text": "Hm.", "to": "cyrus"}),
        "to: cyrus", "a pressure in scene day/corner",
    ),
    "what somebody who is never there knows": (
        lambda a, b: a["topics"][0]["knows"].update(dee="Out."),
        "dee: Out", "topic 'door' in scene day/square names 'dee'",
    ),
    "a move of somebody who is never there": (
        lambda a, b: _move(a, 2, role="dee"), "role: dee", "a move of topic 'door' in scene day/square names 'dee'",
    ),
    "a reveal of somebody who is never there": (
        lambda a, b: a["reveals"][0].update(knows=["dee"]),
        "- dee", "what 'lock' reveals in scene day/square names 'dee'",
    ),
    "somebody who may break and is never there": (
        lambda a, b: a.update(may_break=["dee"]), "- dee", "may_break in scene day/square names 'dee'",
    ),
    "an unknown topic": (
        lambda a, b: a["pressures"].append({"text": "Hm.", "opens": "doors"}),
        "opens: doors", "opens 'doors' (did you mean 'door'?); there is no such topic (door)",
    ),
    "an unknown answer of a move": (
        lambda a, b: _move(a, 2, decides="perhaps"), "decides: perhaps", "there is no such answer (yes, no)",
    ),
    "an unknown choice of a move": (
        lambda a, b: _move(a, 2, favours="tea"), "favours: tea", "there is no such choice (go, stay)",
    ),
    "an unknown reveal": (
        lambda a, b: _move(a, 2, reveals="locks"), "reveals: locks", "there is no such id (lock)",
    ),
    "an answer to nothing": (
        lambda a, b: _move(a, 1, answers="whys"), "answers: whys", "answers 'whys' (did you mean 'why'?)",
    ),
    "an answer to two moves": (
        lambda a, b: _move(a, 1, answers=["why", "bo"]), "answers:", "answers: must be one id or one role",
    ),
    "an answer to oneself": (
        lambda a, b: _move(a, 1, answers="bo"), "answers: bo", "which is its own speaker's",
    ),
    "two topics of one name": (
        lambda a, b: a["topics"].append(dict(a["topics"][0])),
        "id: door", "two topics in scene day/square are called 'door'",
    ),
    "two moves of one name": (
        lambda a, b: _move(a, 2, id="why"), "id: why", "two moves of topic 'door' in scene day/square are called 'why'",
    ),
    "a move that is called like a role": (
        lambda a, b: _move(a, 2, id="bo"), "id: bo", "as a role is; choose another id",
    ),
    "two reveals of one name": (
        lambda a, b: a["reveals"].append(dict(a["reveals"][0])), "id: lock", "two reveals in scene day/square",
    ),
    "an exit that leaves nobody if something came about": (
        lambda a, b: b.update(moves=[_goes("ada", **YES), _goes("bo", **YES)]),
        "role: bo", "leaves nobody there, if square.bo_goes == yes",
    ),
    "an exit that cannot happen whatever comes": (
        lambda a, b: b.update(moves=[_goes("cyrus", **YES)]),
        "role: cyrus", "is of somebody who is not there, whatever comes before",
    ),
    "an aside with somebody who has left in any case": (
        lambda a, b: (
            a.update(moves=[_goes("bo")]), a.update(asides=[{"role": "bo", "to": ["ada"], "after": 3, "material": "x"}])
        ),
        "role: bo", "needs 'bo', who is not there then",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_does_not_fit_is_refused_with_its_line(fault: str, tmp_path: Path) -> None:
    change, line, message = FAULTS[fault]
    path = worlds.write(tmp_path / "small", 3, lambda data: change(*_plotted(data)))
    said = _refused(path)
    assert message in said
    number = int(said.removeprefix(f"{path}:").partition(":")[0])
    written = path.read_text(encoding="utf-8").splitlines()
    assert line in " ".join(written[number - 1 : number + 2]), written[number - 1]


FINE: dict[str, Change] = {
    "as it is": lambda a, b: None,
    "moves that exclude each other": lambda a, b: b.update(moves=[_goes("ada", **YES), _goes("bo", **NO)]),
    "somebody who comes back if they went": lambda a, b: b.update(moves=[_goes("ada", **YES), _comes("ada", after=3)]),
    "an exit once it is decided": lambda a, b: a.update(moves=[_goes("bo", **YES)]),
    "an aside unless somebody left": lambda a, b: a.update(
        moves=[_goes("bo", **YES)], asides=[{"role": "bo", "to": ["ada"], "after": 3, "material": "x"}]
    ),
    "an answer that only a model finds": lambda a, b: (a.pop("topics"), a.update(pressures=[])),
    "a topic that an event opens": lambda a, b: a["pressures"].append({"text": "Hm.", "opens": "door"}),
    "a move after it is decided": lambda a, b: _move(a, 2, **NO),
}


@pytest.mark.parametrize("what", FINE)
def test_what_fits_is_taken(what: str, tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "small", 3, lambda data: FINE[what](*_plotted(data)))
    story = casting.load_story(str(path))
    assert Story.model_validate(story.model_dump(mode="json")) == story  # as a transcript keeps it


def test_an_arc_names_beats_of_the_story(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "small")
    story = casting.load_story(str(path))

    def arc(**beats: str) -> Path:
        sheet = worlds.persona("Ada")
        sheet["private"]["arc"] = beats
        return worlds.dump(tmp_path / "small" / "ada.yaml", sheet)

    own = arc(day="She waits.", nigth="She sleeps.")
    with pytest.raises(LibraryError, match=r"ada.yaml:\d+: private.arc.nigth: .*did you mean 'night'") as caught:
        casting.cast(story)
    number = int(str(caught.value).removeprefix(f"{own}:").partition(":")[0])
    assert "nigth" in own.read_text(encoding="utf-8").splitlines()[number - 1]
    with pytest.raises(LibraryError, match="no beat 'nigth'"):
        casting.cast(story, {"bo": own})
    arc(launch="She waits.", glitch="She sleeps.")
    with pytest.raises(LibraryError, match="no beat 'launch'"):
        casting.cast(story)
    other = arc(launch="She waits.", glitch="She sleeps.").rename(tmp_path / "other.yaml")
    arc(day="She waits.")
    assert casting.cast(story, {"bo": other}).personas["bo"].private


def test_a_persona_names_roles_of_the_story(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "small")
    story = casting.load_story(str(path))
    sheet = worlds.persona("Ada")
    sheet["private"]["memories"] = ["{bo} had a {{key}}.", "I told {nobody}."]
    own = worlds.dump(tmp_path / "small" / "ada.yaml", sheet)
    says = r"private.memories.1: 'I told \{nobody\}.' names 'nobody', who is not in the cast \(ada, bo, cyrus\)"
    with pytest.raises(LibraryError, match=rf"ada.yaml:\d+: {says}") as caught:
        casting.cast(story)
    number = int(str(caught.value).removeprefix(f"{own}:").partition(":")[0])
    assert "nobody" in own.read_text(encoding="utf-8").splitlines()[number - 1]
    other = own.rename(tmp_path / "other.yaml")
    worlds.dump(own, worlds.persona("Ada"))
    with pytest.raises(LibraryError, match=rf"other.yaml:\d+: {says}"):
        casting.cast(story, {"bo": other})


def test_a_shipped_persona_brings_its_arc_into_any_story(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "small", 3, lambda data: data["cast"].update(ada="elara"))
    assert casting.cast(casting.load_story(str(path))).name("ada") == "Elara"
