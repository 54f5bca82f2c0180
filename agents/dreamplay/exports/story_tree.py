"""The story tree: runs of one story as one text that parts where they part, for formats in which a player chooses.

What several runs share stands in it once. Runs are compared by what a viewpoint sees of them and not by their records,
so that a branch fits beside its parent, beside its siblings if the parent is not there, and beside a run of other dice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dreamplay.errors import UsageError
from dreamplay.exports.parting import Member, labels
from dreamplay.exports.playscript import Passage, Playscript
from dreamplay.formats import Source
from dreamplay.runs.transcript import RunLog

GO_ON = "Go on"
"""The label of a way to the next scene, which is no choice."""


@dataclass(frozen=True)
class Way:
    """A way out of a segment."""

    label: str
    """What it is called, in words of a player."""
    to: int
    """The number of the segment that it leads to."""


@dataclass
class Segment:
    """A scene, or a part of one between two places where runs part."""

    number: int
    """Counted from 1, each before those that it leads to. The story begins with the first."""
    passages: list[Passage] = field(default_factory=list)
    """What is told in it; nothing where runs part at the very beginning."""
    place: str = ""
    """The place of the scene; empty in the prologue."""
    headings: tuple[str, ...] = ()
    """The title of the beat and the place that begin with it; none if it goes on with a scene."""
    ways: list[Way] = field(default_factory=list)
    """Where it goes on: one way to the next scene, several where runs part, none at an end."""
    finished: bool = True
    """Of an end: whether the run was played to its end."""


@dataclass(frozen=True)
class StoryTree:
    """Runs of one story as one text."""

    title: str
    premise: str
    cast: tuple[tuple[str, str], ...]
    """The name of each who plays in any of the runs, and who they are."""
    segments: tuple[Segment, ...]

    @classmethod
    def of(cls, source: Source) -> StoryTree:
        """The tree of runs, as far as the view of the source sees them.

        Raises:
            UsageError: they are runs of several stories.
        """
        logs = sorted(source.logs, key=_branched_at)
        for log in logs:
            if log.header.story.title != logs[0].header.story.title:
                raise UsageError(
                    f"{logs[0].name or 'one run'} plays {logs[0].header.story.title!r}, and {log.name or 'another'} "
                    f"plays {log.header.story.title!r}; a tree is of one story"
                )
        members = [Member(log, source.viewpoint(log)) for log in logs]
        texts = [Playscript.of(each.log, each.view) for each in members]
        people = {name: who for text in reversed(texts) for name, who in text.cast}
        ordered = dict.fromkeys(name for text in texts for name, _ in text.cast)
        cast = tuple((name, people[name]) for name in ordered)
        return cls(texts[0].title, texts[0].premise, cast, tuple(_grown(members, texts)))


@dataclass(frozen=True)
class _Bud:
    """Where the tree goes on growing."""

    runs: tuple[int, ...]
    """The numbers of runs that are alike up to there."""
    at: int
    """The number of the next passage of each."""
    parent: Segment | None = None
    label: str = ""


def _grown(members: Sequence[Member], texts: Sequence[Playscript]) -> list[Segment]:
    """The segments, depth first."""
    segments: list[Segment] = []
    buds = [_Bud(tuple(range(len(members))), 0)]
    while buds:
        bud = buds.pop()
        here = Segment(len(segments) + 1, place=bud.parent.place if bud.parent else "")
        segments.append(here)
        if bud.parent:
            bud.parent.ways.append(Way(bud.label, here.number))
        groups, at = _tell(here, bud, texts)
        if not groups:
            here.finished = any(members[run].log.end for run in bud.runs)
        parting = [[members[run] for run in group] for group in groups]
        if len(groups) > 1:
            named = labels(parting, min(texts[group[0]].passages[at].event for group in groups))
        else:
            named = [GO_ON] * len(groups)
        buds += reversed([_Bud(group, at, here, label) for group, label in zip(groups, named, strict=True)])
    return segments


def _tell(here: Segment, bud: _Bud, texts: Sequence[Playscript]) -> tuple[list[tuple[int, ...]], int]:
    """Tell what some runs share, to the end of the scene. What is left are the runs that go on, grouped by how, from a
    passage on. A run that was stopped where another goes on is a part of that, and no end."""
    runs, at = bud.runs, bud.at
    while True:
        groups: dict[tuple[object, ...], list[int]] = {}
        for run in runs:
            if at < len(texts[run].passages):
                groups.setdefault(_told(texts[run].passages[at]), []).append(run)
        if len(groups) != 1:
            break
        (going_on,) = groups.values()
        each = texts[going_on[0]].passages[at]
        if each.beat or each.place:
            if here.passages:
                break
            here.place, here.headings = each.place, tuple(filter(None, [each.beat, each.place]))
        here.passages.append(each)
        runs, at = tuple(going_on), at + 1
    return [tuple(group) for group in groups.values()], at


def _told(each: Passage) -> tuple[object, ...]:
    """What of a passage makes it the same in two runs."""
    return each.kind, each.text, each.role, each.speaker, each.gesture, each.hears, each.choice


def _branched_at(log: RunLog) -> int:
    """Puts a run before its branches."""
    return -1 if log.header.parent is None else log.header.point or 0


def told(each: Passage, escaped: Callable[[str], str], *, strong: str = "", soft: str = "") -> str:
    """A passage as a paragraph.

    Args:
        each: the passage.
        escaped: makes untrusted words harmless.
        strong: what stands before and after a speaker's name.
        soft: what stands before and after what is told and not said.
    """
    name, text = escaped(each.name), escaped(each.text)
    match each.kind:
        case "line":
            manner = f" {soft}({escaped(each.manner)}){soft}" if each.manner else ""
            return f"{strong}{name}{strong}{manner}: {text}"
        case "silence":
            return f"{soft}{name} says nothing.{soft}"
        case "action":
            return f"{soft}{name} {text}{soft}"
        case "reflection" | "thought":
            return f"{soft}({name} thinks: {text}){soft}"
        case "stance":
            return f"{strong}{name}{strong} chooses to {escaped(each.choice)}{f': {text}' if text else '.'}"
        case _:
            return f"{soft}{text}{soft}"
