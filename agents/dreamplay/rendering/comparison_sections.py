"""The tables of a comparison, each in a section with a sentence on how to read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dreamplay.comparison.compare import Comparison
from dreamplay.comparison.deltas import COST, difference, figure
from dreamplay.comparison.joint_test import Tested
from dreamplay.comparison.relations import Learned, regard
from dreamplay.comparison.semantic_shift import excess
from dreamplay.comparison.stances import StanceDifference, points
from dreamplay.scoring.metrics import mean
from dreamplay.statistics.permutation import LEVEL, shown


@dataclass(frozen=True)
class Section:
    """A table, with a sentence on how to read it."""

    title: str
    note: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sections(made: Comparison) -> Iterator[Section]:
    """Every table that is not empty."""
    names, beats = made.names, made.beats
    ps = ("p", "adjusted")

    def tested(each: Tested) -> tuple[str, str]:
        return (shown(each.p), shown(each.adjusted)) if made.least <= LEVEL else ("-", "-")

    if any(swap.edits for swap in made.swaps):
        yield _section(
            "Personas", "What differs in a persona, with its private sheet; of a list, what one has and the other has "
            "not. Long texts are cut.",
            ("", "field", "base", "changed"),
            tuple((names[swap.role] if i == 0 else "", edit.field, edit.base or "-", edit.changed or "-")
                  for swap in made.swaps for i, edit in enumerate(swap.edits)),
        )  # fmt: skip
    if made.stances:
        yield _section(
            "Stances", "In how many runs a choice was taken, and the difference in percentage points with its 95% "
            "interval. " + "; ".join(f"{choice}: {text}" for choice, text in made.choices.items()) + ".",
            ("", "choice", "base", "changed", "difference", "turned", *ps),
            tuple(row for each in made.stances for row in _stance(each, names[each.role], tested(each))),
        )  # fmt: skip
    if made.talk:
        yield _section(
            "Talk", "How far apart two runs are, from 0 to 1, and how much farther across the groups than from seed to "
            "seed within them, with its 95% interval.",
            ("", "same seed", "other seed", "other group", "beyond the noise", *ps),
            tuple((names.get(each.id, beats.get(each.id, each.id)), _middle(each.same_seed), _middle(each.noise),
                   _middle(each.between), excess(each.effect), *tested(each))
                  for each in made.talk),
        )  # fmt: skip
    if made.relations:
        yield _section(
            "Relations", "What each thinks of each other in the end, from -1 to 1, and the difference with its 95% "
            "interval.",
            ("", "of", "base", "changed", "difference", *ps),
            tuple((names[each.role], names[each.other], f"{each.base_end:+.2f}", f"{each.changed_end:+.2f}",
                   regard(each.effect), *tested(each)) for each in made.relations),
        )  # fmt: skip
    if made.learned:
        known = {(each.role, each.whose): each for each in made.learned}
        owners = [role for role in names if any(whose == role for _, whose in known)]
        yield _section(
            "Hidden fears", "In which beat, at the earliest, somebody learned what another is afraid of, and in how "
            "many runs; after an arrow, in the changed ones, if it is otherwise. Absent: one of the two had no part in "
            "a dream.",
            ("", *(f"{names[role]}'s" for role in owners)),
            tuple((names[role], *(_learned(known.get((role, whose)), made) for whose in owners))
                  for role in names if any(who == role for who, _ in known)),
        )  # fmt: skip
    if played := [each for each in made.scores if each.group != COST]:
        still = "; ".join(each.label for each in played if each.still)
        yield _section(
            "Scorecard", "Means over the runs of each group, and the difference with its 95% interval."
            + f" The same throughout: {still}." * bool(still),
            ("", "base", "changed", "difference", *ps),
            tuple((each.label, figure(each, each.base), figure(each, each.changed),
                   difference(each), *tested(each))
                  for each in played if not each.still),
        )  # fmt: skip
    if costs := [each for each in made.scores if each.group == COST]:
        yield _section(
            "Cost", "Means over the runs of each group. Reported and not tested.",
            ("", "base", "changed", "difference"),
            tuple((each.label, figure(each, each.base), figure(each, each.changed), difference(each))
                  for each in costs),
        )  # fmt: skip


def turned(stance: StanceDifference) -> str:
    """The number of pairs in which the choices differ, as text."""
    return f"{stance.turned} of {len(stance.both)}" if stance.both else "-"


def _section(title: str, note: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Section:
    """A table without its empty columns."""
    kept = [i for i in range(len(heads)) if i == 0 or any(row[i] not in ("", "-") for row in rows)]
    return Section(title, note, tuple(heads[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in rows))


def choices(made: Comparison) -> Section | None:
    """What everybody chose in each run of a pair, in words; None if nobody did, or there are several pairs."""
    pairs = [(made.names[each.role], each.taken[0]) for each in made.stances if len(each.taken) == 1]
    rows = tuple((name, *(made.choices.get(choice or "", choice or "-") for choice in taken)) for name, taken in pairs)
    return _section("Who chose what", "", ("", "base", "changed"), rows) if rows else None


def _stance(found: StanceDifference, name: str, tested: tuple[str, str]) -> Iterator[tuple[str, ...]]:
    """A row for each choice, and one for runs in which the character was absent."""
    for i, choice in enumerate(found.base):
        base, changed = found.base[choice], found.changed[choice]
        cells = (f"{each.runs} of {each.whole}" if each.whole else "absent" if absent else "-"
                 for each, absent in ((base, found.base_absent), (changed, found.changed_absent)))  # fmt: skip
        effect = points(found.effects[choice]) if choice in found.effects else "-"
        once = (turned(found), *tested) if i == 0 else ("", "", "")
        yield (name if i == 0 else "", choice, *cells, effect, *once)
    if found.base_absent or found.changed_absent:
        yield ("", "(absent)", str(found.base_absent), str(found.changed_absent), "", "", "", "")


def _middle(distances: Sequence[float]) -> str:
    return f"{mean(distances):.2f}" if distances else "-"


def _learned(found: Learned | None, made: Comparison) -> str:
    if found is None:
        return "-"
    was, became = (
        "absent" if absent else f"{made.beats.get(beat, beat)} ({runs})" if beat else "never"
        for beat, runs, absent in ((found.base_beat, found.base, found.base_absent),
                                   (found.changed_beat, found.changed, found.changed_absent))
    )  # fmt: skip
    return was if was == became else f"{was} \N{RIGHTWARDS ARROW} {became}"
