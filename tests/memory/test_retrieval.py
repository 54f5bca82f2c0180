from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import strangers
import worlds
from dreamplay import casting
from dreamplay.analysis import canary_tokens
from dreamplay.analysis.canary_tokens import CanaryTokens
from dreamplay.engine.plugin_set import PluginSet
from dreamplay.engine.runner import Runner
from dreamplay.errors import EmbeddingError, PluginFailedError
from dreamplay.library import resources
from dreamplay.memory import wordllama as shipped
from dreamplay.memory.base import NO_MEMORY, default_embedder, open_memory
from dreamplay.memory.retrieval import RetrievalConfig, RetrievalMemory
from dreamplay.models.profile import ModelProfile
from dreamplay.models.scripted import ScriptedModel
from dreamplay.models.tokens import tokens
from dreamplay.runs import transcript
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, Event
from dreamplay.schema.plugin_choice import PluginChoice
from dreamplay.schema.provenance import Provenance, RetrievedMemory
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story
from pydantic import ValidationError

ALL = ("elara", "leo", "mira", "sam")
CLOCK = "the old clock has stopped ticking"
HEARD = "That clock stopped ticking in the night."


CONFIG = RetrievalConfig()


def _memory(story: Story, cast: Cast, role: str) -> RetrievalMemory:
    return RetrievalMemory(story, cast, role, default_embedder())


def _recall(
    story: Story, cast: Cast, events: list[Event], query: str = CLOCK, role: str = "leo", **rest: Any
) -> tuple[RetrievedMemory, ...]:
    rest = {"scene": "kitchen", "limit": 50} | rest
    return _memory(story, cast, role).recall(Script(events).common_view([role]), query, **rest)


def _events(found: tuple[RetrievedMemory, ...]) -> list[int]:
    return [recalled.event for recalled in found if recalled.event is not None]


def test_only_what_she_witnessed_and_her_own_past_come_up(story: Story, cast: Cast) -> None:
    groups = [("leo", "mira"), ("mira",), ("leo",), (), ("sam", "elara"), ALL]
    events = [worlds.event(n, text=HEARD, speaker="mira", witnesses=who) for n, who in enumerate(groups)]
    for role in ALL:
        witnessed = {n for n, who in enumerate(groups) if role in who}
        assert set(_events(_recall(story, cast, events, role=role))) == witnessed
        sheet = " ".join(map(cast.fill, cast.personas[role].private.memories))
        own = [r for query in (sheet, CLOCK) for r in _recall(story, cast, [], query, role) if r.event is None]
        assert own
        assert all(r.text.removesuffix(" …") in sheet and r.when == "long ago" for r in own)


def test_newer_beats_older_all_else_equal(story: Story, cast: Cast) -> None:
    events = [worlds.event(n, text=HEARD, speaker="mira", witnesses=ALL) for n in range(30)]
    found = _recall(story, cast, events)
    assert _events(found) == list(range(29, -1, -1))
    assert found[0].recency == 1
    assert [r.recency for r in found] == sorted((r.recency for r in found), reverse=True)


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"kind": "dream"}, {"kind": "narration"}),
        ({"kind": "stance", "speaker": "sam", "choice": "hybrid"}, {"speaker": "sam"}),
        ({"kind": "reflection", "speaker": "leo"}, {"speaker": "sam"}),
        ({"speaker": "sam", "text": f"Leo, {HEARD}"}, {"speaker": "sam"}),
        ({"speaker": "sam", "scene": "roof", "witnesses": ("sam", "leo")}, {"speaker": "sam", "text": f"Leo, {HEARD}"}),
        ({"speaker": "sam"}, {"speaker": "leo"}),
    ],
    ids=["dream", "stance", "reflection", "by name", "whisper", "not her own"],
)
def test_what_matters_more_beats_what_is_newer(
    story: Story, cast: Cast, more: dict[str, Any], less: dict[str, Any]
) -> None:
    given = {"kind": "line", "text": HEARD, "witnesses": ALL, "scene": "roof"}
    found = _recall(story, cast, [worlds.event(0, **given | more), worlds.event(1, **given | less)])
    assert _events(found) == [0, 1]
    assert found[0].importance > found[1].importance
    assert found[0].relevance == pytest.approx(found[1].relevance, abs=0.02)


def test_what_all_hear_who_are_still_there_is_no_whisper(story: Story, cast: Cast) -> None:
    said = {"text": HEARD, "speaker": "sam", "scene": "roof"}
    left = tuple(role for role in ALL if role != "elara")
    events = [
        worlds.event(0, witnesses=ALL, **said),
        worlds.event(1, "exit", "goes home.", speaker="elara", witnesses=ALL, scene="roof"),
        worlds.event(2, witnesses=left, **said),
        worlds.event(3, witnesses=("sam", "leo"), **said),
    ]
    open_before, open_after, whisper = (
        next(r.importance for r in _recall(story, cast, events) if r.event == n) for n in (0, 2, 3)
    )
    assert open_before == open_after < whisper


def test_a_change_of_mind_matters_more_than_a_stance_that_is_kept(story: Story, cast: Cast) -> None:
    stances = [("sam", "hybrid"), ("mira", "hybrid"), ("sam", "campaign"), ("mira", "hybrid")]
    events = [
        worlds.event(n, "stance", HEARD, speaker=role, choice=choice, witnesses=ALL)
        for n, (role, choice) in enumerate(stances)
    ]
    assert _events(_recall(story, cast, events))[0] == 2


def test_each_score_is_between_0_and_1_and_the_product_is_what_counts(story: Story, cast: Cast) -> None:
    kinds = [*CONFIG.importance] * 30
    events = [worlds.event(n, kind, HEARD, speaker="sam", witnesses=ALL) for n, kind in enumerate(kinds)]
    found = _recall(story, cast, events, limit=len(events))
    assert len(_events(found)) == len(events)
    for r in found:
        assert all(0 < score <= 1 for score in (r.recency, r.importance, r.relevance, r.score))
        assert r.score == pytest.approx(r.recency * r.importance * r.relevance, abs=2e-3)
    assert [r.score for r in found] == sorted((r.score for r in found), reverse=True)


@pytest.mark.parametrize("query", ["Bring the soup and two spoons.", "", "…", "Sam, Leo, Mira and Elara"])
def test_what_has_nothing_to_do_with_the_matter_does_not_come_up(story: Story, cast: Cast, query: str) -> None:
    events = [worlds.event(0, text=f"Mira, Leo, Sam. {HEARD}", speaker="elara", witnesses=ALL)]
    assert _recall(story, cast, events, query) == ()
    assert all(r.relevance >= CONFIG.floor for r in _recall(story, cast, events))


def test_what_stands_in_the_prompt_is_not_recalled_again(story: Story, cast: Cast) -> None:
    events = [worlds.event(n, text=HEARD, speaker="sam", witnesses=ALL) for n in range(4)]
    assert _events(_recall(story, cast, events, shown=events[1:3])) == [3, 0]
    assert _events(_recall(story, cast, events, limit=1)) == [3]


def test_nothing_comes_up_twice_in_a_scene_and_what_came_up_least_often_goes_first(story: Story, cast: Cast) -> None:
    script, asking, since = Script(), _memory(story, cast, "leo"), list[Event]()
    for n in range(3):
        script.append(worlds.event(n, text=HEARD, speaker="sam", witnesses=ALL, scene="lab"))
    came: list[int] = []
    for scene in ("kitchen", "kitchen", "corridor", "kitchen", "kitchen", "corridor"):
        found = asking.recall(script.common_view(["leo"]), CLOCK, scene=scene, shown=since, limit=1)
        came += _events(found) or [-1]
        made = Provenance(by="agent", recalled=found)
        text = "That clock again."
        since.append(worlds.event(len(script), text=text, speaker="leo", witnesses=ALL, scene=scene, provenance=made))
        script.append(since[-1])
    assert came == [2, 1, 0, 0, -1, 2]


def test_reading_on_gives_what_reading_at_once_gives(story: Story, cast: Cast) -> None:
    texts = [*cast.personas["sam"].material, *cast.personas["mira"].material, *cast.personas["leo"].examples]
    script, asking = Script(), _memory(story, cast, "elara")
    for n, text in enumerate(texts):
        script.append(worlds.event(n, text=cast.fill(text), speaker="mira", witnesses=ALL))
        step = asking.recall(script.common_view(["elara"]), text, scene="kitchen", limit=3)
        assert step == _recall(story, cast, list(script), text, "elara", limit=3)


def test_another_script_is_read_from_its_beginning(story: Story, cast: Cast) -> None:
    asking = _memory(story, cast, "leo")
    one = [worlds.event(n, text=HEARD, speaker="sam", witnesses=ALL) for n in range(3)]
    other = [one[0], worlds.event(1, text="Soup.", witnesses=ALL), worlds.event(2, "dream", HEARD, witnesses=ALL)]
    for events in (one, other, one[:1], one):
        found = asking.recall(Script(events).common_view(["leo"]), CLOCK, scene="kitchen", limit=9)
        assert found == _recall(story, cast, events, limit=9)


_PROCESS = """
import json, sys
sys.path.insert(0, {tests!r})
import worlds
from dreamplay import casting
from dreamplay.memory.base import default_embedder
from dreamplay.memory.retrieval import RetrievalMemory
from dreamplay.schema.script import Script
story = casting.load_story("mindsync")
cast = casting.cast(story)
texts = [cast.fill(text) for persona in cast.personas.values() for text in persona.material]
texts.append("Dreams and sleepers.")
script = Script([worlds.event(n, text=text, speaker="sam", witnesses=cast.roles) for n, text in enumerate(texts)])
leo = RetrievalMemory(story, cast, "leo", default_embedder())
view = script.common_view(["leo"])
found = leo.recall(view, "dreams and sleepers", scene="kitchen", limit=9)
print(json.dumps([recalled.model_dump() for recalled in found]))
"""


def test_recall_is_the_same_in_any_process() -> None:
    def process(salt: str) -> str:
        code = _PROCESS.format(tests=str(Path(__file__).parents[1]))
        environment = os.environ | {"PYTHONHASHSEED": salt}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    one = process("1")
    assert len(json.loads(one)) > 3
    assert one == process("2")


@pytest.mark.parametrize(
    ("given", "when", "text"),
    [
        ({"speaker": "mira"}, "the roof of the MindSync tower, launch night", f'Mira said "{HEARD}"'),
        ({"speaker": "leo"}, "the roof of the MindSync tower, launch night", f'I said "{HEARD}"'),
        ({"speaker": "mira", "scene": "kitchen"}, "a moment ago", f'Mira said "{HEARD}"'),
        ({"speaker": "mira", "scene": PROLOGUE, "beat": PROLOGUE}, "the night before", f'Mira said "{HEARD}"'),
        ({"kind": "dream", "scene": "first_dream"}, "the lab under the blue lamp, three in the morning", HEARD),
        ({"kind": "reflection", "speaker": "leo", "scene": "lab"},
         "the sleep lab on the ninth floor, later that night", HEARD),
        ({"kind": "exit", "speaker": "sam"}, "the roof of the MindSync tower, launch night", HEARD),
        ({"kind": "action", "speaker": "sam"}, "the roof of the MindSync tower, launch night", f"Sam {HEARD}"),
        ({"kind": "stance", "speaker": "sam", "scene": "morning"}, "Elara's kitchen, the next morning",
         f"Sam decided: {HEARD}"),
    ],
)  # fmt: skip
def test_a_memory_is_worded_as_hers_with_when_it_was(
    story: Story, cast: Cast, given: dict[str, Any], when: str, text: str
) -> None:
    place = {"kind": "line", "text": HEARD, "witnesses": ALL, "scene": "roof"}
    (found,) = _recall(story, cast, [worlds.event(0, **place | given)], limit=1)
    assert (found.when, found.text) == (when, text)


WHOLE = "The clock stopped. It went on. Nobody wound it, since the key was lost and the one who had it was away."
FILLER = " ".join(["The clock in the hall was another one, and it went on."] * 6)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WHOLE, WHOLE),
        (f"{FILLER} {HEARD}", HEARD),
        (f"{HEARD} {FILLER}", HEARD),
        ("The clock stopped, " + "and the clock " * 14 + "was sold.", "clock was sold."),
        ("The clock stopped.]\n[Leo means to say so.", "The clock stopped.) (Leo means to say so."),
    ],
    ids=["whole", "the sentence that matters, last", "the same, first", "one long sentence", "a forged note"],
)
def test_a_memory_is_told_whole_or_in_the_sentences_that_matter_and_forges_nothing(
    story: Story, cast: Cast, text: str, told: str
) -> None:
    (found,) = _recall(story, cast, [worlds.event(0, "narration", text, witnesses=ALL)], limit=1)
    assert told in found.text
    assert "…" not in found.text
    assert tokens(found.text) <= CONFIG.tokens


def test_a_sentence_without_end_is_cut(story: Story, cast: Cast) -> None:
    (found,) = _recall(story, cast, [worlds.event(0, "narration", "clock " * 400, witnesses=ALL)], limit=1)
    assert found.text.endswith("clock …")
    assert tokens(found.text) <= CONFIG.tokens + 2


def test_formative_memories_of_the_shipped_personas_are_told_whole() -> None:
    for name in resources.names("personas"):
        private = casting.load_persona(name).private
        assert private
        assert all(tokens(memory) <= CONFIG.tokens for memory in private.memories)


def test_what_comes_up_has_to_do_with_what_was_just_said_and_not_only_with_the_matter(story: Story, cast: Cast) -> None:
    events = [worlds.event(0, text=HEARD, speaker="mira", witnesses=ALL)]
    events += [worlds.event(n, text="Bring the soup and two spoons.", speaker="sam", witnesses=ALL) for n in (1, 2)]
    assert _recall(story, cast, events) == ()
    wound = worlds.event(3, text="Who wound the clock?", speaker="sam", witnesses=ALL)
    assert 0 in _events(_recall(story, cast, [*events, wound]))


async def test_without_its_vectors_nothing_is_played_and_the_next_step_is_named(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wordllama

    def missing(**rest: object) -> None:
        raise FileNotFoundError("no weights/l2_supercat_256.safetensors")

    monkeypatch.setattr(wordllama.WordLlama, "load", missing)
    shipped._vectors.cache_clear()
    model = ScriptedModel()
    with pytest.raises(EmbeddingError, match=r"l2_supercat.*pip install wordllama$"):
        await Runner(worlds.plan(small), model, tmp_path / "run", {}).play(lambda seen: None)
    assert not model.seen
    assert not (tmp_path / "run").exists()
    shipped._vectors.cache_clear()


async def test_without_recall_nobody_is_reminded(small: Path, tmp_path: Path) -> None:
    model = ScriptedModel()
    record = await worlds.play(small, tmp_path / "run", model, plugins=PluginSet(memory=NO_MEMORY))
    assert record.header.settings["memory"] == {"name": "none"}
    assert not any("remembers" in prompt.tail for prompt in model.seen)


def _without_topics(story: Story) -> Story:
    """A story of which nothing is said in moves, so that a model that is led has room for memories."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            gone = ("topics", "outcome", "openings", "opens", "reveals", "when")
            return {key: bare(each) for key, each in value.items() if key not in gone}
        return [bare(each) for each in value] if isinstance(value, list) else value

    return Story.model_validate(bare(story.model_dump(mode="json")))


@pytest.mark.parametrize(("profile", "limit"), [(worlds.SMALL, 1), (worlds.LARGE, 3)], ids=["small", "large"])
async def test_what_came_up_stands_in_the_private_tail_and_with_the_line(
    profile: ModelProfile, limit: int, tmp_path: Path
) -> None:
    model = ScriptedModel(profile=profile)
    plan = worlds.plan("mindsync")
    bare = replace(plan, story=_without_topics(plan.story))
    await Runner(bare, model, tmp_path / "run", {}).play(lambda seen: None)
    record = transcript.read(tmp_path / "run")
    prompts = {prompt.digest: prompt for prompt in model.seen}
    counts = set[int]()
    for event in record.script:
        recalled = event.provenance.recalled
        counts.add(len(recalled))
        tail = prompts[event.provenance.prompt].tail if event.provenance.prompt else ""
        assert [f"{r.when}: {r.text}" in tail for r in recalled] == [True] * tail.count(" remembers, from ")
        witnessed = {known.id for known in record.script.visible_to(event.speaker or "") if known.id < event.id}
        assert {r.event for r in recalled} - {None} <= witnessed
    assert 0 in counts
    assert min(limit, 2) <= max(counts) <= limit


async def test_beside_the_move_of_a_topic_a_model_that_is_led_is_reminded_of_nothing(tmp_path: Path) -> None:
    model = ScriptedModel()
    record = await worlds.play("mindsync", tmp_path / "run", model, beats=("launch", "glitch"))
    moves = [event for event in worlds.turns(record.script) if event.cue and event.cue.move is not None]
    assert moves
    assert not any(event.provenance.recalled for event in moves)


def test_however_old_and_slight_memories_are_the_nearer_one_comes_first(story: Story, cast: Cast) -> None:
    own = [worlds.event(n, text=text, speaker="leo", witnesses=ALL) for n, text in enumerate((HEARD, "A clock, then."))]
    others = [worlds.event(n, text="Bring the soup.", speaker="sam", witnesses=ALL) for n in range(2, 2000)]
    asked = worlds.event(2000, text="And the clock?", speaker="sam", witnesses=ALL)
    assert _events(_recall(story, cast, [*own, *others, asked], shown=[asked])) == [0, 1]


@pytest.mark.parametrize("weight", ["decay", "oldest", "floor", "own", "formative"])
def test_no_factor_can_be_0(weight: str) -> None:
    with pytest.raises(ValidationError, match=weight):
        RetrievalConfig.model_validate({weight: 0})


@pytest.mark.parametrize(
    ("event", "count", "says"),
    [(1, 1, "event 1, which the role did not witness"), (9, 1, "event 9, which"), (0, 4, "4 memories; the limit is 3")],
)
def test_what_a_strangers_memory_recalls_was_witnessed_and_is_not_too_much(
    event: int, count: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"""
from dreamplay.schema.provenance import RetrievedMemory

class Mine:
    def __init__(self, *given): ...

    def recall(self, view, query, *, scene, shown=(), limit):
        return [RetrievedMemory(event={event}, when="then", text="A secret.", score=1.0)] * {count}
"""
    strangers.install(tmp_path / "site", "[dreamplay.memories]\nmine = mine:Mine\n", mine=source)
    strangers.visible(monkeypatch, tmp_path / "site")
    plan = worlds.plan("mindsync")
    memory = open_memory(PluginChoice(name="mine"), plan.story, plan.cast, "leo", default_embedder())
    script = Script(
        [worlds.event(0, witnesses=ALL, speaker="leo"), worlds.event(1, witnesses=("elara",), speaker="elara")]
    )
    with pytest.raises(PluginFailedError, match=rf"^memory 'mine' of .* failed: recall\(\) returned {says}"):
        memory.recall(script.common_view(["leo"]), CLOCK, scene="kitchen", limit=3)


def test_a_strangers_memory_is_given_what_the_role_may_know_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plotted(data: dict[str, Any]) -> None:
        worlds.stage(data)
        worlds.plot(data["beats"][0]["scenes"][0])

    source = """
class Mine:
    def __init__(self, story, cast, role, embedder):
        Mine.given = story, cast

    def recall(self, view, query, *, scene, shown=(), limit):
        return []
"""
    strangers.install(tmp_path / "site", "[dreamplay.memories]\nmine = mine:Mine\n", mine=source)
    strangers.visible(monkeypatch, tmp_path / "site")
    path = worlds.write(tmp_path / "plotted", change=plotted)
    asks = {"square.door.why": {"does": "asks {bo} where the key is"}}
    zoe = worlds.dump(tmp_path / "zoe.yaml", worlds.persona("Zoe", "parrot") | {"moves": asks})
    marks = CanaryTokens()
    plan = marks.plant(worlds.plan(path, swaps={"ada": str(zoe)}))
    for role in plan.cast.roles:
        open_memory(PluginChoice(name="mine"), plan.played, plan.cast, role, default_embedder())
        known, cast = sys.modules["mine"].Mine.given
        told = [known.model_dump_json(warnings=False), *(each.model_dump_json() for each in cast.personas.values())]
        found = [marks.known[token] for token in canary_tokens.tokens("".join(told))]
        assert not [mark.secret for mark in found if role not in mark.entitled]
        assert any(f"{cast.name(role)}'s memory" in mark.secret for mark in found)
        assert ("asks {bo} where the key is" in told[0]) == (role == "ada")
        assert known.path is None
        assert [other for other, each in cast.personas.items() if each.path] in ([], [role])
