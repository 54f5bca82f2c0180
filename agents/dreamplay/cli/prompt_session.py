"""A visitor at a terminal: a line to type in that stays at the bottom while the story goes on above it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import groupby
from types import TracebackType
from typing import TYPE_CHECKING, Any

from dreamplay.models.base import OnToken
from dreamplay.participants.base import Departure, Outcome, Undo
from dreamplay.participants.commands import HELP, LONGEST, CommandError, parse
from dreamplay.rendering.output import formatted, terminal, wrapped
from dreamplay.schema.cast import Cast, listed
from dreamplay.schema.event import ControlEvent, Event, FearEvent, Token
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.key_binding import KeyPress

_AT_ONCE = 50
"""Characters that nobody types by hand between two looks at the keyboard."""

_WHY = {
    "start": "A new scene. Say something, or press Enter to listen (? helps).",
    "end": "The scene is ending. A last word, or Enter?",
    "round": "All have spoken. A word, or Enter?",
    "addressed": "You have been spoken to. An answer, or Enter?",
    "line": "A word, or Enter?",
    "wish": "A word, or Enter?",
}


def _told(event: Event, cast: Cast) -> str:
    """In a few words, what the visitor did."""
    if isinstance(event, ControlEvent):
        return f"{'playing' if event.controller == 'visitor' else 'handing back'} {cast.name(event.speaker)}"
    return f"“{event.text}”" if event.text else event.kind


def _tamed(presses: Iterable[KeyPress]) -> Iterator[KeyPress]:
    """What was typed, with many characters that come at once taken in at once: one by one, 100,000 take a minute. No
    mouse: half a code of one would stop the play.
    """
    from prompt_toolkit.key_binding import KeyPress
    from prompt_toolkit.keys import Keys

    for plain, group in groupby(presses, lambda press: len(press.key) == 1 and press.key.isprintable()):
        each = [press for press in group if press.key not in (Keys.Vt100MouseEvent, Keys.WindowsMouseEvent)]
        at_once = plain and len(each) >= _AT_ONCE
        yield from [KeyPress(Keys.BracketedPaste, "".join(press.data for press in each))] if at_once else each


def _cut(buffer: Buffer) -> None:
    """Keep one character too many, which tells that there were more."""
    if len(buffer.text) > LONGEST + 1:
        buffer.text = buffer.text[: LONGEST + 1]


class Terminal:
    """A person at the terminal, as a `Participant`. A context manager: meanwhile all that is printed goes above the
    line that they type in, and what they type while nobody asks them waits until they are asked. `readers` are the
    roles that they play at the moment: what these perceive the person sees while it is being said.
    """

    def __init__(
        self, cast: Cast, story: Story, say: Callable[[str], None], stop: Callable[[], None],
        readers: Callable[[], Collection[str]],
    ) -> None:  # fmt: skip
        self._cast, self._story, self._say, self._stop, self._readers = cast, story, say, stop, readers
        self._typed: deque[str] = deque()
        self._news = asyncio.Event()
        self._why = self._spoken = self._speaker = ""
        self._role = cast.visitor or ""
        self._screen = terminal()
        self._again = self._over = False
        self._stack = contextlib.ExitStack()
        self._session: PromptSession[str] | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Terminal:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.patch_stdout import patch_stdout

        self._stack.enter_context(contextlib.redirect_stdout(self._screen))
        self._session = PromptSession(erase_when_done=True, enable_open_in_editor=False, multiline=False)
        self._session.default_buffer.on_text_changed += _cut
        keys = self._session.input.read_keys
        self._session.input.read_keys = lambda: list(_tamed(keys()))  # type: ignore[method-assign]
        self._stack.enter_context(patch_stdout(raw=True))
        self._reading = asyncio.create_task(self._read(self._session))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        if self._session and self._session.app.is_running:
            self._session.app.exit(exception=EOFError)
        if self._reading:
            await self._reading
        self._stack.close()

    def watch(self, seen: Event | Token) -> None:
        """Show the words that are being spoken, above the line."""
        if isinstance(seen, Token):
            heard = seen.text and set(self._readers()) & set(seen.witnesses)
            self._spoken = self._spoken + seen.text if heard else ""
            self._speaker = self._cast.name(seen.speaker) if seen.speaker else ""
        else:
            self._spoken = ""
            if told := self._taken(seen):
                self._say(told)
            # Not before: the last action is in the script only once the graph has recorded it.
            if self._typed and self._typed[0].strip().lower() == "/quit":
                self._stop()
        self._redraw()

    def wants_turn(self, turn: Turn, view: View) -> bool:
        """See `Participant.wants_turn`: they have typed something meanwhile, or taken something back."""
        return bool(self._typed) or self._again

    async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome | Departure:
        """See `Participant.take_turn`."""
        self._again = False
        self._why, self._role = self._question(turn), turn.speaker
        self._redraw()
        try:
            while True:
                while not self._typed:
                    self._news.clear()
                    await self._news.wait()
                line = self._typed.popleft()
                if line.strip().lower() in ("?", "/help"):
                    self._say(HELP)
                elif line.strip().lower() == "/who":
                    self._say(self._present(turn, view))
                else:
                    try:
                        act = parse(line, turn, view, self._cast, self._story)
                    except CommandError as refused:
                        self._say(str(refused))
                        continue
                    if isinstance(act, Undo):
                        self._again = True
                        undone = _told(act.event, self._cast) if act.event else "what you decided last"
                        self._say(f"taken back: {undone}, and all that followed")
                    return act
        finally:
            self._why, self._role = "", self._cast.visitor or ""
            self._redraw()

    async def _read(self, session: PromptSession[str]) -> None:
        line = ""
        while line.strip().lower() != "/quit":
            try:
                line = await session.prompt_async(self._message, handle_sigint=False)
            except (EOFError, KeyboardInterrupt):
                line = "/quit"
            # Enter on an empty line means to listen, which a visitor does anyway where nobody asks.
            if line.strip() or self._why:
                self._typed.append(line)
                self._news.set()
        if not (self._why or self._over):
            self._say("stopping after this line")

    def _message(self) -> Any:
        words = self._spoken.strip().removeprefix(f"{self._speaker}:").strip()
        speaking = f"{self._speaker}: {words}\n".removeprefix(": ") if words else ""
        note = f"{self._why}\n" if self._why else ""
        above = wrapped(speaking + note, self._screen)
        return formatted(("ansigray", above), ("bold", f"{self._cast.name(self._role)}> "))

    def _question(self, turn: Turn) -> str:
        if turn.by_visitor and not turn.visitor_present and turn.task == "line":
            return "You are away. /come, or Enter to let them go on without you?"
        if not turn.by_visitor and turn.task == "line":
            return f"It is {self._cast.name(turn.speaker)}'s turn, for whom you speak. A line, or Enter for silence?"
        if turn.task == "stance":
            choices = [self._cast.fill(choice.text) for choice in self._story.choices]
            listed = "\n".join(f"  {number} {text}" for number, text in enumerate(choices, start=1))
            if turn.by_visitor:
                return f"They decide, and so do you:\n{listed}\nA number and your reason, or Enter to take no stance?"
            name = self._cast.name(turn.speaker)
            return f"You decide for {name}:\n{listed}\nA number and the reason, or Enter to let {name} decide?"
        return _WHY.get(turn.occasion, "")

    def _taken(self, event: Event) -> str:
        """That something was done which leaves no line in the story; empty if it does, or another did it."""
        name = self._cast.name(event.speaker) if event.speaker else ""
        if isinstance(event, FearEvent):
            return "your fear is kept for the dream; nobody is told"
        if isinstance(event, ControlEvent):
            theirs = f"you speak for {name} from here on; /hand back {name} ends it"
            return theirs if event.controller == "visitor" else f"{name} is played by the model again"
        return ""

    def _present(self, turn: Turn, view: View) -> str:
        held = view.controlled
        if turn.by_visitor and not turn.visitor_present:
            played = [self._cast.name(role) for role in self._cast.roles if role in held]
            speaks = f" You speak for {listed(played)}." if played else ""
            return f"you are away, and do not see who is there; /come brings you back.{speaks}"
        here = [self._cast.name(role) + (" (played by you)" if role in held else "") for role in turn.present]
        return f"here are {', '.join(here)}"

    def _redraw(self) -> None:
        if self._session:
            self._session.app.invalidate()
