"""Measures of voices: how distinct they are, what a line is about, and what repeats.

All of them use sentence vectors (`wordllama.py`), without the names of the cast. These vectors capture what a text is
about, and much less how it is said; see the limits of each measure.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dreamplay.memory import embeddings
from dreamplay.memory.base import default_embedder
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import PROLOGUE, SilenceEvent, TurnEvent
from dreamplay.scoring.metrics import Runs, content, lines, mean, nameless
from dreamplay.threads.signs import led

if TYPE_CHECKING:
    from dreamplay.memory.base import Matrix

Vector = NDArray[np.float64]

WINDOW = 8
"""Number of earlier turns in which a repetition is looked for."""
NEARLY_ALL = 0.8
"""Share of a line's content words that must have been said within the window."""
NEARLY_EQUAL = 0.8
"""Cosine similarity from which two lines count as saying the same."""
_EXACT = 6
"""Decimals to which similarities are compared; further digits differ between machines."""


class Voice(FrozenModel):
    """How well a line identifies its speaker. Shares, from 0 to 1."""

    separation: float | None
    """Mean over the characters of the share of lines that are nearest to their own speaker's others."""
    chance: float
    twins_left_in: float | None
    """The same without excluding lines on the same topic. It is higher, since the authors wrote the topics."""
    without_cue: float | None
    """The same with the words of its cue removed from each line, which leaves the manner of speech."""
    first_half: float | None
    second_half: float | None
    kept: float | None
    """The second half as a share of the first: below 1, characters drift from themselves."""


class VoiceLikeness(FrozenModel):
    """How similarly the characters speak, by beat; 1 means the same."""

    beats: dict[str, float]
    change: float | None
    """The change from the first beat to the last; above 0, the characters become more alike."""


class CueUse(FrozenModel):
    """Whether lines follow the director's cues."""

    followed: float
    """Share of lines that are nearer to the topic of their own cue than to that of any other cue of the scene."""
    chance: float
    lines: int


class Loops(FrozenModel):
    """Turns that repeat what was said before."""

    longest: int
    """The largest number of such turns in a row."""
    share: float


def voice(runs: Runs) -> Voice | None:
    """Voice separation and role drift: leave-one-out nearest centroid over all lines of the runs.

    Source: agents take over each other's part (Echoing, arXiv 2511.09710), and then a line no longer tells who
    speaks; drift within eight rounds in Li and others (arXiv 2402.10962), and over a hundred in arXiv 2512.12775,
    here the first half of each character's lines in a run is compared with the second.
    How: vectors of a line's words without names, less their mean; the nearest is the speaker whose other lines are
    on average nearest, which does not favour who speaks most; the mean of all speakers' shares makes chance 1/roles.
    All lines on the same topic, in every run, are left out together with a line, since runs share the personas'
    material. With those lines, a scripted model without any voice reached 56% over five runs; without them, 38%. Word
    counts (TF-IDF) identified four voices written by hand in 41% of their lines, vectors in 81%.
    Limits: the vectors capture topic more than manner, and a persona's own material is topic: `without_cue` is the
    stricter figure. With speakers shuffled, the figure varies by 8 points in one run of 45 lines and by 4 in five runs.
    Both halves are compared with the same pool: drift is seen if one character changes, and not if all do.
    """
    said = [line for run in runs for line in _lines(run)]
    if len({line.persona for line in said}) < 2:
        return None
    rows, matters = _centred([line.text for line in said]), [line.matter for line in said]
    right = _right(rows, said, matters)
    first, second = (_balanced([r if x.half == half else None for r, x in zip(right, said, strict=True)], said)
                     for half in (0, 1))  # fmt: skip
    return Voice(
        separation=_balanced(right, said),
        chance=mean([1 / len(cast) for cast in {line.persona: line.cast for line in said}.values()]),
        twins_left_in=_balanced(_right(rows, said, range(len(said))), said),
        without_cue=_balanced(_right(_centred([line.manner for line in said]), said, matters), said),
        first_half=first,
        second_half=second,
        kept=round(second / first, 4) if first and second is not None else None,
    )


def likeness(runs: Runs) -> VoiceLikeness:
    """Convergence: mean cosine of one character's lines with another's in the same beat.

    Source: all agents become nice and alike (Concordia #78; `convergence` in TinyTroupe). It is the dot product of the
    characters' centroids, not scaled to unit length: scaled centroids become more alike with the number of lines alone.
    Limits: it is higher in a beat in which all speak about one topic, although no character changed. It varies widely
    if there are few lines.
    """
    beats: dict[str, list[float]] = {}
    for run in runs:
        said = list(_lines(run))
        rows = _embed([line.text for line in said])
        for beat in dict.fromkeys(line.beat for line in said):
            spoken: dict[str, list[Vector]] = {}
            for row, line in zip(rows.astype(np.float64), said, strict=True):
                if line.beat == beat:
                    spoken.setdefault(line.persona, []).append(row)
            centroids = [np.mean(each, axis=0) for each in spoken.values()]
            if between := [float(a @ b) for a, b in combinations(centroids, 2)]:
                beats.setdefault(beat, []).append(sum(between) / len(between))
    means = {beat: round(sum(found) / len(found), 3) for beat, found in beats.items()}
    order = list(means.values())
    return VoiceLikeness(beats=means, change=round(order[-1] - order[0], 3) if len(order) > 1 else None)


def cues(runs: Runs) -> CueUse | None:
    """Cue following: whether a line is nearer to its own cue's topic than to that of every other cue of the scene.

    Source: prompt-to-line consistency in Abdulhai and others (arXiv 2511.00222), without its judge.
    Limits: it measures what a line is about, and not how it is said: tactics are not measured. A line that recites its
    cue follows it perfectly; read it together with `recited`. Cues on one topic are hard to distinguish, and chance
    depends on the number of cues in the scene. Lines without a cue, or with the only cue of a scene, are left out, and
    so are those of a model that is not led: it is told no content to say.
    """
    followed: list[bool] = []
    chances: list[float] = []
    for run in runs:
        matter: dict[str, list[str]] = defaultdict(list)
        for event in run.script.of_kind(TurnEvent):
            cue = led(event.cue)
            if cue and cue.material and cue.material not in matter[event.scene]:
                matter[event.scene].append(cue.material)
        said = [(event, cue.material) for event in lines(run) if (cue := led(event.cue)) and cue.material]
        said = [(event, own) for event, own in said if len(matter[event.scene]) > 1]
        rows = _embed([nameless(run, event.text) for event, _ in said])
        texts = [text for group in matter.values() for text in group]
        known = dict(zip(texts, _embed([nameless(run, run.cast.fill(text)) for text in texts]), strict=True))
        for (event, own), row in zip(said, rows, strict=True):
            near = {text: round(float(row @ known[text]), _EXACT) for text in matter[event.scene]}
            followed.append(near.pop(own) > max(near.values()))
            chances.append(1 / (1 + len(near)))
    return CueUse(followed=mean(followed), chance=mean(chances), lines=len(followed)) if followed else None


def loops(runs: Runs) -> Loops:
    """Turns without anything new: silences that nobody chose, and lines of which nearly all content words, or nearly
    the whole meaning, occurred in the eight turns before or in the narration between them.

    Source: goodbye loops (ai-town #283), and the repetition that Talemate rewrites.
    Limits: English words only. A repetition after more than eight turns is measured by `echo`. A short assent ("Yes.")
    counts as nothing new even if it decides the scene, so consider the longest run and not the share alone.
    """
    longest = still = turns = 0
    for run in runs:
        events = [event for event in run.script if event.beat != PROLOGUE and event.happens]
        rows = _embed([nameless(run, event.text) for event in events])
        recent: deque[tuple[frozenset[str], Vector]] = deque(maxlen=WINDOW)
        told: frozenset[str] = frozenset()
        streak = 0
        for event, row in zip(events, rows.astype(np.float64), strict=True):
            matter = content(nameless(run, event.text))
            chosen = isinstance(event, SilenceEvent) and event.chosen
            if not isinstance(event, TurnEvent) or event.provenance.by == "person" or chosen:
                told |= matter
                continue
            said = told.union(*(known for known, _ in recent))
            same = any(round(float(row @ other), _EXACT) >= NEARLY_EQUAL for _, other in recent)
            stays = same or len(matter & said) >= NEARLY_ALL * len(matter)
            streak = streak + 1 if stays else 0
            longest, still, turns = max(longest, streak), still + stays, turns + 1
            recent.append((matter | told, row))
            told = frozenset()
    return Loops(longest=longest, share=round(still / turns, 4) if turns else 0.0)


@dataclass(frozen=True)
class _Line:
    """A line with its speaker, and its words without names and without its cue."""

    persona: str
    cast: tuple[str, ...]
    """The whole persona as JSON, since after a swap a role speaks with another voice."""
    beat: str
    half: int
    """The half of this speaker's lines in this run: 0 or 1."""
    matter: object
    """The topic of its cue, which lines on the same topic share; may be empty."""
    text: str
    manner: str


def _lines(run: RunLog) -> Iterator[_Line]:
    personas = {role: each.model_dump_json() for role, each in run.cast.personas.items() if role in run.cast.characters}
    said = list(lines(run))
    often = Counter(event.speaker for event in said)
    heard: Counter[str | None] = Counter()
    for event in said:
        text, matter = nameless(run, event.text), event.cue.material if event.cue else ""
        taken = content(run.cast.fill(matter))
        yield _Line(
            persona=personas[event.speaker],
            cast=tuple(personas.values()),
            beat=event.beat,
            half=int(heard[event.speaker] * 2 >= often[event.speaker]),
            matter=matter or object(),
            text=text,
            manner=" ".join(word for word in text.split() if not content(word) & taken),
        )
        heard[event.speaker] += 1


def _embed(texts: Sequence[str]) -> Matrix:
    """Unit rows by the shipped embedder, so that the scores of any two runs can be compared."""
    return embeddings.embed(default_embedder(), texts)


def _centred(texts: Sequence[str]) -> Vector:
    """Unit vectors of texts, with the mean of all subtracted."""
    rows = _embed(texts).astype(np.float64)
    rows -= rows.mean(axis=0)
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vector = np.divide(rows, size, out=np.zeros_like(rows), where=size > 0)
    return unit


def _right(rows: Vector, said: Sequence[_Line], held: Sequence[object]) -> list[bool | None]:
    """For each line, whether its own speaker is the nearest, without the lines that share its `held`; None if no other
    line of the speaker, or no other speaker, is left.
    """
    total: dict[str, Vector] = defaultdict(lambda: np.zeros(rows.shape[1]))
    part: dict[tuple[str, object], Vector] = defaultdict(lambda: np.zeros(rows.shape[1]))
    count: Counter[object] = Counter()
    for row, line, out in zip(rows, said, held, strict=True):
        total[line.persona] += row
        part[line.persona, out] += row
        count.update([line.persona, (line.persona, out)])
    right: list[bool | None] = []
    for row, line, out in zip(rows, said, held, strict=True):
        near = {
            who: round(float(row @ (total[who] - part[who, out])) / left, _EXACT)
            for who in line.cast
            if (left := count[who] - count[who, out])
        }
        able = line.persona in near and len(near) > 1
        right.append(max(near, key=near.__getitem__) == line.persona if able else None)
    return right


def _balanced(right: Sequence[bool | None], said: Sequence[_Line]) -> float | None:
    """The share of lines whose speaker is identified, with equal weight for each speaker; None if there is none."""
    found: dict[str, list[bool]] = {}
    for verdict, line in zip(right, said, strict=True):
        if verdict is not None:
            found.setdefault(line.persona, []).append(verdict)
    return mean([sum(each) / len(each) for each in found.values()]) if found else None
