"""Where runs part: what a player is told of each way, in their words and not in those of the command line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import Viewpoint

AS_IT_WAS = "As it was"
_OTHERWISE = "Otherwise"
_WHERE = re.compile(r"^from event (\d{1,9}) on, ")
_NEXT = re.compile(r"; (?=(?:swap|say|drop|story-edit|step in) )")
_CHANGE = re.compile(r"(swap|say|drop|story-edit|step in) (.*)", re.DOTALL)
_LONGEST = 80
"""Characters of what is quoted in a label."""


@dataclass(frozen=True)
class Member:
    """A run, and who looks at it."""

    log: RunLog
    view: Viewpoint


def labels(groups: Sequence[Sequence[Member]], event: int) -> list[str]:
    """The ways on from a place where runs part, one for each group of runs that go on alike. Each is called by what was
    changed in it; no two are called the same.

    Args:
        groups: the runs, those that are older first.
        event: the number of the event with which they part. What is changed later is not yet told.
    """
    everybody = [member for group in groups for member in group]
    known = set.intersection(*({*member.log.header.changes} for member in everybody))
    made = [_changed(group, known, everybody, event) for group in groups]
    ages = [
        min(_age(member, event, bool(label)) for member in group) for group, label in zip(groups, made, strict=True)
    ]
    for number, label in enumerate(made):
        if not label:
            others = [groups[other][0] for other in range(len(groups)) if other != number and not made[other]]
            oldest = all(ages[number] < age for other, age in enumerate(ages) if other != number)
            made[number] = AS_IT_WAS if oldest else _by_chance(groups[number][0], others)
    return _distinct(made, [group[0].log.header.seed for group in groups])


def _changed(group: Sequence[Member], known: set[str], everybody: Sequence[Member], event: int) -> str:
    """What was changed up to an event in the runs of a group and is not known of all the others; empty if nothing was
    in one of them. What all of them share is enough; otherwise they part further on, and each is told.
    """
    own = [
        [each for each in member.log.header.changes if each not in known and _since(each) <= event] for member in group
    ]
    if not all(own):
        return ""
    shared = [change for change in own[0] if all(change in others for others in own)]
    told = [
        "; ".join(dict.fromkeys(words for change in shared or changes for words in _words(change, member, everybody)))
        for member, changes in zip(group, own, strict=True)
    ]
    return " or ".join(dict.fromkeys(filter(None, told))) or _OTHERWISE


def _since(change: str) -> int:
    """The number of the event from which on something is changed."""
    hit = _WHERE.match(change)
    return int(hit[1]) if hit else 0


def _age(member: Member, event: int, changed: bool) -> int:
    """The event with which a run became another than the one that it branched off, or -1 if that is still to come."""
    point = member.log.header.point
    return (0 if changed else -1) if point is None or point > event else point


def _words(change: str, member: Member, everybody: Sequence[Member]) -> Iterator[str]:
    """A change in words, without what the viewpoint does not see of it."""
    log, view = member.log, member.view
    seen = [event for event in log.script if view.sees(event)]
    for part in _NEXT.split(_WHERE.sub("", change)):
        if not (hit := _CHANGE.fullmatch(part)):
            continue
        kind, what = hit[1], " ".join(hit[2].split())
        if kind == "swap":
            role, _, file = what.partition("=")
            new = _name(log, role)
            old = next((name for each in everybody if (name := _name(each.log, role)) != new), "")
            yield f"{new} instead of {old}" if old else f"{new} as “{file.replace('_', ' ')}”"
        elif kind == "say":
            role, _, text = what.partition(": ")
            if any(event.kind == "line" and " ".join(event.text.split()) == text for event in seen):
                yield f"{_name(log, role)}: “{text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…'}”"
        elif kind == "drop":
            if not view.roles or any(event.kind == "exit" and event.speaker == what for event in seen):
                yield f"Without {_name(log, what)}"
        elif kind == "step in":
            yield f"{what} steps in"
        else:
            yield "The story takes another turn"


def _name(log: RunLog, role: str) -> str:
    return log.cast.name(role) if role in log.cast.roles else role


def _by_chance(member: Member, others: Sequence[Member]) -> str:
    header = member.log.header
    if any(each.log.header.seed == header.seed and each.log.header.model != header.model for each in others):
        return f"As {header.model} plays it"
    return "By another chance"


def _distinct(made: Sequence[str], seeds: Sequence[int]) -> list[str]:
    """The labels, each with its seed or a number if another is the same."""
    often = Counter(made)
    seeded = [f"{label} (seed {seed})" if often[label] > 1 else label for label, seed in zip(made, seeds, strict=True)]
    taken = Counter[str]()
    found = []
    for label in seeded:
        taken[label] += 1
        found.append(f"{label} ({taken[label]})" if taken[label] > 1 else label)
    return found
