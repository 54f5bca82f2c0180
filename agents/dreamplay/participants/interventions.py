"""Interventions: actions of a visitor, and when each of them is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Self

from pydantic import Field, ValidationInfo, model_validator

from dreamplay.participants.actions import Action
from dreamplay.schema.base import Role, Text
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import LineEvent
from dreamplay.schema.scene import VISITOR
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

_AS_OTHERS = frozenset({"say", "whisper", "do", "hand_back", "stance"})
"""The actions that are possible in the turn of a role that the visitor plays."""
_PEOPLE = ("play", "hand_back", "playing")
"""The keys of an intervention that name a role."""
_WHEN = re.compile(r"(?P<who>.+?) mentions (?P<what>.+)", re.DOTALL)


class Intervention(Action):
    """Something that the visitor does, and when: after a number of turns, or once somebody has mentioned something."""

    beat: Role | None = None
    """The id of the beat in which it is done. Either `beat` or `when` is required."""
    scene: Role | None = None
    """The id of a scene of the beat. Default: the first that fits."""
    turn: int = Field(default=0, ge=0)
    """How many turns of the characters come before it in the scene."""
    when: Text | None = None
    """A condition such as "Leo mentions the clock": it holds for any line of the scene that the visitor hears."""
    playing: Text | None = None
    """Whom the visitor speaks for. Default: themselves."""

    @model_validator(mode="after")
    def _whole(self, info: ValidationInfo) -> Self:
        if not self.said:
            raise ValueError(f"nothing is done; there are {', '.join(Action.model_fields)}")
        if not self.beat and not self.when:
            raise ValueError("say when: a beat (and a turn), or when: Leo mentions the clock")
        if self.when and not _WHEN.fullmatch(self.when):
            raise ValueError(f"when: {self.when!r} is not of the form 'Leo mentions the clock'")
        if self.playing and set(self.said) - _AS_OTHERS:
            raise ValueError(f"as {self.playing[:40]} they can {', '.join(sorted(_AS_OTHERS))}, and nothing else")
        if info.context:
            self._fits(**info.context)
        return self

    def _fits(self, story: Story, cast: Cast, role_of: Callable[[str], str | None]) -> None:
        scenes = {beat.id: [scene.id for scene in beat.scenes] for beat in story.beats}
        if self.beat and self.beat not in scenes:
            raise ValueError(f"no beat {self.beat!r} in this story; it has {', '.join(scenes)}")
        known = [scene for beat, here in scenes.items() for scene in here if self.beat in (None, beat)]
        if self.scene and self.scene not in known:
            raise ValueError(f"no scene {self.scene!r} there; there are {', '.join(known)}")
        who = _WHEN.fullmatch(self.when)["who"] if self.when else None  # type: ignore[index]  # checked above
        heard = self.whisper.to if self.whisper else None
        for word in filter(None, (who, heard, self.play, self.hand_back, self.playing)):
            if role_of(word) not in cast.characters:
                others = [cast.name(role) for role in cast.characters]
                raise ValueError(f"nobody else is called {word[:40]!r}; there are {', '.join(others)}")
        if heard and self.playing and role_of(heard) == role_of(self.playing):
            raise ValueError(f"{self.playing[:40]} whispers to themself; name somebody else")
        choices = [choice.id for choice in story.choices]
        if self.stance and self.stance.choice not in choices:
            raise ValueError(f"no choice {self.stance.choice!r}; there are {', '.join(choices)}")

    def __str__(self) -> str:
        place = "/".join(filter(None, (self.beat, self.scene)))
        when = " ".join(filter(None, (place, f"turn {self.turn}" if self.turn else "", self.when)))
        return f"{when}: {', '.join(self.said)}"

    def due(self, turn: Turn, view: View) -> bool:
        """Whether it can be done now: in its scene, after its turn and the words that it waits for, with those present
        whom it needs. `view` is that of the visitor, and of the roles that they play."""
        if not self.fits(turn) or turn.taken < self.turn or not self._possible(turn, view):
            return False
        if not self.when:
            return True
        hit = _WHEN.fullmatch(self.when)
        assert hit
        what = hit["what"].casefold()
        lines = [event for event in view.of_kind(LineEvent) if event.scene == turn.scene.id]
        heard = [event for event in lines if VISITOR in event.witnesses]
        return any(event.speaker == hit["who"] and what in event.text.casefold() for event in heard)

    def fits(self, turn: Turn) -> bool:
        """Whether it is for this scene."""
        return self.beat in (None, turn.beat) and self.scene in (None, turn.scene.id)

    def _possible(self, turn: Turn, view: View) -> bool:
        if self.come:
            return not turn.visitor_present
        if self.play or self.hand_back:
            return ((self.play or self.hand_back) in view.controlled) == bool(self.hand_back)
        if self.whisper and self.whisper.to not in turn.present:
            return False
        return turn.visitor_present or bool(self.playing) or not (self.say or self.whisper or self.do or self.go)

    def by_role(self, cast: Cast) -> Intervention:
        """The same with roles in place of names. Interventions are kept and done in this form, so that a swap does not
        give them to somebody else."""
        return self._renamed(lambda word: cast.role_of(word) or word)

    def by_name(self, cast: Cast) -> Intervention:
        """The same with names in place of roles, for people to read."""
        return self._renamed(lambda role: cast.name(role) if role in cast.roles else role)

    def _renamed(self, rename: Callable[[str], str]) -> Intervention:
        hit = _WHEN.fullmatch(self.when) if self.when else None
        changed: dict[str, Any] = {word: rename(name) for word in _PEOPLE if (name := getattr(self, word))}
        if self.whisper:
            changed["whisper"] = self.whisper.model_copy(update={"to": rename(self.whisper.to)})
        if hit:
            changed["when"] = f"{rename(hit['who'])} mentions {hit['what']}"
        return self.model_copy(update=changed)

    @property
    def key(self) -> str:
        """What is done and as whom."""
        done = self.model_dump(include=set(Action.model_fields), exclude_defaults=True)
        return repr((None if self.hand_back else self.playing, done))

    @property
    def whose(self) -> str:
        """The role as whom it is done."""
        return self.playing or VISITOR
