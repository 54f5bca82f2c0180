"""Measures of a conversation: whether lines are more than their notes, whether questions are taken up, and whether a
scene changes anything between the people in it."""

from __future__ import annotations

import random
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher

from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import (
    PROLOGUE,
    Cue,
    DreamEvent,
    Event,
    LineEvent,
    MoveEvent,
    OutcomeEvent,
    ReflectionEvent,
    StanceEvent,
    TurnEvent,
)
from dreamplay.schema.scene import VISITOR
from dreamplay.schema.script import Script
from dreamplay.scoring.metrics import Runs, lines, mean, words

WITHIN = 2
"""Turns after a question in which it has to be taken up."""
DEALS = 5
"""How often the lines of a run are dealt anew."""


class Conversation(FrozenModel):
    """Whether people talk to each other. None where there was nothing to measure."""

    recited: float | None
    """The most words in a row that a line shares with its note; the median over the lines."""
    answered: float | None
    """Share of the questions that whoever was asked took up within two turns."""
    dealt_anew: float | None
    """The same with each speaker's lines dealt anew among their turns of a scene: what the order of speakers does."""
    questions: int
    """Questions that were put to somebody."""
    moved: float | None
    """Share of the scenes in which something changed."""
    changes: float | None
    """Kinds of change in a scene, of seven; the mean over the scenes."""
    scenes: int
    """Scenes in which somebody had a turn."""


def conversation(runs: Runs) -> Conversation:
    """What `recited`, `answers` and `changes` find, over all runs."""
    shared = [most for run in runs for most in recited(run)]
    taken = [each for run in runs for each in answers(run)]
    by_chance = [each for run in runs for number in range(DEALS) for each in answers(dealt_anew(run, number))]
    kinds = [found for run in runs for found in changes(run).values()]
    return Conversation(
        recited=float(statistics.median(shared)) if shared else None,
        answered=mean(taken) if taken else None,
        dealt_anew=mean(by_chance) if by_chance else None,
        questions=len(taken),
        moved=mean([bool(found) for found in kinds]) if kinds else None,
        changes=mean([len(found) for found in kinds]) if kinds else None,
        scenes=len(kinds),
    )


def recited(run: RunLog) -> list[int]:
    """For each line with a cue, the most words in a row that it shares with the cue as it stood in the prompt, with the
    material of the cue, or with one of the things or options in it.

    Source: our own reading of plays in which every line was a given fact, nearly word for word. The longest run that
    two texts share is the first match in the comparison of Ratcliff and Obershelp (`difflib`).
    Limits: it compares words, so a paraphrase is not recited, and a name or a number that has to be said counts. A
    model that is not led may leave out what it is given, so its figure says less.
    """
    return [
        max(_shared(words(event.text), words(note)) for note in _notes(run, event.cue))
        for event in lines(run)
        if event.cue and any(_notes(run, event.cue))
    ]


def answers(run: RunLog) -> list[bool]:
    """For each question that is put to somebody, whether they took it up in one of the next two turns.

    Source: our own. Two turns that belong together, such as question and answer, are the adjacency pairs of Schegloff
    and Sacks (Semiotica 8, 1973). A question is a sentence with a question mark; it is put to whoever the line calls by
    name, else to whom its cue was for, else to whoever spoke before. A line takes it up as the ledger of open threads
    says: see `signs.takes_up`; the line of a model that is led takes up what its cue answers, if it says any of it.
    Limits: it sees to whom a line is spoken and few of its words, and not whether the answer fits: "It rains." can take
    up anything. Read it beside `dealt_anew`: in 76 scenes written by hand it finds 76% of the questions taken up, and
    52% after dealing; where three or more speak, 71% and 42%, but 92% and 86% between two, who always speak to each
    other. Questions that need no answer count as others do, and so does one with which a scene ends.
    """
    found = []
    for thread in run.ledger(run.script).threads:
        if thread.demands and thread.to not in (None, VISITOR) and "?" in thread.words:
            later = [event for event in run.script.in_scene(thread.scene, TurnEvent) if event.id > thread.since]
            spoken = {event.id for event in later[:WITHIN] if isinstance(event, LineEvent)}
            found.append(not spoken.isdisjoint(thread.taken_up))
    return found


def dealt_anew(run: RunLog, number: int) -> RunLog:
    """The run with the lines of each agent in a scene dealt anew among their turns there, each line with its cue. The
    number makes the dealing another one."""
    events = list(run.script)
    taken: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in lines(run):
        taken[event.scene, event.speaker].append(event.id)
    dice = random.Random(number)
    place: dict[int, int] = {}
    for turns in taken.values():
        place.update(zip(turns, dice.sample(turns, len(turns)), strict=True))
    new = list(events)
    for event in lines(run):
        cue = event.cue
        if cue and cue.answers is not None:
            cue = cue.model_copy(update={"answers": place.get(cue.answers, cue.answers)})
        new[place[event.id]] = events[place[event.id]].model_copy(update={"text": event.text, "cue": cue})
    return replace(run, script=Script(new))


def changes(run: RunLog) -> dict[str, set[str]]:
    """For each scene in which somebody had a turn, which kinds of change it made: an answer (to a question, an
    accusation or an offer), a promise (made, kept, broken or let go), knowledge (a secret was told or dreamt), regard
    (a reflection thinks otherwise of somebody than the one before), a stance, an outcome, or who is there.

    Source: our own: a scene after which everything is as before could be left out.
    Limits: it counts that something changed, and not whether it matters. An answer is found in nearly every scene in
    which a question is asked, so read the number of kinds too. Regard is seen only in runs with reflections, and not
    the first time.
    """
    found: dict[str, set[str]] = {
        event.scene: set() for event in run.script.of_kind(TurnEvent) if event.beat != PROLOGUE
    }
    script = list(run.script)
    for thread in run.ledger(run.script).threads:
        kind = "knowledge" if thread.kind == "secret" else "promise" if thread.kind == "promise" else "answer"
        begun = [thread.since] if kind != "answer" else []
        ended = () if thread.state in ("open", "dodged") else thread.taken_up[-1:]
        for number in (*begun, *ended):
            found.get(script[number].scene, set()).add(kind)
    regards: dict[tuple[str, str], float] = {}
    for event in script:
        found.get(event.scene, set()).update(_kinds(event, regards))
    return found


def _kinds(event: Event, regards: dict[tuple[str, str], float]) -> Iterator[str]:
    """The kinds of change that one event makes. `regards` is what each thought of each before it, and is updated."""
    match event:
        case StanceEvent():
            yield "stance"
        case OutcomeEvent():
            yield "outcome"
        case MoveEvent() if not event.by_visitor:
            yield "who is there"
        case DreamEvent() if any(set(event.witnesses) - {entry.role} for entry in event.ledger):
            yield "knowledge"
        case ReflectionEvent():
            for role, regard in event.attitudes.items():
                if regards.get((event.speaker, role), regard) != regard:
                    yield "regard"
                regards[event.speaker, role] = regard
        case _:
            pass


def _notes(run: RunLog, cue: Cue) -> list[str]:
    """What a speaker was given to say or to use."""
    return [run.cast.fill(text) for text in (cue.text, cue.material, *cue.things, *cue.options) if text]


def _shared(said: list[str], note: list[str]) -> int:
    """The length of the longest run of words that two texts share."""
    return SequenceMatcher(None, said, note, autojunk=False).find_longest_match().size
