from __future__ import annotations

from collections import Counter
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any, Literal

import dreamplay as dp
import pytest
import strangers
import worlds
from dreamplay.director.base import open_director
from dreamplay.director.config import DirectorConfig
from dreamplay.director.cues import Cues
from dreamplay.director.director import StandardDirector
from dreamplay.director.situation import Situation
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import PluginFailedError
from dreamplay.library import resources
from dreamplay.memory.base import default_embedder
from dreamplay.schema.direction import Direction
from dreamplay.schema.event import Cue, Event
from dreamplay.schema.plugin_choice import PluginChoice
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.turn import Turn

Length = Literal["short", "full"]
SEEDS = range(6)
CONFIG = DirectorConfig()
PLAYS = [*resources.names("stories"), 2, 3, 7]
"""Shipped stories, and stories for so many roles."""


def _plan(what: object, folder: Path, seed: int = 7) -> RunConfig:
    return worlds.plan(worlds.write(folder / "story", what) if isinstance(what, int) else what, seed=seed)


def _turns(plan: RunConfig, length: Length = "full") -> dict[str, list[Event]]:
    """Every turn of a play without any model: each says the matter of his cue."""
    director, script = StandardDirector(plan.cast, plan.seed, length), Script()
    return {s.id: worlds.act(director, s, script) for _, s in plan.scenes if s.kind != "epilogue"}


def _next_turn(director: StandardDirector, script: Script, scene: Scene) -> Turn:
    """The next turn, were nothing to happen before it."""
    quiet = scene.model_copy(update={"pressures": (), "topics": ()})
    turn = director.next(Situation.of(script, "launch", quiet))
    assert isinstance(turn, Turn)
    return turn


def _seeded(plan: RunConfig, seed: int) -> RunConfig:
    return RunConfig(plan.story_id, plan.story, plan.cast, seed, plan.length, plan.beats)


@pytest.mark.parametrize("length", ["short", "full"])
@pytest.mark.parametrize("what", PLAYS)
def test_a_scene_keeps_its_contract_and_everyone_has_spoken(what: object, length: Length, tmp_path: Path) -> None:
    plan = _plan(what, tmp_path)
    scenes = {scene.id: scene for _, scene in plan.scenes}
    for seed in SEEDS:
        for name, turns in _turns(_seeded(plan, seed), length).items():
            scene = scenes[name]
            assert scene.turns.min <= len(turns) <= scene.turns.limit
            said = [move for topic in scene.topics for move in topic.moves]
            waits = any(each.when for each in (*scene.pressures, *said))  # for an outcome, which nothing decides here
            assert length == "short" or waits or len(turns) >= scene.turns.max
            assert {event.speaker for event in turns} == set(scene.present)


@pytest.mark.parametrize("what", PLAYS)
def test_cues_fit_their_speaker(what: object, tmp_path: Path) -> None:
    plan = _plan(what, tmp_path)
    all_material = {text for persona in plan.cast.personas.values() for text in persona.material}
    for seed in SEEDS:
        told: set[tuple[str, str]] = set()
        for scene, turns in _turns(_seeded(plan, seed)).items():
            for event in turns:
                cue, role = event.cue, event.speaker
                assert cue
                assert role
                assert cue.to != role
                assert cue.text.startswith(plan.cast.name(role))
                assert f"tells {plan.cast.name(role)} " not in cue.text
                assert cue.to is None or cue.topic or plan.cast.called(cue.to) in cue.text
                assert "{" not in cue.text
                assert "$" not in cue.text
                # Nobody is told what they did themselves as if it were somebody else's doing.
                assert role not in plan.cast.mentioned(plan.cast.fill(cue.material))
                # No matter twice in a scene, and none twice from one mouth.
                if cue.material in all_material:
                    assert (scene, cue.material) not in told
                    assert (role, cue.material) not in told
                    told |= {(scene, cue.material), (role, cue.material)}


@pytest.mark.parametrize("what", PLAYS)
def test_no_tactic_twice_while_others_are_left(what: object, tmp_path: Path) -> None:
    plan = _plan(what, tmp_path)
    used: dict[str, Counter[str]] = {role: Counter() for role in plan.cast.roles}
    for event in [event for turns in _turns(plan).values() for event in turns]:
        assert event.cue
        used[event.speaker or ""][event.cue.tactic] += 1
    for role, count in used.items():
        all_of_them = [count[tactic] for tactic in plan.cast.personas[role].tactics]
        assert max(all_of_them) - min(all_of_them) <= 1


def test_the_same_seed_gives_the_same_turns_and_another_seed_others() -> None:
    plan = worlds.plan("mindsync")
    plays = [[e.model_dump() for turns in _turns(_seeded(plan, s)).values() for e in turns] for s in (1, 1, 2, 3)]
    assert plays[0] == plays[1]
    assert len({str(play) for play in plays}) == 3


def test_matter_comes_again_once_everything_has_been_said(tmp_path: Path) -> None:
    long = {"min": 60, "max": 60}
    path = worlds.write(tmp_path / "s", 2, lambda s: s["beats"][0]["scenes"][0].update(turns=long))
    plan = worlds.plan(path)
    turns = _turns(plan)["square"]
    written = {text for event in turns for text in plan.cast.personas[event.speaker or ""].material}
    said = Counter(event.cue.material for event in turns if event.cue and event.cue.material in written)
    assert 60 <= len(turns) <= 62
    assert max(said.values()) - min(said.values()) <= 2
    assert set(said) == written


@pytest.mark.parametrize("name", ["Elara", "Mira"])
@pytest.mark.parametrize("text", ["{}, say something.", "What would {} do?", "No, {}: ask Sam!", "{}'s turn."])
def test_who_is_called_by_name_answers(text: str, name: str) -> None:
    plan = worlds.plan("mindsync")
    scene = plan.scenes[0][1]
    for seed in SEEDS:
        script = Script([worlds.event(0, "narration", scene.opening, witnesses=scene.present)])
        script.append(worlds.event(1, speaker="leo", text=text.format(name), turn=1, witnesses=scene.present))
        turn = _next_turn(StandardDirector(plan.cast, seed), script, scene)
        assert plan.cast.name(turn.speaker) == name
        assert turn.cue
        assert turn.cue.to in set(turn.others)


def test_two_cannot_talk_past_the_others_for_ever() -> None:
    plan = worlds.plan("mindsync", seed=3)
    quiet = {"pressures": (), "topics": (), "outcome": None, "moves": (), "turns": {"min": 12, "max": 12}}
    scene = Scene.model_validate(plan.scenes[0][1].model_dump() | quiet)
    calls = {"leo": "Elara, why?", "elara": "Leo, why?"}
    for seed in SEEDS:
        turns = worlds.act(
            StandardDirector(plan.cast, seed), scene, Script(), lambda role, cue: calls.get(role, "Leo?"), "guided"
        )
        asked = [event.speaker for event in turns]
        first = next(n for n, pair in enumerate(pairwise(asked)) if set(pair) == {"leo", "elara"})
        run = list(takewhile(lambda role: role in ("leo", "elara"), asked[first:]))
        assert CONFIG.duet <= len(run) <= CONFIG.duets
        assert len(run) + first < len(asked)


@pytest.mark.parametrize("length", ["short", "full"])
def test_all_pressures_come_in_order_each_before_a_turn_but_of_those_who_have_left(length: Length) -> None:
    plan = worlds.plan("mindsync")
    for _, scene in [each for each in plan.scenes if each[1].pressures]:
        script = Script()
        worlds.act(StandardDirector(plan.cast, 7, length), scene, script)
        gone = {event.speaker for event in worlds.kinds(script, "exit")}
        written = [plan.cast.fill(each.text) for each in scene.pressures if not each.when]
        told = [event.text for event in worlds.kinds(script, "narration")][1:]
        assert told == [text for text in written if text in told]
        assert all(set(plan.cast.mentioned(text)[-1:]) & gone for text in written if text not in told)
        assert script.last
        assert script.last.kind != "narration"


def test_one_alone_speaks_to_nobody(tmp_path: Path) -> None:
    alone = {"present": ["ada"], "turns": {"min": 3, "max": 3}}
    path = worlds.write(tmp_path / "s", 3, lambda s: s["beats"][0]["scenes"][0].update(alone))
    turns = _turns(worlds.plan(path))["square"]
    cues: list[Cue] = [event.cue for event in turns if event.cue]
    assert [cue.to for cue in cues] == [None] * 3
    assert all(cue.text.startswith(f"Ada says {cue.tactic} that ") for cue in cues)


DREAM = (
    "The kettle is a lake and nobody can drink it. Ada stands in the door without a face. No. "
    "Every ladder leans on rain. And looks straight through her."
)


def _after_a_dream(seed: int, kind: str, *dreamers: str, folder: Path) -> list[Event]:
    """The turns of a scene of three, after a dream that only some of them saw."""
    plan = _seeded(_plan(3, folder), seed)
    scene = plan.scenes[0][1].model_copy(update={"kind": kind})
    script = Script([worlds.event(0, "dream", DREAM, beat="night", scene="attic", witnesses=dreamers)])
    return worlds.act(StandardDirector(plan.cast, seed), scene, script)


def test_what_was_dreamt_comes_up_in_daylight_from_those_who_saw_it(tmp_path: Path) -> None:
    told: set[tuple[str | None, str]] = set()
    for seed in range(24):
        by_day, asleep = [_after_a_dream(seed, kind, "ada", "bo", folder=tmp_path) for kind in ("waking", "dream")]
        of_it = [(e.speaker, e.cue) for e in by_day if e.cue and e.cue.glimpse]
        assert len({speaker for speaker, _ in of_it}) == len(of_it)  # once each is enough
        assert len({cue.material.replace(cue.glimpse, "") for _, cue in of_it}) == len(of_it)
        assert all(cue.glimpse in cue.material and cue.material in cue.text for _, cue in of_it)
        assert not any(event.cue.glimpse for event in asleep if event.cue)
        told |= {(speaker, cue.glimpse) for speaker, cue in of_it}
    lake, face, rain = "the kettle is a lake", "Ada stands in the door without a face", "every ladder leans on rain"
    # Each of it comes from whoever it sounds like: Ada keeps a kettle and Bo a ladder, and nobody tells of herself.
    assert told == {("ada", lake), ("bo", face), ("bo", rain)}


def test_what_a_speaker_brings_up_is_like_an_answer_to_what_he_has_heard() -> None:
    plan = worlds.plan("mindsync")
    scene, here = plan.scenes[0][1], ("elara", "leo", "mira")

    def clocks(text: str, *witnesses: str) -> int:
        """In how many of sixty plays Leo, after these words, comes to speak of the clock in his workshop."""
        first = worlds.event(0, "narration", "It rains.", beat="launch", scene=scene.id, witnesses=here)
        said = worlds.event(1, text=text, speaker="elara", beat="launch", scene=scene.id, turn=1, witnesses=witnesses)
        cues = [
            Cues(plan.cast, seed).draw(Situation.of(Script([first, said]), "launch", scene), "leo")
            for seed in range(60)
        ]
        return sum("workshop clock" in cue.material for cue in cues)

    told, else_, whispered = "How late is it by the workshop clock?", "Who salted the soup?", ("elara", "mira")
    assert clocks(told, *here) > 3 * clocks(else_, *here)
    assert clocks(told, *whispered) == clocks(else_, *whispered)


def test_a_scene_can_say_how_people_speak_in_it(tmp_path: Path) -> None:
    ways = {"shouting", "sharply"}
    path = worlds.write(tmp_path / "s", 3, lambda s: s["beats"][0]["scenes"][0].update(tactics=sorted(ways)))
    turns = [turns for seed in range(12) for turns in _turns(worlds.plan(path, seed=seed)).items()]
    used = {name: {e.cue.tactic for n, events in turns if n == name for e in events if e.cue} for name, _ in turns}
    assert used["square"] >= {*ways, "calmly", "with a frown"}
    assert not used["corner"] & ways


@pytest.mark.parametrize("length", ["short", "full"])
def test_who_is_due_to_go_goes_and_what_is_due_to_be_whispered_is(staged: Path, length: Length) -> None:
    plan = worlds.plan(staged)
    for seed in range(12):
        script = Script()
        worlds.act(StandardDirector(plan.cast, seed, length), plan.scenes[0][1], script)
        turns = worlds.turns(script)
        (goes,) = worlds.kinds(script, "exit")
        assert [event.turn for event in turns if event.id < goes.id] == [1, 2, 3]
        assert all("cyrus" not in event.witnesses for event in script if event.id > goes.id)
        assert all(event.speaker != "cyrus" for event in turns[3:])
        assert "cyrus" in {event.speaker for event in turns[:3]}
        assert {event.speaker for event in turns} == {"ada", "bo", "cyrus"} or length == "short"
        whisper = turns[1]
        assert whisper.cue == worlds.cue(
            "Ada tells Bo in a whisper, for nobody else to hear, that the key is under the mat.",
            tactic="in a whisper, for nobody else to hear,", material="the key is under the mat", hears=("bo",),
            pressure=whisper.cue.pressure if whisper.cue else "", aside=True,
        )  # fmt: skip
        assert (whisper.speaker, whisper.witnesses) == ("ada", ("ada", "bo"))


@pytest.mark.parametrize("direction", ["led", "guided"])
def test_what_is_whispered_waits_for_no_answer_until_all_who_are_left_would_hear_it(
    staged: Path, direction: Direction
) -> None:
    plan = worlds.plan(staged)
    for seed in range(6):
        script = Script()
        director, scene = StandardDirector(plan.cast, seed), plan.scenes[0][1]
        worlds.act(director, scene, script, lambda role, cue: "Where is the key?", direction)
        assert [event.witnesses for event in worlds.turns(script) if event.hears] == [("ada", "bo")]


@pytest.mark.parametrize(("after", "most"), [(2, 5), (3, 5), (3, 4)])
def test_who_goes_early_has_had_a_turn_first_and_who_comes_late_gets_one(after: int, most: int, tmp_path: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        move = {"role": "cyrus", "after": after, "text": "{cyrus} is at the door."}
        square, corner = data["beats"][0]["scenes"]
        square |= {"moves": [move | {"kind": "exit"}], "turns": {"min": 3, "max": most}}
        corner |= {"moves": [move | {"kind": "entrance"}], "turns": {"min": 3, "max": most}}

    plan = worlds.plan(worlds.write(tmp_path / "s", 3, change))
    for seed in range(12):
        for length in ("short", "full"):
            for _, scene in plan.scenes[:2]:
                turns = worlds.act(StandardDirector(plan.cast, seed, length), scene, Script())
                assert {event.speaker for event in turns} == {"ada", "bo", "cyrus"}


def test_a_call_by_name_in_a_whisper_is_for_those_who_hear_it() -> None:
    plan = worlds.plan("mindsync")
    scene = plan.scenes[0][1]
    spoke = set()
    for seed in range(24):
        script = Script([worlds.event(0, "narration", scene.opening, witnesses=scene.present)])
        script.append(worlds.event(1, speaker="leo", text="Ask Mira!", turn=1, witnesses=("leo", "sam")))
        spoke.add(_next_turn(StandardDirector(plan.cast, seed), script, scene).speaker)
    assert spoke == {"sam"}


@pytest.mark.parametrize(
    ("regard", "tones"),
    [
        (1.0, {"warmly"}),
        (CONFIG.warm - 0.2, set()),
        (0.0, set()),
        (CONFIG.cold + 0.2, set()),
        (CONFIG.cold, {"coldly"}),
        (-1.0, {"coldly"}),
    ],
)
def test_at_an_extreme_of_regard_some_are_spoken_to_in_its_tone(regard: float, tones: set[str]) -> None:
    plan = worlds.plan("mindsync")
    scene = next(scene for _, scene in plan.scenes if scene.id == "corridor")
    said: list[Cue] = []
    for seed in range(24):
        thought = worlds.event(0, "reflection", speaker="leo", witnesses=("leo",), attitudes={"mira": -regard})
        latest = worlds.event(1, "reflection", witnesses=("leo",), attitudes={"mira": regard, "sam": 0.0})
        hers = worlds.event(2, "reflection", speaker="mira", witnesses=("mira",), attitudes={"leo": 0.0})
        now = Situation.of(Script([thought, latest, hers]), "nightmare", scene)
        cue = Cues(plan.cast, seed).draw(now, "leo")
        assert cue.text.startswith(f"Leo tells Mira {cue.tactic} that ")
        said.append(cue)
    assert {cue.tactic for cue in said} & {"warmly", "coldly"} == tones
    assert len({cue.tactic for cue in said}) > 2  # not all of them


MISFITS: dict[str, tuple[str, str]] = {
    # what a stranger's director makes of a turn that is right, and what is said of it
    "somebody absent perceives it": ("replace(turn, present=(*now.present, 'zed'))", "of this moment; make it with"),
    "somebody present does not": ("replace(turn, present=(turn.speaker,))", "of this moment"),
    "another number": ("replace(turn, number=9)", "of this moment"),
    "an absent speaker": ("now.turn('zed', turn.cue)", "a turn of 'zed', who is not present"),
    "an absent hearer": ("now.turn(turn.speaker, turn.cue.model_copy(update={'hears': ('zed',)}))", "a cue that names"),
    "words to oneself": (
        "now.turn(turn.speaker, turn.cue.model_copy(update={'to': turn.speaker}))",
        "a cue that names",
    ),
    "no cue": ("now.turn(turn.speaker)", "a turn without a cue"),
    "no words": ("Narration(' ')", "a narration without words"),
    "a move of its own": ("Move(role=turn.speaker, kind='exit', after=0, text='Gone.')", "not the scene's next"),
    "nothing": ("None", "the wrong type"),
    "a coroutine": ("later()", "must not be async"),
}


@pytest.mark.parametrize("what", MISFITS)
def test_what_a_strangers_director_decides_has_to_fit_the_scene(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decides, says = MISFITS[what]
    source = f"""
from dataclasses import replace
from dreamplay.director.base import Narration
from dreamplay.director.director import StandardDirector
from dreamplay.schema.scene import Move
from dreamplay.schema.turn import Turn

async def later(): ...

class Mine:
    def __init__(self, cast, seed, length, embedder):
        self.standard = StandardDirector(cast, seed, length)

    def next(self, now):
        turn = self.standard.next(now)
        return {decides} if isinstance(turn, Turn) else turn
"""
    strangers.install(tmp_path / "site", "[dreamplay.directors]\nmine = mine:Mine\n", mine=source)
    strangers.visible(monkeypatch, tmp_path / "site")
    plan = _plan(3, tmp_path)
    director = open_director(PluginChoice(name="mine"), plan.cast, 1, "full", default_embedder())
    with pytest.raises(PluginFailedError, match=rf"^director 'mine' of stranger 1.0 .* failed: next\(\) .*{says}"):
        worlds.act(director, plan.scenes[0][1], Script())


@pytest.mark.parametrize("guest", [None, "Noor"])
@pytest.mark.parametrize(
    ("decides", "says"),
    [
        ("Narration('It rains.')", r"yet another narration: \d+ moves and narrations without a turn"),
        ("self.standard.next(now)", r"yet another turn: \d+ in a scene of \d+ at most"),
    ],
)
async def test_a_strangers_director_that_never_ends_a_scene_is_one_error(
    decides: str, says: str, guest: str | None, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"""
from dreamplay.director.base import Narration
from dreamplay.director.director import StandardDirector

class Endless(StandardDirector):
    def over(self, now):
        return False

class Mine:
    def __init__(self, cast, seed, length, embedder):
        self.standard = Endless(cast, seed, length)

    def next(self, now):
        return {decides}
"""
    strangers.install(tmp_path / "site", "[dreamplay.directors]\nmine = mine:Mine\n", mine=source)
    strangers.visible(monkeypatch, tmp_path / "site")
    monkeypatch.setattr("dreamplay.engine.nodes.SILENCES", 10_000)  # the fake soon has nothing new to say
    plays = {"visitor": guest, "interventions": tmp_path / "visit.yaml"} if guest else {}
    (tmp_path / "visit.yaml").write_text("interventions: [{beat: day, turn: 1, say: Hello.}]\n", encoding="utf-8")
    with pytest.raises(
        PluginFailedError, match=rf"^director 'mine' of stranger 1.0 .* failed: next\(\) returned {says}"
    ):
        await dp.stream(small, model="scripted", seed=1, director="mine", out=tmp_path / "run", **plays)
