"""A turn: the role that is asked, its task, those present, and its cue. The director makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dreamplay.schema.event import Cue
from dreamplay.schema.scene import VISITOR, Scene

Task = Literal["line", "stance", "reflection"]
Occasion = Literal["turn", "start", "end", "round", "addressed", "line", "wish"]
"""Why somebody is asked: it is their turn; or, of a visitor, the scene begins or ends, all have spoken since they did,
they were spoken to, they want to be asked after every line, or they want to do something now.
"""


@dataclass(frozen=True)
class Turn:
    """One turn of one role, as it was when the turn was given. Of a character, everything in it follows from script and
    seed."""

    beat: str
    """The id of the beat."""
    scene: Scene
    speaker: str
    """The role that is asked."""
    present: tuple[str, ...]
    """Those present, the speaker included, in the order in which they came."""
    number: int = 0
    """Of the turn in its scene, counted from 1; 0 for what is no turn."""
    taken: int = 0
    """Turns that the cast has taken in the scene before."""
    cue: Cue | None = None
    """Of a line: what the speaker has in mind. Nobody else is told."""
    task: Task = "line"
    """What is asked for."""
    occasion: Occasion = "turn"
    """Why they are asked."""
    answered: bool = False
    """Whether the visitor has decided for somebody else here before, which is not recorded yet."""
    may_leave: bool = False
    """Whether they may go, of their own accord, at the end of this turn."""

    @property
    def witnesses(self) -> tuple[str, ...]:
        """Those who perceive the line, in order: everybody present, or those to whom it is whispered."""
        return self.hearing(self.cue.hears if self.cue else ())

    @property
    def others(self) -> tuple[str, ...]:
        """Those present besides the speaker."""
        return tuple(role for role in self.present if role != self.speaker)

    @property
    def by_visitor(self) -> bool:
        """Whether the visitor is asked for themself, and not for a role which they play."""
        return self.speaker == VISITOR

    @property
    def visitor_present(self) -> bool:
        """Whether the visitor is there."""
        return VISITOR in self.present

    @property
    def place(self) -> tuple[object, ...]:
        """A key that is unique to this turn; the seeds of its calls are derived from it."""
        return (self.scene.id, "reflection" if self.task == "reflection" else self.number, self.speaker)

    def hearing(self, hears: tuple[str, ...]) -> tuple[str, ...]:
        """The witnesses of a line that only these hear; of one for nobody in particular, everybody present."""
        return tuple(role for role in self.present if not hears or role in (self.speaker, *hears))
