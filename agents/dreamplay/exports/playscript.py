"""The playscript: a run as a text with headings, speakers and stage directions, for every format that people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Literal

from dreamplay.rendering.event_words import InlineGestures
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import AUTHOR, READER, Viewpoint, is_told
from dreamplay.schema.cast import Cast, listed
from dreamplay.schema.event import PROLOGUE, PROLOGUE_TITLE, Event, StanceEvent
from dreamplay.schema.story import Story

PassageKind = Literal[
    "narration", "line", "action", "silence", "thought", "dream", "outcome", "reflection", "stance", "entrance", "exit"
]
_RIGHT_TO_LEFT = ("ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi")
"""Languages that are written from right to left (Unicode CLDR)."""


@dataclass(frozen=True)
class Passage:
    """One event, as it stands in a text. All words are those of strangers: each format escapes them."""

    kind: PassageKind
    text: str
    """What is said, told or thought, and of an action what follows the name; empty of a silence."""
    event: int
    """The id of the event."""
    role: str = ""
    """The role of the speaker; empty if nobody speaks."""
    speaker: str = ""
    """Their name."""
    played_by: str = ""
    """The name of the person who played the role in this event; empty if it was the model, or the visitor's own."""
    gesture: str = ""
    """Of a line: what the speaker does with it, in words that follow the name."""
    hears: tuple[str, ...] = ()
    """Of a whisper: the names of those who hear it."""
    choice: str = ""
    """Of a stance: what is chosen, in words that follow "chooses to"."""
    beat: str = ""
    """The title of the beat that begins with it; empty if none does."""
    place: str = ""
    """The place of the scene that begins with it; empty if none does, and in the prologue."""

    @property
    def heard_by(self) -> str:
        """Of a whisper: those who hear it, in words: "Ada, Bo and Cyrus"."""
        return listed(self.hears or ("",))

    @property
    def name(self) -> str:
        """The speaker's name, with that of the person who played the role: "Leo (played by Ada)"."""
        return f"{self.speaker} (played by {self.played_by})" if self.played_by else self.speaker

    @property
    def manner(self) -> str:
        """How it is said, in words that can follow the name: "shrugs; whispers to Bo", and of a stance "chooses to go".
        Mostly empty."""
        whispers = f"whispers to {self.heard_by}" if self.hears else ""
        chooses = f"chooses to {self.choice}" if self.choice else ""
        return "; ".join(filter(None, [self.gesture, whispers, chooses]))

    @property
    def plain(self) -> str:
        """All of it in plain text, without any markup: "Leo (shrugs): No."."""
        match self.kind:
            case "line":
                return f"{self.name}{f' ({self.manner})' if self.manner else ''}: {self.text}"
            case "silence":
                return f"{self.name} says nothing."
            case "action":
                return f"{self.name} {self.text}"
            case "thought" | "reflection":
                return f"{self.name} thinks: {self.text}"
            case "stance":
                return f"{self.name} chooses to {self.choice}{f': {self.text}' if self.text else '.'}"
            case _:
                return self.text


@dataclass(frozen=True)
class Part:
    """The passages of a beat."""

    title: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Playscript:
    """A run as a text."""

    title: str
    premise: str
    cast: tuple[tuple[str, str], ...]
    """The name of each who plays, and who they are, in the order of the cast."""
    passages: tuple[Passage, ...]
    language: str
    """The language of the story, as a BCP 47 tag."""
    finished: bool
    """Whether the run was played to its end."""
    models: tuple[str, ...]
    """The names of the models that played."""
    colophon: str
    """How it was played, through whose eyes it is told, and the name of the run."""
    author: str = ""
    """Whoever it is said to be by; empty if nobody was named."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The passages, beat by beat."""
        starts = [at for at, each in enumerate(self.passages) if each.beat]
        bounds = pairwise([*starts, len(self.passages)])
        return tuple(Part(self.passages[start].beat, self.passages[start:end]) for start, end in bounds)

    @property
    def direction(self) -> str:
        """The direction in which the language is written, as in HTML: `ltr` or `rtl`."""
        return "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"

    @classmethod
    def of(cls, log: RunLog, view: Viewpoint, author: str = "") -> Playscript:
        """The text of a run, as far as a viewpoint sees it, and by whom it is said to be."""
        story, cast = log.header.story, log.cast
        shown = [event for event in log.script if is_told(event) and view.sees(event)]
        people = tuple((each.name, cast.fill(each.who)) for each in cast.personas.values())
        return cls(
            story.title, cast.fill(story.premise), people, tuple(passages(shown, story, cast)),
            story.language, log.end is not None, log.models, _colophon(log, view), author,
        )  # fmt: skip


def passages(events: Iterable[Event], story: Story, cast: Cast) -> Iterator[Passage]:
    """Events as passages, with the headings that come before them, and gestures inside their lines."""
    titles = {beat.id: cast.fill(beat.title) for beat in story.beats} | {PROLOGUE: PROLOGUE_TITLE}
    places = {scene.id: cast.fill(scene.place) for _, scene in story.scenes}
    choices = {choice.id: cast.fill(choice.text) for choice in story.choices}
    before: Event | None = None
    for event, gesture in chain.from_iterable(map(InlineGestures().take, events)):
        stage = not event.by_visitor and event.provenance.by == "person" and cast.visitor
        choice = choices.get(event.choice, event.choice) if isinstance(event, StanceEvent) else ""
        beat = titles.get(event.beat, event.beat) if before is None or before.beat != event.beat else ""
        place = places.get(event.scene, "") if before is None or before.scene != event.scene else ""
        yield Passage(
            kind=event.kind,  # type: ignore[arg-type]  # the kinds that are told
            text=event.worded,
            event=event.id,
            role=event.speaker or "",
            speaker=cast.name(event.speaker) if event.speaker else "",
            played_by=cast.name(cast.visitor) if stage and cast.visitor and event.speaker else "",
            gesture=gesture,
            hears=tuple(cast.name(role) for role in getattr(event, "hears", ())),
            choice=choice,
            beat=beat,
            place=place,
        )
        before = event


def _colophon(log: RunLog, view: Viewpoint) -> str:
    seen = {READER: "", AUTHOR: ", with the thoughts of all"}.get(view.name)
    if seen is None:
        seen = f", as {log.cast.name(view.name)} perceived it"
    stopped = "" if log.end else "This play was not played to its end. "
    run = f" Run {log.name}." if log.name else ""
    return f"{stopped}Played by {', then '.join(log.models)}, seed {log.header.seed}{seen}.{run}"
