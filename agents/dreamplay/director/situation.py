"""A situation: the state of a scene, computed once for everything that decides what happens next."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, takewhile

from dreamplay.director.topic_steps import Run
from dreamplay.languages.english import ENGLISH
from dreamplay.languages.language import Language
from dreamplay.schema import made_move
from dreamplay.schema.base import PLACEHOLDER
from dreamplay.schema.conditions import When, holds
from dreamplay.schema.direction import Direction
from dreamplay.schema.event import (
    Cue,
    Event,
    ExitEvent,
    LineEvent,
    MoveEvent,
    NarrationEvent,
    OutcomeEvent,
    TurnEvent,
    invites_answer,
    is_gesture,
)
from dreamplay.schema.scene import VISITOR, Aside, Move, Scene, moved
from dreamplay.schema.script import Script, present, turns
from dreamplay.schema.turn import Turn


@dataclass(frozen=True)
class Situation:
    """One moment of a scene. It reads the whole script, and is for directors and the engine, never for participants."""

    script: Script
    beat: str
    """The id of the beat."""
    scene: Scene
    present: tuple[str, ...]
    """Those present, in the order in which they came."""
    direction: Direction = "led"
    """How much the speaker is told of what to say."""
    language: Language = ENGLISH
    """The language of the play."""

    @classmethod
    def of(
        cls, script: Script, beat: str, scene: Scene, direction: Direction = "led", language: Language = ENGLISH
    ) -> Situation:
        """The situation in which a script has left a scene."""
        return cls(script, beat, scene, present(script, scene), direction, language)

    @cached_property
    def cast(self) -> tuple[str, ...]:
        """Those present who can be given a turn: all but the visitor."""
        return tuple(role for role in self.present if role != VISITOR)

    @cached_property
    def events(self) -> list[Event]:
        """What has happened in the scene that somebody could perceive, in order, whoever did."""
        return [event for event in self.script.in_scene(self.scene.id) if event.happens]

    @cached_property
    def turns(self) -> list[TurnEvent]:
        """The turns that the cast has taken in the scene, in order, silences included."""
        return turns(self.script, self.scene)

    @cached_property
    def heard(self) -> set[str]:
        """Those who have had a turn in the scene."""
        return {event.speaker for event in self.turns}

    @cached_property
    def narrated(self) -> set[str]:
        """The texts that were narrated in the scene."""
        return {event.text for event in self.script.in_scene(self.scene.id, NarrationEvent)}

    @cached_property
    def answers(self) -> dict[str, str]:
        """The answer of each scene whose outcome is decided. Asked for with every move of every topic."""
        return {event.scene: event.answer for event in self.script.of_kind(OutcomeEvent)}

    @property
    def answer(self) -> str | None:
        """The answer that the outcome of the scene has; None as long as it is undecided."""
        return self.answers.get(self.scene.id)

    @cached_property
    def by_topic(self) -> dict[str, list[tuple[int | None, TurnEvent]]]:
        """The turns that had a topic, by the topic's id, each with the index of its move as the story is now, the last
        one spoken of last. Looked through once: a director asks for it many times in one turn."""
        topics = {topic.id: topic for topic in self.scene.topics}
        found: dict[str, list[tuple[int | None, TurnEvent]]] = {}
        for event in self.turns:
            if event.cue and event.cue.topic:
                rows = found.pop(event.cue.topic, [])  # put in anew, so that the topics stand in order
                topic = topics.get(event.cue.topic)
                rows.append((made_move.place(topic, event) if topic else None, event))
                found[event.cue.topic] = rows
        return found

    @cached_property
    def runs(self) -> dict[str, Run]:
        """What was played of each topic that was begun, by the topic's id."""
        topics = {topic.id: topic for topic in self.scene.topics}
        made = {each: tuple((n, event) for n, event in rows if n is not None) for each, rows in self.by_topic.items()}
        return {each: Run(topics[each], used) for each, used in made.items() if used}

    @cached_property
    def used(self) -> dict[str, set[int | None]]:
        """The indices of the moves that were made, by the topic's id."""
        return {topic: {number for number, _ in rows} for topic, rows in self.by_topic.items()}

    @cached_property
    def away(self) -> set[str]:
        """Those who have left, or have yet to come."""
        return set(self.scene.everybody).difference(self.present)

    @cached_property
    def contracted(self) -> list[TurnEvent]:
        """The turns that the scene itself asks for: none of the visitor's, and no answer to the visitor; no line beside
        the story, and nothing that only replies to one."""
        out = {event.id for event in self.turns if self._only_replies(event)} | self.beside if self.beside else set()
        if self.scene.visited:
            done = [event for event in self.events if not is_gesture(event)]
            out |= {event.id for before, event in pairwise(done) if invites_answer(before)}
        return [event for event in self.turns if event.id not in out] if out else self.turns

    @cached_property
    def beside(self) -> set[int]:
        """The ids of the lines beside the story: put in by hand, and no move of the scene."""
        return {event.id for event in self.turns if isinstance(event, LineEvent) and event.placed and not event.cue}

    def _only_replies(self, event: TurnEvent) -> bool:
        """Whether a turn answers a line beside the story, and makes no move of the scene itself."""
        cue = event.cue
        return cue is not None and not cue.topic and not cue.aside and cue.answers in self.beside

    @cached_property
    def unanswered(self) -> Event | None:
        """What the visitor has just said or done, if somebody else is there who perceived it."""
        last = self.events[-1] if self.events and self.scene.visited else None
        return last if last and invites_answer(last) and set(last.witnesses) & set(self.cast) else None

    @cached_property
    def since(self) -> list[Event]:
        """What has happened since the last turn, be it of the cast or of the visitor, the newest first."""
        return list(takewhile(lambda event: not isinstance(event, TurnEvent), reversed(self.events)))

    @cached_property
    def moves(self) -> list[Move]:
        """The moves that are to come, in the order in which they happen: none whose condition does not hold, and none
        that cannot happen, since whoever it is of is there already, or is not there, or is the last one there."""
        here, found = self.present, []
        for move in self.moves_left:
            going = [role for role in here if role not in (move.role, VISITOR)]
            if self.holds(move.when) and (move.role in here) != move.comes and going:
                here = moved(here, move.role, move.comes)
                found.append(move)
        return found

    @cached_property
    def moves_left(self) -> list[Move]:
        """The moves that were not made, whether they can happen or not. A move of somebody that was made leaves none of
        theirs before it. The visitor's own moves, and those that a character decides, are no moves of the scene."""
        left = self.scene.ordered_moves if self.scene.moves else []
        for event in self.script.in_scene(self.scene.id, MoveEvent) if left else ():
            if event.provenance.by == "author":
                left = _after(left, event)
        return left

    @cached_property
    def asides(self) -> list[Aside]:
        """The asides that are to be whispered, in order: none of or to somebody who is not there and does not come."""
        there = {*self.present, *(move.role for move in self.moves if move.comes)}
        return [aside for aside in self.asides_left if {aside.role, *aside.to} <= there]

    @cached_property
    def asides_left(self) -> list[Aside]:
        """The asides that had no turn yet. One has had its turn even if it ended in silence, or if a person said
        something else."""
        left = self.scene.ordered_asides if self.scene.asides else []
        for event in self.contracted if left else ():
            if event.cue and event.cue.aside:
                mine = [n for n, aside in enumerate(left) if aside.role == event.speaker]
                same = [n for n in mine if left[n].material == event.cue.material]
                gone = next(iter([*same, *mine]), None)
                left = [aside for n, aside in enumerate(left) if n != gone]
        return left

    @cached_property
    def gone(self) -> set[str]:
        """Those who have left the scene and are not there."""
        return {event.speaker for event in self.script.in_scene(self.scene.id, ExitEvent)} - {*self.present, VISITOR}

    @cached_property
    def deserted(self) -> bool:
        """Whether somebody has left whom the author did not send away, nobody is there whom the last one could talk to,
        and nobody comes."""
        gone = [
            event
            for event in self.script.in_scene(self.scene.id, ExitEvent)
            if event.provenance.by != "author" and not event.by_visitor
        ]
        return bool(gone) and len(self.present) < 2 and not any(move.comes for move in self.moves)

    def holds(self, when: When) -> bool:
        """Whether conditions hold by now."""
        return not when or holds(when, self.answers.get)

    def dice(self, seed: int, use: str) -> random.Random:
        """The random numbers of this turn for one use. The same seed gives the same numbers, also after a resume."""
        return random.Random(f"{seed}/{self.scene.id}/{len(self.turns)}/{use}")

    def turn(self, speaker: str, cue: Cue | None = None) -> Turn:
        """The turn that somebody present takes now."""
        number = 0 if speaker == VISITOR else 1 + len(self.turns)
        leaves, cue = self.may_leave(speaker), cue and made_move.noted(self.scene.topics, cue)
        return Turn(self.beat, self.scene, speaker, self.present, number, len(self.turns), cue, may_leave=leaves)

    def may_leave(self, role: str) -> bool:
        """Whether somebody present may go of their own accord: from a waking scene that does not need them later. Two
        of the cast remain to talk, or one, if this turn completes the least number of turns."""
        needed = [move.role for move in self.moves_left]
        needed += [each for aside in self.asides_left for each in (aside.role, *aside.to)]
        remain = [other for other in self.cast if other != role]
        enough = len(remain) > 1 or (bool(remain) and 1 + len(self.contracted) >= self.scene.turns.min)
        return self.scene.kind == "waking" and role in self.cast and role not in needed and enough


def _after(left: Sequence[Move], event: MoveEvent) -> list[Move]:
    """The moves that are left after one was made: with the words of the event, if there is one, else the first of the
    same person and kind. Those before it of the same person are passed over."""
    made = [n for n, move in enumerate(left) if (move.role, move.kind) == (event.speaker, event.kind)]
    same = [n for n in made if _told_as(left[n].text, event.text)]
    if not (found := [*same, *made][:1]):
        return list(left)
    return [move for n, move in enumerate(left) if n > found[0] or move.role != event.speaker]


def _told_as(written: str, told: str) -> bool:
    """Whether a text is what an author wrote, with names for roles."""
    return re.fullmatch(".+".join(map(re.escape, PLACEHOLDER.split(written)[::2])), told) is not None
