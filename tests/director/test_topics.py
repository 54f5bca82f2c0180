"""Topics: how they are opened, answered, joined, left and taken up again, and when a scene is over."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest
import worlds
from dreamplay.director.base import SceneEnd
from dreamplay.director.config import DirectorConfig
from dreamplay.director.director import StandardDirector
from dreamplay.director.situation import Situation
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Event, LineEvent
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.turn import Turn

CONFIG = DirectorConfig()
SEEDS = range(20)
WOKE = {
    "id": "woke", "about": "who was to wake {bo}", "moves": [
        {"id": "why", "role": "bo", "does": "asks {ada} why nobody woke anybody", "opens": True},
        {"id": "birds", "role": "ada", "does": "admits that it sounded like birds", "answers": "why"},
        {"id": "slept", "role": "ada", "does": "says that the kettle boiled over", "answers": "why"},
        {"id": "three", "role": "bo", "does": "says that birds sleep at three", "answers": "birds"},
        {"role": "cyrus", "does": "reads out both times", "joins": True},
    ],
}  # fmt: skip
KEY = {
    "id": "key", "about": "the key", "moves": [
        {"id": "what", "role": "ada", "does": "asks {bo} what the key is doing there", "opens": True},
        {"id": "back", "role": "bo", "does": "says that the key goes back", "answers": "what"},
        {"id": "beg", "role": "ada", "does": "begs {bo} to keep it", "answers": "back"},
        {"role": "bo", "does": "keeps it", "answers": "beg", "decides": "kept", "settles": True},
        {"role": "bo", "does": "puts it down", "answers": "beg", "decides": "returned", "settles": True},
    ],
}  # fmt: skip
LAYS = {"text": "{bo} lays a key down.", "opens": "key"}
OUTCOME = {
    "id": "key", "question": "Does {bo} keep it?", "otherwise": "kept",
    "answers": {"kept": "{bo} keeps it.", "returned": "{bo} does not keep it."},
}  # fmt: skip


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return worlds.plan(worlds.write(tmp_path_factory.mktemp("story") / "s", 3)).cast


def _scene(*topics: dict[str, Any], **fields: Any) -> Scene:
    return Scene.model_validate({
        "id": "hall", "kind": "waking", "place": "The hall", "present": ["ada", "bo", "cyrus"],
        "opening": "They meet.", "topics": topics, "turns": {"min": 3, "max": 12},
    } | fields)  # fmt: skip


def _act(cast: Cast, scene: Scene, seed: int, config: DirectorConfig = CONFIG) -> tuple[list[Event], Script]:
    script = Script()
    return worlds.act(StandardDirector(cast, seed, config=config), scene, script, lambda role, cue: cue.text), script


def _moves(turns: list[Event]) -> list[tuple[str, str, str]]:
    """Topic, role and words of each turn."""
    return [(e.cue.topic, e.speaker or "", e.cue.material) for e in turns if isinstance(e.cue, worlds.Cue)]


def test_a_topic_is_opened_answered_and_joined(cast: Cast) -> None:
    ways = set()
    for seed in SEEDS:
        turns, _ = _act(cast, _scene(WOKE), seed)
        first, second = turns[:2]
        assert first.cue
        assert second.cue
        assert (first.speaker, first.cue.move, first.cue.to, first.cue.act) == ("bo", 0, "ada", "ask")
        assert (second.speaker, second.cue.answers) == ("ada", first.id)  # whom it is owed by, before anybody joins
        made = [event.cue.move for event in turns if event.cue and event.cue.topic]
        assert len(set(made)) == len(made)
        assert 4 in made
        # One of two answers is given, and what answers the other is not.
        assert len({1, 2} & set(made)) == 1
        assert 3 not in made or 1 in made
        ways.add(second.cue.move)
    assert ways == {1, 2}


def test_what_happens_opens_its_topic_and_the_scene_comes_back_to_what_was_left_open(cast: Cast) -> None:
    short = {**KEY, "moves": KEY["moves"][:2]}  # type: ignore[index]
    more = [{"role": role, "does": f"says that {role} heard it", "joins": True} for role in ("ada", "bo", "cyrus")]
    woke = {**WOKE, "moves": [*WOKE["moves"], *more]}  # type: ignore[misc]
    scene = _scene(woke, short, pressures=[LAYS], turns={"min": 3, "max": 6})
    returned = Counter[bool]()
    for seed in SEEDS:
        turns, script = _act(cast, scene, seed)
        (lays,) = [event.id for event in worlds.kinds(script, "narration") if "key" in event.text]
        topics = [(event.id, event.cue.topic) for event in turns if event.cue]
        assert all(topic != "key" for number, topic in topics if number < lays)
        after = [topic for number, topic in topics if number > lays]
        assert after[0] == "key"
        returned["woke" in after] += 1
    assert returned[True] > len(SEEDS) / 3


def test_nothing_is_said_to_somebody_who_has_left_or_has_yet_to_come(cast: Cast) -> None:
    does = ("asks {bo} why", "asks {bo}: who?", "calls it rain, and promises {bo} a coat", "says that {bo} has the key",
            "asks {cyrus} where {bo} is")  # fmt: skip
    topic = {"id": "key", "about": "the key", "moves": [{"role": "ada", "does": each, "joins": True} for each in does]}
    topic["moves"][3]["opens"] = True  # type: ignore[index]
    goes = {"role": "bo", "kind": "exit", "after": 0, "text": "{bo} goes."}
    comes = {"role": "bo", "kind": "entrance", "after": 9, "text": "{bo} comes in."}
    for fields in ({"moves": [goes]}, {"present": ["ada", "cyrus"], "moves": [comes], "turns": {"min": 9, "max": 10}}):
        said = set[str]()
        for seed in SEEDS:
            turns, script = _act(cast, _scene(topic, **fields), seed)
            came = next((event.id for event in worlds.kinds(script, "entrance")), len(script))
            said |= {e.cue.material for e in turns if e.cue and e.cue.topic and e.id < came}
        assert said == {"says that {bo} has the key", "asks {cyrus} where {bo} is"}


def test_whoever_has_left_gets_no_answer(cast: Cast) -> None:
    asks = {"id": "who", "role": "bo", "does": "asks who has it", "opens": True}
    topic = {"id": "key", "about": "the key", "moves": [asks, *(
        {"role": role, "does": does, "answers": "who"}
        for role, does in (("ada", "says no"), ("ada", "tells {cyrus} that it is gone"), ("cyrus", "shrugs"))
    )]}  # fmt: skip
    goes = {"role": "bo", "kind": "exit", "after": 1, "text": "{bo} goes."}
    said = set[str]()
    for seed in SEEDS:
        turns, _ = _act(cast, _scene(topic, moves=[goes]), seed)
        if turns[0].speaker == "bo":
            said |= {e.cue.material for e in turns[1:] if e.cue and e.cue.topic}
    assert said == {"tells {cyrus} that it is gone"}


def test_a_settled_topic_is_left(cast: Cast) -> None:
    for seed in SEEDS:
        turns, _ = _act(cast, _scene(WOKE, KEY, pressures=[LAYS]), seed)
        moves = [event.cue.move for event in turns if event.cue and event.cue.topic == "key"]
        assert moves[:3] == [0, 1, 2]
        assert moves[3:] in ([3], [4])


def test_nothing_is_said_whose_condition_does_not_hold_or_that_decides_otherwise(cast: Cast) -> None:
    scene = _scene(KEY, outcome=OUTCOME)
    for seed in SEEDS:
        turns, script = _act(cast, scene, seed)
        decided = worlds.event(
            len(script), "outcome", "It is settled.", scene="hall", outcome="key", answer="kept",
            witnesses=scene.present,
        )  # fmt: skip
        begged = [event for event in script if event.id <= turns[2].id]
        now = Situation.of(Script([*begged, decided.model_copy(update={"id": len(begged)})]), "day", scene)
        step = StandardDirector(cast, seed).next(now)
        assert isinstance(step, SceneEnd) or step.cue.move != 4  # type: ignore[union-attr]
    unmet = KEY | {"when": "hall.key == returned"}
    assert all(topic != "key" for topic, _, _ in _moves(_act(cast, _scene(WOKE, unmet, outcome=OUTCOME), 1)[0]))


def test_a_scene_ends_when_its_outcome_is_decided_and_everything_has_happened(cast: Cast) -> None:
    scene = _scene(WOKE, KEY, pressures=["A bell rings.", "A lamp goes out."], outcome=OUTCOME)
    for seed in SEEDS:
        director, script = StandardDirector(cast, seed), Script()
        turns, decided = 0, False

        class Deciding:
            """The director, after an outcome that comes with the fifth turn."""

            def next(self, now: Situation, director: StandardDirector = director, script: Script = script) -> Any:
                nonlocal decided
                if len(now.turns) == 5 and not decided:
                    decided = True
                    script.append(worlds.event(
                        len(script), "outcome", "It is settled.", scene="hall", outcome="key", answer="kept",
                        witnesses=now.present,
                    ))  # fmt: skip
                    now = Situation.of(script, "day", scene)
                return director.next(now)

        turns = len(worlds.act(Deciding(), scene, script, lambda role, cue: "It rains."))
        assert 5 <= turns <= 10
        assert len(worlds.kinds(script, "narration")) == 3


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_all_pressures_play_however_many_they_are_and_whatever_is_owed(cast: Cast, count: int) -> None:
    falls = [f"Number {n} falls." for n in range(count)]
    for length in ("short", "full"):
        for say in ("It rains.", "Why, Ada?", "Why, Bo?"):
            for topics in ([], [WOKE]):
                script, scene = Script(), _scene(*topics, pressures=falls, turns={"min": 4, "max": 6})
                director = StandardDirector(cast, 1, length)  # type: ignore[arg-type]
                worlds.act(director, scene, script, lambda role, cue, say=say: say)
                told = [event.text for event in worlds.kinds(script, "narration")][1:]
                assert told == falls
                assert script.last
                assert script.last.kind == "line"


def test_a_scene_does_not_end_on_a_question_that_two_more_turns_can_answer(cast: Cast) -> None:
    scene = _scene(turns={"min": 4, "max": 4}, present=["ada", "bo"])
    for seed in SEEDS:
        asked = iter(["No.", "No.", "No.", "Why?", "No.", "No."])
        play = partial(worlds.act, StandardDirector(cast, seed), scene, direction="guided")
        turns = play(Script(), lambda role, cue, asked=asked: next(asked))
        assert [event.text for event in turns][3:] == ["Why?", "No."]
        for_ever = play(Script(), lambda role, cue: "Why?")
        assert len(for_ever) == scene.turns.limit + 1 == 7, "whoever was asked last may answer"


@pytest.mark.parametrize("direction", ["guided", "led"])
def test_what_falls_to_somebody_waits_for_them_where_another_had_to_speak_first(direction: Any, cast: Cast) -> None:
    rings = {"text": "The telephone rings, and {bo} has to answer.", "to": "bo"}
    scene = _scene(turns={"min": 3, "max": 4}, pressures=[rings])
    said = [("ada", "It rains."), ("bo", "It does."), ("ada", "Still.")]
    events = [worlds.event(n, text=text, speaker=role, scene="hall", turn=n + 1, witnesses=scene.present)
              for n, (role, text) in enumerate(said)]  # fmt: skip
    events.append(worlds.event(3, "narration", cast.fill(rings["text"]), scene="hall", witnesses=scene.present))
    director = StandardDirector(cast, 1)
    first = director.next(Situation.of(Script(events), "day", scene, direction))
    assert isinstance(first, Turn)
    assert first.speaker == "cyrus", "who has not had a turn, and only one is left"
    events.append(worlds.event(4, text="Not me.", speaker="cyrus", scene="hall", turn=4, witnesses=scene.present))
    then = director.next(Situation.of(Script(events), "day", scene, direction))
    assert isinstance(then, Turn)
    assert then.speaker == "bo"
    events.append(worlds.event(5, text="Hello.", speaker="bo", scene="hall", turn=5, witnesses=scene.present))
    assert isinstance(director.next(Situation.of(Script(events), "day", scene, direction)), SceneEnd)


def test_whoever_is_spoken_to_has_the_last_word_while_nothing_is_decided(cast: Cast) -> None:
    outcome = {"id": "stays", "question": "Does {bo} stay?", "answers": {"yes": "Yes.", "no": "No."}, "otherwise": "no"}
    for told, more in ((outcome, 1), (None, 0)):
        scene = _scene(turns={"min": 4, "max": 4}, present=["ada", "bo"], outcome=told)
        for seed in SEEDS:
            play = partial(worlds.act, StandardDirector(cast, seed), scene, direction="guided")
            assert len(play(Script(), lambda role, cue: "Say it.")) == scene.turns.max + more


def test_who_has_no_move_left_and_must_speak_takes_up_the_last_line(cast: Cast) -> None:
    scene = _scene({**WOKE, "moves": WOKE["moves"][:4]}, turns={"min": 5, "max": 6})  # type: ignore[index]
    own = set(cast.personas["cyrus"].material)
    for seed in SEEDS:
        turns, _ = _act(cast, scene, seed)
        his = [event for event in turns if event.speaker == "cyrus"]
        assert his
        assert all(event.cue and event.cue.answers is not None and event.cue.material not in own for event in his)


def test_the_persona_decides_which_of_several_moves_is_made(cast: Cast) -> None:
    moves = [
        {"id": "why", "role": "bo", "does": "asks {ada} why nobody came", "opens": True},
        {"role": "ada", "does": "says that the kettle hums and the kettle rusts since Tuesday", "answers": "why"},
        {"role": "ada", "does": "says that the postman limps and the postman sings at weddings", "answers": "why"},
    ]
    scene = _scene({**WOKE, "moves": moves})
    swapped = Cast({**cast.personas, "ada": cast.personas["cyrus"].model_copy(update={"name": "Ada"})})

    def kettles(cast: Cast) -> float:
        made = [event.cue.move for seed in range(40) for event in _act(cast, scene, seed)[0][1:2] if event.cue]
        return made.count(1) / len(made)

    assert kettles(cast) > 0.7
    assert kettles(swapped) < 0.3


def test_a_scene_comes_to_its_decision_before_its_turns_run_out(cast: Cast) -> None:
    joins = [{"role": role, "does": f"says that {role} heard it", "joins": True} for role in ("ada", "bo", "cyrus")]
    key = {**KEY, "moves": [*KEY["moves"], *joins]}  # type: ignore[misc]
    scene = _scene(WOKE, key, outcome=OUTCOME, turns={"min": 3, "max": 9})
    for seed in SEEDS:
        turns, _ = _act(cast, scene, seed)
        assert {3, 4} & {event.cue.move for event in turns if event.cue and event.cue.topic == "key"}


def test_whoever_a_line_was_said_to_answers_it_before_anybody_else(cast: Cast) -> None:
    fire = {
        "id": "fire", "about": "who goes first", "moves": [
            {"id": "go", "role": "ada", "does": "asks {bo} to go first", "opens": True, "act": "offer"},
            {"role": "cyrus", "does": "tells {ada} that three came", "answers": "ada"},
            {"role": "cyrus", "does": "reads out the time", "joins": True},
            {"id": "how", "role": "bo", "does": "asks {ada}: how is it put out?", "answers": "go"},
            {"role": "ada", "does": "answers {bo} that it burns down by itself", "answers": "how"},
        ],
    }  # fmt: skip
    config = CONFIG.model_copy(update={"interrupts": 1.0, "joining": 1.0})
    scene = _scene(fire, pressures=["A lamp falls."], turns={"min": 3, "max": 3})
    for seed in SEEDS:
        turns, _ = _act(cast, scene, seed, config)
        assert [each.speaker for each in turns if isinstance(each, LineEvent)] == ["ada", "bo", "ada", "cyrus"]
