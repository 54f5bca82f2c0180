"""Which of the moves that a speaker could choose among their line takes up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.director.director import StandardDirector
from dreamplay.director.situation import Situation
from dreamplay.director.uptake import with_uptake
from dreamplay.engine.runner import Runner
from dreamplay.memory.base import default_embedder
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue, LineEvent
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.topic import OwnWords
from dreamplay.schema.turn import Turn

HERE = ("ada", "bo", "cyrus")
MOVES = [
    {"role": "ada", "does": "asks {bo} who has the key to the cellar", "opens": True, "id": "who"},
    {"role": "ada", "does": "tells {cyrus} that the soup has gone cold", "opens": True, "id": "soup"},
    {"role": "bo", "does": "says that the key lies under the mat", "answers": "who"},
    {"role": "cyrus", "does": "offers to warm the soup again", "answers": "soup"},
]
GUIDED = {"direction": "guided"}
OPTIONS = (MOVES[0]["does"], MOVES[1]["does"])


@pytest.fixture(scope="module")
def cast() -> Cast:
    return worlds.record().cast


def _scene(**fields: Any) -> Scene:
    topics = [{"id": "cellar", "about": "the cellar", "moves": MOVES}]
    return Scene.model_validate({
        "id": "square", "kind": "waking", "place": "The square", "present": list(HERE), "opening": "They meet.",
        "turns": {"min": 3, "max": 9}, "topics": topics,
    } | fields)  # fmt: skip


def _cue(**fields: Any) -> Cue:
    given = {
        "topic": "cellar",
        "move": 0,
        "material": OPTIONS[0],
        "options": OPTIONS,
        "act": "ask",
        "things": ("rain",),
    }
    return worlds.cue("", **given | fields)


def _taken(cast: Cast, said: str, scene: Scene | None = None, **fields: Any) -> Cue:
    turn = Turn("day", scene or _scene(), "ada", HERE, 1, cue=_cue(**fields))
    cue = with_uptake(turn, said, cast, default_embedder(), [])
    assert cue
    return cue


@pytest.mark.parametrize(
    ("said", "move", "to"),
    [
        ("Who's got the key, Bo? I want to go down to the cellar.", 0, "bo"),
        ("It's gone cold, your soup, Cyrus. You talked too long.", 1, "cyrus"),
        ("Cold soup, and nobody at the table. Bo, sit down.", 1, "cyrus"),
        ("My uncle played the violin at weddings.", None, "bo"),
        ("No, Bo.", 0, "bo"),
        ("", None, "bo"),
    ],
)
def test_the_move_whose_words_are_nearest_is_recorded_unless_none_is_near(
    cast: Cast, said: str, move: int | None, to: str
) -> None:
    cue = _taken(cast, said)
    assert (cue.move, cue.to) == (move, to)
    assert (cue.topic, cue.material) == (("", "") if move is None else ("cellar", OPTIONS[move]))
    assert (cue.options, cue.act, cue.things) == (OPTIONS, "ask", ("rain",))


def test_a_move_of_another_topic_takes_that_topic_along(cast: Cast) -> None:
    topics = [{"id": each["id"], "about": "it", "moves": [each]} for each in MOVES[:2]]
    cue = _taken(cast, "The soup is cold, Cyrus.", _scene(topics=topics), topic="who", answers=3)
    assert (cue.topic, cue.move, cue.answers) == ("soup", 0, None)


def test_a_move_in_a_personas_own_words_is_known_by_the_storys(cast: Cast) -> None:
    scene = _scene()
    topic = scene.topics[0]
    own = topic.moves[1].model_dump() | {"does": "tells {cyrus} that the broth is ice", "written": OPTIONS[1]}
    moves = (topic.moves[0], OwnWords.model_validate(own), *topic.moves[2:])
    scene = scene.model_copy(update={"topics": (topic.model_copy(update={"moves": moves}),)})
    cue = _taken(cast, "The broth is ice, Cyrus.", scene, options=(OPTIONS[0], own["does"]))
    assert (cue.move, cue.material, cue.written) == (1, own["does"], OPTIONS[1])


@pytest.mark.parametrize(
    "given",
    [
        None,
        worlds.cue(),
        worlds.cue("", topic="cellar", move=0, material=OPTIONS[0]),
        _cue(options=OPTIONS[:1]),
        _cue(options=("asks after the key", "speaks of soup")),
    ],
)
def test_a_cue_that_leaves_no_choice_stays_as_it_is(cast: Cast, given: Cue | None) -> None:
    turn = Turn("day", _scene(), "ada", HERE, 1, cue=given)
    assert with_uptake(turn, "My uncle played the violin.", cast, default_embedder(), []) is given


@pytest.mark.parametrize("odd", [{"topic": "attic"}, {"move": 99}, {"topic": "attic", "move": 99}, {"answers": 99}])
def test_a_cue_that_names_what_is_not_there_is_recorded_with_what_was_taken_up_or_as_it_stood(
    cast: Cast, odd: dict[str, Any]
) -> None:
    taken = _taken(cast, "It's gone cold, your soup, Cyrus.", **odd)
    assert (taken.topic, taken.move, taken.material) == ("cellar", 1, OPTIONS[1])
    kept = _taken(cast, "Who's got the key, Bo? I want to go down to the cellar.", **odd)
    assert {"topic": kept.topic, "move": kept.move, "answers": kept.answers}.items() >= odd.items()


def test_what_is_whispered_is_said_to_whom_it_is_whispered(cast: Cast) -> None:
    cue = _taken(cast, "It's gone cold, your soup. You talked too long.", to="bo", hears=("bo",))
    assert (cue.move, cue.to) == (1, "bo")


def test_what_was_taken_up_is_answered_and_what_was_not_can_still_be_said(cast: Cast) -> None:
    def next_cue(said: str) -> Cue:
        cue = _taken(cast, said)
        asked = worlds.event(0, text=said, speaker="ada", scene="square", turn=1, witnesses=HERE, cue=cue)
        turn = StandardDirector(cast, 1).next(Situation.of(Script([asked]), "day", _scene(), "guided"))
        assert isinstance(turn, Turn)
        assert turn.cue
        return turn.cue

    assert next_cue("Who's got the key to the cellar, Bo?").material == MOVES[2]["does"]
    assert next_cue("Your soup has gone cold, Cyrus.").material == MOVES[3]["does"]
    # Nothing was begun, so that nobody has anything to answer, and only Ada can begin.
    assert next_cue("My uncle played the violin, Bo.").move is None


class _Soup(ScriptedModel):
    """Speaks of nothing but soup that has gone cold, each time in other words."""

    SAID = (
        "Your soup went cold an hour ago.", "Cold as a stone, this soup of yours, and so was the last.",
        "Somebody let good soup go cold again.", "Nobody told me that soup could turn this cold.",
        "Is there soup left that has not gone cold?", "We ate cold soup all winter, the four of us.",
        "Why, that soup is colder than the cellar stairs.", "Look at it, cold soup in a cold bowl.",
    )  # fmt: skip

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        return replace(reply, text=self.SAID[seed % len(self.SAID)]) if prompt.kind == "line" else reply


def _of_soup(data: dict[str, Any]) -> None:
    """Everybody in the first scene can ask for the key, or say that the soup is cold."""
    data["beats"] = data["beats"][:1]
    own = [
        each | {"role": role, "id": f"{role}{n}", "joins": True} for role in HERE for n, each in enumerate(MOVES[:2])
    ]
    moves = [each | {"does": str(each["does"]).replace(f"{{{each['role']}}}", "{ada}")} for each in own]
    data["beats"][0]["scenes"][0]["topics"] = [{"id": "cellar", "about": "the cellar", "moves": moves}]


async def test_a_play_records_what_was_taken_up(tmp_path: Path) -> None:
    story, model = worlds.write(tmp_path / "story", 3, _of_soup), _Soup(profile=worlds.SMALL.refined(GUIDED))
    record = await worlds.play(story, tmp_path / "run", model)
    offered = [each for each in record.script.in_scene("square", LineEvent) if each.cue and len(each.cue.options) > 1]
    assert any("key" in (each.cue.options[0] if each.cue else "") for each in offered)
    assert all("soup" in (each.cue.material if each.cue else "") for each in offered)


async def test_a_stopped_run_goes_on_from_what_was_recorded(tmp_path: Path) -> None:
    story, model = worlds.write(tmp_path / "story", 3, _of_soup), _Soup(profile=worlds.SMALL.refined(GUIDED))
    whole = (await worlds.play(story, tmp_path / "run", model)).script
    lines = (tmp_path / "run" / transcript.FILE).read_bytes().splitlines(keepends=True)
    said = next(each.id for each in whole.in_scene("square", LineEvent) if each.cue and "soup" in each.cue.material)
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / transcript.FILE).write_bytes(b"".join(lines[: 1 + said + 1]))
    await Runner(worlds.plan(story), model, cut, {}, goes_on=True).play(lambda seen: None)
    assert list(transcript.read(cut).script) == list(whole)


async def test_a_model_that_is_led_is_recorded_with_what_it_was_given(tmp_path: Path) -> None:
    record = await worlds.play(worlds.write(tmp_path / "story", 3, _of_soup), tmp_path / "run")
    _, scene = next(iter(record.header.story.scenes))
    (topic,) = scene.topics
    cues = [each.cue for each in record.script.in_scene("square", LineEvent) if each.cue and each.cue.topic]
    assert cues
    for cue in cues:
        assert cue.move is not None
        assert cue.material == topic.moves[cue.move].does
        assert not cue.options
