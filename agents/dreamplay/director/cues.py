"""Cues: what a speaker is given for one turn.

A model that is led gets the content of its line: a move of a topic, an answer to the last line, or something to bring
up. Any other gets suggestions: an act, things at hand, and what it could say of the topic. Like everything that the
director decides, a cue follows from the script and the seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dreamplay.director import acts, replies
from dreamplay.director.acts import Acts
from dreamplay.director.at_hand import AtHand, own_cues
from dreamplay.director.config import DirectorConfig
from dreamplay.director.glimpses import Glimpses
from dreamplay.director.pressures import Pressures
from dreamplay.director.situation import Situation
from dreamplay.director.topic_steps import Choice
from dreamplay.director.turn_taking import Floor
from dreamplay.memory.base import Embedder, default_embedder
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Cue, Event, LineEvent, NarrationEvent, TurnEvent
from dreamplay.schema.scene import Aside
from dreamplay.schema.script import attitudes

_WHISPERING = "in a whisper, for nobody else to hear,"
"""How an aside is said."""
_ASKS_BACK = ("ask", "press", "accuse", "tease")
"""Acts of which some replies ask something."""


@dataclass(frozen=True)
class Cues:
    """Draws the cues of a run. It reads the whole script, and gives a speaker nothing but their cue."""

    cast: Cast
    seed: int
    embedder: Embedder = field(default_factory=default_embedder)
    """Makes the vectors of material."""
    config: DirectorConfig = field(default_factory=DirectorConfig)

    def draw(self, now: Situation, speaker: str, floor: Floor | None = None) -> Cue:
        """Draw a cue for a turn that no topic gives. If a visitor has just said or done something, it is an answer to
        that.

        Args:
            now: where the scene stands.
            speaker: whose cue it is.
            floor: why they have the floor, and what they take up. None: nothing in particular.
        """
        floor = floor or Floor((speaker,), "silence")
        if now.direction != "led":
            return self._suggested(now, speaker, floor)
        if now.unanswered:
            return self._to_visitor(now, speaker, now.unanswered)
        if self._takes_up(now, speaker, floor):
            return self._reply(now, speaker, floor)
        return self._opening(now, speaker, floor)

    def of_topic(self, now: Situation, choice: Choice, floor: Floor) -> Cue:
        """The cue that gives a move of a topic, or the moves that fit as possibilities."""
        step, speaker = choice.step, choice.step.move.role
        shown = step.move.act or acts.shown(step.move.does, now.language)
        given: dict[str, Any] = {"to": step.to, "topic": step.topic.id, "move": step.number, "answers": step.answers}
        if now.direction == "led":
            act = "interrupt" if floor.reason == "interrupts" and shown == "tell" else shown
            text = f"{self.cast.name(speaker)} {self.cast.fill(step.move.does).rstrip('.?!')}."
            return self._cue(now, speaker, "", step.move.does, text, act=act, **given)
        act = self._acts.suggest(now, speaker, floor, likely=shown)
        things = self._at_hand.several(now, speaker, now.dice(self.seed, "things"))
        return self._cue(now, speaker, "", step.move.does, "", act=act, things=things, options=choice.options, **given)

    def whisper(self, now: Situation, aside: Aside) -> Cue:
        """The cue of an aside, whose material the author wrote."""
        text = self._told(aside.role, f"tells {self.cast.listed(aside.to)}", _WHISPERING, aside.material)
        return self._cue(
            now, aside.role, _WHISPERING, aside.material, text if now.direction == "led" else "",
            to=aside.to[0], hears=aside.to, aside=True,
        )  # fmt: skip

    def _suggested(self, now: Situation, speaker: str, floor: Floor) -> Cue:
        """A cue that suggests and does not say what the line says."""
        up = now.unanswered or floor.event
        things = self._at_hand.several(now, speaker, now.dice(self.seed, "things"))
        others = self._addressees(now, speaker)
        to = up.speaker if up and up.speaker in others else next(iter(others), None)
        return self._cue(
            now, speaker, "", things[0], "", to=to, hears=self._apart(speaker, now.unanswered), things=things,
            act=self._acts.suggest(now, speaker, floor), answers=up.id if up else None,
        )  # fmt: skip

    def _takes_up(self, now: Situation, speaker: str, floor: Floor) -> bool:
        """Whether a line answers the last one rather than bring up something new: if it has to, and for some lines
        after something was brought up."""
        event = floor.event
        others = self._addressees(now, speaker)
        if not isinstance(event, LineEvent) or speaker not in event.witnesses or event.speaker not in others:
            return False
        if floor.reason in ("asked", "interrupts") or now.scene.topics:
            return True
        brought = next((n for n, turn in enumerate(reversed(now.turns)) if not turn.cue or not turn.cue.answers), 0)
        return brought + 1 < self.config.matter_lines

    def _reply(self, now: Situation, speaker: str, floor: Floor) -> Cue:
        """A cue that answers a line."""
        event, dice = floor.event, now.dice(self.seed, "reply")
        assert event
        assert event.speaker
        own = not now.scene.topics  # what somebody brings along has nothing to do with the topics of a scene
        among = replies.acts(matter=own)
        if not own and event.id in now.beside:
            # To ask back would begin an exchange of nothing but replies, before the scene's own moves.
            among = tuple(act for act in among if act not in _ASKS_BACK)
        act = self._acts.suggest(now, speaker, floor, among=among)
        told = [turn.cue.text for turn in now.script.of_kind(TurnEvent)[-self.config.horizon :] if turn.cue]
        reply = replies.drawn(act, told, dice, matter=own)
        matter = self._at_hand.one(now, speaker, dice, without=event.speaker) if reply.with_matter else ""
        words = reply.filled(self.cast.called(event.speaker), self.cast.fill(matter))
        return self._cue(
            now, speaker, "", matter or reply.words, f"{self.cast.name(speaker)} {words}.",
            to=event.speaker, act=act, answers=event.id,
        )  # fmt: skip

    def _opening(self, now: Situation, speaker: str, floor: Floor) -> Cue:
        """A cue that brings up something."""
        rolled = now.dice(self.seed, "cue")
        others, visitor = self._addressees(now, speaker), self.cast.visitor
        if visitor in others and rolled.random() < self.config.to_visitor:
            others.sort(key=lambda role: role != visitor)
        material = self._at_hand.one(now, speaker, rolled)
        glimpse, of_it = self._glimpses.drawn(now, speaker)
        material = of_it or material
        tactic = self._manner(now, speaker, rolled)
        # A cue does not tell a character about themselves in the third person: "tells Leo that Leo ...".
        to = next((role for role in others if role not in self._at_hand.named(material)), next(iter(others), None))
        if to and (tone := self._tone(now, speaker, to)):
            tactic = tone
        tell = f"tells {self.cast.called(to)}" if to else "says"
        happened = floor.event.id if floor.event and floor.reason == "event" else None
        text = self._told(speaker, tell, tactic, material)
        return self._cue(now, speaker, tactic, material, text, to=to, glimpse=glimpse, act="tell", answers=happened)

    def _to_visitor(self, now: Situation, speaker: str, visited: Event) -> Cue:
        """The cue for an answer to the visitor. A whisper is answered in a whisper."""
        visitor, rolled = visited.speaker or "", now.dice(self.seed, "cue")
        name, done = self.cast.name(visitor), "said" if visited.kind == "line" else "done"
        tell = f"tells {name} in answer to what {name} has just {done},"
        material, tactic = self._at_hand.one(now, speaker, rolled), self._manner(now, speaker, rolled)
        return self._cue(
            now, speaker, tactic, material, self._told(speaker, tell, tactic, material),
            to=visitor, hears=self._apart(speaker, visited), act="tell", answers=visited.id,
        )  # fmt: skip

    @staticmethod
    def _apart(speaker: str, visited: Event | None) -> tuple[str, ...]:
        """Those who hear the answer to something that the visitor whispered."""
        apart = isinstance(visited, LineEvent) and visited.hears
        return tuple(role for role in visited.witnesses if role != speaker) if visited and apart else ()

    def _told(self, speaker: str, tell: str, tactic: str, material: str) -> str:
        """The note that gives something to say."""
        return f"{self.cast.name(speaker)} {tell} {self.cast.fill(tactic)} that {self.cast.fill(material)}."

    @staticmethod
    def _cue(now: Situation, speaker: str, tactic: str, material: str, text: str, **rest: Any) -> Cue:
        told = reversed(now.script.in_scene(now.scene.id, NarrationEvent))
        pressure = next((event.text for event in told if speaker in event.witnesses), "")
        return Cue(pressure=pressure, tactic=tactic, material=material, text=text, **rest)

    def _manner(self, now: Situation, speaker: str, rolled: random.Random) -> str:
        """How it is said: in a way of the scene or of the persona."""
        own, scene = self.cast.personas[speaker].tactics, now.scene.tactics
        used = [cue.tactic for cue in own_cues(now.script, speaker, self.config.horizon)]
        return self._least_used(scene if scene and rolled.random() < self.config.of_the_scene else own, used, rolled)

    def _tone(self, now: Situation, speaker: str, to: str) -> str | None:
        """The tone towards the addressee, in some of the turns in which the speaker's attitude is extreme."""
        regard = attitudes(now.script, speaker).get(to, 0.0)
        tone = "warmly" if regard >= self.config.warm else "coldly" if regard <= self.config.cold else None
        return tone if now.dice(self.seed, "tone").random() < self.config.of_attitude else None

    @staticmethod
    def _addressees(now: Situation, speaker: str) -> list[str]:
        """Possible addressees: whoever the speaker heard last comes first, then the others present."""
        others = [role for role in now.present if role != speaker]
        order: list[str] = []
        for event in reversed(now.script.in_scene(now.scene.id)):
            if len(order) == len(others):
                break
            if event.speaker in others and event.speaker not in order and speaker in event.witnesses:
                order.append(event.speaker)
        return [*order, *(role for role in others if role not in order)]

    @staticmethod
    def _least_used(options: Sequence[str], used: Sequence[str], rolled: random.Random) -> str:
        """One of the options that were used least so far, so that none repeats while others are left."""
        fewest = min(used.count(option) for option in options)
        return rolled.choice([option for option in options if used.count(option) == fewest])

    @cached_property
    def _at_hand(self) -> AtHand:
        return AtHand(self.cast, self.embedder, self.config)

    @cached_property
    def _glimpses(self) -> Glimpses:
        return Glimpses(self.cast, self.seed, self.embedder, self.config)

    @cached_property
    def _acts(self) -> Acts:
        return Acts(self.cast, self.seed, Pressures(self.cast, "full", self.config), self.embedder, self.config)
