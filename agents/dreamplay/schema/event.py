"""The event: the one record everything is made of, and the values in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dreamplay.schema.base import FrozenModel, Words
from dreamplay.schema.cast import Cast
from dreamplay.schema.story import VISITOR

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


Place = Annotated[int, Field(ge=0, lt=2**31)]
"""The number of an event, or of a turn."""
_MOST = 10**15
"""Of tokens or seconds, far beyond any play."""
Amount = Annotated[int, AfterValidator(lambda number: min(max(number, 0), _MOST))]
"""What an endpoint says that it used, of which it may say anything: within bounds, so that it can be added up."""
Seconds = Annotated[float, Field(allow_inf_nan=False), AfterValidator(lambda number: min(max(number, 0.0), _MOST))]
Score = Annotated[float, Field(allow_inf_nan=False)]


class Usage(FrozenModel):
    """What one or more model calls cost. Tokens and seconds; cached tokens are part of the prompt tokens."""

    calls: Amount = 0
    prompt: Amount = 0
    cached: Amount = 0
    output: Amount = 0
    seconds: Seconds = 0.0

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


class Cue(FrozenModel):
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


class RejectedCandidate(FrozenModel):
    """A candidate that the editor did not let stand, and why."""

    text: Words
    reason: Words


class RetrievedMemory(FrozenModel):
    """A memory that came up, and why: three scores, each in [0, 1], and their product (`memory.py`)."""

    event: Place | None
    """The event it is a memory of; None for a formative memory of the private sheet."""
    when: Words
    text: Words
    """As it stood in the prompt: cut short, and in the first person where it is the character's own."""
    recency: Score
    importance: Score
    relevance: Score
    score: Score


class Provenance(FrozenModel):
    """Where an event came from. What a person made who plays one of the others has that other as its speaker."""

    by: Literal["author", "agent", "narrator", "person"]
    prompt: str | None = None
    """SHA-256 of the prompt that the event answers."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    recalled: tuple[RetrievedMemory, ...] = ()
    """The memories that stood in the private tail of the prompt, the best first."""
    refused: tuple[RejectedCandidate, ...] = ()
    usage: Usage = Usage()


class DreamContribution(FrozenModel):
    """One entry of a dream's ledger: whose hidden fear and wish went into the dream."""

    role: str
    fear: Words
    wish: Words


class Event(FrozenModel):
    """The one record everything is made of. Roles, not names, in speaker and witnesses."""

    id: Place
    """Place in the script, counted from 0."""
    kind: Kind
    text: Words
    speaker: str | None = None
    witnesses: tuple[str, ...] = ()
    """The roles that perceived it. Nobody else ever learns of it through the program; empty means nobody."""
    beat: str
    scene: str
    turn: Place = 0
    """Turn of the scene, counted from 1; 0 for what is not a turn."""
    cue: Cue | None = None
    ledger: tuple[DreamContribution, ...] = ()
    """Of a dream: what was pooled. For the reader of the transcript; no prompt is made from it."""
    choice: str | None = None
    """Of a stance: the id of the choice."""
    regards: dict[str, Annotated[float, Field(ge=-1, le=1)]] = Field(default_factory=dict)
    """Of a reflection: what the speaker now thinks of others, by role, from -1 to 1; the text is the reason. Without a
    text it is a thought that was not had, since no answer could stand.
    """
    covers: tuple[Place, Place] | None = None
    """Of a recap: the first and the last id of what it stands for, which is whatever its witnesses, and nobody
    else, perceived there."""
    provenance: Provenance = Provenance(by="author")


@dataclass(frozen=True)
class Token:
    """A piece of text as the model speaks it. It may yet be refused: nothing stands until its Event comes."""

    speaker: str | None
    text: str
    witnesses: tuple[str, ...] = ()
    """Those who perceive it as it is spoken."""


def by_visitor(event: Event) -> bool:
    """Whether an event is something that the visitor said or did herself, which somebody can answer."""
    return event.speaker == VISITOR and event.kind in ("line", "action")


def played(event: Event, cast: Cast) -> str:
    """What is told beside a speaker's name if a person plays him."""
    by_hand = event.provenance.by == "person" and event.speaker != VISITOR and VISITOR in cast.personas
    return f" (played by {cast.name(VISITOR)})" if by_hand else ""


def sanitize(text: str) -> str:
    """Words of strangers as words: on one line, and without what makes a cue, a placeholder or a mark of a chat."""
    return " ".join(text.split()).translate(_BRACKETS).replace("<|", "(").replace("|>", ")")
