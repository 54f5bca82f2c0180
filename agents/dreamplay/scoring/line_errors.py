"""Errors in lines: lines that the checks should have refused, and lines that tell a secret."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from dreamplay.languages import get
from dreamplay.languages.english import STAGE_VERBS
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import DreamEvent, Event, LineEvent, NarrationEvent, StanceEvent
from dreamplay.scoring.metrics import Runs, content, lines, words
from dreamplay.validation.check import Candidate, CheckContext, Heard
from dreamplay.validation.ngrams import NEAR_COPY, grams
from dreamplay.validation.normalize import speech
from dreamplay.validation.pipeline import SHIPPED, Pipeline

_DIRECTION = re.compile(r"\s*(\([^)]*\)|\*[^*]+\*)[.\s]*")
_THIRD_PERSON = re.compile(r"\b(he|she|his|her|him|hers)\b", re.IGNORECASE)
_FIELDS = {
    "refusal": "refusals",
    "model_talk": "model_talk",
    "unfinished": "unfinished",
    "narrates": "own_name",
    "calls_self": "own_name",
    "tells_self": "own_name",
    "recites": "own_name",
    "direction": "other",
    "another_script": "other",
    "empty": "other",
}
"""The checks whose faults count, and the field in which each counts. `echo` counts copies."""
_ENOUGH = 3
"""Number of a secret's content words from which a line counts as telling it."""
_ENOUGH_WORD_FOR_WORD = 2
"""The same for words in 3-grams that the line and the secret share."""


class LineErrors(FrozenModel):
    """Lines with an error, each counted once."""

    refusals: int
    model_talk: int
    wrong_speaker: int
    narrates: int
    own_name: int
    unfinished: int
    other: int
    """Faults that have no field of their own: another script, an empty line."""


class Secrets(FrozenModel):
    """Hidden fears and wishes that a line told before a shared dream used them."""

    own: int
    others: int
    at_risk: int
    """Lines said while at least one character still had a secret."""


def faults(runs: Runs) -> LineErrors:
    """Refusals, talk of being a model, wrong speaker, narrating, own name in own mouth, unfinished lines.

    Source: the role-breaks that users report most (SillyTavern #2816, Marinara #924) and identity loss in Echoing
    (arXiv 2511.09710). The rules are those of the checks, so that both agree. A wrong speaker includes a
    speaker who claims to be somebody else; narrating includes repeating the narrator's words.
    Limits: English patterns. A line counts once, under its first fault. Narration and decisions are only searched for
    refusals and talk of being a model.
    """
    counts = dict.fromkeys(LineErrors.model_fields, 0)
    for run in runs:
        # If an author wrote in another script, every character may use it; a text in ASCII permits no other script.
        authored = [e.text for e in run.script if e.provenance.by == "author" and not e.text.isascii()]
        told: set[str] = set()
        for event in run.script:
            if isinstance(event, NarrationEvent | DreamEvent):
                told |= grams(event.text)
            repeated = isinstance(event, StanceEvent) and event.said is not None  # counted as the line that it quotes
            if event.provenance.by in ("agent", "narrator") and event.text and not repeated:
                fault = _fault(run, event, authored, told)
                if fault and (isinstance(event, LineEvent) or fault in ("refusals", "model_talk")):
                    counts[fault] += 1
    return LineErrors(**counts)


def secrets(runs: Runs) -> Secrets:
    """Lines that tell a hidden fear or wish before the first dream whose ledger holds it.

    Source: output leaks of SOTOPIA-ToM (arXiv 2605.02307; 9.9% of turns, 2.2% with coaching). A line tells a secret
    with three of its content words, or two in 3-grams that are the secret's, if it has fewer in common with every
    public text: story, public sheets, material.
    Limits: a secret that is paraphrased is not detected. A secret that another character guesses aloud counts,
    although nobody told it.
    """
    own = others = at_risk = 0
    for run in runs:
        public = _public(run)
        hidden = {
            role: [run.cast.fill(text) for text in (persona.private.fear, persona.private.wish)]
            for role, persona in run.cast.personas.items()
            if persona.private
        }
        spoken = {event.id for event in lines(run)}
        for event in run.script:
            if isinstance(event, DreamEvent):
                for entry in event.ledger:
                    hidden.pop(entry.role, None)
            if event.id in spoken and hidden:
                at_risk += 1
                told = {role for role, texts in hidden.items() if any(_tells(event.text, x, public) for x in texts)}
                own += event.speaker in told
                others += bool(told - {event.speaker})
    return Secrets(own=own, others=others, at_risk=at_risk)


def _fault(run: RunLog, event: Event, authored: Sequence[str], told: Collection[str]) -> str | None:
    """The field of `LineErrors` under which a text counts; None if it has no fault."""
    me = run.cast.name(event.speaker) if event.speaker else ""
    names = run.cast.all_names
    material = run.cast.fill(event.cue.material) if isinstance(event, LineEvent) and event.cue else ""
    context = CheckContext(me, names, get(run.header.story.language))
    clean = speech(event.text, context)
    others = [re.escape(name) for name in names if name != me]
    if others and isinstance(event, LineEvent):
        if _speaks_for("|".join(others), event.text, clean, me):
            return "wrong_speaker"
        if _narrates("|".join(others), event.text, clean, me, told):
            return "narrates"
    pipeline = Pipeline(tuple(SHIPPED[name] for name in _FIELDS), language=get(run.header.story.language))
    context = replace(context, material=material, heard=Heard.of(authored))
    found = pipeline.fault(Candidate(clean), context, "line")
    return _FIELDS[found[0].name] if found else None


def _speaks_for(others: str, text: str, clean: str, me: str) -> bool:
    """Whether it holds another character's line after a name and a colon, or the speaker claims to be somebody else."""
    return (
        bool(re.match(rf"\W*(?:{others})\W*:", text))
        or speech(text, CheckContext(me, [me])) != clean
        or bool(re.search(rf"\b(?:I am|I['\u2019]m|[Mm]y name is) (?:{others})\b(?!['\u2019]s)", text))
    )


def _narrates(others: str, text: str, clean: str, me: str, told: Collection[str]) -> bool:
    """Whether it holds stage directions, describes actions as a stage direction does, or repeats the narrator's words
    about people.
    """
    directions = set(words(text)) - set(words(clean)) - set(words(me))
    acts = re.search(rf"(?:^|[.!?…]\s+)(?:{others}) (?:{STAGE_VERBS})\b", text)
    mine = grams(clean)
    of_people = re.search(rf"\b(?:{others}|{re.escape(me)})\b", clean) or _THIRD_PERSON.search(clean)
    read_out = of_people and mine and sum(gram in told for gram in mine) / len(mine) > NEAR_COPY
    return bool(directions or acts or read_out or _DIRECTION.fullmatch(text))


def _public(run: RunLog) -> list[str]:
    """Every public text: those of the story and of the public sheets."""
    sheets = [persona.model_dump(exclude={"private"}) for persona in run.cast.personas.values()]
    return [run.cast.fill(text) for text in _texts([run.header.story.model_dump(), sheets])]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | Sequence):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _tells(text: str, secret: str, public: Sequence[str]) -> bool:
    """Whether a line shares enough words with a secret, and more than with any public text."""
    mine, hidden = content(text), content(secret)
    word_for_word = content(" ".join(grams(text) & grams(secret)))
    shared = len(mine & hidden)
    if shared < _ENOUGH and len(word_for_word) < _ENOUGH_WORD_FOR_WORD:
        return False
    return shared > max((len(mine & content(each)) for each in public), default=0)
