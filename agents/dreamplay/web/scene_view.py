"""What a play looks like on the page: its events as pieces of HTML, for whoever watches."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException

import dreamplay as dp
from dreamplay.rendering.event_words import played_by
from dreamplay.runs.viewpoint import AUTHOR as AUTHOR
from dreamplay.runs.viewpoint import READER as READER
from dreamplay.runs.viewpoint import Viewpoint
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, PROLOGUE_TITLE, EventBase
from dreamplay.schema.story import Story
from dreamplay.web.templating import fill

VOICES = 8
"""Voices that look different; a larger cast shares them."""


def viewpoint(asked: str | None, cast: Cast) -> str:
    """Through whose eyes: what was asked for, or those of the visitor, or a reader's.

    Raises:
        HTTPException: there is nobody of that name (404).
    """
    if asked is None:
        return cast.visitor or READER
    if asked not in (AUTHOR, READER, *cast.roles):
        raise HTTPException(404, f"Nobody in this run is called {asked[:80]!r}.")
    return asked


@dataclass(frozen=True)
class SceneView:
    """Makes HTML of the events of one run, as somebody sees it."""

    story: Story
    cast: Cast
    run: str = ""
    """The name of the run, for addresses."""
    viewpoint: str = READER
    """Through whose eyes: `author`, `reader`, or a role."""

    @classmethod
    def of(cls, run: dp.Run | dp.LivePlay, asked: str | None) -> SceneView:
        """How a run looks from the viewpoint that was asked for: see `viewpoint`.

        Raises:
            HTTPException: there is nobody of that name (404).
        """
        header, place = run.header, run.place
        assert header
        assert place
        cast = Cast(header.cast)
        return cls(header.story, cast, place.name, viewpoint(asked, cast))

    @staticmethod
    def shows(event: dp.Event, seen_by: Viewpoint) -> bool:
        """Whether an event is shown. Unlike in a text, a reader may unfold thoughts, and the author is also shown what
        is no part of the story.
        """
        silent = event.kind == "silence" and not event.chosen
        if seen_by.name != AUTHOR and (silent or (event.kind == "reflection" and event.failed)):
            return False
        folded = seen_by.name == READER and event.kind in ("thought", "reflection")
        return folded or seen_by.sees(event)

    def event(self, event: dp.Event, before: dp.Event | None, gesture: str = "") -> str:
        """An event as HTML, under the titles of its beat and scene if they are new. `gesture` is what the speaker of a
        line does, which is the event before it.
        """
        return fill(
            "event.html.jinja", event=event, view=self, gesture=gesture,
            beat=self.beat(event) if before is None or before.beat != event.beat else "",
            place=self.place(event) if before is None or before.scene != event.scene else "",
        )  # fmt: skip

    def name(self, role: str | None) -> str:
        """The name of a role."""
        return self.cast.name(role) if role else ""

    def who(self, event: EventBase) -> str:
        """The speaker's name, and who plays them, if it is a person."""
        return f"{self.name(event.speaker)}{played_by(event, self.cast)}"

    @property
    def folds(self) -> bool:
        """Whether whispers are folded away, as thoughts are: for those who hear all of them."""
        return self.viewpoint in (AUTHOR, READER)

    def voice(self, role: str | None) -> int:
        """The number of a role's voice, by which it is told apart on the page: from 1 to `VOICES`; 0 for nobody's."""
        return self.cast.roles.index(role) % VOICES + 1 if role in self.cast.roles else 0

    def beat(self, event: EventBase) -> str:
        """The title of an event's beat."""
        if event.beat == PROLOGUE:
            return PROLOGUE_TITLE
        return next((self.cast.fill(each.title) for each in self.story.beats if each.id == event.beat), event.beat)

    def place(self, event: EventBase) -> str:
        """The heading of an event's scene."""
        return next((self.cast.fill(scene.place) for _, scene in self.story.scenes if scene.id == event.scene), "")

    def choice(self, choice: str) -> str:
        """A choice at the crossroads, in words."""
        return next((self.cast.fill(each.text) for each in self.story.choices if each.id == choice), choice)
