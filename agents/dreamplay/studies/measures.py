"""What can be asked of every play of a study, by a name that is written down before it is played."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dreamplay.errors import UsageError
from dreamplay.runs.records import RunLog
from dreamplay.schema.error_messages import did_you_mean
from dreamplay.schema.event import LineEvent, OutcomeEvent, StanceEvent
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import attitudes
from dreamplay.schema.story import Story
from dreamplay.scoring import metrics, score

_NAME = re.compile(r"(?P<kind>[a-z]+)\.(?P<of>[\w.]+?)(?:=(?P<answer>\w+))?(?:@(?P<place>\w+))?")


class Played:
    """A run, and what several measures need of it."""

    def __init__(self, log: RunLog) -> None:
        self.log = log

    @cached_property
    def scores(self) -> score.Scores:
        """Its scorecard."""
        return score.scores([self.log])

    def lines(self, role: str, place: str) -> list[LineEvent] | None:
        """What somebody said, in a beat or scene alone if one is named; None if that was not played."""
        if place and not any(place in (event.beat, event.scene) for event in self.log.script):
            return None
        said = (event for event in metrics.lines(self.log) if event.speaker == role)
        return [event for event in said if not place or place in (event.beat, event.scene)]


@dataclass(frozen=True)
class Measure:
    """One measure."""

    name: str
    """As it stands in the file of the study, and above its column of the table."""
    kind: str
    of: tuple[str, ...]
    """What it is about: a role, a scene and an outcome, or the path of a figure."""
    answer: str = ""
    place: str = ""
    """The beat or scene that it looks at alone; empty for the whole play."""

    def check(self, story: Story) -> None:
        """See that the story has what it asks for.

        Raises:
            UsageError: it does not; the message names what there is.
        """
        _KINDS[self.kind].check(self, story)
        if self.place:
            known = [word for beat, scene in story.scenes for word in (beat.id, scene.id)]
            _known(self, "beat or scene", self.place, known)

    def value(self, played: Played) -> float | None:
        """The figure of one run, 1 for yes and 0 for no; None if there was nothing to measure."""
        found = _KINDS[self.kind].value(self, played)
        return None if found is None else float(found)

    def meaning(self) -> str:
        """What is measured, in words."""
        told = _KINDS[self.kind].meaning.format(*self.of, answer=self.answer)
        return f"{told}, in {self.place} alone" if self.place else told


@dataclass(frozen=True)
class _Kind:
    """One kind of measures."""

    form: str
    """How its names are written."""
    meaning: str
    check: Callable[[Measure, Story], None]
    value: Callable[[Measure, Played], float | None]
    answers: bool = False
    """Whether its names have an answer."""
    places: bool = False
    """Whether they may name a beat or scene."""


def parse(name: str) -> Measure:
    """A measure from its name.

    Raises:
        UsageError: it is none; the message says how they are written.
    """
    hit = _NAME.fullmatch(name)
    kind = _KINDS.get(hit["kind"]) if hit else None
    if not hit or not kind:
        forms = ", ".join(each.form for each in _KINDS.values())
        raise UsageError(f"{name!r} is not a measure; measures are written {forms}")
    of = tuple(hit["of"].split(".")) if hit["kind"] != "score" else (hit["of"],)
    wrong = len(of) != kind.form.partition("=")[0].partition("[")[0].count(".") or bool(hit["answer"]) != kind.answers
    if wrong or (hit["place"] and not kind.places):
        raise UsageError(f"{name!r} is written wrongly; a measure of this kind is {kind.form}")
    return Measure(name, hit["kind"], of, hit["answer"] or "", hit["place"] or "")


def check(names: Iterable[str], story: Story) -> None:
    """See that the names are measures, each of them once, of what the story has.

    Raises:
        UsageError: one is not; the message names it.
    """
    seen: set[str] = set()
    for name in names:
        parse(name).check(story)
        if name in seen:
            raise UsageError(f"{name} is listed twice; a test that is counted twice weakens all of them")
        seen.add(name)


def values(measures: Sequence[Measure], log: RunLog) -> dict[str, float | None]:
    """The figures of one run, by the names of the measures."""
    played = Played(log)
    return {each.name: each.value(played) for each in measures}


def _role(measure: Measure, story: Story) -> None:
    for role in measure.of:
        _known(measure, "role", role, story.cast)


def _choice(measure: Measure, story: Story) -> None:
    _role(measure, story)
    _known(measure, "choice", measure.answer, [choice.id for choice in story.choices])


def _outcome(measure: Measure, story: Story) -> None:
    scenes: dict[str, Scene] = {scene.id: scene for _, scene in story.scenes}
    _known(measure, "scene", measure.of[0], scenes)
    outcome = scenes[measure.of[0]].outcome
    _known(measure, "outcome", measure.of[1], [outcome.id] if outcome else [])
    _known(measure, "answer", measure.answer, outcome.answers if outcome else [])


def _figure(measure: Measure, story: Story) -> None:
    _known(measure, "figure of the scorecard", measure.of[0], _ROWS)


def _known(measure: Measure, what: str, word: str, known: Iterable[str]) -> None:
    there = list(dict.fromkeys(known))
    if word not in there:
        listed = f"there are {', '.join(there)}" if there else "there is none"
        raise UsageError(f"{measure.name}: no {what} {word!r}; {listed}{did_you_mean(word, there)}")


def _stance(measure: Measure, played: Played) -> float | None:
    taken = [event for event in played.log.script.of_kind(StanceEvent) if event.speaker == measure.of[0]]
    if measure.place:
        taken = [event for event in taken if measure.place in (event.beat, event.scene)]
    return taken[-1].choice == measure.answer if taken else None


def _came(measure: Measure, played: Played) -> float | None:
    scene, outcome = measure.of
    told = [event for event in played.log.script.in_scene(scene, OutcomeEvent) if event.outcome == outcome]
    return told[-1].answer == measure.answer if told else None


def _regard(measure: Measure, played: Played) -> float | None:
    role, other = measure.of
    return attitudes(played.log.script, role).get(other)


def _lines(measure: Measure, played: Played) -> float | None:
    said = played.lines(measure.of[0], measure.place)
    return None if said is None else len(said)


def _words(measure: Measure, played: Played) -> float | None:
    said = played.lines(measure.of[0], measure.place)
    return None if said is None else sum(len(metrics.words(event.text)) for event in said)


_ROWS = {row.measure: row for row in score.ROWS}
_KINDS: Mapping[str, _Kind] = {
    "stance": _Kind(
        "stance.ROLE=CHOICE[@PLACE]", "whether {0} chose '{answer}' at the crossroads", _choice, _stance,
        answers=True, places=True,
    ),
    "outcome": _Kind(
        "outcome.SCENE.ID=ANSWER", "whether the outcome {1} of scene {0} was '{answer}'", _outcome, _came, answers=True
    ),
    "regard": _Kind("regard.ROLE.OTHER", "what {0} thinks of {1} in the end, from -1 to 1", _role, _regard),
    "lines": _Kind("lines.ROLE[@PLACE]", "how many lines {0} spoke", _role, _lines, places=True),
    "words": _Kind("words.ROLE[@PLACE]", "how many words {0} spoke", _role, _words, places=True),
    "score": _Kind(
        "score.PATH", "the figure {0} of the scorecard", _figure,
        lambda measure, played: _ROWS[measure.of[0]].value(played.scores),
    ),
}  # fmt: skip
FORMS: Mapping[str, str] = {
    kind.form: kind.meaning.format(*(words := re.findall("[A-Z]+", kind.form.partition("[")[0])), answer=words[-1])
    for kind in _KINDS.values()
}
"""How each kind of measure is written, and what it is, in the same words."""
