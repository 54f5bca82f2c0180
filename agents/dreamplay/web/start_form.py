"""The form of a new play: the story that it is about, and what somebody has filled in, as `dreamplay.live` takes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData

import dreamplay as dp
from dreamplay.errors import DreamplayError, LibraryError, ModelError, SettingsError, UsageError
from dreamplay.schema.cast import Cast
from dreamplay.web import model_fields, wording

FIELDS = ("story", "swaps", "seed", "length", "beats", "direction", "model", "visitor")
"""The fields beside which something may be said to be wrong."""
CARD = 2 * 1024 * 1024
"""Bytes of a character card at most."""


@dataclass(frozen=True)
class StoryChoice:
    """A story that can be played, with its cast as it is written."""

    name: str
    story: dp.Story
    cast: Cast

    @classmethod
    def named(cls, name: str) -> StoryChoice:
        """Read one of the stories that are offered, and its cast.

        Raises:
            UsageError: it is not among them.
            LibraryError: it, or somebody of its cast, is not valid.
        """
        if name not in dp.list_stories():
            raise UsageError(f"`story={name[:80]}`: there is none of that name here; choose another")
        story = dp.load_story(name)
        return cls(name, story, Cast({role: dp.load_persona(who) for role, who in story.cast.items()}))

    def swapped(self, role: str, name: str) -> str:
        """Who plays a role, given what was chosen for it.

        Raises:
            UsageError: neither a role of the story nor a persona that is offered.
        """
        if name not in self.story.cast and name not in dp.list_personas():
            raise UsageError(f"`swaps={name[:80]}`: nobody of that name can play {role}; choose another")
        return name


@dataclass(frozen=True)
class StartForm:
    """What somebody has filled in."""

    form: FormData

    @cached_property
    def story(self) -> StoryChoice:
        """The story.

        Raises:
            UsageError: there is none of that name.
            LibraryError: it is not valid.
        """
        return StoryChoice.named(self._text("story"))

    def play(self) -> dict[str, Any]:
        """What `dreamplay.live` takes.

        Raises:
            DreamplayError: something that it cannot take; `wrong` says of which field.
        """
        visitor = self._text("visitor") or None
        every_line = bool(visitor and self._text("every_line"))
        return self.cost() | {"visitor": visitor, "every_line": every_line, "seed": self._text("seed") or None}

    def cost(self) -> dict[str, Any]:
        """What `dreamplay.estimate` takes.

        Raises:
            DreamplayError: something that it cannot take.
        """
        beats = self.form.getlist("beats")
        there = [beat.id for beat in self.story.story.beats]
        if not beats or not {*beats} <= {*there}:
            raise UsageError("`beats`: choose at least one of this story")
        return {
            "story": self.story.name, "swaps": self._swaps(), "beats": () if beats == there else beats,
            "length": self._text("length") or None, "direction": self._text("direction") or None,
        } | model_fields.chosen(self.form)  # fmt: skip

    def _swaps(self) -> dict[str, str | dp.Persona]:
        found: dict[str, str | dp.Persona] = {}
        for role in self.story.story.cast:
            if card := self._text(f"card_{role}"):
                found[role] = _persona(card)
            elif name := self._text(f"swap_{role}"):
                found[role] = self.story.swapped(role, name)
        return found

    def _text(self, name: str) -> str:
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""


def wrong(error: DreamplayError) -> dict[str, str]:
    """What is wrong, by the field beside which it is said; "" for the form as a whole."""
    field = wording.field(str(error))
    if field not in FIELDS:
        # What is set besides, such as a key or a proxy, is for the model.
        kinds = (("model", (ModelError, SettingsError)), ("swaps", (LibraryError,)))
        field = next((name for name, kind in kinds if isinstance(error, kind)), "")
    return {field: wording.worded(str(error))}


def _persona(text: str) -> dp.Persona:
    """A persona that the form has carried since its card was read.

    Raises:
        UsageError: it is none.
    """
    try:
        return dp.Persona.model_validate_json(text)
    except ValidationError:
        raise UsageError("`swaps`: the card was lost; give it again") from None
