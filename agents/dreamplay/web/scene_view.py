"""What a play looks like on the page: its events as pieces of HTML, for whoever watches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from starlette.exceptions import HTTPException

import dreamplay as dp
from dreamplay.rendering.event_words import played_by
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import PROLOGUE, PROLOGUE_TITLE, EventBase
from dreamplay.schema.script import Script, ever_controlled
from dreamplay.schema.story import Story
from dreamplay.web.templating import fill

Viewpoint = str
"""Whose eyes: "author" sees everything, "reader" the play and all thoughts in it, and a role what they perceive."""
AUTHOR: Literal["author"] = "author"
READER: Literal["reader"] = "reader"
VOICES = 8
"""Voices that look different; a larger cast shares them."""


def viewpoint(asked: str | None, cast: Cast) -> Viewpoint:
    """Through whose eyes: what was asked for, or those of the visitor, or a reader's.

    Raises:
        HTTPException: there is nobody of that name (404).
    """
    if asked is None:
        return cast.visitor or READER
    if asked not in (AUTHOR, READER, *cast.roles):
        raise HTTPException(404, f"Nobody in this run is called {asked[:80]!r}.")
    return asked


def eyes(seen_by: Viewpoint, cast: Cast, events: Iterable[dp.Event]) -> frozenset[str]:
    """The roles through whose eyes somebody sees: of a visitor, those too whom they have played. Of the author and of a
    reader that is nobody.
    """
    if seen_by in (AUTHOR, READER):
        return frozenset()
    if seen_by == cast.visitor:
        return frozenset({seen_by, *ever_controlled(Script(events))})
    return frozenset({seen_by})


@dataclass(frozen=True)
class SceneView:
    """Makes HTML of the events of one run, as somebody sees it."""

    story: Story
    cast: Cast
    run: str = ""
    """The name of the run, for addresses."""
    viewpoint: Viewpoint = READER

    @classmethod
    def of(cls, run: dp.Run | dp.LivePlay, asked: str | None) -> SceneView:
        """How a run looks from the viewpoint that was asked for: see `viewpoint`.

        Raises:
            HTTPException: there is nobody of that name (404).
        """
        header, folder = run.header, run.folder
        assert header
        assert folder
        cast = Cast(header.cast)
        return cls(header.story, cast, folder.name, viewpoint(asked, cast))

    def shows(self, event: dp.Event, viewpoint: Viewpoint, roles: frozenset[str] = frozenset()) -> bool:
        """Whether somebody sees an event. `roles` are those whose eyes are used, if it is not the author or a reader.
        The witnesses of an event decide, as they do for prompts.
        """
        if viewpoint == AUTHOR:
            return True
        if (event.kind == "silence" and not event.chosen) or (event.kind == "reflection" and event.failed):
            return False  # nothing that is part of the story
        if viewpoint == READER:
            return not event.backstage and event.kind != "recap"
        return event.perceived_by(roles)

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
