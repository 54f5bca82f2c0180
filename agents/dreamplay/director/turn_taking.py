"""Turn-taking: who has the floor. Whoever owes an answer has it before anybody who only likes to talk."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import Literal

from dreamplay.director.config import DirectorConfig
from dreamplay.director.pressures import Pressures
from dreamplay.director.situation import Situation
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Event, EventBase, TurnEvent
from dreamplay.threads import signs
from dreamplay.threads.ledger import Ledgers
from dreamplay.threads.thread import Thread

Reason = Literal["visitor", "event", "asked", "interrupts", "exchange", "silence"]
"""Why somebody has the floor: the visitor is answered; something happened that falls to them; they owe an answer; they
interrupt two others; they are in the middle of an exchange; or nobody else has a better claim."""


@dataclass(frozen=True)
class Floor:
    """Who may speak next, why, and what they take up."""

    roles: tuple[str, ...]
    reason: Reason
    event: EventBase | None = None
    """What they take up; None if it is nothing in particular."""


@dataclass(frozen=True)
class TurnTaking:
    """Decides who has the floor in a run."""

    cast: Cast
    seed: int
    pressures: Pressures
    config: DirectorConfig

    def floors(self, now: Situation, answering: Collection[str] = ()) -> list[Floor]:
        """Who may speak next, the best claim first. Of the last one somebody can always speak.

        Args:
            now: where the scene stands.
            answering: those who have a move that answers the last line. If it was said to one of them, nobody comes
                between.
        """
        last = now.turns[-1] if now.turns else None
        able = [role for role in now.cast if last is None or role != last.speaker] or list(now.cast)
        if now.unanswered:
            return [self._to_visitor(now, now.unanswered)]
        must, pair, owed = self.must_speak(now, able), self._pair(now, able), self.owed(now)
        awaited = bool(pair) and pair[1] in answering
        others = tuple(role for role in able if role not in pair)
        asked = awaited and owed is not None and owed.event is last and owed.roles == pair[1:]
        if asked and self._has_time(now, must):
            must = []
        long = len(pair) == 2 and others and not asked and self._length(now, pair) >= self.config.duets
        found = [self._event(now)]
        if pair and not long:
            found += [None if awaited else self._interruption(now, others), owed, self._exchange(now, pair)]
        elif not long:
            found.append(owed)
        fitting = [(floor, _both(floor.roles, must or now.cast)) for floor in found if floor]
        kept = [replace(floor, roles=roles) for floor, roles in fitting if roles]
        return [*kept, Floor(tuple(must or (others if long else able)), "silence", last)]

    def owed(self, now: Situation) -> Floor | None:
        """Whoever owes an answer to one of the last lines, and has not had a turn since. Looked for once in a
        situation."""
        known = self._owed_last[0] if self._owed_last else None
        if known is None or known[0] is not now:
            self._owed_last[:] = [known := (now, self._owed(now))]
        return known[1]

    def asked(self, now: Situation) -> bool:
        """Whether the last line puts something to somebody present that asks for an answer."""
        owed = self.owed(now)
        return owed is not None and owed.event is now.turns[-1]

    @cached_property
    def _owed_last(self) -> list[tuple[Situation, Floor | None]]:
        """The last situation, if there was one, and who owed an answer in it."""
        return []

    def _owed(self, now: Situation) -> Floor | None:
        recent, threads = now.turns[-1 - self.config.waits :], self._open(now)
        for place, event in reversed(list(enumerate(recent))):
            since = {turn.speaker for turn in recent[place + 1 :]}
            put = [thread.to for thread in threads if thread.since == event.id]
            if to := next((role for role in put if role in now.cast and role not in since), None):
                return Floor((to,), "asked", event)
        return None

    def _open(self, now: Situation) -> list[Thread]:
        """The questions, accusations and offers of the scene that are open."""
        ledgers = self._ledgers.setdefault(now.language.code, Ledgers(self.cast, now.language))
        ledger = ledgers.of(now.script.in_scene(now.scene.id), reader=now.scene.id)
        recent = ledger.threads[-8 * (1 + self.config.waits) :]  # a line opens a few threads at most
        return [thread for thread in recent if thread.open and thread.demands]

    def must_speak(self, now: Situation, able: Sequence[str]) -> list[str]:
        """Those who must speak now so that everybody has a turn before leaving or before the end of the scene: no more
        turns are left than roles that have yet to speak."""
        scene, taken = now.scene, len(now.contracted)
        leaves = {move.role: move.after for move in reversed(now.moves) if not move.comes and move.after > taken}
        comes = {move.role for move in now.moves if move.comes and move.after > taken}
        for end in sorted({*leaves.values(), scene.turns.max}):
            asides = [aside for aside in now.asides if aside.after < end]
            going = {role for role in (*able, *comes) if leaves.get(role, scene.turns.max) <= end}
            unheard = going - {aside.role for aside in asides} - now.heard
            if end - taken - len(asides) <= len(unheard):
                return [role for role in able if role in unheard]
        return []

    @staticmethod
    def _has_time(now: Situation, must: Sequence[str]) -> bool:
        """Whether an answer can come before those who must speak, and they still speak before the scene is over."""
        left = now.scene.turns.limit - len(now.contracted) - len(now.asides)
        return len(must) < left and not any(move.role in must for move in now.moves)

    def draw(self, now: Situation, roles: Sequence[str]) -> str:
        """One of several who may speak, by their readiness and dice."""
        return now.dice(self.seed, "speaker").choices(roles, [self.readiness(now, role) for role in roles])[0]

    def readiness(self, now: Situation, role: str) -> float:
        """How readily somebody speaks: their talkativeness, and the more, the longer they have been silent."""
        silence: float = self.config.boredom ** self._silence(now.turns, role)
        return self.cast.personas[role].talkativeness * silence

    def _to_visitor(self, now: Situation, said: Event) -> Floor:
        """Those who perceived what the visitor said or did: whoever is called by name, else all of them."""
        able = [role for role in now.cast if role in said.witnesses]
        called = [role for role in self.cast.mentioned(said.text) if role in able]
        return Floor(tuple(called[:1] or able), "visitor", said)

    def _event(self, now: Situation) -> Floor | None:
        """Whoever the newest event since the last turn falls to. Nobody speaks twice in a row unless the author says
        so."""
        last = now.turns[-1].speaker if now.turns else None
        for event in now.since:
            pressure = self.pressures.of(now, event)
            named = pressure is not None and pressure.to is not None
            handed = [role for role in self.pressures.handed(now, event) if named or role != last]
            if roles := _both(handed, now.cast):
                return Floor(roles, "event", event)
        return self.waiting(now)

    def waiting(self, now: Situation) -> Floor | None:
        """Whoever an event of late falls to by the author's word, and has not had a turn since: somebody else had to
        speak first."""
        since: set[str] = set()
        turns = 0
        for event in reversed(now.events):
            if isinstance(event, TurnEvent):
                since.add(event.speaker)
                turns += 1
            elif (pressure := self.pressures.of(now, event)) and pressure.to:
                due = pressure.to in now.cast and pressure.to not in since
                return Floor((pressure.to,), "event", event) if due else None
            if turns > self.config.waits:
                break
        return None

    def _pair(self, now: Situation, able: Sequence[str]) -> tuple[str, ...]:
        """Who spoke last and whom of those who can answer they spoke to; empty if it is nobody in particular."""
        before, last = [None, None, *now.turns][-2:]
        if last is None or not last.text:
            return ()
        heard = [role for role in now.cast if role in last.witnesses and role != last.speaker]
        to = signs.addressee(self.cast, last.text, last.cue, before.speaker if before else None, heard)
        return (last.speaker, to) if to in able and to else ()

    def _length(self, now: Situation, pair: Sequence[str]) -> int:
        """The turns that a pair has had without anybody else."""
        return sum(1 for _ in takewhile(lambda event: event.speaker in pair, reversed(now.turns)))

    def _interruption(self, now: Situation, others: tuple[str, ...]) -> Floor | None:
        """The floor of those who may interrupt two others: the likelier, the more has happened in the scene."""
        if not others:
            return None
        share = self.config.interrupts * self.pressures.heat(now)
        interrupts = share > 0 and now.dice(self.seed, "interruption").random() < share
        return Floor(others, "interrupts", now.turns[-1]) if interrupts else None

    def _exchange(self, now: Situation, pair: Sequence[str]) -> Floor | None:
        """The floor of whoever was spoken to. Two begin, answer and have a last word; beyond that they may go on, by
        dice."""
        short = self._length(now, pair) < self.config.duet
        goes_on = short or now.dice(self.seed, "exchange").random() < self.config.goes_on
        return Floor((pair[1],), "exchange", now.turns[-1]) if goes_on else None

    def _silence(self, turns: Sequence[TurnEvent], role: str) -> int:
        """Turns since the role last spoke in the scene, up to the cap."""
        cap = self.config.silence_cap
        for since, event in enumerate(reversed(turns)):
            if event.speaker == role:
                return min(since, cap)
        return min(len(turns) + 2, cap)

    @cached_property
    def _ledgers(self) -> dict[str, Ledgers]:
        """By the code of the language."""
        return {}


def _both(some: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(role for role in some if role in others)
