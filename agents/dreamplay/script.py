"""The script: the ordered events of a run, and who witnessed each of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from dreamplay.cast import Cast
from dreamplay.story import VISITOR, Scene, moved
from dreamplay.value import Value, Words

Kind = Literal[
    "narration", "line", "action", "silence", "dream", "reflection", "stance", "recap", "entrance", "exit",
    "fear", "hand",
]  # fmt: skip
"""`fear`: a hidden fear that the visitor gives, known to her alone. `hand`: from here on the visitor speaks for the
event's speaker, or, with the text «agent», no longer does.
"""

TURNS: tuple[Kind, ...] = ("line", "silence")
"""The kinds of event that use up a turn of the contract."""
MOVES: tuple[Kind, ...] = ("entrance", "exit")
"""The kinds of event by which somebody comes or goes."""
BACKSTAGE: tuple[Kind, ...] = ("fear", "hand")
"""The kinds of event that are no part of what happens, and are shown to nobody."""
UNTOLD: tuple[Kind, ...] = ("silence", "reflection", *BACKSTAGE)
"""The kinds of event that stand in no prompt's script: nothing was perceived, or nothing that is common ground."""
UNHEARD: tuple[Kind, ...] = ("reflection", "recap", *BACKSTAGE)
"""The kinds of event that are no part of what happens: a thought is nobody else's, and a recap only repeats."""

PROLOGUE = "prologue"
"""The beat and scene of the lines that an author wrote for the night before."""
PROLOGUE_TITLE = "The night before"
"""What a reader sees instead of a beat's title."""

_BRACKETS = str.maketrans("[]{}", "()()")


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
    pressure: Words
    tactic: Words
    material: Words
    text: Words
    """The cue as it stands in the prompt."""
    glimpse: Words = ""
    """Of a dream, by day: what of it the material speaks of."""
    hears: tuple[str, ...] = ()
    """Of a whisper: the roles besides the speaker that perceive the line. Empty: everybody present does."""

    @property
    def bare(self) -> str:
        """The cue without its tactic: all that a small model can follow."""
        return self.text.replace(f" {self.tactic} that ", " that ", 1) if self.tactic else self.text


class Refusal(Value):
    """A candidate that the editor did not let stand, and why."""

    text: Words
    reason: Words


class Recalled(Value):
    """A memory that came up, and why: three scores, each in [0, 1], and their product (`memory.py`)."""

    event: int | None
    """The event it is a memory of; None for a formative memory of the private sheet."""
    when: Words
    text: Words
    """As it stood in the prompt: cut short, and in the first person where it is the character's own."""
    recency: float
    importance: float
    relevance: float
    score: float


class Provenance(Value):
    """Where an event came from. What a person made who plays one of the others has that other as its speaker."""

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
    fear: Words
    wish: Words


class Event(Value):
    """The one record everything is made of. Roles, not names, in speaker and witnesses."""

    id: int
    """Place in the script, counted from 0."""
    kind: Kind
    text: Words
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
    regards: dict[str, Annotated[float, Field(ge=-1, le=1)]] = Field(default_factory=dict)
    """Of a reflection: what the speaker now thinks of others, by role, from -1 to 1; the text is the reason. Without a
    text it is a thought that was not had, since no answer could stand.
    """
    covers: tuple[int, int] | None = None
    """Of a recap: the first and the last id of what it stands for, which is whatever its witnesses, and nobody
    else, perceived there."""
    provenance: Provenance = Provenance(by="author")


class Script:
    """The ordered events. `visible_to` is the only way to read them on somebody's behalf."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = []
        self._scenes: dict[str, list[Event]] = {}
        self._views: dict[Hashable, tuple[int, list[Event]]] = {}
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

    def visible_to(self, *roles: str, kinds: tuple[Kind, ...] = ()) -> list[Event]:
        """What every one of these roles witnessed, in order: for one role her knowledge, for several their
        common ground. Exact names, default deny: nobody asked for, nothing seen. With `kinds`, of these kinds alone.
        """
        asked = frozenset(roles)
        if not asked:
            return []
        asked = frozenset(roles)
        return self._view((asked, kinds), self._events, lambda e: asked.issubset(e.witnesses) and _is(e, kinds))

    def standing(self, *roles: str) -> list[Event]:
        """What stands in a prompt of what every one of these roles witnessed: the prologue, then the newest recap of
        each circle, the widest first, then whatever no recap stands for. A circle is those who, and nobody else,
        witnessed the same; its recap is witnessed by them, and stands for that alone.
        """
        seen = self.visible_to(*roles)
        key = ("standing", frozenset(roles))
        looked_at, found = self._views.get(key, (0, []))
        new = seen[looked_at:]
        found = [*found, *new]
        if any(event.kind == "recap" for event in new):
            found = _standing(found)
        self._views[key] = (len(seen), found)
        return list(found)

    def in_scene(self, scene: str, *kinds: Kind) -> list[Event]:
        """Everything that happened in a scene, or what of it is of some kinds, for the director and the transcript,
        never for a prompt.
        """
        return self._view((scene, kinds), self._scenes.get(scene, []), lambda e: _is(e, kinds))

    def of_kind(self, *kinds: Kind) -> list[Event]:
        """Everything of some kinds, for the director and the transcript, never for a prompt."""
        return self._view((None, kinds), self._events, lambda e: _is(e, kinds))

    def _view(self, key: Hashable, source: list[Event], keep: Callable[[Event], bool]) -> list[Event]:
        """The events that are asked for. What was found before is kept, so that a call looks at what was added since,
        and a long play costs no more a turn.
        """
        looked_at, found = self._views.get(key, (0, []))
        found.extend(event for event in source[looked_at:] if keep(event))
        self._views[key] = (len(source), found)
        return list(found)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    @property
    def last(self) -> Event | None:
        """The newest event."""
        return self._events[-1] if self._events else None


def present(script: Script, scene: Scene) -> tuple[str, ...]:
    """Who is there at this moment of a scene that runs: those it opened with, and who has come and gone since."""
    here = scene.present
    for event in script.in_scene(scene.id, *MOVES):
        if event.speaker != VISITOR:
            here = moved(here, event.speaker or "", event.kind == "entrance")
    return moved(here, VISITOR, comes=False) if VISITOR in here and away(script) else here


def away(script: Script) -> bool:
    """Whether the visitor has gone. She stays away, from one scene to the next, until she comes back."""
    hers = [event.kind for event in script.of_kind(*MOVES) if event.speaker == VISITOR]
    return hers[-1:] == ["exit"]


def turns(script: Script, scene: Scene) -> list[Event]:
    """The turns of the cast in a scene. What the visitor says in her own name is no turn: no scene waits for it."""
    taken = script.in_scene(scene.id, *TURNS)
    return [event for event in taken if event.speaker != VISITOR] if VISITOR in scene.present else taken


def by_visitor(event: Event) -> bool:
    """Whether an event is something that the visitor said or did herself, which somebody can answer."""
    return event.speaker == VISITOR and event.kind in ("line", "action")


def in_hand(script: Script) -> set[str]:
    """The roles that the visitor speaks for at this moment."""
    hands = {event.speaker: event.text for event in script.of_kind("hand")}
    return {role for role, by in hands.items() if role and by == VISITOR}


def given_fear(script: Script) -> str:
    """The hidden fear that the visitor gave last in the course of the play; empty if she gave none."""
    return next((event.text for event in reversed(script.visible_to(VISITOR, kinds=("fear",)))), "")


def played(event: Event, cast: Cast) -> str:
    """What is told beside a speaker's name if a person plays him."""
    by_hand = event.provenance.by == "person" and event.speaker != VISITOR and VISITOR in cast.personas
    return f" (played by {cast.name(VISITOR)})" if by_hand else ""


def neutral(text: str) -> str:
    """Words of strangers as words: on one line, and without what makes a cue, a placeholder or a mark of a chat."""
    return " ".join(text.split()).translate(_BRACKETS).replace("<|", "(").replace("|>", ")")


def regards(script: Script, role: str) -> dict[str, float]:
    """What somebody thinks of others by now, by role, from -1 to 1: the newest word of her own reflections on each."""
    found: dict[str, float] = {}
    for event in script.visible_to(role, kinds=("reflection",)):
        found |= event.regards if event.speaker == role else {}
    return found


def _standing(events: list[Event]) -> list[Event]:
    """Recaps in the place of what they stand for. A circle's new recap was made from its old one."""
    newest = {frozenset(event.witnesses): event for event in events if event.kind == "recap"}
    covered = {circle: recap.covers or (0, -1) for circle, recap in newest.items()}
    told = [event for event in events if event.kind != "recap"]
    told = [event for event in told if not _within(event.id, covered.get(frozenset(event.witnesses), (0, -1)))]
    prologue = [event for event in told if event.beat == PROLOGUE]
    recaps = sorted(newest.values(), key=lambda event: (-len(event.witnesses), event.id))
    return [*prologue, *recaps, *(event for event in told if event.beat != PROLOGUE)]


def _within(number: int, ends: tuple[int, int]) -> bool:
    return ends[0] <= number <= ends[1]


def _is(event: Event, kinds: tuple[Kind, ...]) -> bool:
    return not kinds or event.kind in kinds
