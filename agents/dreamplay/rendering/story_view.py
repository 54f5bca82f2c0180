"""Shows a run in the terminal: the story on stdout, everything else on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from typing import Literal, Self

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from dreamplay.rendering import console
from dreamplay.rendering.event_lines import EventLines
from dreamplay.rendering.event_words import InlineGestures
from dreamplay.rendering.live_region import LiveRegion
from dreamplay.rendering.output import dumps
from dreamplay.rendering.progress import Progress
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, PROLOGUE_TITLE, Event, SilenceEvent, Token
from dreamplay.schema.scene import Scene
from dreamplay.schema.story import Beat, Story

OutputMode = Literal["story", "json", "quiet"]

_WIDTH = 92
_RECALLED = 6
"""Number of earlier events that are shown again when a run is resumed."""


class StoryView(LiveRegion):
    """Shows events when they are final, and, in a terminal, the line that is being generated and the progress.

    Tokens are only shown in the part of the terminal that is erased afterwards, so a rejected candidate leaves no
    trace, and a pipe gets no tokens. With `readers`, the roles that a person currently plays, it shows what those roles
    perceive, and leaves the bottom of the terminal for the person's input.
    """

    def __init__(
        self,
        story: Story,
        cast: Cast,
        scenes: Iterable[tuple[Beat, Scene]],
        manner: OutputMode,
        *,
        numbers: bool = False,
        readers: Callable[[], Collection[str]] | None = None,
    ) -> None:
        self._story, self._cast, self._manner = story, cast, manner
        self._lines = EventLines(story, cast, numbers)
        self._gestures = None if numbers else InlineGestures()
        self._scenes = list(scenes)
        self._out = console.stdout(most=_WIDTH)
        foot = console.stderr() if console.piped(self._out) else self._out
        super().__init__(foot, wanted=readers is None and manner != "quiet")
        self._readers = readers
        self._beat = self._scene = ""
        self._spoken = ""
        self._style: str | None = None
        self._blank = False
        self._begun = time.monotonic()
        self._progress = Progress(self._scenes)

    def __enter__(self) -> Self:
        super().__enter__()
        if self._manner == "story":
            self._print(Text(self._story.title.upper(), style="bold"))
        return self

    def recall(self, before: Iterable[Event]) -> None:
        """Resume a run: show the last earlier events, dimmed, say where they end, and continue after them."""
        played = list(before)
        self._progress = Progress(self._scenes, played)
        if self._manner == "story":
            self._style = "dim"
            for event in [each for each in played if not isinstance(each, SilenceEvent)][-_RECALLED:]:
                self.show(event)
            if self._beat:  # something was shown
                self._print(Text("— new from here on —"), above=True, below=True)
            self._style = None

    def watch(self, seen: Event | Token) -> None:
        """Process one event or token."""
        if isinstance(seen, Token):
            self._spoken = self._spoken + seen.text if seen.text else ""
            self._refresh(seen.speaker)
            return
        self._spoken = ""
        self._progress.count(seen)
        if self._manner == "json":
            self._out.print(Text(dumps(seen.model_dump(mode="json"), indent=None)), soft_wrap=True)
        elif self._manner == "story":
            self.show(seen)
        self._refresh(None)

    def show(self, event: Event) -> None:
        """Print an event, preceded by the titles of its beat and scene if they are new. A gesture waits for its line,
        unless events are numbered.
        """
        for each, gesture in self._gestures.take(event) if self._gestures else [(event, "")]:
            self._show(each, gesture)

    def _show(self, event: Event, gesture: str) -> None:
        shown = self._lines.shown(event, gesture)
        if shown is None:
            return
        if self._readers and not set(self._readers()) & set(event.witnesses):
            return
        begins = event.beat != self._beat
        if begins:
            self._beat = event.beat
            self._print(Text(self._title(event.beat), style="bold"), above=True)
        if event.scene != self._scene:
            self._scene = event.scene
            self._print(Text(self._place(event.scene), style="bold dim"), above=not begins)
        # Padding would truncate long text; a pipe has no width.
        indented = shown.indented and not console.piped(self._out)
        self._print(Padding(shown.text, (0, 4)) if indented else shown.text, above=shown.apart, below=shown.apart)

    def _print(self, what: Text | Padding, *, above: bool = False, below: bool = False) -> None:
        """Print it, with a blank line above, if there is none yet, or below."""
        if above and not self._blank:
            self._out.print()
        self._out.print(what, style=self._style)
        if below:
            self._out.print()
        self._blank = below

    def _title(self, beat: str) -> str:
        if beat == PROLOGUE:
            return PROLOGUE_TITLE
        return next(self._cast.fill(known.title) for known in self._story.beats if known.id == beat)

    def _place(self, scene: str) -> str:
        return next((self._cast.fill(known.place) for _, known in self._story.scenes if known.id == scene), "")

    def _refresh(self, speaker: str | None) -> None:
        if not self.lively:
            return
        name = f"{self._cast.name(speaker)}:" if speaker else ""
        words = self._spoken.strip().removeprefix(name).strip()  # some engines begin with the name, some do not
        spoken = Text(f"{name} {words}", style="dim") if words else Text()
        self.draw(Group(spoken, Text(self._standing(), style="dim")))

    def _standing(self) -> str:
        beat = self._title(self._beat) if self._beat else self._story.title
        seconds = self._progress.left(time.monotonic() - self._begun)
        left = "" if seconds is None else f" · about {int(seconds // 60)}:{int(seconds % 60):02d} left"
        return f"— {beat} · turn {self._progress.turn}{left} —"
