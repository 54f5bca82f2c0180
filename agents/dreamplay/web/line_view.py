"""What somebody may be told of one line: the line, and how it came about as far as that is theirs to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from starlette.exceptions import HTTPException

import dreamplay as dp
from dreamplay.analysis.explain import Explanation
from dreamplay.rendering import threads_view
from dreamplay.schema.event import PROLOGUE, PROLOGUE_TITLE, Cue, TurnEvent
from dreamplay.threads.thread import Thread
from dreamplay.web.scene_view import AUTHOR, READER, SceneView
from dreamplay.web.seen_run import SeenRun

PROMPT_PARTS = {
    "system": "The rule, the premise and the cast, as everybody has them",
    "script": "What all those present have witnessed",
    "tail": "For this answer alone",
    "ask": "Where a model cannot go on with the answer's beginning",
    "prefill": "The answer begins with",
}
"""The parts of a prompt, in the order in which they are read, and what each of them is."""


@dataclass(frozen=True)
class LineView(SeenRun):
    """A line of a run as somebody sees it."""

    number: int

    @classmethod
    def of(cls, run: dp.Run, number: int, asked: str | None) -> LineView:
        """The line with a number, from the viewpoint that was asked for.

        Raises:
            HTTPException: the run has no such line, or nobody of that name (404).
        """
        if not 0 <= number < len(run.events):
            last = f"its last line is {len(run.events) - 1}" if run.events else "nothing has happened in it yet"
            raise HTTPException(404, f"There is no line {str(number)[:20]} in this run; {last}.")
        return cls(run, SceneView.of(run, asked), number)

    @property
    def event(self) -> dp.Event:
        """The line itself, or what happened in its place."""
        return self.run.events[self.number]

    def shows(self, number: int) -> bool:
        """Whether whoever looks has perceived a line of the run."""
        return self.perceives(self.run.events[number])

    @property
    def shown(self) -> bool:
        """Whether they have perceived this one."""
        return self.shows(self.number)

    @property
    def inside(self) -> bool:
        """Whether they may know what went on in the speaker: as the author, or as the speaker."""
        return self.seen_by == AUTHOR or self.event.speaker in self.eyes

    @property
    def hidden(self) -> bool:
        """Whether the author could be told more."""
        if self.seen_by == AUTHOR:
            return False
        return not self.shown or (self.event.provenance.by in ("agent", "narrator") and not self.inside)

    @cached_property
    def made(self) -> Explanation | None:
        """How it came about; None if the author of the story wrote it."""
        return None if self.event.provenance.by == "author" else self.run.why(self.number)

    def neighbour(self, step: int) -> int | None:
        """The nearest line before (-1) or after (1) this one that is shown; None if there is none."""
        numbers = range(self.number + step, len(self.run.events) if step > 0 else -1, step)
        return next((number for number in numbers if self.shows(number)), None)

    @property
    def where(self) -> str:
        """Beat, place and turn, in words."""
        event = self.event
        turn = [f"turn {event.turn}"] if isinstance(event, TurnEvent) and event.turn else []
        return "; ".join(dict.fromkeys([self.scene.beat(event), self.titles[event.scene], *turn]))

    @cached_property
    def titles(self) -> dict[str, str]:
        """Scene to its place."""
        fill = self.scene.cast.fill
        return {scene.id: fill(scene.place) for _, scene in self.scene.story.scenes} | {PROLOGUE: PROLOGUE_TITLE}

    @property
    def viewer(self) -> str:
        """Whoever looks, as the subject of a sentence."""
        return "A reader" if self.seen_by == READER else self.scene.name(self.seen_by)

    def address(self, path: str = "", view: str | None = None) -> str:
        """An address below that of the run, as whoever looks sees it, or as somebody else does; as the page itself
        chooses if `view` is empty.
        """
        seen_by = self.seen_by if view is None else view
        query = f"?view={quote(seen_by, safe='')}" if seen_by else ""
        return f"/runs/{quote(self.run.place.name, safe='')}{path}{query}"

    @property
    def took_up(self) -> list[Thread]:
        """The threads that it took up, of those that whoever looks knows of."""
        return [each for each in (self.made.took_up if self.made else ()) if self.shows(each.since)]

    def put(self, thread: Thread) -> str:
        """What a thread is, and who put it to whom."""
        return threads_view.put(thread, self.scene.cast)

    @staticmethod
    def directed(cue: Cue) -> Iterator[tuple[str, str]]:
        """What a cue directed, each part under its name. One for a model that is not led has no text of its own."""
        parts = {
            "Cue": cue.text, "Topic": cue.topic, "Act": cue.act, "Could": "; ".join(cue.options),
            "At hand": "; ".join(cue.things), "Pressure": "" if cue.text else cue.pressure,
        }  # fmt: skip
        return ((name, words) for name, words in parts.items() if words)

    def prompt(self) -> Iterator[tuple[str, str]]:
        """The parts of the prompt that have words, each under what it is."""
        asked = self.made.prompt if self.made else None
        for part, what in PROMPT_PARTS.items() if asked else ():
            if text := getattr(asked, part):
                yield what, text.strip("\n")
