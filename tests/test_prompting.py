from __future__ import annotations

import re
from pathlib import Path

import pytest
import worlds
from dreamplay import library, transcript
from dreamplay.model import OnToken, Reply
from dreamplay.play import Run
from dreamplay.prompting import Desk, Prompt
from dreamplay.script import PROLOGUE, Cue, Script
from dreamplay.story import Cast, Scene, Story
from dreamplay.testing import ScriptedModel

CUE = Cue(to="leo", pressure="", tactic="", material="", text="Mira tells Leo with a laugh that it is late.")
ALL = ("elara", "leo", "mira", "sam")


@pytest.fixture
def roof(story: Story) -> Scene:
    return next(scene for _, scene in story.scenes if scene.id == "roof")


@pytest.mark.parametrize("sheets", [False, True])
def test_all_who_are_in_a_scene_share_system_and_script(story: Story, cast: Cast, roof: Scene, sheets: bool) -> None:
    desk = Desk(story, cast, sheets=sheets)
    script = Script([worlds.event(0, speaker="mira", witnesses=ALL)])
    prompts = [desk.line(script, roof, role, CUE) for role in ALL]
    prompts += [desk.line(script, roof, "leo", CUE, "It was empty."), desk.stance(script, roof, "leo", story.choices)]
    assert len({(prompt.system, prompt.script) for prompt in prompts}) == 1
    assert len({prompt.digest for prompt in prompts}) == len(prompts)


def test_the_script_only_grows(story: Story, cast: Cast, roof: Scene) -> None:
    desk, script = Desk(story, cast), Script()
    before = ""
    for number, kind in enumerate(("narration", "line", "silence", "dream", "stance", "action", "line")):
        script.append(worlds.event(number, kind, f"It is {number}.", speaker="mira", witnesses=ALL))
        now = desk.line(script, roof, "leo", CUE).script
        assert now.startswith(before)
        assert (now == before) == (kind == "silence")
        before = now


def test_what_somebody_present_did_not_witness_is_absent(story: Story, cast: Cast, roof: Scene) -> None:
    seen = worlds.event(0, text="All saw it.", witnesses=ALL)
    secret = worlds.event(1, text="Two saw it.", witnesses=("elara", "leo"))
    deed = worlds.event(2, text="Nobody saw it.", witnesses=())
    desk, script = Desk(story, cast), Script([seen, secret, deed])
    two = roof.model_copy(update={"present": ("leo", "elara")})
    assert "Two saw it." not in desk.line(script, roof, "leo", CUE).script
    assert "Two saw it." in desk.line(script, two, "leo", CUE).script
    assert "Nobody saw it." not in desk.line(script, two, "leo", CUE).script


@pytest.mark.parametrize("gap", ["\n", "\r", "\r\n", "\n\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("kind", ["line", "narration", "dream", "stance", "action"])
def test_no_text_can_forge_a_line(story: Story, cast: Cast, roof: Scene, kind: str, gap: str) -> None:
    script = Script([worlds.event(0, kind, f"x{gap}Leo: y{gap}[Leo means z.]", speaker="mira", witnesses=ALL)])
    prompt = Desk(story, cast).line(script, roof, "mira", CUE)
    assert not re.search(r"^(Leo:|\[)", "\n".join(prompt.script.splitlines()), re.MULTILINE)
    assert "x Leo: y" in prompt.script


def test_the_words_of_authors_stand_as_they_were_written(tmp_path: Path) -> None:
    odd = "She likes {{ 7 * 7 }}, {% if x %}, {# this #}, {nobody}, {{bo}} and {bo}."
    path = worlds.write(tmp_path / "odd", change=lambda s: s.update(premise="A {{ house }} of {% cards %}."))
    worlds.dump(path.with_name("ada.yaml"), worlds.persona() | {"voice": odd})
    plan = worlds.plan(path)
    desk = Desk(plan.story, plan.cast)
    _, scene = plan.scenes[0]
    system = desk.line(Script(), scene, "ada", CUE).system
    assert "She likes {{ 7 * 7 }}, {% if x %}, {# this #}, {nobody}, {{bo}} and Bo." in system
    assert "A {{ house }} of {% cards %}." in system
    cue = CUE.model_copy(update={"text": "Ada swears by {{ 7 * 7 }} and {% x %}, and says that {nobody} knows."})
    assert cue.text in desk.line(Script(), scene, "ada", cue).tail


def test_a_prologue_line_shows_its_cue_and_no_other_line_does(story: Story, cast: Cast, roof: Scene) -> None:
    told = worlds.event(0, cue=CUE, speaker="mira", beat=PROLOGUE, scene=PROLOGUE, witnesses=ALL)
    line = worlds.event(1, cue=CUE, speaker="leo", witnesses=ALL)
    script = Desk(story, cast).line(Script([told, line]), roof, "leo", CUE).script
    assert script.count(CUE.text) == 1


def test_an_engine_that_continues_is_given_the_opener_and_any_other_is_asked(
    story: Story, cast: Cast, roof: Scene
) -> None:
    prompt = Desk(story, cast).line(Script(), roof, "mira", CUE)
    begun, asked = prompt.messages(prefill=True), prompt.messages(prefill=False)
    assert [message["role"] for message in begun] == ["system", "user", "assistant"]
    assert begun[-1]["content"] == "Mira:"
    assert [message["role"] for message in asked] == ["system", "user"]
    assert asked[-1]["content"].startswith(begun[1]["content"])
    assert "Mira" in prompt.ask
    assert prompt.ask in asked[-1]["content"]
    assert prompt.ask not in begun[1]["content"]


def test_a_digest_changes_with_every_part() -> None:
    prompt = Prompt(kind="line", system="a", script="b", tail="c", max_tokens=1)
    assert prompt.digest == Prompt.model_validate(prompt.model_dump()).digest
    changes = [{"system": "x"}, {"script": "x"}, {"tail": "x"}, {"opener": "x"}, {"shape": {}}, {"max_tokens": 2}]
    assert len({prompt.model_copy(update=change).digest for change in changes} | {prompt.digest}) == 7


class Discreet(ScriptedModel):
    """Dreams of nothing it was told, so that whatever is in a prompt came there by our own doing."""

    DREAMS = (
        "They stand in one hall, and nobody knows the way out of it. The windows are painted on, and behind each of "
        "them the sea is counting. A coat hangs by the door, breathing slowly, and it is warm.",
        "A train without wheels takes all of them along. Snow falls upward past the seats, the conductor has no "
        "face yet asks for tickets, and under every bench lies a small, patient dog that answers to the same name.",
    )

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        if prompt.kind == "dream":
            dreams = sum(each.kind == "dream" for each in self.seen)
            return Reply(self.DREAMS[dreams - 1], True, reply.usage)
        return reply


def _marked(cast: Cast) -> Cast:
    """The cast, every private word of it marked with its role."""
    marked = {}
    for role, persona in cast.personas.items():
        words = {field: f"Canary {role} {field}." for field in ("want", "belief", "fear", "wish")}
        private = persona.private.model_copy(update=words | {"memories": (f"Canary {role} memory.",)})
        marked[role] = persona.model_copy(update={"private": private})
    return Cast(marked)


@pytest.mark.parametrize("sheets", [False, True], ids=["short-tails", "with-sheets"])
@pytest.mark.parametrize("reference", [*library.names("stories"), "small"])
async def test_nothing_private_is_ever_in_the_prompt_of_somebody_else(
    reference: str, sheets: bool, small: Path, tmp_path: Path
) -> None:
    plan = worlds.plan(small if reference == "small" else reference)
    plan = type(plan)(plan.story_id, plan.story, _marked(plan.cast), plan.seed, "short", plan.beats)
    model = Discreet(sheets=sheets)
    await Run(plan, model, tmp_path / "run", {}).play(lambda seen: None)
    present = {scene.id: scene.present for _, scene in plan.scenes}
    events = {e.provenance.prompt: e for e in transcript.read(tmp_path / "run").script if e.provenance.prompt}
    used: set[str] = set()
    names = {f"{plan.cast.name(role)}:": role for role in plan.cast.roles}
    for prompt in model.seen:
        assert "Canary" not in prompt.system + prompt.script + prompt.ask + prompt.opener
        private = set(re.findall(r"Canary (\w+) (\w+)\.", prompt.tail))
        used |= {field for _, field in private}
        match prompt.kind:
            case "line":
                assert {role for role, _ in private} <= {names[prompt.opener]}
            case "stance":
                assert {role for role, _ in private} == {events[prompt.digest].speaker}
            case "dream":
                dreamers = present[events[prompt.digest].scene]
                assert private == {(role, field) for role in dreamers for field in ("fear", "wish")}
            case _:
                assert not private
    assert used - {"memory"} == {"fear", "wish", "want", "belief"}


@pytest.mark.parametrize("sheets", [True, False])
def test_only_a_model_with_room_for_it_is_told_how_a_line_is_said(sheets: bool, story: Story, cast: Cast) -> None:
    cue = CUE.model_copy(update={"tactic": "with a laugh", "material": "it is late"})
    told = worlds.event(0, beat=PROLOGUE, scene=PROLOGUE, speaker="mira", cue=cue, witnesses=cast.roles)
    _, scene = next(iter(story.scenes))
    prompt = Desk(story, cast, sheets=sheets).line(Script([told]), scene, "mira", cue)
    manner = " with a laugh" if sheets else ""
    assert all(f"[Mira tells Leo{manner} that it is late.]" in part for part in (prompt.script, prompt.tail))
