"""What came of the scenes in two groups of runs. Counted and not tested: a study asks for the outcome it means."""

from __future__ import annotations

from collections.abc import Sequence

from dreamplay.comparison.alignment import Pairing
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import OutcomeEvent


class OutcomeDifference(FrozenModel):
    """An outcome that is not the same in both groups."""

    scene: str
    outcome: str
    place: str
    """Where the scene is, and when."""
    question: str
    base: dict[str, int]
    """In how many runs it had each answer. A run that was stopped before is not counted."""
    changed: dict[str, int]
    base_never: int
    """Number of runs that came to their end without it; `changed_never` likewise."""
    changed_never: int
    told: tuple[str, str] | None
    """With one run on each side: the sentence that is told there; empty where it never came to that."""


def differing(matched: Pairing) -> tuple[OutcomeDifference, ...]:
    """The outcomes whose answers are not shared out alike, in the order of the story."""
    groups = matched.base, matched.changed
    one = matched.base[0]
    asked = {
        (scene.id, scene.outcome.id): (one.cast.fill(scene.place), one.cast.fill(scene.outcome.question))
        for story in (matched.changed[0].header.story, one.header.story)  # what the base says counts
        for _, scene in story.scenes
        if scene.outcome
    }
    order = [scene.id for _, scene in one.header.story.scenes]
    found = []
    for key in sorted(asked, key=lambda key: order.index(key[0]) if key[0] in order else len(order)):
        came = [[(run, _last(run, *key)) for run in group] for group in groups]
        never = [sum(event is None and run.end is not None for run, event in each) for each in came]
        told = [[event for _, event in each if event] for each in came]
        base, changed = ({event.answer: 0 for event in (*told[0], *told[1])} for _ in groups)
        for counts, events in zip((base, changed), told, strict=True):
            for event in events:
                counts[event.answer] += 1
        shares = [(*counts.values(), without) for counts, without in zip((base, changed), never, strict=True)]
        wholes = list(map(sum, shares))
        if not all(wholes) or all(a * wholes[1] == b * wholes[0] for a, b in zip(*shares, strict=True)):
            continue
        texts = [events[0].text if events else "" for events in told]
        found.append(OutcomeDifference(
            scene=key[0], outcome=key[1], place=asked[key][0], question=asked[key][1], base=base, changed=changed,
            base_never=never[0], changed_never=never[1],
            told=(texts[0], texts[1]) if wholes == [1, 1] == list(map(len, groups)) else None,
        ))  # fmt: skip
    return tuple(found)


def says(found: Sequence[OutcomeDifference]) -> list[str]:
    """A sentence that names the outcomes that differ; none if there are none."""
    if not found:
        return []
    return [f"Outcomes that differ: {'; '.join(f'{each.question} ({each.place}) {_answers(each)}' for each in found)}."]


def _answers(found: OutcomeDifference) -> str:
    """The answers of both sides: of one run each, as they are told, otherwise counted by their ids."""
    if found.told:
        one, other = (f"“{text.removesuffix('.')}”" if text else "it never came to that" for text in found.told)
        return f"base: {one}, changed: {other}"
    counts = [f"{answer} {was} to {found.changed[answer]}" for answer, was in found.base.items()
              if was != found.changed[answer]]  # fmt: skip
    if found.base_never != found.changed_never:
        counts.append(f"never came to that {found.base_never} to {found.changed_never}")
    return ", ".join(counts)


def _last(run: RunLog, scene: str, outcome: str) -> OutcomeEvent | None:
    told = [event for event in run.script.in_scene(scene, OutcomeEvent) if event.outcome == outcome]
    return told[-1] if told else None
