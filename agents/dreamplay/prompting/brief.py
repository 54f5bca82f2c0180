"""The brief: everything that a speaker is given for one turn, as one frozen value.

It is made in one place, from the story, the speaker's own sheet, the cue, and a `View`. What it says of the past is
what the speaker witnessed; of the story it takes what the author meant for this role. A model that plays freely, or is
guided, reads it as a whole. A model that is led reads the cue in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from dreamplay.models.tokens import tokens
from dreamplay.prompting import apart
from dreamplay.prompting.apart import PrivateScene
from dreamplay.prompting.in_mind import knew, knows, thought, thought_last
from dreamplay.schema.cast import Cast, PrivateSheet
from dreamplay.schema.event import DreamEvent, Event, ReflectionEvent, sanitize
from dreamplay.schema.provenance import RetrievedMemory
from dreamplay.schema.script import regards
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View
from dreamplay.threads.ledger import Ledger
from dreamplay.threads.thread import Thread, ThreadKind

_LINE = 8
"""Tokens of the words around each text of a brief."""
_OWED = 2
"""Questions, accusations and offers at most that a speaker is reminded of."""
_OPTIONS = 2
"""Things at most that a speaker is shown as possible."""
_PENDING = 2
"""Things at most that a speaker is reminded of because they are open since an earlier scene."""


@dataclass(frozen=True)
class Claim:
    """Something that is owed: an answer, or what was promised."""

    kind: ThreadKind
    """What it is."""
    by: str
    """The name of whoever asked, accused, offered or promised."""
    to: str
    """The name of whoever is to answer, or was promised something."""
    words: str
    """The words."""
    when: str
    """When it was, in words."""
    spoken: bool = True
    """Whether the words were spoken. Else they are somebody's own, in which they thought of it."""


@dataclass(frozen=True)
class Regard:
    """What the speaker thinks of somebody who is present."""

    name: str
    attitude: float
    """From -1 (an enemy) to 1 (a friend)."""
    why: str = ""
    """The reason, as the speaker gave it; empty if there is none."""


@dataclass(frozen=True)
class Brief:
    """What one speaker is given for one turn. Every text has names in place of roles; an empty one says nothing."""

    name: str
    """The name of the speaker."""
    sheet: PrivateSheet | None
    """The speaker's own private sheet."""
    want: str
    """What they want, in a sentence that can stand alone."""
    arc: str
    """Where they stand in this beat."""
    aim: str
    """What they are after in this scene, and what stands in the way. Empty: what they want at all."""
    may_break: bool
    """Whether their fear may break out here in words."""
    reveals: tuple[str, ...]
    """What they know that may come out here, as clauses that follow "that"."""
    known: tuple[str, ...]
    """What they knew in earlier scenes that could come out there, in the same form, the newest first."""
    dreamt: str
    """The fear of theirs that the last shared dream showed to others, who were not told whose it was."""
    regards: tuple[Regard, ...]
    """What they think of those present."""
    reflected: str
    """What the last scene has meant to them."""
    wants_now: str
    """What they have wanted since then."""
    earlier: tuple[PrivateScene, ...]
    """What they have lived through in earlier scenes, and not all who are present."""
    apart: tuple[Event, ...]
    """What they have just perceived in this scene, and not all who are present."""
    pending: tuple[Claim, ...]
    """What is open since an earlier scene between them and those present: promises first, then the newest first."""
    recalled: tuple[RetrievedMemory, ...]
    """The memories that come up."""
    about: str
    """What is being spoken of."""
    knows: str
    """What they know of it."""
    things: tuple[str, ...]
    """What is at hand to speak of."""
    act: str
    """What the line might do, in a word or two."""
    options: tuple[str, ...]
    """What they could do now, in words that follow their name."""
    to: str
    """The name of whoever the line is meant for."""
    whispers_to: str
    """The names of those who alone will hear it. Empty: everybody present will."""
    matter: str
    """What is to be whispered, as a clause that follows "that"."""
    thought: str
    """What they thought last, and did not say."""
    evaded: tuple[Claim, ...]
    """What they asked last in this scene, if it was passed over."""
    owed: tuple[Claim, ...]
    """What they have been asked in this scene and have not answered, the newest last."""

    def within(self, room: float, size: Callable[[Event], float]) -> Brief:
        """The brief without what matters least, if it would take more tokens than there is room for. Who they are, what
        they are after, what they think of those present, what is asked of them, the last promise, and what came of the
        last scene that not all of those present have lived through is always told: nobody forgets a promise because
        somebody else sits down. The rest is told as far as it fits: what else is open, what was evaded, what they kept
        to themselves, the last words of that scene, a memory, options, reasons, things at hand, thoughts, and more
        memories.

        Args:
            room: tokens that it may take.
            size: tokens of an event.
        """
        sheet = (self.sheet.belief, self.sheet.fear, self.sheet.wish) if self.sheet else ()
        scene = (self.arc, self.aim, *self.reveals, self.about, self.knows, self.matter)
        promised = [claim for claim in self.pending[:1] if claim.kind == "promise"]
        owed = [claim.words + claim.when for claim in (*self.owed, *promised)]
        regards = [" ".join(regard.name for regard in self.regards)]
        left = room - _sum(self.want, *sheet, *scene, *regards, *owed) - sum(map(size, self.apart))
        claims = {
            "pending": [0 if claim in promised else _sum(claim.words + claim.when) for claim in self.pending],
            "evaded": [_sum(claim.words) for claim in self.evaded],
            "known": [_sum(what) for what in self.known],
        }
        memories = [_sum(memory.text + memory.when) for memory in self.recalled]
        others = {
            "things": [_sum(thing) for thing in self.things],
            "wants_now": [_sum(self.wants_now)],
            "reflected": [_sum(self.reflected)],
            "thought": [_sum(self.thought)],
        }
        kept: dict[str, Any] = {}

        def keep(sizes: Mapping[str, list[float]]) -> None:
            nonlocal left
            for part, each in sizes.items():
                whole = getattr(self, part)
                fits = [taken for taken in accumulate(each) if taken <= max(left, 0)]
                left -= fits[-1] if fits else 0
                kept[part] = whole[: len(fits)] if isinstance(whole, tuple) else whole if fits else ""

        keep(claims)
        told: list[PrivateScene] = []
        for past in reversed(self.earlier):
            always = past is self.earlier[-1]
            for each in (past, *past.shorter, past.outcome):
                takes = _sum(each.when + each.names) + sum(map(size, each.told)) if each else 0
                if each and (takes <= left or (always and each is past.outcome)):
                    told.insert(0, each)
                    left -= takes
                    break
        keep({"recalled": memories[:1]})
        keep({"options": [_sum(does) for does in self.options]})
        seen: list[Regard] = []
        for regard in self.regards:
            takes = tokens(regard.why)
            seen.append(regard if takes <= left else replace(regard, why=""))
            left -= takes if takes <= left else 0
        keep(others)
        more = [taken for taken in accumulate(memories[1:]) if kept["recalled"] and taken <= max(left, 0)]
        kept["recalled"] = self.recalled[: len(kept["recalled"]) + len(more)]
        return replace(self, earlier=tuple(told), regards=tuple(seen), **kept)


def standing(story: Story, cast: Cast, turn: Turn) -> dict[str, Any]:
    """What the brief of somebody says all through a scene, by the names of its fields.

    Args:
        story: what is played. Of other scenes nothing is read but what the speaker knew in earlier ones.
        cast: who plays. No private sheet but the speaker's is read.
        turn: one of their turns in the scene.
    """
    role, scene, fill = turn.speaker, turn.scene, cast.fill
    private = cast.personas[role].private
    return {
        "name": cast.name(role),
        "sheet": private and _filled(private, cast),
        "want": wanted(cast.name(role), fill(private.want)) if private else "",
        "arc": fill(private.arc.get(turn.beat, "")) if private else "",
        "aim": fill(scene.aims.get(role, "")),
        "may_break": role in scene.may_break and private is not None,
        "reveals": knows(scene, role, cast),
        "known": knew(story, scene, role, cast),
    }


def brief(
    standing: Mapping[str, Any],
    places: Mapping[str, str],
    cast: Cast,
    turn: Turn,
    view: View,
    ledger: Ledger,
    earlier: tuple[PrivateScene, ...],
    recalled: Sequence[RetrievedMemory] = (),
) -> Brief:
    """The brief of a turn.

    Args:
        standing: what it says all through the scene; see `standing`.
        places: place of each scene, by its id.
        cast: who plays, for their names.
        turn: who speaks where, before whom, and with which cue.
        view: what the speaker may read.
        ledger: of what the speaker has witnessed.
        earlier: what they have lived through in earlier scenes, and not all who are present.
        recalled: the memories that come up, the best first.
    """
    role, scene, cue, fill = turn.speaker, turn.scene, turn.cue, cast.fill
    topic = next((topic for topic in scene.topics if cue and topic.id == cue.topic), None)

    def claim(thread: Thread) -> Claim:
        return Claim(
            kind=thread.kind,
            by=cast.name(thread.by),
            to=cast.name(thread.to) if thread.to else "",
            words=sanitize(thread.words),
            when="in this scene" if thread.scene == scene.id else apart.when(places, thread.scene),
            spoken=thread.since not in own_thoughts,
        )

    reflections = view.of_kind(ReflectionEvent)
    own_thoughts = {event.id for event in reflections}
    theirs = [thread for thread in ledger.threads if thread.by == role or thread.to == role]
    here = [thread for thread in theirs if thread.scene == scene.id]
    asked = [thread for thread in reversed(here) if thread.to == role and thread.demands and thread.open]
    mine = [thread for thread in here if thread.by == role and thread.demands]
    there = {*turn.present}
    old = [thread for thread in theirs if thread.open and thread.scene != scene.id and {thread.by, thread.to} <= there]
    old.sort(key=lambda thread: (thread.kind == "promise", thread.since), reverse=True)
    own: dict[str, Any] = {**standing, **thought_last(view, role)}
    return Brief(
        **own,
        dreamt=_dreamt(view, role),
        regards=_regards(reflections, cast, turn),
        earlier=earlier,
        apart=apart.just_now(turn, view),
        pending=tuple(map(claim, old[:_PENDING])),
        recalled=tuple(recalled),
        about=fill(topic.about) if topic else "",
        knows=fill(topic.knows.get(role, "")) if topic else "",
        things=tuple(map(fill, cue.things)) if cue else (),
        act=cue.act if cue else "",
        options=tuple(map(fill, cue.options[:_OPTIONS])) if cue else (),
        to=cast.name(cue.to) if cue and cue.to else "",
        whispers_to=cast.listed(cue.hears) if cue and cue.hears else "",
        matter=fill(cue.material) if cue and cue.aside else "",
        thought=thought(view, role),
        evaded=tuple(map(claim, [thread for thread in mine[-1:] if thread.state == "dodged"])),
        owed=tuple(map(claim, reversed(asked[:_OWED]))),
    )


def _filled(private: PrivateSheet, cast: Cast) -> PrivateSheet:
    """A sheet with names in place of roles. Of the memories, those that come up are told, and of the arc, this beat."""
    told = {name: cast.fill(getattr(private, name)) for name in ("want", "belief", "fear", "wish")}
    return private.model_copy(update=told | {"memories": (), "arc": {}})


def wanted(name: str, want: str) -> str:
    """What somebody wants, as a sentence: "to be left alone" is none yet."""
    return f"{name} wants {want.rstrip('.')}." if want.startswith("to ") else want


def _dreamt(view: View, role: str) -> str:
    """The speaker's own fear, if the last dream that they dreamt was made from it. No other entry is read."""
    dreams = view.of_kind(DreamEvent)
    own = [entry.fear for entry in dreams[-1].ledger if entry.role == role] if dreams else []
    return sanitize(own[0]) if own else ""


def _regards(reflections: Sequence[ReflectionEvent], cast: Cast, turn: Turn) -> tuple[Regard, ...]:
    """What the speaker thinks of those present, from their own reflections, the newest on each."""
    known = regards(reflections, turn.speaker)
    return tuple(
        Regard(cast.name(other), known[other].attitude, sanitize(known[other].why))
        for other in turn.others
        if other in known
    )


def _sum(*texts: str) -> float:
    """Tokens that some texts take in a brief."""
    return sum(tokens(text) + _LINE for text in texts if text)
