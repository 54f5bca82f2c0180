"""Measures of finished runs: wording, adherence to the story, and cost.

A line is what an agent said in a turn. Lines of the prologue and of people are not counted. Each measure pools the runs
that it is given; a pool may be a single run.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from dreamplay.director.situation import Situation
from dreamplay.languages import ENGLISH
from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import DreamEvent, LineEvent, StanceEvent, TurnEvent, invites_answer, is_gesture
from dreamplay.schema.provenance import Usage
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script, present, silences
from dreamplay.validation.ngrams import NEAR_COPY, grams

Runs = Sequence[RunLog]

_PLACES = 4
_WORD = re.compile(r"[\w']+")


class LineLength(FrozenModel):
    """Words in a line: the median and the quartiles."""

    low: float
    median: float
    high: float


class Echo(FrozenModel):
    """How much of what is said had been said before. Shares, from 0 to 1."""

    by_self: float
    """Mean share of a line's word 3-grams that its speaker had said before."""
    by_others: float
    """The same for the earlier words of the other characters and of the narrator."""
    copies: float
    """Share of lines of which more than two fifths had been said or told before."""
    distinct: float
    """Different word pairs as a share of all word pairs."""


class Contract(FrozenModel):
    """How closely the runs followed the story."""

    ended: int
    """Runs that reached their end."""
    beats: int
    beats_planned: int
    scenes: int
    """Scenes that were played as the story requires."""
    scenes_planned: int
    silent: float
    """Share of silent turns."""


class Cost(FrozenModel):
    """Calls of the model, and what they cost."""

    calls: int
    calls_a_line: float | None
    prompt: int
    cached: float | None
    """Share of the prompt tokens that the engine read from its cache."""
    output: int
    evaluated: float | None
    """Median of the prompt tokens for a line that were not in the cache."""
    seconds: float
    """Seconds of model time for a line; the times of all calls are added."""
    seconds_a_line: float | None
    refused: float | None
    """Rejected candidates for each turn."""


def length(runs: Runs) -> LineLength | None:
    """Words in a line: median and quartiles.

    Source: 16.8 words a turn for people, 45.5 for GPT-4, in SOTOPIA (arXiv 2310.11667): a free test for verbosity.
    Limits: it does not judge the words themselves; a cast that is meant to be terse does not score better for it.
    """
    counts = [len(words(event.text)) for run in runs for event in lines(run)]
    if not counts:
        return None
    low, median, high = statistics.quantiles(counts, method="inclusive") if len(counts) > 1 else counts * 3
    return LineLength(low=low, median=median, high=high)


def echo(runs: Runs) -> Echo | None:
    """Word 3-grams said before, by the same and by others; lines that are mostly such; distinct-2.

    Source: repetition in EQ-Bench longform and the echo of arXiv 2511.09710; distinct-n by Li and others (arXiv
    1510.03055). Each run is measured separately, then averaged by lines (distinct-2: by runs).
    Limits: it compares words, not meaning, so a paraphrase is not an echo (see `loops`). Lines of one or two words have
    no 3-grams. Distinct-2 falls as a run grows; compare runs of the same length.
    """
    rows: list[tuple[float, float, float]] = []
    pairs: list[float] = []
    for run in runs:
        seen: dict[str, set[str | None]] = {}
        spoken = {event.id for event in lines(run)}
        for event in run.script:
            if not event.happens:
                continue
            mine = grams(event.text)
            if isinstance(event, LineEvent) and event.id in spoken:
                before = [seen.get(gram, set()) for gram in mine]
                rows.append((
                    _share(sum(event.speaker in who for who in before), len(mine)),
                    _share(sum(bool(who - {event.speaker}) for who in before), len(mine)),
                    _share(sum(map(bool, before)), len(mine)),
                ))  # fmt: skip
            for gram in mine:
                seen.setdefault(gram, set()).add(event.speaker)
        each = [words(event.text) for event in lines(run)]
        bigrams = [pair for line in each for pair in pairwise(line)]
        if bigrams:
            pairs.append(len(set(bigrams)) / len(bigrams))
    if not rows:
        return None
    by_self, by_others, before_all = zip(*rows, strict=True)
    return Echo(
        by_self=mean(by_self), by_others=mean(by_others), copies=mean([share > NEAR_COPY for share in before_all]),
        distinct=mean(pairs) if pairs else 0.0,
    )  # fmt: skip


def contract(runs: Runs) -> Contract:
    """Beats reached, scenes that kept their number of turns with every character speaking, and silent turns.

    Source: ordered beat chains in Open-Theatre (arXiv 2509.16713); its director is a model. Here it is code, so this
    tests the program rather than the model. A turn is silent if its last candidate was rejected; where a character
    chose to say nothing, it is none of these.
    Limits: it counts that a scene took place and does not judge its quality.
    """
    beats = planned = kept = scenes = said = silent = 0
    for run in runs:
        story = run.header.story
        chosen = run.header.settings.get("beats") or [beat.id for beat in story.beats]
        planned += len(chosen)
        beats += len({event.beat for event in run.script} & set(chosen))
        for beat, scene in story.scenes:
            if beat.id in chosen:
                scenes += 1
                kept += _kept(beat.id, scene, run.script)
        said += len(list(lines(run)))
        silent += len(silences(run.script))
    return Contract(
        ended=sum(run.end is not None for run in runs), beats=beats, beats_planned=planned, scenes=kept,
        scenes_planned=scenes, silent=_share(silent, said + silent),
    )  # fmt: skip


def stances(runs: Runs) -> dict[str, int]:
    """How often agents took each choice at the crossroads.

    Source: users complain that all agents become nice and alike (Concordia #78). It reveals a cast that always agrees.
    Limits: a run has about four choices, so read it over many runs.
    """
    counts: dict[str, int] = {}
    for run in runs:
        for choice in run.header.story.choices:
            counts.setdefault(choice.id, 0)
        for event in run.script:
            if isinstance(event, StanceEvent) and event.provenance.by != "person":
                counts[event.choice] = counts.get(event.choice, 0) + 1
    return counts


def cost(runs: Runs) -> Cost:
    """Calls, tokens, the share of cached tokens, and seconds for a line.

    Source: at most two calls a turn in Open-Theatre (arXiv 2509.16713).
    Limits: the figures are those that the endpoint reports; one that does not report its cache seems to have none.
    Seconds are model time: concurrent calls are added up, and the time of dreamplay itself is not counted.
    """
    usage = sum((transcript.total(run.script) for run in runs), Usage())
    each = [event for run in runs for event in lines(run)]
    asked = [event.provenance.usage for event in each if event.provenance.usage.calls]
    turns = [event for run in runs for event in run.script.of_kind(TurnEvent) if event.provenance.by == "agent"]
    return Cost(
        calls=usage.calls,
        calls_a_line=round(usage.calls / len(each), _PLACES) if each else None,
        prompt=usage.prompt,
        cached=_share(usage.cached, usage.prompt) if usage.prompt else None,
        output=usage.output,
        evaluated=float(statistics.median(call.evaluated for call in asked)) if asked else None,
        seconds=usage.seconds,
        seconds_a_line=round(statistics.median(call.seconds for call in asked), 3) if asked else None,
        refused=round(sum(len(e.provenance.refused) for e in turns) / len(turns), _PLACES) if turns else None,
    )


def lines(run: RunLog) -> Iterator[LineEvent]:
    """What agents said in their turns."""
    return (event for event in run.script.of_kind(LineEvent) if event.provenance.by == "agent")


def words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return [word.lower() for word in _WORD.findall(text.replace("\u2019", "'"))]


def nameless(run: RunLog, text: str) -> str:
    """The words of a text without the names of the cast, since a name in a line helps to identify its speaker."""
    names = {word for persona in run.cast.personas.values() for word in words(persona.name)}
    return " ".join(word for word in words(text) if word.removesuffix("'s") not in names)


@lru_cache(maxsize=20_000)
def content(text: str) -> frozenset[str]:
    """The stems of the content words of an English text."""
    return frozenset(_stemmer().stemWords([word for word in words(text) if word not in ENGLISH.stop_words]))


def mean(values: Sequence[float]) -> float:
    """The mean, rounded so that differences of floating point between machines do not show."""
    return round(sum(values) / len(values), _PLACES)


def _share(part: int, whole: int) -> float:
    return round(part / whole, _PLACES) if whole else 0.0


def _kept(beat: str, scene: Scene, script: Script) -> bool:
    """Whether a scene had its number of turns and what its kind requires, and whether everybody present at its end
    spoke, if there were enough turns. A scene that all but one have left ends before. A visitor's lines and the answers
    to them are not counted as turns.
    """
    events = [event for event in script.in_scene(scene.id) if event.happens and not is_gesture(event)]
    answers = {event.id for before, event in pairwise(events) if invites_answer(before)}
    spoken = [event for event in events if isinstance(event, TurnEvent) and not event.by_visitor]
    turns = sum(event.id not in answers for event in spoken)
    here = set(present(script, scene))
    heard = {event.speaker for event in spoken} >= here or scene.turns.max < len(here)
    decided = scene.kind != "crossroads" or {e.speaker for e in events if isinstance(e, StanceEvent)} >= here
    dreamt = scene.kind != "dream" or any(isinstance(e, DreamEvent) for e in events)
    whole = (turns >= scene.turns.min and heard) or Situation.of(script, beat, scene).deserted
    return bool(events) and whole and turns <= scene.turns.most and decided and dreamt


@cache
def _stemmer() -> Any:
    from snowballstemmer import stemmer  # loads the stemmers of thirty languages

    return stemmer("english")
