"""The script: the ordered events of a run, and who witnessed each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from dreamplay.story import Value

Kind = Literal["narration", "line", "action", "silence", "dream", "reflection", "stance", "recap", "entrance", "exit"]

PROLOGUE = "prologue"
"""The beat and scene of the lines that an author wrote for the night before."""
PROLOGUE_TITLE = "The night before"
"""What a reader sees instead of a beat's title."""


class Usage(Value):
    """What one or more model calls cost. Tokens and seconds; cached tokens are part of the prompt tokens."""

    calls: int = 0
    prompt: int = 0
    cached: int = 0
    output: int = 0
    seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            calls=self.calls + other.calls,
            prompt=self.prompt + other.prompt,
            cached=self.cached + other.cached,
            output=self.output + other.output,
            seconds=round(self.seconds + other.seconds, 3),
        )

    @property
    def evaluated(self) -> int:
        """Prompt tokens that the engine had to read anew."""
        return self.prompt - self.cached


class Cue(Value):
    """Pressure x tactic x material: one line of direction, which only the speaker gets."""

    to: str | None
    """The role that is spoken to."""
    pressure: str
    tactic: str
    material: str
    text: str
    """The cue as it stands in the prompt."""
    glimpse: str = ""
    """Of a dream, by day: what of it the material speaks of."""

    @property
    def bare(self) -> str:
        """The cue without its tactic: all that a small model can follow."""
        return self.text.replace(f" {self.tactic} that ", " that ", 1) if self.tactic else self.text


class Refusal(Value):
    """A candidate that the editor did not let stand, and why."""

    text: str
    reason: str


class Recalled(Value):
    """A memory that came up, and why: three scores, each in [0, 1], and their product (`memory.py`)."""

    event: int | None
    """The event it is a memory of; None for a formative memory of the private sheet."""
    when: str
    text: str
    """As it stood in the prompt: cut short, and in the first person where it is the character's own."""
    recency: float
    importance: float
    relevance: float
    score: float


class Provenance(Value):
    """Where an event came from."""

    by: Literal["author", "agent", "narrator", "person"]
    prompt: str | None = None
    """SHA-256 of the prompt that the event answers."""
    seed: int | None = None
    recalled: tuple[Recalled, ...] = ()
    """The memories that stood in the private tail of the prompt, the best first."""
    refused: tuple[Refusal, ...] = ()
    usage: Usage = Usage()


class Pooled(Value):
    """One entry of a dream's ledger: whose hidden fear and wish went into the dream."""

    role: str
    fear: str
    wish: str


class Event(Value):
    """The one record everything is made of. Roles, not names, in speaker and witnesses."""

    id: int
    """Place in the script, counted from 0."""
    kind: Kind
    text: str
    speaker: str | None = None
    witnesses: tuple[str, ...] = ()
    """The roles that perceived it. Nobody else ever learns of it through the program; empty means nobody."""
    beat: str
    scene: str
    turn: int = 0
    """Turn of the scene, counted from 1; 0 for what is not a turn."""
    cue: Cue | None = None
    ledger: tuple[Pooled, ...] = ()
    """Of a dream: what was pooled. For the reader of the transcript; no prompt is made from it."""
    choice: str | None = None
    """Of a stance: the id of the choice."""
    regards: dict[str, float] = Field(default_factory=dict)
    """Of a reflection: what she now thinks of each of the others, -1 to 1."""
    provenance: Provenance = Provenance(by="author")


class Script:
    """The ordered events. `visible_to` is the only way to read them on somebody's behalf."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = []
        self._scenes: dict[str, list[Event]] = {}
        self._views: dict[frozenset[str], tuple[list[Event], int]] = {}
        for event in events:
            self.append(event)

    def append(self, event: Event) -> None:
        """Add the next event.

        Raises:
            ValueError: its id is not the next one.
        """
        if event.id != len(self._events):
            raise ValueError(f"event {event.id} cannot follow event {len(self._events) - 1}")
        self._events.append(event)
        self._scenes.setdefault(event.scene, []).append(event)

    def visible_to(self, *roles: str) -> list[Event]:
        """What every one of these roles witnessed, in order: for one role her knowledge, for several their
        common ground. Exact names, default deny: nobody asked for, nothing seen.

        What was looked through once is not looked through again: a long play costs no more a turn.
        """
        asked = frozenset(roles)
        if not asked:
            return []
        seen, upto = self._views.get(asked, ([], 0))
        seen += [event for event in self._events[upto:] if asked.issubset(event.witnesses)]
        self._views[asked] = seen, len(self._events)
        return list(seen)

    def in_scene(self, scene: str) -> list[Event]:
        """Everything that happened in a scene, for the director and the transcript, never for a prompt."""
        return list(self._scenes.get(scene, ()))

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    @property
    def last(self) -> Event | None:
        """The newest event."""
        return self._events[-1] if self._events else None
