"""The visitor as the play meets her: somebody who is asked, and answers with an act. Live, or from a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from dreamplay.director.visits import Opening
from dreamplay.participants.actions import Action
from dreamplay.participants.interventions import Intervention
from dreamplay.participants.visit import next_due, stance_due
from dreamplay.schema.script import Script, present
from dreamplay.schema.story import VISITOR, Scene

if TYPE_CHECKING:
    from dreamplay.engine.state import Context, State

AskReason = Literal[Opening, "wish", "playing", "stance"]
"""Why she is asked; besides the openings: because she wants to, as whom she plays, or for her stance."""
Leave = Literal["undo", "quit"]
"""What is no act, since it leaves no event: to take back her last turn, and to stop the run."""


@dataclass(frozen=True)
class Ask:
    """What she is asked, and where the play stands."""

    why: AskReason
    role: str
    """Whose turn it is: her own, or that of whom she plays."""
    beat: str
    scene: Scene
    here: tuple[str, ...]
    """Those present at this moment."""
    script: Script


def asked(context: Context, state: State, why: AskReason, role: str) -> Ask:
    """What the visitor is asked where the graph waits for her."""
    beat, scene = context.scenes[state["scene"]]
    return Ask(why, role, beat.id, scene, present(context.script, scene), context.script)


class Visitor(Protocol):
    """Whoever answers for the visitor."""

    @property
    def live(self) -> bool:
        """Whether it is a person, who leaves a file of interventions behind."""

    def wants(self, ask: Ask) -> bool:
        """Whether she wants to say or do something though she is not asked."""

    async def ask(self, ask: Ask) -> Action | Leave:
        """What she does now."""


@dataclass(frozen=True)
class ScriptedVisitor:
    """A visit from a file: what is due is done, and otherwise she listens. It follows from the script what has been
    done, so that it goes on after a stop as if there had been none.
    """

    interventions: tuple[Intervention, ...]
    live: bool = False

    def wants(self, ask: Ask) -> bool:
        """See `Visitor.wants`."""
        return next_due(self.interventions, ask.script, ask.beat, ask.scene, VISITOR) is not None

    async def ask(self, ask: Ask) -> Action | Leave:
        """See `Visitor.ask`."""
        if ask.why == "stance":
            found = stance_due(self.interventions, ask.beat, ask.scene, ask.role)
        else:
            found = next_due(self.interventions, ask.script, ask.beat, ask.scene, ask.role)
        return found or Action()
