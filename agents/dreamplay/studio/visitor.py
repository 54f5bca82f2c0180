"""The visitor on a server: the play is interrupted when they are asked, and goes on with their answer."""

from __future__ import annotations

from typing import Any

from langgraph.types import interrupt
from pydantic import ValidationError

from dreamplay.models.base import OnToken
from dreamplay.participants.actions import Action
from dreamplay.participants.base import Outcome, Quit, Undo
from dreamplay.participants.commands import CommandError, parse
from dreamplay.schema.cast import Cast
from dreamplay.schema.error_messages import did_you_mean, listed, sentence
from dreamplay.schema.event import Event, TurnEvent
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

_LAST = 8
"""Events that are repeated for the visitor when they are asked."""
_LISTEN = "listen"


class Visitor:
    """A person, as a `Participant`, who answers an interrupt."""

    def __init__(self, cast: Cast, story: Story) -> None:
        self._cast, self._story = cast, story

    async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome:
        """See `Participant.take_turn`. An answer that cannot be done is asked for again, with the reason."""
        asked = self._asked(turn, view)
        refused: dict[str, Any] = {}
        while True:
            answer = interrupt(asked | refused)
            try:
                done = parse(_meant(answer), turn, view, self._cast, self._story)
                if isinstance(done, Undo | Quit):
                    raise CommandError("a thread is taken back by going on from one of its earlier checkpoints")
            except CommandError as why:
                refused = {"refused": str(why)}
            else:
                return done

    def wants_turn(self, turn: Turn, view: View) -> bool:
        """See `Participant.wants_turn`: they speak when they are asked."""
        return False

    def _asked(self, turn: Turn, view: View) -> dict[str, Any]:
        """What the visitor is asked: by whom they are surrounded, and what they perceived last."""
        cast, away = self._cast, turn.by_visitor and not turn.visitor_present
        stance = turn.task == "stance"
        examples: list[dict[str, Any]] = [{"say": "..."}, {"do": "..."}, {_LISTEN: True}]
        choices = [{"id": choice.id, "text": cast.fill(choice.text)} for choice in self._story.choices]
        if stance:
            examples = [{"stance": {"choice": choice["id"], "because": "..."}} for choice in choices]
        asked = {
            "question": self._question(turn, away=away),
            "role": turn.speaker,
            "name": cast.name(turn.speaker),
            "task": turn.task,
            "occasion": turn.occasion,
            "present": [] if away else [cast.name(role) for role in turn.others],
            "last": [self._told(event) for event in [each for each in view.events if each.text][-_LAST:]],
            "answers": examples,
        }
        return asked | ({"choices": choices} if stance else {})

    def _question(self, turn: Turn, *, away: bool) -> str:
        name = self._cast.name(turn.speaker)
        if turn.task == "stance":
            whose = "You decide" if turn.by_visitor else f"You decide for {name}"
            return f"{whose}. Which choice, and why?"
        if away:
            return "You are away. Do you come back, or do they go on without you?"
        if not turn.by_visitor:
            return f"It is {name}'s turn, for whom you speak. A line, or silence?"
        return "A word, or do you listen?"

    def _told(self, event: Event) -> dict[str, Any]:
        who: dict[str, Any] = {"speaker": self._cast.name(event.speaker)} if event.speaker else {}
        if isinstance(event, TurnEvent) and event.hears:
            who["whispers_to"] = [self._cast.name(role) for role in event.hears]
        return {"kind": event.kind} | who | {"text": event.worded}


def _meant(answer: object) -> str | Action:
    """What an answer means: a line or a command as at the terminal, or the fields of an action.

    Raises:
        CommandError: nothing that a visitor can do.
    """
    if isinstance(answer, str):
        return answer
    known = [*Action.model_fields, _LISTEN]
    if not isinstance(answer, dict):
        raise CommandError('answer with an object, such as {"say": "Good evening."}')
    if unknown := next((str(name) for name in answer if name not in known), None):
        raise CommandError(
            f"nothing is called {unknown[:40]!r}{did_you_mean(unknown, known)}; there are {listed(known)}"
        )
    try:
        return Action.model_validate({name: value for name, value in answer.items() if value and name != _LISTEN})
    except ValidationError as error:
        first = error.errors()[0]
        raise CommandError(f"{'.'.join(map(str, first['loc'])) or 'answer'}: {sentence(first)}") from None
