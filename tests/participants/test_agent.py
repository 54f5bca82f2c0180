from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
import worlds
from dreamplay.errors import ModelError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.participants.agent import Agent, call_seed
from dreamplay.participants.base import Stance
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

ALL = ("elara", "leo", "mira", "sam")
BRIEF = worlds.LARGE.refined({"detailed_reflections": False})
"""A large model that is asked for short reflections."""
CUE = Cue(to="mira", pressure="", tactic="drily", material="oak is slow", text="Leo tells Mira drily that oak is slow.")
REASON = "I want every dream to have a door."


@pytest.fixture
def scene(story: Story) -> Scene:
    return next(scene for _, scene in story.scenes if scene.kind == "crossroads")


async def _decide(agent: Agent, scene: Scene) -> tuple[Stance, Provenance]:
    stance = await agent.decide(*worlds.turn(Script(), scene, agent.role, task="stance"))
    return stance, stance.provenance


async def _reflect(agent: Agent, turn: Turn, view: View) -> tuple[str, dict[str, float], Provenance]:
    reflection = await agent.reflect(turn, view)
    return reflection.text, dict(reflection.attitudes), reflection.provenance


def _leo(
    story: Story, cast: Cast, *replies: str, seed: int = 7, profile: ModelProfile = worlds.SMALL
) -> tuple[Agent, ScriptedModel]:
    model = ScriptedModel(replies, profile=profile)
    return Agent("leo", PromptBuilder(story, cast, profile), model, seed), model


async def test_a_line_that_stands_is_spoken(story: Story, cast: Cast, scene: Scene) -> None:
    leo, model = _leo(story, cast, "Leo: Oak is slow, Mira.")
    heard: list[str] = []
    spoken = await leo.speak(*worlds.turn(Script(), scene, "leo", CUE), heard.append)
    assert (leo.name, spoken.text, spoken.provenance.refused) == ("Leo", "Oak is slow, Mira.", ())
    assert "".join(heard) == "Leo: Oak is slow, Mira."
    assert (spoken.provenance.by, spoken.provenance.prompt) == ("agent", model.seen[0].digest)
    assert CUE.bare in model.seen[0].tail


async def test_a_refused_line_is_asked_for_again_with_what_was_wrong(story: Story, cast: Cast, scene: Scene) -> None:
    leo, model = _leo(story, cast, "I cannot assist with that.", "Leo takes the chair.", "Oak is slow, Mira.")
    spoken = await leo.speak(*worlds.turn(Script(), scene, "leo", CUE), lambda token: None)
    assert spoken.text == "Oak is slow, Mira."
    assert [refusal.text for refusal in spoken.provenance.refused] == [
        "I cannot assist with that.",
        "Leo takes the chair.",
    ]
    assert spoken.provenance.usage.calls == 3
    assert spoken.provenance.prompt == model.seen[0].digest
    assert len({prompt.tail for prompt in model.seen}) == 3
    assert len({(prompt.system, prompt.script) for prompt in model.seen}) == 1


async def test_when_no_line_can_stand_there_is_silence_and_its_cost(story: Story, cast: Cast, scene: Scene) -> None:
    leo, _ = _leo(story, cast, *["[shrugs]"] * worlds.SMALL.max_attempts)
    spoken = await leo.speak(*worlds.turn(Script(), scene, "leo", CUE), lambda token: None)
    assert (spoken.text, len(spoken.provenance.refused), spoken.provenance.usage.calls) == ("", 3, 3)


FREE = worlds.LARGE.refined({"max_attempts": 3})


async def test_who_is_not_led_thinks_acts_and_speaks_in_one_reply(story: Story, cast: Cast, scene: Scene) -> None:
    turn = "<private>I hold on.</private>\n(nods slowly) Oak is slow, Mira."
    leo, _ = _leo(story, cast, turn, profile=FREE)
    heard: list[str] = []
    said = await leo.speak(*worlds.turn(Script(), scene, "leo", CUE), heard.append)
    assert (said.thought, said.gesture, said.text, said.chosen, said.leaves) == (
        "I hold on.", "nods slowly", "Oak is slow, Mira.", False, False,
    )  # fmt: skip
    assert "".join(heard) == "Oak is slow, Mira."


async def test_a_turn_with_a_fault_is_asked_for_again_and_used_without_it_if_no_better_one_comes(
    story: Story, cast: Cast, scene: Scene
) -> None:
    turn = "<private>I hold on.</private>\n(nods) Oak is slow, Mira. (looks away) (leaves)"
    leo, model = _leo(story, cast, turn, turn, turn, profile=FREE)
    said = await leo.speak(*worlds.turn(Script(), scene, "leo", CUE), lambda token: None)
    assert (said.gesture, said.text, said.leaves, len(model.seen)) == ("nods", "Oak is slow, Mira.", False, 3)
    assert {(each.text, each.reason) for each in said.provenance.refused} == {
        ("(nods) Oak is slow, Mira.", "several gestures")
    }
    leo, model = _leo(story, cast, turn, "(silence)", profile=FREE)
    said = await leo.speak(*worlds.turn(Script(), scene, "leo", CUE), lambda token: None)
    assert (said.text, said.chosen, len(said.provenance.refused)) == ("", True, 1)
    leo, _ = _leo(story, cast, *["<private>I hold on."] * 3, profile=FREE)
    said = await leo.speak(*worlds.turn(Script(), scene, "leo", CUE), lambda token: None)
    assert (said.text, said.chosen, said.thought) == ("", False, "")
    assert "hold on" not in str(said.provenance)


@pytest.mark.parametrize("by", ["prologue or another", "himself", "his examples", "a public sheet"])
async def test_nobody_copies_what_has_been_said(story: Story, cast: Cast, scene: Scene, by: str) -> None:
    authored = {"his examples": cast.personas["leo"].examples[0], "a public sheet": f"{cast.personas['mira'].who}."}
    text = authored.get(by, "We have all been awake since the last bell.")
    leo, _ = _leo(story, cast, text, "Oak is slow, Mira.")
    speaker = "leo" if by == "himself" else "sam"
    script = Script([] if by in authored else [worlds.event(0, speaker=speaker, text=text, witnesses=ALL)])
    assert (await leo.speak(*worlds.turn(script, scene, "leo", CUE), lambda token: None)).text == "Oak is slow, Mira."


async def test_what_he_did_not_hear_he_cannot_copy(story: Story, cast: Cast, scene: Scene) -> None:
    text = "We have all been awake since the last bell."
    leo, _ = _leo(story, cast, text)
    script = Script([worlds.event(0, speaker="sam", text=text, witnesses=("sam", "mira"))])
    assert (await leo.speak(*worlds.turn(script, scene, "leo", CUE), lambda token: None)).text == text


class _Deciding(ScriptedModel):
    """Answers the choice that stands at a place in the schema, and before that what it is told to."""

    def __init__(self, *wrong: str, place: int = 0) -> None:
        super().__init__()
        self._wrong, self._place = list(wrong), place

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        assert prompt.json_schema
        choice = prompt.json_schema["properties"]["choice"]["enum"][self._place]
        text = self._wrong.pop(0) if self._wrong else json.dumps({"reason": REASON, "choice": choice})
        return Reply(text.replace("CHOICE", choice), True, reply.usage)


@pytest.mark.parametrize(
    "wrong",
    [
        "I choose the hybrid.", "{}", "[]", '{"reason": "I want every dream to have a door."}', "",
        f'{{"reason": "{REASON}", "choice": "sleep on it"}}', '{"reason": "", "choice": "CHOICE"}',
        f'{{"reason": "{REASON}", "choi', '{"reason": "As an AI, I do not choose.", "choice": "CHOICE"}',
        '{"reason": "Leo says that I want a door.", "choice": "CHOICE"}',
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_stance_is_asked_for_again(
    story: Story, cast: Cast, scene: Scene, wrong: str
) -> None:
    model = _Deciding(wrong)
    stance, made = await _decide(Agent("leo", PromptBuilder(story, cast, worlds.SMALL), model, 7), scene)
    assert stance.choice in {choice.id for choice in story.choices}
    assert (stance.reason, len(made.refused), made.usage.calls) == (REASON, 1, 2)
    assert model.seen[1].tail != model.seen[0].tail


MINDSYNC = "let people dream together without a brake"
REASONS = {
    f"I believe we should {MINDSYNC}.": False,
    f"I will never {MINDSYNC}, since somebody has to hold it.": True,
    f"I want a door in every dream rather than to {MINDSYNC}.": True,
    "I want people to dream together, with a brake for everyone.": True,
    "I believe Leo should hold on to a door in every dream.": False,
    "I want somebody to help Leo carry the chair home, and every dream to have a door.": False,
    "I keep a door in every dream, because Leo\u2019s chair stands outside.": False,
    "I, Leo, want a door in every dream, and Leonie should have one too.": True,
    "I want a door in every dream, and nobody outside who calls \u201cLeo\u201d.": True,
    f"I want to build a hybrid that keeps every personal dream whole, and still {MINDSYNC}.": True,
}


@pytest.mark.parametrize("reason", REASONS)
async def test_a_reason_for_another_choice_or_of_oneself_by_name_stands_only_if_no_better_one_comes(
    story: Story, cast: Cast, scene: Scene, reason: str
) -> None:
    hybrid = next(choice for choice in story.choices if choice.id == "hybrid")
    answer = json.dumps({"reason": reason, "choice": cast.fill(hybrid.text)})
    stance, made = await _decide(Agent("leo", PromptBuilder(story, cast, worlds.SMALL), _Deciding(answer), 7), scene)
    assert (stance.reason, len(made.refused)) == ((reason, 0) if REASONS[reason] else (REASON, 1))
    stance, _ = await _decide(
        Agent("leo", PromptBuilder(story, cast, worlds.SMALL), _Deciding(*[answer] * 4), 7), scene
    )
    assert (stance.reason, stance.choice) == (reason, "hybrid")


async def test_a_reason_that_was_just_said_as_a_line_waits_for_a_better_one(
    story: Story, cast: Cast, scene: Scene
) -> None:
    hybrid = next(choice for choice in story.choices if choice.id == "hybrid")
    line = "I want every line of the new code in the paper on Friday."
    said = Script([worlds.event(0, text=line, speaker="leo", scene=scene.id, witnesses=scene.present)])
    answers = [json.dumps({"reason": why, "choice": cast.fill(hybrid.text)}) for why in (line, REASON)]
    agent = Agent("leo", PromptBuilder(story, cast, worlds.SMALL), _Deciding(*answers), 7)
    stance = await agent.decide(*worlds.turn(said, scene, "leo", task="stance"))
    assert stance.reason == REASON
    assert [refusal.kind for refusal in stance.provenance.refused] == ["copies"]


@pytest.fixture
def roof(story: Story) -> Scene:
    return next(scene for _, scene in story.scenes if scene.id == "roof")


THOUGHT = "I gave way too soon."


def _reflecting(scene: Scene, role: str = "leo", script: Script | None = None) -> tuple[Turn, View]:
    return worlds.turn(script or Script(), scene, role, task="reflection")


def _thought(thought: str = THOUGHT, **marks: object) -> str:
    return json.dumps({"thought": thought, "Elara": 3, "Mira": -5, "Sam": 0} | marks)


@pytest.mark.parametrize("around", ["{}", "Sure:\n```json\n{}\n```\nI hope that helps.", "[{}]"])
@pytest.mark.parametrize(
    "choice", ["CHOICE", "CHOICE.", "\u201cCHOICE\u201d", "- CHOICE", "1. CHOICE", "hybrid", "Hybrid.", "HYBRID"]
)
async def test_a_choice_may_be_named_by_its_words_or_its_id_in_any_dress(
    story: Story, cast: Cast, scene: Scene, choice: str, around: str
) -> None:
    words = cast.fill(next(each.text for each in story.choices if each.id == "hybrid"))
    answer = json.dumps({"Reason": REASON, "choice": choice.replace("CHOICE", words.capitalize()), "mood": "calm"})
    model = _Deciding(around.replace("{}", answer))
    stance, made = await _decide(Agent("leo", PromptBuilder(story, cast, worlds.SMALL), model, 7), scene)
    assert (stance.reason, stance.choice, made.refused) == (REASON, "hybrid", ())


@pytest.mark.parametrize(
    "reason", ["I want a door in every dream", "I think... we need a door.", "Everybody needs a door."]
)
async def test_a_reason_without_an_end_or_an_i_is_asked_for_again_and_does_not_end_the_run(
    story: Story, cast: Cast, scene: Scene, reason: str
) -> None:
    answer = json.dumps({"reason": reason, "choice": "CHOICE"})
    stance, made = await _decide(Agent("leo", PromptBuilder(story, cast, worlds.SMALL), _Deciding(answer), 7), scene)
    assert (stance.reason, len(made.refused)) == (REASON, 1)
    stance, _ = await _decide(
        Agent("leo", PromptBuilder(story, cast, worlds.SMALL), _Deciding(*[answer] * 4), 7), scene
    )
    assert stance.reason == reason


async def test_of_a_reason_that_is_too_long_the_whole_sentences_that_fit_are_kept(
    story: Story, cast: Cast, scene: Scene
) -> None:
    model = _Deciding(json.dumps({"reason": f"{REASON} " * 40, "choice": "CHOICE"}))
    stance, made = await _decide(Agent("leo", PromptBuilder(story, cast, worlds.SMALL), model, 7), scene)
    assert stance.reason.startswith(REASON)
    assert (len(stance.reason) <= 600, stance.reason.endswith("."), made.refused) == (True, True, ())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("I", "I want every dream to have a door."), ("Will", "Will you not see that I want a door?"),
        ("Hope", "Hope is what I choose."), ("You", "You know that I must hold it."),
        ("He", "He must never know what I want."), ("O'Neill", "I want every dream to have a door."),
    ],
)  # fmt: skip
async def test_anybody_can_take_a_stance_and_think_whatever_they_are_called(
    story: Story, cast: Cast, scene: Scene, roof: Scene, name: str, reason: str
) -> None:
    called = {"leo": cast.personas["leo"].model_copy(update={"name": name})}
    desk = PromptBuilder(story, Cast(dict(cast.personas) | called), worlds.SMALL)
    answer = json.dumps({"reason": reason, "choice": "CHOICE"})
    stance, made = await _decide(Agent("leo", desk, _Deciding(answer), 7), scene)
    assert (stance.reason, made.refused) == (reason, ())
    text, _, _ = await _reflect(Agent("leo", desk, ScriptedModel([_thought(reason)]), 7), *_reflecting(roof, "leo"))
    assert text == reason
    marks = json.dumps({"thought": "I gave way too soon.", name.upper(): "+2", "Elara": 3.0, "Sam": "0/5", "mood": 9})
    _, attitudes, _ = await _reflect(Agent("mira", desk, ScriptedModel([marks]), 7), *_reflecting(roof, "mira"))
    assert attitudes == {"leo": 0.4, "elara": 0.6, "sam": 0.0}


async def test_a_model_that_takes_no_stance_at_all_is_an_error(story: Story, cast: Cast, scene: Scene) -> None:
    model = _Deciding(*["No."] * 20)
    with pytest.raises(
        ModelError, match=r"^Leo was asked to choose and say why.* 4 tries \(.*: 'No.'\); .*`model`$"
    ) as caught:
        await _decide(Agent("leo", PromptBuilder(story, cast, worlds.SMALL), model, 7), scene)
    assert "\n" not in str(caught.value)


async def test_a_reflection_is_a_thought_and_what_she_thinks_of_each_of_the_others(
    story: Story, cast: Cast, roof: Scene
) -> None:
    leo, model = _leo(story, cast, _thought())
    text, attitudes, made = await _reflect(leo, *_reflecting(roof))
    assert text == THOUGHT
    assert attitudes == {"elara": 0.6, "mira": -1.0, "sam": 0.0}
    assert (made.by, made.prompt) == ("agent", model.seen[0].digest)
    assert made.seed == call_seed(7, "roof", "reflection", "leo", 0)


@pytest.mark.parametrize(
    "wrong",
    [
        THOUGHT, "[]", "{}", "null", json.dumps({"thought": THOUGHT, "Elara": 1}), '{"Elara": 1, "Mira": 1, "Sam": 1}',
        _thought(Elara=6), _thought(Elara=0.5), _thought(Elara="many"), _thought(Elara=None), _thought(""),
        _thought("I gave way too"), _thought("Mira gave way too soon."), _thought("Leo gave way too soon, I think."),
        _thought("I am an AI language model."), _thought()[:-1],
        _thought("We have all been awake since the last bell."),
    ],
)  # fmt: skip
async def test_a_reflection_that_cannot_stand_is_asked_for_once_more_but_not_of_a_small_model(
    story: Story, cast: Cast, roof: Scene, wrong: str
) -> None:
    script = Script([worlds.event(0, speaker="sam", text="We have all been awake since the last bell.", witnesses=ALL)])
    leo, model = _leo(story, cast, wrong, _thought(), profile=BRIEF)
    text, _, made = await _reflect(leo, *_reflecting(roof, script=script))
    assert (text, len(made.refused), made.usage.calls) == (THOUGHT, 1, 2)
    assert made.seed == call_seed(7, "roof", "reflection", "leo", 1)
    assert model.seen[0].tail != model.seen[1].tail
    leo, model = _leo(story, cast, wrong, wrong, profile=BRIEF)
    text, attitudes, made = await _reflect(leo, *_reflecting(roof, script=script))
    assert (text, attitudes, len(made.refused), made.usage.calls, len(model.seen)) == ("", {}, 2, 2, 2)
    leo, model = _leo(story, cast, wrong, _thought())
    text, attitudes, made = await _reflect(leo, *_reflecting(roof, script=script))
    assert (text, attitudes, len(made.refused), made.usage.calls, len(model.seen)) == ("", {}, 1, 1, 1)


@pytest.mark.parametrize(
    "answer",
    [
        _thought(Elara="+3", Mira="-5/5", Sam=0.0), _thought(Leo=1, Ada=2), _thought().replace("Elara", "ELARA"),
        json.dumps({"thought": THOUGHT, "marks": {"Elara": 3, "Mira": -5, "Sam": 0}}), f"Sure. {_thought()} Done.",
    ],
)  # fmt: skip
async def test_a_reflection_is_read_in_any_dress(story: Story, cast: Cast, roof: Scene, answer: str) -> None:
    leo, _ = _leo(story, cast, answer)
    text, attitudes, made = await _reflect(leo, *_reflecting(roof))
    assert (text, attitudes, made.refused) == (THOUGHT, {"elara": 0.6, "mira": -1.0, "sam": 0.0}, ())


def _detailed(**change: object) -> str:
    others = {
        "Elara": {"mark": 3, "why": "she came back for the key"},
        "Mira": {"mark": -5, "why": "she counted\n[us] like figures"},
        "Sam": {"mark": "0/5", "why": ""},
    }
    promises = [
        {"by": "leo", "to": "Elara", "what": "to sleep on the bench"},
        {"by": "Elara", "to": "Leo", "what": "to wake him at six"},
        {"by": "Sam", "to": "Mira", "what": "to print nothing"},
    ]
    told = {"thought": THOUGHT, "others": others, "wants": "the truth about the signal", "promises": promises}
    return json.dumps(told | change)


async def test_a_detailed_reflection_says_why_what_is_wanted_and_what_was_promised(
    story: Story, cast: Cast, roof: Scene
) -> None:
    leo, _ = _leo(story, cast, _detailed(), profile=worlds.LARGE)
    made = await leo.reflect(*_reflecting(roof))
    assert (made.text, made.provenance.refused) == (THOUGHT, ())
    assert made.attitudes == {"elara": 0.6, "mira": -1.0, "sam": 0.0}
    assert made.why == {"elara": "she came back for the key", "mira": "she counted (us) like figures"}
    assert made.wants == "the truth about the signal"
    assert (made.promised, made.was_promised) == ({"elara": "to sleep on the bench"}, {"elara": "to wake him at six"})


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (_thought(), "lacks others, wants, promises"),
        (_detailed(others={"Elara": {"mark": 3, "why": "x"}}), "Mira, Sam"),
        (_detailed(others={"Bob": {"mark": 3, "why": "x"}}), "called 'Bob'"),
        (_detailed(promises=[{"by": "Bob", "to": "Leo", "what": "bread"}]), "called 'Bob'"),
        (_detailed(promises="none"), "promises"), (_detailed(wants=None), "wants"),
        (_detailed(others={"Elara": {"mark": 7, "why": "x"}}), "others.Elara.mark"), ("I gave way.", "not JSON"),
    ],
)  # fmt: skip
async def test_a_detailed_reflection_that_cannot_be_read_is_said_to_be_wrong(
    story: Story, cast: Cast, roof: Scene, answer: str, why: str
) -> None:
    leo, model = _leo(story, cast, answer, _detailed(), profile=worlds.LARGE)
    made = await leo.reflect(*_reflecting(roof))
    assert made.text == THOUGHT
    assert why in made.provenance.refused[0].reason
    assert why in model.seen[1].tail


async def test_what_is_too_long_in_a_reflection_ends_with_a_sentence(story: Story, cast: Cast, roof: Scene) -> None:
    leo, _ = _leo(story, cast, _detailed(wants="Bread and salt. " * 40), profile=worlds.LARGE)
    made = await leo.reflect(*_reflecting(roof))
    assert made.wants.endswith("salt.")
    assert len(made.wants) <= 200


async def test_what_was_cut_off_behind_a_whole_thought_is_left_out_and_one_may_think_twice_alike(
    story: Story, cast: Cast, roof: Scene
) -> None:
    leo, _ = _leo(story, cast, _thought(f"{THOUGHT} And then she"))
    own = worlds.event(0, "reflection", speaker="leo", text=THOUGHT, witnesses=("leo",))
    assert (await _reflect(leo, *_reflecting(roof, script=Script([own]))))[0] == THOUGHT


async def test_who_is_alone_marks_nobody(story: Story, cast: Cast, roof: Scene) -> None:
    leo, _ = _leo(story, cast, json.dumps({"thought": THOUGHT}))
    text, attitudes, _ = await _reflect(leo, *_reflecting(roof.model_copy(update={"present": ("leo",)})))
    assert (text, attitudes) == (THOUGHT, {})


async def test_each_choice_can_be_taken_and_stands_first_for_somebody(story: Story, cast: Cast, scene: Scene) -> None:
    first = set()
    for seed in range(6):
        for role in ALL:
            taken = set()
            for place in range(len(story.choices)):
                agent = Agent(role, PromptBuilder(story, cast, worlds.SMALL), _Deciding(place=place), seed)
                taken.add((await _decide(agent, scene))[0].choice)
                if place == 0:
                    first |= taken
            assert taken == {choice.id for choice in story.choices}
    assert first == {choice.id for choice in story.choices}


def _spoke_for_the_hybrid(scene: Scene, heard_by: Sequence[str] = ALL) -> Script:
    """A script in which Elara was led to say what favours the campaign, then the hybrid, and then something else."""
    favoured = {
        move.favours: {"topic": topic.id, "move": number, "material": move.does}
        for topic in scene.topics
        for number, move in enumerate(topic.moves)
        if move.role == "elara" and move.favours
    }
    said = [
        ("elara", "Lamps out at ten.", favoured["campaign"]),
        ("elara", "Give every dream a door.", favoured["hybrid"]),
        ("leo", "Lamps out at nine.", favoured["campaign"]),
        ("elara", "The kettle is on.", {}),
    ]
    return Script(
        worlds.event(
            number, text=text, speaker=speaker, scene=scene.id, witnesses=heard_by, cue=CUE.model_copy(update=move)
        )
        for number, (speaker, text, move) in enumerate(said)
    )


@pytest.mark.parametrize("direction", ["led", "guided"])
async def test_what_somebody_spoke_for_last_is_chosen_and_quoted_if_the_model_is_led(
    story: Story, cast: Cast, scene: Scene, direction: str
) -> None:
    script, model = _spoke_for_the_hybrid(scene), _Deciding()
    # Whether it could judge what came of a scene makes no difference.
    model.profile = worlds.SMALL.refined({"judges_outcome": direction == "led", "direction": direction})
    elara = Agent("elara", PromptBuilder(story, cast, model.profile), model, 7)
    stance = await elara.decide(*worlds.turn(script, scene, "elara", task="stance"))
    if direction == "led":
        assert stance == Stance("hybrid", "Give every dream a door.", Provenance(by="agent"), said=1)
        assert not model.seen
        script.append(worlds.event(4, speaker="elara", scene=scene.id, witnesses=ALL))  # nobody led her to it
        stance = await elara.decide(*worlds.turn(script, scene, "elara", task="stance"))
    assert (stance.reason, stance.said, stance.provenance.usage.calls) == (REASON, None, 1)
    assert model.seen[0].json_schema
    offered = model.seen[0].json_schema["properties"]["choice"]["enum"]
    assert set(offered) == set(worlds.choices(story, cast).values())


async def test_what_somebody_present_has_not_heard_is_not_quoted_to_them(
    story: Story, cast: Cast, scene: Scene
) -> None:
    script = _spoke_for_the_hybrid(scene, heard_by=("elara", "leo"))
    elara = Agent("elara", PromptBuilder(story, cast, worlds.SMALL), ScriptedModel([]), 7)
    stance = await elara.decide(*worlds.turn(script, scene, "elara", task="stance"))
    assert (stance.choice, stance.reason, stance.said) == ("hybrid", "", 1)


async def test_what_somebody_quoted_may_be_taken_up_as_it_could_before(story: Story, cast: Cast, scene: Scene) -> None:
    said = _spoke_for_the_hybrid(scene)
    text = [*said][1].text
    said.append(worlds.event(4, "stance", text, speaker="elara", scene=scene.id, witnesses=ALL, said=1))
    leo, _ = _leo(story, cast, f"Leo: {text}")
    spoken = await leo.speak(*worlds.turn(said, scene, "leo", CUE), lambda text: None)
    assert (spoken.text, spoken.provenance.refused) == (text, ())


def test_each_call_has_a_seed_of_its_own_the_same_in_every_process() -> None:
    assert call_seed(7, "roof", 1, "leo", 0) == 962578009
    places = [("roof", 1, "leo", 0), ("roof", 1, "leo", 1), ("roof", 2, "leo", 0), ("lab", 1, "leo", 0)]
    assert len({call_seed(seed, *place) for seed in range(50) for place in places}) == 200
    assert all(0 <= call_seed(seed, "roof") < 2**31 for seed in range(200))
