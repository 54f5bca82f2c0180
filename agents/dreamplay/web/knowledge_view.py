"""Who knows what since when, as far as whoever looks may be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import dreamplay as dp
from dreamplay.analysis.explain import EventRange
from dreamplay.analysis.knowledge import Knowledge
from dreamplay.rendering import threads_view
from dreamplay.schema.event import DreamEvent, LineEvent, TurnEvent
from dreamplay.threads.thread import Thread
from dreamplay.web.scene_view import AUTHOR, READER
from dreamplay.web.seen_run import SeenRun


def stretches(events: Iterable[dp.Event], role: str) -> list[EventRange]:
    """The stretches of a play in which somebody was there. A whisper that they do not hear and a thought that is not
    theirs end none.
    """
    found: list[EventRange] = []
    there = False
    for event in events:
        if not event.happens or (isinstance(event, TurnEvent) and event.hears):
            continue
        before, there = there, role in event.witnesses
        if there and before and found[-1].scene == event.scene:
            found[-1] = found[-1].model_copy(update={"last": event.id})
        elif there:
            found.append(EventRange(beat=event.beat, scene=event.scene, first=event.id, last=event.id))
    return found


@dataclass(frozen=True)
class PlayedScene:
    """A scene of a run, and when the others were in it."""

    number: int
    """From 1, in the order of play."""
    title: str
    first: int
    last: int
    there: dict[str, list[EventRange]]
    """Role to when it was there."""


@dataclass(frozen=True)
class KnowledgeView(SeenRun):
    """Who knows what after a line of a run."""

    at: int
    """The last line that counts; -1 if nothing has happened."""

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """Those of whom it is told: everybody, or the roles through whose eyes it is seen."""
        roles = self.scene.cast.roles
        return roles if self.seen_by in (AUTHOR, READER) else tuple(role for role in roles if role in self.eyes)

    @cached_property
    def events(self) -> list[dp.Event]:
        """What has happened by then, as far as whoever looks has perceived it."""
        return [each for each in self.run.events[: self.at + 1] if self.perceives(each)]

    @cached_property
    def scenes(self) -> list[PlayedScene]:
        """The scenes of which whoever looks has perceived something."""
        there = {role: stretches(self.events, role) for role in self.roles}
        ends: dict[str, tuple[dp.Event, dp.Event]] = {}
        for event in self.events:
            ends[event.scene] = (ends.get(event.scene, (event,))[0], event)
        return [
            PlayedScene(
                number, self.scene.place(first) or self.scene.beat(first), first.id, last.id,
                {role: [each for each in found if each.scene == scene] for role, found in there.items()},
            )
            for number, (scene, (first, last)) in enumerate(ends.items(), 1)
        ]  # fmt: skip

    @property
    def whispers(self) -> list[LineEvent]:
        """What was said to some of those present."""
        return [each for each in self.events if isinstance(each, LineEvent) and each.hears]

    @property
    def dreams(self) -> list[DreamEvent]:
        """The shared dreams, each of which shows its dreamers the fears of the others."""
        return [each for each in self.events if isinstance(each, DreamEvent)]

    @cached_property
    def people(self) -> list[Knowledge]:
        """What each of them knows."""
        return [self.run.knows(role, self.at) for role in self.roles] if self.events else []

    def since(self, dreamer: Knowledge, role: str) -> str:
        """Since when somebody has dreamt the fear of another."""
        found = next((each for each in dreamer.secrets if each.of == role), None)
        return f"since line {found.dreams[0]}" if found else ""

    def sheet(self, known: Knowledge) -> list[tuple[str, str]]:
        """The private sheet of somebody, for themselves and for the author."""
        if known.own is None or not (self.seen_by == AUTHOR or known.role in self.eyes):
            return []
        own = known.own
        told = [("Wants", own.want), ("Believes", own.belief), ("Fears", own.fear), ("Wishes", own.wish)]
        return told + [("Remembers", each) for each in own.memories]

    @cached_property
    def threads(self) -> tuple[Thread, ...]:
        """Questions, requests, accusations, offers, promises and told secrets, as whoever looks knows of them."""
        if self.at < 0:
            return ()
        found = self.run.threads(sorted(self.eyes) or None, at=self.at)
        shown = {each.id for each in self.events}
        return tuple(each for each in found if each.since in shown)

    @property
    def open(self) -> list[Thread]:
        """Those by which something is owed."""
        return [each for each in self.threads if each.open]

    @property
    def closed(self) -> list[Thread]:
        """The others, told secrets among them."""
        return [each for each in self.threads if not each.open]

    def heard(self, thread: Thread) -> str:
        """Who knows of a thread, in words."""
        if set(self.scene.cast.characters) <= set(thread.witnesses):
            return "everybody"
        return self.scene.cast.listed(thread.witnesses) if thread.witnesses else "nobody"

    def put(self, thread: Thread) -> str:
        """What a thread is, and who put it to whom."""
        return threads_view.put(thread, self.scene.cast)

    @staticmethod
    def became(thread: Thread) -> str:
        """What became of a thread."""
        return threads_view.became(thread)
