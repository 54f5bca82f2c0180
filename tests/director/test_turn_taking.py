"""Who has the floor, and who takes it from somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import languages
from dreamplay.director.config import DirectorConfig
from dreamplay.director.director import StandardDirector
from dreamplay.director.pressures import Pressures
from dreamplay.director.situation import Situation
from dreamplay.director.turn_taking import TurnTaking
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue, Event
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.turn import Turn

CONFIG = DirectorConfig()
EVERYONE = ("ada", "bo", "cyrus", "dee")
SEEDS = range(60)


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return worlds.plan(worlds.write(tmp_path_factory.mktemp("story") / "s", 4)).cast


def _scene(**fields: Any) -> Scene:
    base = {
        "id": "hall", "kind": "waking", "place": "The hall", "present": list(EVERYONE), "opening": "They meet.",
        "turns": {"min": 20, "max": 30},
    }  # fmt: skip
    return Scene.model_validate(base | fields)


def _script(*said: tuple[str, str] | str | tuple[str, str, Cue]) -> Script:
    """A script in the hall: what is narrated, and who says what, on what cue."""
    events, turn = [worlds.event(0, "narration", "They meet.", scene="hall", witnesses=EVERYONE)], 0
    for each in said:
        place: dict[str, Any] = {"scene": "hall", "witnesses": EVERYONE}
        if isinstance(each, str):
            events.append(worlds.event(len(events), "narration", each, **place))
        else:
            turn += 1
            cue = each[2] if len(each) == 3 else None
            events.append(worlds.event(len(events), text=each[1], speaker=each[0], turn=turn, cue=cue, **place))
    return Script(events)


def _turns(cast: Cast, scene: Scene, script: Script, seeds: Sequence[int] = SEEDS) -> list[Turn]:
    """The next turn for each seed."""
    found = [StandardDirector(cast, seed).next(Situation.of(script, "day", scene, "guided")) for seed in seeds]
    assert all(isinstance(turn, Turn) for turn in found), found
    return [turn for turn in found if isinstance(turn, Turn)]


def _to(role: str) -> Cue:
    return worlds.cue("", to=role)


def _silent(number: int, role: str) -> Event:
    """Somebody of whom no line could stand."""
    return worlds.event(number, "silence", speaker=role, turn=number, cue=_to("ada"), scene="hall", witnesses=EVERYONE)


def test_an_open_question_is_answered_by_whom_it_was_put_to(cast: Cast) -> None:
    turns = _turns(cast, _scene(), _script(("ada", "Where is the key, Cyrus?")))
    assert {turn.speaker for turn in turns} == {"cyrus"}
    assert {turn.cue.answers for turn in turns if turn.cue} == {1}
    assert {turn.cue.to for turn in turns if turn.cue} == {"ada"}


def test_an_accusation_is_answered_too_and_a_cue_says_whom_it_is_put_to(cast: Cast) -> None:
    turns = _turns(cast, _scene(), _script(("ada", "You broke the lantern, and you lied to me.", _to("dee"))))
    assert {turn.speaker for turn in turns} == {"dee"}


def test_what_is_owed_is_read_in_the_language_of_the_play(cast: Cast) -> None:
    script = _script(("ada", "You lied to me, Cyrus."))
    taking = TurnTaking(cast, 1, Pressures(cast, "full", CONFIG), CONFIG)
    owed = [
        taking.owed(Situation.of(script, "day", _scene(), language=languages.get(code))) is not None
        for code in ("en", "de", "en")
    ]
    assert owed == [True, False, True]


def test_what_was_asked_is_still_owed_after_somebody_interrupted(cast: Cast) -> None:
    script = _script(("ada", "Where is the key, Cyrus?"), ("bo", "It rains."))
    assert {turn.speaker for turn in _turns(cast, _scene(), script)} == {"cyrus"}


def test_whoever_could_say_nothing_is_not_asked_again(cast: Cast) -> None:
    asked = _script(("ada", "Where is the key, Cyrus?"))
    said = worlds.event(3, text="It rains.", speaker="bo", turn=3, cue=_to("dee"), scene="hall", witnesses=EVERYONE)
    turns = _turns(cast, _scene(), Script([*asked, _silent(2, "cyrus"), said]))
    assert {turn.speaker for turn in turns} == {"dee"}


def test_two_people_finish_before_a_third_is_brought_in(cast: Cast) -> None:
    one, other = ("ada", "It rains.", _to("bo")), ("bo", "It does not.", _to("ada"))
    assert {turn.speaker for turn in _turns(cast, _scene(), _script(one))} == {"bo"}
    assert {turn.speaker for turn in _turns(cast, _scene(), _script(one, other))} == {"ada"}
    later = Counter(turn.speaker for turn in _turns(cast, _scene(), _script(one, other, one)))
    assert 0.3 * len(SEEDS) < later["bo"] < len(SEEDS)  # they go on, or somebody else comes in
    long = _script(*[one, other] * ((CONFIG.duets + 1) // 2))
    assert {turn.speaker for turn in _turns(cast, _scene(), long)} <= {"cyrus", "dee"}


def test_a_third_interrupts_two_the_likelier_the_more_has_happened(cast: Cast) -> None:
    falls = ["Plates fall.", "Lamps fall.", "Walls fall.", "Roofs fall."]
    scene, shares = _scene(pressures=falls, turns={"min": 4, "max": 4}), []
    for told in (0, 2, 4):
        said = [(role, "Oh.") for role in ("bo", "dee", "cyrus")]
        script = _script(*falls[:told], *said, ("ada", "Where is the key, Bo?"))
        now = Situation.of(script, "day", scene)
        pressures = Pressures(cast, "full", CONFIG)
        first = [TurnTaking(cast, seed, pressures, CONFIG).floors(now)[0] for seed in range(200)]
        assert {floor.roles for floor in first if floor.reason == "asked"} == {("bo",)}
        third = [floor for floor in first if floor.reason == "interrupts"]
        assert {floor.roles for floor in third} <= {("cyrus", "dee")}
        shares.append(len(third) / len(first))
    assert shares[0] == 0
    assert 0 < shares[1] < shares[2] < 1.5 * CONFIG.interrupts


def test_to_interrupt_is_an_act(cast: Cast) -> None:
    config = CONFIG.model_copy(update={"interrupts": 1.0})
    scene = _scene(pressures=["Plates fall."], turns={"min": 2, "max": 2})
    script = _script("Plates fall.", ("dee", "Oh."), ("ada", "Where is the key, Bo?"))
    turn = StandardDirector(cast, 1, config=config).next(Situation.of(script, "day", scene, "guided"))
    assert isinstance(turn, Turn)
    assert turn.cue
    assert (turn.speaker, turn.cue.act) in {("cyrus", "interrupt"), ("dee", "interrupt")}


@pytest.mark.parametrize(
    ("pressure", "speaker"),
    [
        ({"text": "The lantern falls before {bo}, and {cyrus} laughs."}, "bo"),  # the first who is named
        ({"text": "The lantern falls before {bo}.", "to": "dee"}, "dee"),
        ({"text": "The lantern falls before {bo}.", "to": "ada"}, "ada"),  # who has just spoken, if the author says so
        ({"text": "The lantern falls before {bo}.", "opens": "lantern"}, "cyrus"),
    ],
)
def test_whoever_an_event_hands_something_has_the_floor(cast: Cast, pressure: dict[str, Any], speaker: str) -> None:
    topic = {
        "id": "lantern", "about": "the lantern",
        "moves": [{"role": "cyrus", "does": "asks {bo} who paid for the lantern", "opens": True}],
    }  # fmt: skip
    scene = _scene(pressures=[pressure], topics=[topic] if "opens" in pressure else [])
    script = _script(("ada", "It rains.", _to("dee")), cast.fill(pressure["text"]))
    turns = _turns(cast, scene, script)
    assert {turn.speaker for turn in turns} == {speaker}
    assert {turn.cue.answers for turn in turns if turn.cue} == {2}


def test_silence_and_talkativeness_decide_only_if_nobody_owes_anything(cast: Cast) -> None:
    first = Counter(turn.speaker for turn in _turns(cast, _scene(), _script()))
    assert set(first) == set(EVERYONE)
    talk = _script(*[("ada", "It rains.", _to("bo")), ("bo", "It does not.", _to("ada"))] * 2)
    script = Script([*talk, _silent(len(talk), "cyrus")])
    later = Counter(turn.speaker for turn in _turns(cast, _scene(), script, range(200)))
    assert later["dee"] == max(later.values())
    assert later["cyrus"] == 0


def test_everybody_speaks_before_they_leave(cast: Cast, tmp_path: Path) -> None:
    move = {"role": "dee", "kind": "exit", "after": 3, "text": "{dee} goes."}
    scene = _scene(moves=[move], turns={"min": 4, "max": 6})
    for seed in range(20):
        turns = worlds.act(StandardDirector(cast, seed), scene, Script(), lambda role, cue: "It rains.")
        speakers = [event.speaker for event in turns]
        assert "dee" in speakers[:3]
        assert "dee" not in speakers[3:]
        assert set(speakers) == set(EVERYONE)


def test_whoever_owes_an_answer_gives_it_before_they_leave(cast: Cast) -> None:
    move = {"role": "dee", "kind": "exit", "after": 2, "text": "{dee} goes."}
    scene = _scene(moves=[move], turns={"min": 4, "max": 6})
    script = _script(("dee", "It rains."), ("ada", "Where is the key, Dee?"))
    assert {turn.speaker for turn in _turns(cast, scene, script)} == {"dee"}
    answered = _script(("dee", "It rains."), ("ada", "Where is the key, Dee?"), ("dee", "No key, no."))
    assert {
        getattr(StandardDirector(cast, seed).next(Situation.of(answered, "day", scene)), "kind", None) for seed in SEEDS
    } == {"exit"}
