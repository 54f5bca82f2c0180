"""A guest: a visitor whose words come from elsewhere, such as a page, and wait here until the play asks for them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from dreamplay.models.base import OnToken
from dreamplay.participants.actions import Action
from dreamplay.participants.base import Departure, Outcome, Quit, Undo
from dreamplay.participants.commands import CommandError, parse
from dreamplay.schema.cast import Cast
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Occasion, Task, Turn
from dreamplay.schema.view import View


@dataclass(frozen=True)
class Asked:
    """What the play waits for."""

    role: str
    """Who is asked: the visitor, or a role that they play."""
    task: Task
    occasion: Occasion
    here: tuple[str, ...]
    """Those present, as roles; empty if the visitor is away, who does not see them."""
    away: bool
    """Whether the visitor has left the others."""
    held: tuple[str, ...]
    """The roles that the visitor plays besides."""


@dataclass(frozen=True)
class Refused:
    """What cannot be done at this moment."""

    line: str | Action
    """What was typed, or chosen."""
    why: str
    """In one line: why not, and what can be done."""


class Guest:
    """A person, as a `Participant`, who may take as long as they like. It lives on the event loop of the play.

    Args:
        cast: of the play.
        story: of the play.
        changed: is called when something here has changed: what is asked, what waits, what was refused.
        undone: is called with the id of the event that is taken back, with all that follow it.
    """

    def __init__(
        self, cast: Cast, story: Story, changed: Callable[[], None], undone: Callable[[int], None]
    ) -> None:  # fmt: skip
        self._cast, self._story, self._changed, self._undone = cast, story, changed, undone
        self._news = asyncio.Event()
        self._again = False
        self.asked: Asked | None = None
        """What the play waits for; None while others speak."""
        self.typed: deque[str | Action] = deque()
        """What was typed or chosen and has not been taken up, the oldest first: see `commands.parse`."""
        self.refused: Refused | None = None
        """What cannot be done. Until something is given in its place, nothing behind it is taken up either."""

    def give(self, line: str | Action) -> None:
        """Say or do something as soon as the play can take it, in place of what was refused, if anything was. Nothing,
        which is to listen, needs a question."""
        said = bool(line.said if isinstance(line, Action) else line.strip())
        if said or self.asked:
            if self.refused:
                self.typed.appendleft(line)
            else:
                self.typed.append(line)
            self.refused = None
            self._news.set()
            self._changed()

    def withdraw(self) -> None:
        """Take back what was typed and has not been taken up."""
        self.typed.clear()
        self.refused = None
        self._changed()

    def wants_turn(self, turn: Turn, view: View) -> bool:
        """See `Participant.wants_turn`: they have typed something meanwhile, or taken something back."""
        return bool(self.typed) or self._again

    async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome | Departure:
        """See `Participant.take_turn`."""
        self._again = False
        away = turn.by_visitor and not turn.visitor_present
        self.asked = Asked(
            turn.speaker, turn.task, turn.occasion, () if away else turn.present, away, tuple(sorted(view.controlled))
        )
        self._changed()
        try:
            while True:
                while not self.typed or self.refused:
                    self._news.clear()
                    await self._news.wait()
                line = self.typed.popleft()
                try:
                    act = parse(line, turn, view, self._cast, self._story)
                except CommandError as why:
                    self.refused = Refused(line, str(why))
                    self._changed()
                    continue
                if isinstance(act, Undo):
                    self._again = True
                    if act.event:
                        self._undone(act.event.id)
                if isinstance(act, Quit):
                    self.typed.clear()
                return act
        finally:
            self.asked = None
            self._changed()
