"""What a speaker is given who is not led: an act, things at hand, and what could be said of the topic."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import worlds
from dreamplay.director import acts, replies
from dreamplay.director.config import DirectorConfig
from dreamplay.director.cues import Cues
from dreamplay.director.director import StandardDirector
from dreamplay.director.situation import Situation
from dreamplay.director.turn_taking import Floor
from dreamplay.languages.english import ENGLISH
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue, Event
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.topic import Act
from dreamplay.schema.turn import Turn

CONFIG = DirectorConfig()
HERE = ("ada", "bo", "cyrus")


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return worlds.plan(worlds.write(tmp_path_factory.mktemp("story") / "s", 3)).cast


def _scene(**fields: Any) -> Scene:
    return Scene.model_validate({
        "id": "hall", "kind": "waking", "place": "The hall", "present": list(HERE), "opening": "They meet.",
        "material": ["the hall has two doors"], "turns": {"min": 3, "max": 9},
    } | fields)  # fmt: skip


def _line(text: str, act: str = "", role: str = "bo", number: int = 0) -> Event:
    cue = worlds.cue("", to="ada", act=act)
    return worlds.event(number, text=text, speaker=role, cue=cue, turn=number + 1, scene="hall", witnesses=HERE)


def _cues(cast: Cast, *said: Event, direction: Any = "guided", count: int = 100) -> list[Cue]:
    """Ada's next cue, for many seeds."""
    now = Situation.of(Script(said), "day", _scene(), direction)
    event = said[-1] if said and said[-1].kind == "line" else None
    floor = Floor(("ada",), "exchange" if event else "silence", event)
    return [Cues(cast, seed).draw(now, "ada", floor) for seed in range(count)]


@pytest.mark.parametrize("direction", ["guided", "free"])
def test_it_has_suggestions_and_no_words(cast: Cast, direction: Any) -> None:
    scene = _scene(turns={"min": 9, "max": 9})
    turns = worlds.act(StandardDirector(cast, 3), scene, Script(), lambda role, cue: "It rains.", direction)
    shown: dict[str, list[str]] = {role: [] for role in HERE}
    for event in turns:
        assert event.cue
        assert event.cue.text == ""
        assert event.cue.act
        assert len(event.cue.things) == CONFIG.things
        shown[event.speaker or ""] += event.cue.things
    for role, things in shown.items():
        known = {*cast.personas[role].material, "the hall has two doors"}
        assert set(things) <= known
        first = things[: 3 * (len(cast.personas[role].material) // 3)]
        assert len(set(first)) == len(first)  # nobody is shown a thing twice while others are left


def test_things_are_near_to_what_was_just_said(cast: Cast) -> None:
    humming = [cue.things[0] for cue in _cues(cast, _line("Whose wedding was it, Ada?"))]
    assert "wedding" in Counter(humming).most_common(1)[0][0]


def test_options_are_the_moves_of_the_speaker_that_fit(cast: Cast) -> None:
    moves = [
        {"id": "why", "role": "bo", "does": "asks {ada} why nobody came", "opens": True},
        {"role": "ada", "does": "admits having slept", "answers": "why"},
        {"role": "ada", "does": "says that it rained", "answers": "why"},
        {"role": "ada", "does": "asks {cyrus} for help", "opens": True},
        {"role": "cyrus", "does": "reads out both times", "joins": True},
    ]
    scene = _scene(topics=[{"id": "why", "about": "why nobody came", "moves": moves}])
    asked = worlds.event(
        0, text="Why did nobody come?", speaker="bo", scene="hall", turn=1, witnesses=HERE,
        cue=worlds.cue("", to="ada", topic="why", move=0, material="asks {ada} why nobody came"),
    )  # fmt: skip
    turn = StandardDirector(cast, 1).next(Situation.of(Script([asked]), "day", scene, "guided"))
    assert isinstance(turn, Turn)
    assert turn.cue
    assert turn.speaker == "ada"
    assert set(turn.cue.options) == {"admits having slept", "says that it rained"}
    assert (turn.cue.topic, turn.cue.answers, turn.cue.text) == ("why", 0, "")


def test_an_act_follows_from_what_was_just_done(cast: Cast) -> None:
    done = {"": "It rains.", "ask": "Where were you?", "accuse": "You lied to me.", "confess": "I slept."}
    after = {act: Counter(cue.act for cue in _cues(cast, _line(text, act))) for act, text in done.items()}
    assert all(len(found) > 2 for found in after.values())
    assert set(after["ask"]) <= set(acts.AFTER["ask"])
    assert set(after["accuse"]) <= set(acts.AFTER["accuse"])
    assert after["accuse"]["refuse"] > after[""]["refuse"]
    assert after["confess"]["comfort"] > after["ask"]["comfort"]


def test_towards_somebody_disliked_acts_are_colder(cast: Cast) -> None:
    cold = {"press", "accuse"}

    def share(regard: float) -> int:
        thought = worlds.event(
            0, "reflection", speaker="ada", scene="hall", witnesses=("ada",), attitudes={"bo": regard}
        )
        return sum(cue.act in cold for cue in _cues(cast, thought, _line("I slept, Ada.", "confess", number=1)))

    assert share(-1.0) > 1.5 * share(1.0)


def test_what_a_character_whispers_is_the_authors_also_if_they_are_not_led(cast: Cast) -> None:
    scene = _scene(asides=[{"role": "ada", "to": ["bo"], "after": 0, "material": "the key is gone"}])
    turn = StandardDirector(cast, 1).next(Situation.of(Script(), "day", scene, "guided"))
    assert isinstance(turn, Turn)
    assert turn.cue
    assert (turn.cue.text, turn.cue.material, turn.cue.hears) == ("", "the key is gone", ("bo",))


def test_a_reply_of_somebody_led_takes_up_the_line_and_varies(cast: Cast) -> None:
    cues = _cues(cast, _line("The harbour shrinks, Ada."), direction="led")
    assert {cue.to for cue in cues} == {"bo"}
    assert {cue.answers for cue in cues} == {0}
    assert {cue.act for cue in cues} <= set(replies.acts(matter=True))
    assert len({cue.text for cue in cues}) > 10
    assert all(cue.text.startswith(("Ada asks Bo ", "Ada tells Bo ")) and cue.text.endswith(".") for cue in cues)


def test_every_act_is_known_and_every_verb_shows_one() -> None:
    known = set(Act.__args__)  # type: ignore[attr-defined]
    assert {*acts.AFTER, *(act for row in acts.AFTER.values() for act in row)} - {""} <= known
    assert set(ENGLISH.act_verbs.values()) <= known
    assert set(replies.acts(matter=True)) <= known
    assert acts.shown("asks {ada} why", ENGLISH) == "ask"
    assert acts.shown("reads it out", ENGLISH) == "tell"
