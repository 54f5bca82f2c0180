"""Searches prompts for secrets that their reader may not know.

Every private text is marked with unique tokens, the story is played on the scripted model, and every prompt that is
sent is scanned. The model marks each of its answers too, and speaks secrets of its own prompt aloud, so that lines,
whispers, reflections and private scenes carry marks as the sheets do.

A mark may be read by whoever owns the text, and by whoever has witnessed an event that contains it, from then on. A
prompt is for the role that answers it. A narrator's text is for all who witness it, and a dream is made from the fears
and wishes of the dreamers.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dreamplay.analysis.canary_tokens import Canary, CanaryTokens, tokens
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import LeakError
from dreamplay.library import resources, yaml_loader
from dreamplay.models import profile_table
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.participants.actions import Action, Whisper
from dreamplay.participants.base import Outcome, Stance
from dreamplay.participants.visit import Visit
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Persona, PrivateSheet
from dreamplay.schema.event import Event, ReflectionEvent
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script, present
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

_BLURTED = 0.3
"""Share of lines in which somebody says aloud what only their prompt told them."""
_GESTURES = 0.3
"""Share of lines with a gesture, of a model that can make one."""
_DECIDED = 0.7
"""Share of stances that the visitor does take when asked for one."""


class Leak(FrozenModel):
    """A mark in a prompt that went to somebody not entitled to it."""

    scene: str
    prompt: str
    """Kind of prompt."""
    reader: str
    """The role that it was for."""
    secret: str
    """What was marked, in words."""


class Scan(FrozenModel):
    """What came of playing a plan."""

    prompts: int
    marks: int
    """Those planted, and those that the model set."""
    leaks: tuple[Leak, ...]


class _Watch:
    """Holds every prompt against what its reader is entitled to at that moment."""

    def __init__(self, marks: CanaryTokens, script: Script, scenes: Collection[Scene]) -> None:
        self.prompts = 0
        self.leaks: list[Leak] = []
        self._marks, self._script = marks, script
        self._scenes = {scene.id: scene for scene in scenes}
        self._shown: dict[str, list[Event]] = defaultdict(list)
        """The events in which a token stood."""
        self._untold: list[tuple[Prompt, int]] = []
        """Prompts of the narrator whose event is yet to come, and how many events there were before."""

    def asked(self, role: str | None, prompt: Prompt) -> None:
        """Take in a prompt that goes out. What the narrator is asked is for all who witness the answer. What came of a
        scene is asked on behalf of those present, and the answer may come to nothing.
        """
        self.prompts += 1
        if role:
            self._judge(prompt, [role], len(self._script))
        elif prompt.kind == "outcome" and self._script.last:
            here = present(self._script, self._scenes[self._script.last.scene])
            self._judge(prompt, here, len(self._script))
        else:
            self._untold.append((prompt, len(self._script)))

    def happened(self, events: Sequence[Event]) -> None:
        """Take in events: their witnesses know from now on what stands in them."""
        for event in events:
            if event.provenance.by == "narrator":
                for prompt, before in self._untold:
                    self._judge(prompt, event.witnesses, before)
                self._untold.clear()
            # Nobody but the speaker is told any part of a reflection.
            own = event.model_dump_json(exclude={"provenance"}) if isinstance(event, ReflectionEvent) else event.text
            for token in tokens(own):
                self._shown[token].append(event)

    def _judge(self, prompt: Prompt, readers: Collection[str], before: int) -> None:
        last = self._script.last
        for token in tokens(prompt.model_dump_json()):
            mark = self._marks.known[token]
            if prompt.kind == "dream" and mark.pooled in readers:
                continue
            if prompt.kind == "outcome" and last and mark.asked == last.scene:
                continue
            entitled = mark.entitled.union(*(e.witnesses for e in self._shown[token] if e.id < before))
            for reader in readers:
                if reader not in entitled:
                    scene = last.scene if last else ""
                    self.leaks.append(Leak(scene=scene, prompt=prompt.kind, reader=reader, secret=mark.secret))


class _Gossip(ScriptedModel):
    """The scripted model as one character, or the narrator: it marks what it says, and lets secrets out."""

    def __init__(self, role: str | None, watch: _Watch, marks: CanaryTokens, profile: ModelProfile) -> None:
        super().__init__(profile=profile)
        self._role, self._watch, self._marks = role, watch, marks

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt that was scanned; see `Model.complete`."""
        self._watch.asked(self._role, prompt)
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        # What somebody answered may be quoted to them when they are asked again.
        mine = frozenset({self._role} if self._role else ())
        own = self._marks.new(Canary(f"a {prompt.kind} of {self._role or 'the narrator'}", mine))
        if prompt.json_schema:
            return replace(reply, text=json.dumps(_marked(json.loads(reply.text), prompt.json_schema, own)))
        dice = random.Random(seed)
        secrets = sorted(token for token in tokens(prompt.tail) if self._marks.known[token].aloud)
        blurted = f" It is {dice.choice(secrets)}." if secrets and dice.random() < _BLURTED else ""
        line = f"{own} {reply.text}{blurted}"
        return replace(reply, text=self._acted(line, dice) if prompt.kind == "line" else line)

    def _acted(self, line: str, dice: random.Random) -> str:
        """A line with a thought before it, and sometimes a gesture, as far as the model is asked for them."""
        if self.profile.direction == "led":
            return line
        thought = self._marks.new(Canary(f"a thought of {self._role}", aloud=True))
        gesture = self._marks.new(Canary(f"a gesture of {self._role}"))
        before = f"<private>I keep {thought} to myself.</private> " if self.profile.think else ""
        return f"{before}(points at {gesture}) {line}" if dice.random() < _GESTURES else f"{before}{line}"


def _marked(answer: Any, form: Mapping[str, Any], mark: str) -> Any:
    """An answer in JSON with a mark before each text that was free to be chosen."""
    if form["type"] == "object":
        return {key: _marked(value, form["properties"][key], mark) for key, value in answer.items()}
    return f"{mark} {answer}" if form["type"] == "string" and "enum" not in form else answer


class _Guest:
    """A participant who does whatever a visitor can do, and marks what they say."""

    def __init__(self, plan: RunConfig, marks: CanaryTokens) -> None:
        self._story, self._marks, self._seed, self._roles = plan.story, marks, plan.seed, plan.cast.characters
        self._asked = 0

    def wants_turn(self, turn: Turn, view: View) -> bool:
        """See `Participant.wants_turn`."""
        return False

    async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome:
        """See `Participant.take_turn`."""
        self._asked += 1
        dice = random.Random(f"{self._seed}/{self._asked}")
        place = f"{turn.beat}/{turn.scene.id}"
        own = f"{self._marks.new(Canary(f'what the visitor did in scene {place}', aloud=True))} it is."
        if turn.task == "stance":
            decided = dice.random() < _DECIDED
            choice = dice.choice(self._story.choices).id if decided else None
            return Stance(choice, own if decided else "", Provenance(by="person"))
        others = [role for role in turn.others if role in self._roles]
        able = [Action(), Action(), Action(say=own), Action(do=own)]
        able += [Action(whisper=Whisper(to=role, text=own)) for role in others]
        if not turn.by_visitor:
            return dice.choice([*able, Action(hand_back=turn.speaker)])
        if not turn.visitor_present:
            return dice.choice([Action(), Action(come=True)])
        fear = self._marks.around("a door that nobody opens", Canary("the visitor's fear", pooled=turn.speaker))
        able += [Action(fear=fear), Action(go=True)]
        able += [Action(hand_back=role) if role in view.controlled else Action(play=role) for role in others[:1]]
        return dice.choice(able)


def visited(plan: RunConfig) -> RunConfig:
    """The plan with somebody who walks in, and has something to hide."""
    sheet = yaml_loader.read(resources.prompts() / "visitor.yaml", Persona)
    taken = {persona.name for persona in plan.cast.personas.values()}
    name = next(each for n in range(len(taken) + 1) if (each := f"{sheet.name}{'r' * n}") not in taken)
    hidden = PrivateSheet(
        want="to be asked.", belief="nobody asks.", fear="a door.", wish="a key.", memories=("A hall.",)
    )
    guest = sheet.model_copy(update={"name": name, "private": hidden})
    return replace(plan, cast=plan.cast.with_visitor(guest), visit=Visit(every_line=True))


async def scan(
    plan: RunConfig, *, profile: ModelProfile | None = None, desk: type[PromptBuilder] = PromptBuilder
) -> Scan:
    """Play a configuration with canaries, in memory, and scan every prompt that is sent. A visitor does everything that
    a visitor can do.

    Args:
        plan: what is played.
        profile: of the model that is asked: how much its prompts carry. None: as little as for the scripted model.
        desk: what writes the prompts.

    Raises:
        EmbeddingError: the sentence vectors cannot be loaded.
    """
    from dreamplay.engine.graph import build, steps, untraced
    from dreamplay.engine.state import context
    from dreamplay.memory import embeddings
    from dreamplay.memory.base import open_embedder

    profile = profile or profile_table.look_up("scripted", "scripted")
    embeddings.ready(open_embedder(plan.plugins.embedder))
    marks, script = CanaryTokens(), Script()
    marked = marks.plant(plan)
    watch = _Watch(marks, script, [scene for _, scene in marked.scenes])
    playing = context(
        marked,
        lambda role: _Gossip(role, watch, marks, profile),
        script,
        watch.happened,
        desk=desk(marked.story, marked.cast, profile),
        visitor=_Guest(plan, marks) if plan.visit else None,
    )
    with untraced():
        await build(marked.cast).ainvoke({"scene": 0}, {"recursion_limit": steps(playing)}, context=playing)
    return Scan(prompts=watch.prompts, marks=len(marks.known), leaks=tuple(dict.fromkeys(watch.leaks)))


async def check(plan: RunConfig) -> Scan:
    """Scan a plan as a small model is played, and as a larger one is, and the same with a visitor.

    Raises:
        LeakError: a secret stood in a prompt where it may not.
    """
    plans = [plan] if plan.visit else [plan, visited(plan)]
    profiles = (None, ModelProfile())
    scans = [await scan(each, profile=profile) for each in plans for profile in profiles]
    if leaks := [leak for each in scans for leak in each.leaks]:
        first, more = leaks[0], f" (and {len(leaks) - 1} more)" if len(leaks) > 1 else ""
        raise LeakError(
            f"scene {first.scene}: the prompt of a {first.prompt} for {first.reader} holds {first.secret}{more}; "
            "this is a fault of dreamplay: please report it, with the story"
        )
    return Scan(prompts=sum(s.prompts for s in scans), marks=sum(s.marks for s in scans), leaks=())
