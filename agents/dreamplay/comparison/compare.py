"""Two groups of runs of one story: what was changed, and what came of it beyond chance. Pure, over transcripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dreamplay.comparison import beside, chance, deltas, movement, relations, stances
from dreamplay.comparison.beside import Match, Pair
from dreamplay.comparison.deltas import Delta
from dreamplay.comparison.movement import Moved
from dreamplay.comparison.relations import Learned, Relation
from dreamplay.comparison.stances import Stance
from dreamplay.event import PROLOGUE, PROLOGUE_TITLE
from dreamplay.record.transcript import Record
from dreamplay.value import Value


class Side(Value):
    """One of the two groups."""

    model: str
    seeds: tuple[int, ...]
    ended: int
    """Runs that were played to their end."""
    names: dict[str, str]
    """Who plays each role."""


class Swap(Value):
    """A role that has another persona in the changed runs. Empty where a group does not have the role."""

    role: str
    base: str
    """In public: a name, and what everybody knows."""
    changed: str
    base_fear: str
    """What a shared dream tells the others."""
    changed_fear: str


class Setting(Value):
    """Something else that was chosen otherwise."""

    name: str
    base: str
    changed: str


class Comparison(Value):
    """What `dreamplay compare` knows. Figures here; the sentences that say what they mean are in `findings`."""

    title: str
    findings: tuple[str, ...]
    least: float
    """The smallest p that so many runs can reach."""
    paired: bool
    spare: tuple[int, ...]
    """Seeds that only one group has: counted for the noise between seeds alone."""
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
    stances: tuple[Stance, ...]
    talk: tuple[Moved, ...]
    relations: tuple[Relation, ...]
    learned: tuple[Learned, ...]
    scores: tuple[Delta, ...]


def compare(base: Sequence[Record], changed: Sequence[Record]) -> Comparison:
    """Hold runs against each other, paired by their seeds.

    Raises:
        UsageError: a group is empty or has a seed twice, or the runs play different stories.
    """
    matched = beside.match(base, changed)
    sizes = len(matched.base), len(matched.changed)
    deals = chance.deal(*sizes, paired=matched.paired)
    one = matched.base[0]
    sides = _side(matched.base), _side(matched.changed)
    names = {
        role: "/".join(dict.fromkeys(side.names[role] for side in sides if role in side.names))
        for role in {**sides[0].names, **sides[1].names}
    }
    story, fill = one.header.story, one.cast.fill
    stories = (matched.changed[0].header.story, story)  # a branch may play on with an edited one
    beats = {PROLOGUE: PROLOGUE_TITLE} | {beat.id: fill(beat.title) for each in stories for beat in each.beats}
    swaps, settings = _swaps(matched), _settings(matched)
    pairs = beside.pairs(matched)
    stands = stances.stances(matched, deals)
    talk = movement.moved(matched, deals)
    regards, learned = relations.relations(matched, deals), relations.learned(matched)
    scores = deltas.deltas(matched, deals)
    findings = [
        _changes(matched, swaps, settings, names),
        beside.parting(pairs, beats),
        chance.reach(deals, *sizes, paired=matched.paired),
        *stances.says(stands, [swap.role for swap in swaps], names, deals),
        *(movement.says(talk, names | beats) if deals.tell else ()),
        *(relations.says(regards, names) if deals.tell else ()),
        *relations.knows(learned, names),
        *(deltas.says(scores) if deals.tell else ()),
        *_unfinished(sides),
    ]
    return Comparison(
        title=story.title, findings=tuple(findings), least=deals.least, paired=matched.paired,
        spare=tuple(run.header.seed for group in matched.spare for run in group),
        base=sides[0], changed=sides[1], swaps=swaps, settings=settings, names=names, beats=beats,
        scenes={scene.id: fill(scene.place) for each in stories for _, scene in each.scenes},
        choices={choice.id: fill(choice.text) for choice in story.choices},
        pairs=pairs, stances=stands, talk=talk, relations=regards, learned=learned, scores=scores,
    )  # fmt: skip


def _side(runs: Sequence[Record]) -> Side:
    header = runs[0].header
    return Side(
        model=_model(runs[0]),
        seeds=tuple(run.header.seed for run in runs),
        ended=sum(run.end is not None for run in runs),
        names={role: persona.name for role, persona in header.cast.items()},
    )


def _swaps(matched: Match) -> tuple[Swap, ...]:
    one, other = matched.base[0], matched.changed[0]

    def public(run: Record, role: str) -> str:
        persona = run.header.cast.get(role)
        return f"{persona.name}, {run.cast.fill(persona.who)}" if persona else ""

    def fear(run: Record, role: str) -> str:
        persona = run.header.cast.get(role)
        return run.cast.fill(persona.private.fear) if persona and persona.private else ""

    return tuple(
        Swap(role=role, base=public(one, role), changed=public(other, role), base_fear=fear(one, role),
             changed_fear=fear(other, role))
        for role in {**one.header.cast, **other.header.cast}
        if one.header.cast.get(role) != other.header.cast.get(role)
    )  # fmt: skip


def _settings(matched: Match) -> tuple[Setting, ...]:
    one, other = (
        {"model": _model(run)}
        | _visit(run.header.settings)
        | {f"version of {name}": v for name, v in run.header.versions.items()}
        for run in (matched.base[0], matched.changed[0])
    )
    return tuple(
        Setting(name=name, base=str(one.get(name, "")), changed=str(other.get(name, "")))
        for name in {**one, **other}
        if one.get(name) != other.get(name)
    )


def _model(run: Record) -> str:
    """On which model a run was played, or, where another took over, on which ones."""
    return ", then ".join(run.models)


def _visit(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings, with a visit in a word or two."""
    if "visit" not in settings:
        return settings
    done = settings["visit"].get("interventions")
    return settings | {"visit": "live" if done is None else f"{len(done)} interventions"}


def _changes(matched: Match, swaps: Sequence[Swap], settings: Sequence[Setting], names: dict[str, str]) -> str:
    """What was changed, in a sentence."""
    one, other = (group[0].header.changes for group in (matched.base, matched.changed))
    changed = [f"{names[swap.role]} {'has another persona' if swap.base and swap.changed else 'is in one group only'}"
               for swap in swaps]  # fmt: skip
    changed += [f"{each.name} is {each.changed or 'not set'} instead of {each.base or 'not set'}" for each in settings]
    changed += [text for text in other if text not in one]
    if changed:
        return f"Changed: {'; '.join(changed)}."
    return "Cast, model and settings are the same: unless something else was changed, what differs is noise."


def _unfinished(sides: Sequence[Side]) -> list[str]:
    stopped = sum(len(side.seeds) - side.ended for side in sides)
    if not stopped:
        return []
    return [f"{stopped} of these runs did not come to the end of the story; what they lack is missing here."]
