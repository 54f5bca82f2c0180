from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.engine.runner import Runner
from dreamplay.library import resources, templates
from dreamplay.models.profile import ModelProfile
from dreamplay.models.tokens import tokens
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.prompting.reflection import MARKS
from dreamplay.prompting.summarization import SummaryRequest
from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.cast import Cast, Persona
from dreamplay.schema.event import PROLOGUE, Cue, Event, MoveEvent
from dreamplay.schema.scene import Reveal, Scene, moved
from dreamplay.schema.script import Script, present
from dreamplay.schema.story import Story
from hypothesis import given, settings
from hypothesis import strategies as st

CUE = Cue(to="leo", pressure="", tactic="", material="", text="Mira tells Leo with a laugh that it is late.")
ALL = ("elara", "leo", "mira", "sam")


@pytest.fixture
def roof(story: Story) -> Scene:
    return next(scene for _, scene in story.scenes if scene.id == "roof")


@pytest.mark.parametrize("profile", [worlds.SMALL, worlds.LARGE], ids=["small", "large"])
def test_all_who_are_in_a_scene_share_system_and_script(
    story: Story, cast: Cast, roof: Scene, profile: ModelProfile
) -> None:
    desk = PromptBuilder(story, cast, profile)
    script = Script([worlds.event(0, speaker="mira", witnesses=ALL)])
    prompts = [desk.line(*worlds.turn(script, roof, role, CUE)) for role in ALL]
    prompts += [
        desk.line(*worlds.turn(script, roof, "leo", CUE), "It was empty."),
        desk.stance(*worlds.turn(script, roof, "leo", task="stance"), story.choices),
    ]
    prompts.append(desk.ahead(script.common_view(roof.present)))
    assert len({(prompt.system, prompt.script) for prompt in prompts}) == 1
    assert len({prompt.digest for prompt in prompts}) == len(prompts)


def test_a_small_model_decides_by_what_it_said_alone(story: Story, cast: Cast, roof: Scene) -> None:
    profile = worlds.SMALL.refined({"stance_scope": "own_words"})
    said = worlds.event(0, speaker="leo", text="I keep the key.", witnesses=ALL, beat="launch")
    thought = worlds.event(1, "reflection", "It was late.", speaker="leo", wants="to sleep", witnesses=("leo",))
    for desk, own in ((PromptBuilder(story, cast, profile), True), (PromptBuilder(story, cast, worlds.LARGE), False)):
        prompt = desk.stance(*worlds.turn(Script([said, thought]), roof, "leo", task="stance"), story.choices)
        assert ('Leo said: "I keep the key."' in prompt.tail) == own
        assert ("After the last scene Leo thought: It was late." in prompt.tail) == (not own)


def test_the_script_only_grows(story: Story, cast: Cast, roof: Scene) -> None:
    desk, script = PromptBuilder(story, cast, worlds.SMALL), Script()
    before = ""
    for number, kind in enumerate(("narration", "line", "silence", "dream", "stance", "action", "line")):
        script.append(worlds.event(number, kind, f"It is {number}.", speaker="mira", witnesses=ALL))
        now = desk.line(*worlds.turn(script, roof, "leo", CUE)).script
        assert now.startswith(before)
        assert (now == before) == (kind == "silence")
        before = now


@pytest.mark.parametrize("profile", [worlds.SMALL, worlds.LARGE], ids=["small", "large"])
def test_the_end_is_told_with_what_is_at_hand_and_by_a_small_model_from_the_last_beat(
    story: Story, cast: Cast, profile: ModelProfile
) -> None:
    end = next(scene for _, scene in story.scenes if scene.kind == "epilogue")
    said = [worlds.event(n, text=f"It is {beat}.", beat=beat, witnesses=ALL) for n, beat in enumerate("abb")]
    prompt = PromptBuilder(story, cast, profile).epilogue(
        Script(said).common_view(end.present), end, "All chose to go.", "They went."
    )
    given = [f"what {cast.name(role)} does with {thing}, " for role, thing in zip(ALL, end.material, strict=False)]
    if profile == worlds.LARGE:
        assert all(thing in prompt.tail for thing in end.material)
        assert "with one of these things" in prompt.tail
    else:
        assert "".join(given) in prompt.tail
        few = PromptBuilder(story, cast, profile).epilogue(
            Script(said).common_view(end.present), end.model_copy(update={"material": ("a cup", "a key")}), "", ""
        )
        assert "what Leo does with a key, what Mira does, what Sam does, and last" in few.tail
    assert prompt.script.count("It is b.") == 2
    assert ("It is a." in prompt.script) == (profile == worlds.LARGE)
    bare = PromptBuilder(story, cast, worlds.SMALL).epilogue(
        Script(said).common_view(end.present), end.model_copy(update={"material": ()}), "", ""
    )
    assert "with their hands" in bare.tail


def test_what_somebody_present_did_not_witness_is_absent(story: Story, cast: Cast, roof: Scene) -> None:
    seen = worlds.event(0, text="All saw it.", witnesses=ALL)
    secret = worlds.event(1, text="Two saw it.", witnesses=("elara", "leo"))
    deed = worlds.event(2, text="Nobody saw it.", witnesses=())
    desk, script = PromptBuilder(story, cast, worlds.SMALL), Script([seen, secret, deed])
    two = roof.model_copy(update={"present": ("leo", "elara")})
    assert "Two saw it." not in desk.line(*worlds.turn(script, roof, "leo", CUE)).script
    assert "Two saw it." in desk.line(*worlds.turn(script, two, "leo", CUE)).script
    assert "Nobody saw it." not in desk.line(*worlds.turn(script, two, "leo", CUE)).script


@pytest.mark.parametrize("gap", ["\n", "\r", "\r\n", "\n\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("kind", ["line", "narration", "dream", "stance", "action"])
def test_no_text_can_forge_a_line(story: Story, cast: Cast, roof: Scene, kind: str, gap: str) -> None:
    script = Script([worlds.event(0, kind, f"x{gap}Leo: y{gap}[Leo means z.]", speaker="mira", witnesses=ALL)])
    prompt = PromptBuilder(story, cast, worlds.SMALL).line(*worlds.turn(script, roof, "mira", CUE))
    assert not re.search(r"^(Leo:|\[)", "\n".join(prompt.script.splitlines()), re.MULTILINE)
    assert "x Leo: y" in prompt.script


def test_the_words_of_authors_stand_as_they_were_written(tmp_path: Path) -> None:
    odd = "She likes {{ 7 * 7 }}, {% if x %}, {# this #}, {1 + 1}, {{bo}} and {bo}."
    path = worlds.write(tmp_path / "odd", change=lambda s: s.update(premise="A {{ house }} of {% cards %}."))
    worlds.dump(path.with_name("ada.yaml"), worlds.persona() | {"voice": odd})
    plan = worlds.plan(path)
    desk = PromptBuilder(plan.story, plan.cast, worlds.SMALL)
    _, scene = plan.scenes[0]
    system = desk.line(*worlds.turn(Script(), scene, "ada", CUE)).system
    assert "She likes {{ 7 * 7 }}, {% if x %}, {# this #}, {1 + 1}, {{bo}} and Bo." in system
    assert "A {{ house }} of {% cards %}." in system
    cue = CUE.model_copy(update={"text": "Ada swears by {{ 7 * 7 }} and {% x %}, and says that {nobody} knows."})
    assert cue.text in desk.line(*worlds.turn(Script(), scene, "ada", cue)).tail


def test_a_prologue_line_shows_its_cue_and_no_other_line_does(story: Story, cast: Cast, roof: Scene) -> None:
    told = worlds.event(0, cue=CUE, speaker="mira", beat=PROLOGUE, scene=PROLOGUE, witnesses=ALL)
    line = worlds.event(1, cue=CUE, speaker="leo", witnesses=ALL)
    script = PromptBuilder(story, cast, worlds.SMALL).line(*worlds.turn(Script([told, line]), roof, "leo", CUE)).script
    assert script.count(CUE.text) == 1


def test_a_line_begins_with_its_speaker_or_is_asked_of_her_by_name(story: Story, cast: Cast, roof: Scene) -> None:
    prompt = PromptBuilder(story, cast, worlds.SMALL).line(*worlds.turn(Script(), roof, "mira", CUE))
    assert prompt.prefill == "Mira:"
    assert "Mira" in prompt.ask


@pytest.mark.parametrize(
    ("material", "begun"),
    [
        ("his clock loses four minutes a day", "My"),
        ("he glued the chair", "I"),
        ("he's glued the chair", "I"),
        ("{leo}'s badge opens the lab", "My"),
        ("{leo}\u2019s badge opens the lab", "My"),
        ("{leo} was asked twice", "I"),
        ("{leo}nard was asked twice", "Leonard"),
        ("{leo}-Luc was asked twice", "Leo-Luc"),
        ("{mira} was asked twice", "Mira"),
        ("under water nobody weighs much", "Under"),
        ("hers was the last train", "Hers"),
    ],
)
def test_a_line_that_is_asked_for_again_begins_with_the_word_of_its_cue(
    material: str, begun: str, story: Story, cast: Cast, roof: Scene
) -> None:
    cue = CUE.model_copy(update={"material": material})
    assert (
        PromptBuilder(story, cast, worlds.SMALL).line(*worlds.turn(Script(), roof, "leo", cue), again=True).prefill
        == f"Leo: {begun}"
    )


def _marked(cast: Cast) -> Cast:
    """The cast, every private word of it marked with its role."""
    marked = {}
    for role, persona in cast.personas.items():
        words = {field: f"Canary {role} {field}." for field in ("want", "belief", "fear", "wish")}
        private = persona.private.model_copy(update=words | {"memories": (f"Canary {role} memory.",)})
        marked[role] = persona.model_copy(update={"private": private})
    return Cast(marked)


def _there(record: RunLog, event: Event) -> tuple[str, ...]:
    """Who is there when somebody is asked for this event."""
    here = next(scene for _, scene in record.header.story.scenes if scene.id == event.scene).present
    for each in record.script.in_scene(event.scene, MoveEvent):
        if each.id < event.id:
            here = moved(here, each.speaker or "", comes=each.kind == "entrance")
    return here


def _knew(record: RunLog, text: str, roles: Iterable[str]) -> bool:
    """Whether an event of these words was witnessed by all of these."""
    return any(event.text == text and set(roles) <= set(event.witnesses) for event in record.script)


STORIES = {"small": None, "staged": worlds.stage, "serial": worlds.serial(8, 8)}


@pytest.mark.parametrize("profile", [worlds.SMALL, worlds.LARGE], ids=["small", "large"])
@pytest.mark.parametrize("reference", [*resources.names("stories"), *STORIES])
async def test_nothing_is_ever_in_the_prompt_of_somebody_who_does_not_know_it(
    reference: str, profile: ModelProfile, tmp_path: Path
) -> None:
    made = worlds.write(tmp_path / "story", 3, STORIES[reference]) if reference in STORIES else reference
    plan = replace(worlds.plan(made, length="short"), cast=_marked(worlds.plan(made).cast))
    model = worlds.Wordy(profile=profile.refined({"context_window": 2048} if reference == "serial" else {}))
    await Runner(plan, model, tmp_path / "run", {}).play(lambda seen: None)
    record = transcript.read(tmp_path / "run")
    events = {event.provenance.prompt: event for event in record.script if event.provenance.prompt}
    texts = {event.text for event in record.script if len(event.text) > 20}
    used: set[str] = set()
    for prompt in model.seen:
        if prompt.kind == "outcome" and prompt.digest not in events:  # it was still open, and nothing was recorded
            assert "Canary" not in prompt.model_dump_json()
            continue
        event = events[prompt.digest]
        role, there = event.speaker or "", _there(record, event)
        known = event.witnesses if prompt.kind == "recap" else there
        assert "Canary" not in prompt.system + prompt.script + prompt.ask + prompt.prefill
        private = set(re.findall(r"Canary (\w+) (\w+)\.", prompt.tail))
        used |= {field for _, field in private} | {prompt.kind}
        match prompt.kind:
            case "line" | "reflection":
                assert {each for each, _ in private} <= {role}
            case "stance":
                assert {each for each, _ in private} == {role}
            case "dream":
                assert private == {(each, field) for each in there for field in ("fear", "wish")}
            case _:
                assert not private
        for text in texts:
            if text in prompt.script:
                assert _knew(record, text, known)
            elif text in prompt.tail and prompt.kind in ("line", "reflection"):
                assert _knew(record, text, [role])
                used.add("apart")
        for thought in worlds.kinds(record.script, "reflection"):
            assert thought.text not in prompt.script
            assert thought.text not in prompt.tail or _knew(record, thought.text, [role])
    whole = {"dream", "fear", "wish", "stance", "want", "belief", "epilogue"}
    expected = {"line", "reflection"} | ({"recap"} if reference == "serial" else whole)
    expected |= {"want", "belief", "fear", "wish"} if profile.direction != "led" else set()
    assert used - {"apart", "outcome", "memory"} == expected
    assert reference == "small" or "apart" in used


SAMS = ("sam", "sama", "samantha")


@st.composite
def _evening(draw: st.DrawFn) -> tuple[Scene, Script]:
    """A scene that runs, after another one: whatever was said in either, by whomever it was heard."""
    present = tuple(draw(st.permutations(SAMS)))[: draw(st.integers(1, 3))]
    scene = Scene.model_validate({
        "id": "square", "kind": "waking", "place": "A square", "present": present, "opening": "Night.",
        "turns": {"min": 1, "max": 9},
    })  # fmt: skip
    script, here = Script(), present
    for number in range(draw(st.integers(1, 20))):
        kinds = ["line", "line", "narration", "reflection", "thought", "stance", "dream", "move", "recap", "outcome"]
        kind = draw(st.sampled_from(kinds))
        role, saw = draw(st.sampled_from(SAMS)), tuple(draw(st.sets(st.sampled_from(SAMS))))
        rest: dict[str, Any] = {"speaker": None if kind in ("narration", "dream", "recap", "outcome") else role}
        place = draw(st.sampled_from(["square", "corner"]))
        if kind in ("reflection", "thought"):
            saw = (role,)
        elif kind == "outcome":
            rest |= {"outcome": "opens", "answer": "yes"}
        elif kind == "recap":
            rest["covers"] = (0, max(number - 1, 0))
        elif kind == "move":
            kind, place = "exit" if role in here else "entrance", "square"
            here = moved(here, role, comes=kind == "entrance")
            if not here:
                break
        text = f"Word{number}x{draw(st.sampled_from(['.', '?']))}"
        made = worlds.event(number, kind, text, witnesses=saw, scene=place, **rest)
        script.append(made)
    return scene, script


@settings(deadline=None, max_examples=150)
@given(_evening(), st.sampled_from([worlds.SMALL, worlds.LARGE]))
def test_no_prompt_of_a_made_up_evening_holds_what_its_reader_did_not_witness(
    evening: tuple[Scene, Script], profile: ModelProfile
) -> None:
    scene, script = evening
    cast = Cast({role: Persona.model_validate(worlds.persona(role.capitalize())) for role in SAMS})
    desk, here, events = (
        PromptBuilder(Story.model_validate(worlds.story()), cast, profile),
        present(script, scene),
        list(script),
    )
    prefixes = {desk.ahead(script.common_view(here)).script}
    for role in here:
        for prompt in (
            desk.line(*worlds.turn(script, scene, role, CUE.model_copy(update={"to": None}))),
            desk.reflection(*worlds.turn(script, scene, role, task="reflection")),
        ):
            prefixes.add(prompt.script)
            for number in map(int, re.findall(r"Word(\d+)x", prompt.script)):
                assert set(here) <= set(events[number].witnesses)
                assert events[number].kind not in ("reflection", "thought")
            for number in map(int, re.findall(r"Word(\d+)x", prompt.tail)):
                assert role in events[number].witnesses
                assert events[number].kind not in ("reflection", "thought") or events[number].speaker == role
    assert len(prefixes) == 1


@pytest.mark.parametrize("wrong", ["", "It was empty."])
@pytest.mark.parametrize("profile", [worlds.LARGE, worlds.SMALL], ids=["large", "small"])
def test_all_who_reflect_are_asked_in_the_same_words_but_for_the_last(
    story: Story, cast: Cast, roof: Scene, profile: ModelProfile, wrong: str
) -> None:
    desk, script = PromptBuilder(story, cast, profile), Script([worlds.event(0, speaker="mira", witnesses=ALL)])
    prompts = [desk.reflection(*worlds.turn(script, roof, role, task="reflection"), wrong) for role in ALL]
    assert len({(prompt.system, prompt.script) for prompt in prompts}) == 1
    detailed = profile.detailed_reflections
    shared = templates.render("reflection.jinja", marks=MARKS, detailed=detailed)
    for prompt, role in zip(prompts, ALL, strict=True):
        others = [cast.name(other) for other in ALL if other != role]
        assert prompt.tail.startswith(f"{shared}\n")
        assert wrong in prompt.tail.removeprefix(shared)
        private = cast.personas[role].private
        assert private
        assert (cast.fill(private.fear) in prompt.tail) == detailed
        assert prompt.json_schema
        fields = prompt.json_schema["properties"]
        if detailed:
            assert list(fields) == ["thought", "others", "wants", "promises"]
            assert list(fields["others"]["properties"]) == others
        else:
            assert cast.mentioned(prompt.tail) == (role,)
            assert list(fields) == ["thought", *others]


def test_whoever_reflects_is_told_what_they_alone_knew_in_the_scene(story: Story, cast: Cast, roof: Scene) -> None:
    reveal = Reveal(id="ladder", what="{leo} sold the ladder", knows=("leo",))
    scene = roof.model_copy(update={"reveals": (reveal,)})
    desk, script = PromptBuilder(story, cast, worlds.LARGE), Script([worlds.event(0, speaker="mira", witnesses=ALL)])
    asked = {role: desk.reflection(*worlds.turn(script, scene, role, task="reflection")).tail for role in ALL}
    assert [role for role, tail in asked.items() if "that Leo sold the ladder" in tail] == ["leo"]


def test_what_somebody_has_just_perceived_and_another_has_not_stands_in_her_tail_alone(
    story: Story, cast: Cast, roof: Scene
) -> None:
    secret = worlds.cue(to="leo", hears=("leo",))
    script = Script([
        worlds.event(0, text="It was before.", speaker="elara", witnesses=("elara", "leo"), scene="lab"),
        *(worlds.event(i, text=f"Word {i}.", speaker="elara", witnesses=("elara", "leo", "mira")) for i in range(1, 6)),
        worlds.event(6, "entrance", "Sam comes in.", speaker="sam", witnesses=ALL),
        worlds.event(7, text="Under the mat.", speaker="elara", witnesses=("elara", "leo"), cue=secret),
        worlds.event(8, "reflection", "I never liked her.", speaker="leo", witnesses=("leo",)),
        worlds.event(9, text="Good evening.", speaker="sam", witnesses=ALL),
    ])  # fmt: skip
    scene = roof.model_copy(update={"present": ALL[:3]})
    desk = PromptBuilder(story, cast, worlds.SMALL)
    prompts = {role: desk.line(*worlds.turn(script, scene, role, CUE)) for role in ALL}
    assert {prompt.script for prompt in prompts.values()} == {"\nSam comes in.\nSam: Good evening.\n"}
    note = "[Not everybody here heard this: {} Elara whispered: Under the mat.]"
    assert note.format("Elara: Word 3. Elara: Word 4. Elara: Word 5.") in prompts["leo"].tail
    assert prompts["elara"].tail.splitlines()[0] == prompts["leo"].tail.splitlines()[0]
    assert "Word 5." in prompts["mira"].tail
    assert "Under the mat" not in prompts["mira"].tail
    assert prompts["sam"].tail == f"[{CUE.text}]"
    assert "Under the mat." in desk.reflection(*worlds.turn(script, scene, "leo", task="reflection")).tail
    alone = [event for event in script if event.id != 9]
    pair = scene.model_copy(update={"present": ("elara", "leo")})
    told = desk.line(*worlds.turn(Script([*alone[:6], alone[7].model_copy(update={"id": 6})]), pair, "leo", CUE))
    assert "Elara: Under the mat." in told.script
    assert told.tail == f"[{CUE.text}]"


def test_a_scene_that_outgrows_the_window_loses_its_oldest_lines_many_at_once(
    story: Story, cast: Cast, roof: Scene
) -> None:
    desk, script, begins = PromptBuilder(story, cast, worlds.narrow(2048)), Script(), []
    script.append(
        worlds.event(0, text="The night before.", speaker="leo", beat=PROLOGUE, scene=PROLOGUE, witnesses=ALL)
    )
    for number in range(1, 200):
        text = f"This is line number {number} of a very long evening on this roof."
        script.append(worlds.event(number, text=text, speaker="mira", witnesses=ALL))
        prompt = desk.line(*worlds.turn(script, roof, "leo", CUE))
        size = tokens(prompt.system + prompt.script + prompt.tail + prompt.ask) + prompt.max_tokens
        assert size <= desk.profile.context_window
        assert prompt.script.startswith("Leo: The night before.\n")
        assert prompt.script.endswith(f"Mira: {text}\n")
        begins.append(prompt.script.splitlines()[1])
    assert begins[0] != begins[-1]
    assert len(set(begins)) < 20


def test_a_recap_is_made_from_what_its_circle_witnessed_and_nothing_else(story: Story, cast: Cast, roof: Scene) -> None:
    script = Script([
        worlds.event(0, text="Known to all.", speaker="leo", witnesses=ALL),
        worlds.event(1, text="Known to two.", speaker="leo", witnesses=("leo", "elara")),
        worlds.event(2, text="Said before.", speaker="leo", beat=PROLOGUE, scene=PROLOGUE, witnesses=("elara", "leo")),
        worlds.event(3, "reflection", "Known to one.", speaker="leo", witnesses=("leo",)),
        worlds.event(4, text="Also known to two.", speaker="elara", witnesses=("elara", "leo")),
        worlds.event(5, text="Too new.", speaker="elara", witnesses=("elara", "leo")),
    ])  # fmt: skip
    circle = frozenset({"elara", "leo"})
    prompt = PromptBuilder(story, cast, worlds.SMALL).recap(script.common_view(circle), SummaryRequest(circle, 4))
    assert prompt.script == "Leo: Known to two.\nElara: Also known to two.\n"
    assert cast.mentioned(prompt.tail) == ("leo", "elara")


@pytest.mark.parametrize("profile", [worlds.LARGE.refined({"direction": "led"}), worlds.SMALL], ids=["large", "small"])
def test_only_a_model_with_room_for_it_is_told_how_a_line_is_said(
    profile: ModelProfile, story: Story, cast: Cast
) -> None:
    cue = CUE.model_copy(update={"tactic": "with a laugh", "material": "it is late"})
    told = worlds.event(0, beat=PROLOGUE, scene=PROLOGUE, speaker="mira", cue=cue, witnesses=cast.roles)
    _, scene = next(iter(story.scenes))
    prompt = PromptBuilder(story, cast, profile).line(*worlds.turn(Script([told]), scene, "mira", cue))
    manner = " with a laugh" if profile.private_sheet else ""
    assert all(f"[Mira tells Leo{manner} that it is late.]" in part for part in (prompt.script, prompt.tail))
