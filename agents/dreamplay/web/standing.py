"""How a run stands, in words, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import dreamplay as dp
from dreamplay.web.telling import Telling
from dreamplay.web.templating import clock
from dreamplay.web.wording import worded

Do = Literal["go", "pause", "step", "close"]


@dataclass(frozen=True)
class Standing:
    """How a run stands."""

    state: str
    """A state of a live play; of a run on disk "finished", "stopped", or "elsewhere" if another process plays it."""
    words: str
    can: tuple[Do, ...] = ()
    """What can be done."""

    @property
    def live(self) -> bool:
        """Whether more of it may come by itself."""
        return self.state not in ("finished", "closed", "stopped", "elsewhere")

    @classmethod
    def of(cls, run: dp.Run) -> Standing:
        """How a run on disk stands."""
        if run.finished:
            return cls("finished", "Finished.")
        if who := run.played_by:
            return cls("elsewhere", f"It is being played by {who}. What is played there appears here as it is kept.")
        return cls("stopped", f"Stopped after event {len(run.events)}." if run.events else "Not begun yet.", ("go",))

    @classmethod
    def now(cls, moment: dp.Moment) -> Standing:
        """How a live play stands."""
        match moment.state:
            case "opening":
                return cls("opening", "The model is being opened.", ("close",))
            case "playing":
                return cls("playing", "Playing.", ("pause", "step", "close"))
            case "pausing":
                return cls("pausing", "Pausing after this line.", ("go", "close"))
            case "paused":
                return cls("paused", "Paused.", ("go", "step", "close"))
            case "closing":
                return cls("closing", "Stopping after this line.")
            case "failed":
                return cls("failed", f"It cannot go on: {worded(moment.why)}", ("go", "step", "close"))
            case "finished":
                return cls("finished", "Finished.")
            case "closed":
                return cls("closed", "Stopped.", ("go",))


def where(telling: Telling, play: dp.LivePlay | None) -> str:
    """Where a run is, as far as it was told: beat, turn, and how long the rest of a live play will take, or that it
    waits for its visitor, who is asked in words of their own.
    """
    turn = f"turn {telling.turn}" if telling.turn else ""
    left = ""
    if play and play.moment.asked:
        left = f"waiting for {telling.view.name(telling.view.cast.visitor)}"
    elif play and (seconds := play.pace.seconds_left):
        left = f"about {clock(seconds)} left"
    return " · ".join(filter(None, (telling.beat, turn, left)))
