"""Compares two groups of runs of one story: the changes, and the differences that chance does not explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dreamplay.comparison import (
    alignment,
    deltas,
    joint_test,
    metric_glossary,
    model_settings,
    outcomes,
    persona_changes,
    power,
    relations,
    semantic_shift,
    stances,
)
from dreamplay.comparison import provenance as sources
from dreamplay.comparison.alignment import Pair, Pairing
from dreamplay.comparison.deltas import Delta
from dreamplay.comparison.methods import methods
from dreamplay.comparison.outcomes import OutcomeDifference
from dreamplay.comparison.persona_changes import Swap
from dreamplay.comparison.provenance import Origins
from dreamplay.comparison.relations import Learned, Relation
from dreamplay.comparison.semantic_shift import SemanticShift
from dreamplay.comparison.stances import StanceDifference
from dreamplay.runs import change_words
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import PROLOGUE, PROLOGUE_TITLE
from dreamplay.statistics import permutation


class Side(FrozenModel):
    """One of the two groups."""

    model: str
    seeds: tuple[int, ...]
    ended: int
    """Number of runs that were played to their end."""
    names: dict[str, str]
    """The persona of each role."""


class Setting(FrozenModel):
    """A setting that differs, and does not come with another model."""

    name: str
    base: str
    changed: str


class Comparison(FrozenModel):
    """The differences between two runs, or two groups of runs, as figures. `findings` holds the sentences that explain
    them; `str()` returns these sentences."""

    title: str
    provenance: Origins
    findings: tuple[str, ...]
    methods: str
    """How the figures were computed."""
    glossary: dict[str, str]
    """The meaning of each measure that is shown."""
    least: float
    """The smallest p-value that this number of runs can reach."""
    paired: bool
    spare: tuple[int, ...]
    """Seeds that only one group has. Their runs only count for the noise between seeds."""
    base: Side
    changed: Side
    swaps: tuple[Swap, ...]
    settings: tuple[Setting, ...]
    names: dict[str, str]
    """Role to name; both names where they differ."""
    beats: dict[str, str]
    """Beat to title."""
    scenes: dict[str, str]
    """Scene to place."""
    choices: dict[str, str]
    pairs: tuple[Pair, ...]
    outcomes: tuple[OutcomeDifference, ...]
    """Those that differ."""
    stances: tuple[StanceDifference, ...]
    talk: tuple[SemanticShift, ...]
    relations: tuple[Relation, ...]
    learned: tuple[Learned, ...]
    scores: tuple[Delta, ...]

    def __str__(self) -> str:
        return "\n".join(self.findings)

    def __repr__(self) -> str:
        groups = len(self.base.seeds), len(self.changed.seeds)
        return f"<Comparison of {groups[0]} and {groups[1]} runs of {self.title!r}: {' '.join(self.findings)}>"


def compare(base: Sequence[RunLog], changed: Sequence[RunLog], *, made: date | None = None) -> Comparison:
    """Compare runs, paired by their seeds. A pure function of the transcripts if a date is given.

    Args:
        base: runs as they were.
        changed: runs of the same story in which something was changed.
        made: the date of the comparison; None: today.

    Raises:
        UsageError: a group is empty or has a seed twice, or the runs play different stories.
    """
    matched = alignment.match(base, changed)
    sizes = len(matched.base), len(matched.changed)
    deals = permutation.deal(*sizes, paired=matched.paired)
    one = matched.base[0]
    sides = _side(matched.base), _side(matched.changed)
    names = {
        role: "/".join(dict.fromkeys(side.names[role] for side in sides if role in side.names))
        for role in {**sides[0].names, **sides[1].names}
    }
    story, fill = one.header.story, one.cast.fill
    stories = (matched.changed[0].header.story, story)  # a branch may continue with an edited story
    beats = {PROLOGUE: PROLOGUE_TITLE} | {beat.id: fill(beat.title) for each in stories for beat in each.beats}
    swaps, settings = persona_changes.swaps(one, matched.changed[0]), _settings(matched)
    pairs, learned = alignment.pairs(matched), relations.learned(matched)
    came = outcomes.differing(matched)
    settled = joint_test.settle(deals, [
        *stances.stances(matched, deals), *semantic_shift.moved(matched, deals), *relations.relations(matched, deals),
        *deltas.deltas(matched, deals),
    ])  # fmt: skip
    measures = sum(each.p is not None for each in settled)
    stands = tuple(each for each in settled if isinstance(each, StanceDifference))
    talk = tuple(each for each in settled if isinstance(each, SemanticShift))
    regards = tuple(each for each in settled if isinstance(each, Relation))
    scores = tuple(each for each in settled if isinstance(each, Delta))
    findings = [
        _changes(matched, swaps, settings, names),
        *_mixed(matched),
        alignment.parting(pairs, beats),
        power.says(deals, *sizes, paired=matched.paired),
        *outcomes.says(came),
        *stances.says(stands, [swap.role for swap in swaps], names, deals),
        *(semantic_shift.says(talk, names | beats) if deals.tell else ()),
        *(relations.says(regards, names) if deals.tell else ()),
        *relations.knows(learned, names),
        *(deltas.says(scores) if deals.tell else ()),
        *_unfinished(sides),
    ]
    return Comparison(
        title=story.title,
        provenance=sources.provenance(matched, deals, measures, made or sources.today()),
        findings=tuple(findings),
        methods=methods(deals, *sizes, measures, paired=matched.paired),
        glossary=metric_glossary.glossary(stands, talk, regards, learned, scores),
        least=deals.least,
        paired=matched.paired,
        spare=tuple(run.header.seed for group in matched.spare for run in group),
        base=sides[0],
        changed=sides[1],
        swaps=swaps,
        settings=settings,
        names=names,
        beats=beats,
        scenes={scene.id: fill(scene.place) for each in stories for _, scene in each.scenes},
        choices={choice.id: fill(choice.text) for each in (story, stories[0]) for choice in each.choices},
        pairs=pairs,
        outcomes=came,
        stances=stands,
        talk=talk,
        relations=regards,
        learned=learned,
        scores=scores,
    )


def _side(runs: Sequence[RunLog]) -> Side:
    header = runs[0].header
    return Side(
        model=sources.model(runs[0]),
        seeds=tuple(run.header.seed for run in runs),
        ended=sum(run.end is not None for run in runs),
        names={role: persona.name for role, persona in header.cast.items()},
    )


def _settings(matched: Pairing) -> tuple[Setting, ...]:
    one, other = (
        {"model": sources.model(run)}
        | sources.settings(run, like)
        | sources.plugin_options(run, like)
        | {f"version of {name}": v for name, v in run.header.versions.items()}
        for run, like in ((matched.base[0], matched.changed[0]), (matched.changed[0], matched.base[0]))
    )
    brought = model_settings.brought(matched.base[0], matched.changed[0])
    return tuple(
        Setting(name=name, base=one.get(name, ""), changed=other.get(name, ""))
        for name in {**one, **other}
        if one.get(name) != other.get(name) and name not in brought
    )


def _changes(matched: Pairing, swaps: Sequence[Swap], settings: Sequence[Setting], names: dict[str, str]) -> str:
    """A sentence that names the changes."""
    one, other = (group[0].header for group in (matched.base, matched.changed))
    changed = [f"{names[swap.role]} {_changed(swap)}" for swap in swaps]
    changed += [f"{each.name} is {each.changed or 'not set'} instead of {each.base or 'not set'}" for each in settings]
    # What a run was begun with is its cast, which is compared by itself.
    told = (
        [change_words.quoted(text) for text in other.changes if text not in one.changes]
        if other.point is not None
        else []
    )
    several = max(len(changed), len(told)) > 1  # a swap may stand in both
    if changed or told:
        mixed = " With several changes at once, no difference can be put down to one of them." if several else ""
        what = "; ".join([*changed, *told])
        return f"Changed: {what if what.rstrip('”').endswith(('.', '!', '?', '…')) else f'{what}.'}{mixed}"
    return "Cast, model and settings are the same."


def _mixed(matched: Pairing) -> list[str]:
    """A sentence for each group whose runs differ in more than their seeds."""
    groups = (("base", matched.base), ("changed", matched.changed))
    return [
        f"The {word} runs differ among themselves in cast, model, settings or what-ifs; their figures are of a mixture."
        for word, group in groups
        if any(alignment.kind(run) != alignment.kind(group[0]) for run in group)
    ]


def _changed(swap: Swap) -> str:
    if not (swap.base and swap.changed):
        return "is in one group only"
    return f"is edited ({swap.fields})" if swap.edited else "has another persona"


def _unfinished(sides: Sequence[Side]) -> list[str]:
    stopped = sum(len(side.seeds) - side.ended for side in sides)
    if not stopped:
        return []
    return [f"{stopped} of these runs did not come to the end of the story; what they lack is missing here."]
