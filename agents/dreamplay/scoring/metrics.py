"""What the scorecard counts: wording, contract and cost of finished runs.

A line is what an agent said in a turn; the prologue is its author's, and a person's lines are a person's. Each
measure takes the runs it is to measure as one pool, and one run alone is a pool too.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import DreamEvent, LineEvent, StanceEvent, TurnEvent, invites_answer
from dreamplay.schema.provenance import Usage
from dreamplay.schema.script import Script, present
from dreamplay.schema.story import Scene
from dreamplay.validation.ngrams import NEAR_COPY, grams

Runs = Sequence[RunLog]

_PLACES = 4
_WORD = re.compile(r"[\w']+")
_FUNCTION_WORDS = frozenset(
    _WORD.findall("""
a about after again all also always am an and any anybody anyone anything are aren't as at be because been before
being both but by can can't cannot could couldn't did didn't do does doesn't doing don't down each else even ever
every everybody everyone everything few for from get gets got had has have he he's her here hers herself him himself
his how i i'd i'll i'm i've if in into is isn't it it's its itself just let let's like may me might mine more most
much must my myself never no nobody nor not nothing now of off oh on once one only or other our ours out over own
please quite really same shall she she's should so some somebody someone something such sure than that that's the
their theirs them themselves then there there's these they they're thing things this those though through to too under
until up upon us very was wasn't we we'll we're we've well were what what's when where which while who whom whose why
will with won't would yes yet you you'd you'll you're you've your yours yourself
""")
)


class LineLength(FrozenModel):
    """Words in a line: the middle, and the quarters beside it."""

    low: float
    median: float
    high: float


class Echo(FrozenModel):
    """How much of what is said had been said. Shares, from 0 to 1."""

    by_self: float
    """Mean share of a line's word 3-grams that its speaker had said before."""
    by_others: float
    """The same for what anybody else had said, or the narrator told."""
    copies: float
    """Share of lines of which more than two fifths had been said or told before."""
    recited: float
    """Mean share of a line's word 3-grams that stand in the matter of its own cue."""
    distinct: float
    """Different word pairs as a share of all word pairs."""


class Contract(FrozenModel):
    """Whether the story was played as it was written."""

    ended: int
    """Runs that came to their end."""
    beats: int
    beats_planned: int
    scenes: int
    """Scenes that kept their contract."""
    scenes_planned: int
    silent: float
    """Share of turns in which nothing was said."""


class Cost(FrozenModel):
    """What the model was asked for."""

    calls: int
    calls_a_line: float | None
    prompt: int
    cached: float | None
    """Share of the prompt tokens that the engine had kept."""
    output: int
    evaluated: float | None
    """Prompt tokens read anew for a line, median."""
    seconds: float
    """Of the model's time, all calls added up."""
    seconds_a_line: float | None
    refused: float | None
    """Candidates that the editor refused, for each turn."""


def length(runs: Runs) -> LineLength | None:
    """Words in a line: median and quartiles.

    Source: 16.8 words a turn for people, 45.5 for GPT-4, in SOTOPIA (arXiv 2310.11667): a free test for verbosity.
    Limits: says nothing of what the words are; a cast that is meant to be terse is not better for it.
    """
    counts = [len(words(event.text)) for run in runs for event in lines(run)]
    if not counts:
        return None
    low, median, high = statistics.quantiles(counts, method="inclusive") if len(counts) > 1 else counts * 3
    return LineLength(low=low, median=median, high=high)


def echo(runs: Runs) -> Echo | None:
    """Word 3-grams said before, by the same and by others; lines that are mostly such; distinct-2.

    Source: repetition in EQ-Bench longform and the echo of arXiv 2511.09710; distinct-n by Li and others (arXiv
    1510.03055). Runs are measured each for itself, then averaged by lines (distinct-2: by runs).
    Limits: words, not meaning: a paraphrase is no echo here (see `loops`). Lines under three words have no 3-grams
    and echo nothing. Distinct-2 falls as a run grows; compare runs of one length.
    """
    rows: list[tuple[float, float, float, float]] = []
    pairs: list[float] = []
    for run in runs:
        seen: dict[tuple[str, ...], set[str | None]] = {}
        spoken = {event.id for event in lines(run)}
        for event in run.script:
            if not event.happens:
                continue
            mine = grams(event.text)
            if isinstance(event, LineEvent) and event.id in spoken:
                before = [seen.get(gram, set()) for gram in mine]
                cue = grams(run.cast.fill(event.cue.material)) if event.cue else frozenset()
                rows.append((
                    _share(sum(event.speaker in who for who in before), len(mine)),
                    _share(sum(bool(who - {event.speaker}) for who in before), len(mine)),
                    _share(sum(map(bool, before)), len(mine)),
                    _share(len(mine & cue), len(mine)),
                ))  # fmt: skip
            for gram in mine:
                seen.setdefault(gram, set()).add(event.speaker)
        each = [words(event.text) for event in lines(run)]
        bigrams = [pair for line in each for pair in pairwise(line)]
        if bigrams:
            pairs.append(len(set(bigrams)) / len(bigrams))
    if not rows:
        return None
    by_self, by_others, before_all, recited = zip(*rows, strict=True)
    return Echo(
        by_self=mean(by_self), by_others=mean(by_others), copies=mean([share > NEAR_COPY for share in before_all]),
        recited=mean(recited), distinct=mean(pairs) if pairs else 0.0,
    )  # fmt: skip


def contract(runs: Runs) -> Contract:
    """Beats reached, scenes within their turns with everybody heard, and silent turns.

    Source: ordered beat chains in Open-Theatre (arXiv 2509.16713); its director is a model, ours is code, so this
    tests the program rather than the model. Silence is what the editor's last refusal leaves.
    Limits: counts that a scene happened, not whether it was any good.
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
                kept += _kept(scene, run.script)
        said += len(list(lines(run)))
        silent += sum(event.kind == "silence" and event.provenance.by != "person" for event in run.script)
    return Contract(
        ended=sum(run.end is not None for run in runs), beats=beats, beats_planned=planned, scenes=kept,
        scenes_planned=scenes, silent=_share(silent, said + silent),
    )  # fmt: skip


def stances(runs: Runs) -> dict[str, int]:
    """How often each choice was taken at the crossroads, by agents.

    Source: users complain that everyone becomes nice and the same (Concordia #78): a cast that always agrees shows
    here. Limits: a count of four in a run; read it over many.
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
    """Calls, tokens, what the engine's cache saved, seconds a line.

    Source: at most two calls a turn in Open-Theatre (arXiv 2509.16713); the speed table of our own design.
    Limits: as the endpoint reports it; one that does not report its cache seems to have none. Seconds are the
    model's, so calls made at the same time are added up, and our own time is left out.
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
    """The words of a text, in small letters."""
    return [word.lower() for word in _WORD.findall(text.replace("\u2019", "'"))]


def nameless(run: RunLog, text: str) -> str:
    """The words of a text without the names of the cast: who is called by name would give away who speaks."""
    names = {word for persona in run.cast.personas.values() for word in words(persona.name)}
    return " ".join(word for word in words(text) if word.removesuffix("'s") not in names)


@lru_cache(maxsize=20_000)
def content(text: str) -> frozenset[str]:
    """The stems of the words that carry the matter of a text. English."""
    return frozenset(_stemmer().stemWords([word for word in words(text) if word not in _FUNCTION_WORDS]))


def mean(values: Sequence[float]) -> float:
    """The mean, rounded so that the last bits of a machine do not show."""
    return round(sum(values) / len(values), _PLACES)


def _share(part: int, whole: int) -> float:
    return round(part / whole, _PLACES) if whole else 0.0


def _kept(scene: Scene, script: Script) -> bool:
    """Whether a scene had its turns, with everyone who was there at its end heard where there is room, and what its
    kind asks for. What a visitor says, and the answers to it, come on top.
    """
    events = [event for event in script.in_scene(scene.id) if not event.backstage]
    answers = {event.id for before, event in pairwise(events) if invites_answer(before)}
    spoken = [event for event in events if isinstance(event, TurnEvent) and not event.by_visitor]
    turns = sum(event.id not in answers for event in spoken)
    here = set(present(script, scene))
    heard = {event.speaker for event in spoken} >= here or scene.turns.max < len(here)
    decided = scene.kind != "crossroads" or {e.speaker for e in events if isinstance(e, StanceEvent)} >= here
    dreamt = scene.kind != "dream" or any(isinstance(e, DreamEvent) for e in events)
    return bool(events) and scene.turns.min <= turns <= scene.turns.max and heard and decided and dreamt


@cache
def _stemmer() -> Any:
    from snowballstemmer import stemmer  # loads the stemmers of thirty languages

    return stemmer("english")
