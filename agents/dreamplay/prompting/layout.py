"""The layout of every prompt of a run: a shared prefix, then a private tail.

The prefix (rule, public sheets, and the script as everybody present witnessed it) is the same for all who are in the
scene and only ever grows, so an engine that caches prefixes reads each line once for the whole cast. Private text is in
the tail alone, and so never in the prompt of another role. The tail also holds what the speaker has just perceived and
somebody present has not. At the end of a scene, old scenes are replaced by summaries if the window would not hold them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dreamplay import languages
from dreamplay.languages.language import Language
from dreamplay.library import templates
from dreamplay.models.profile import ModelProfile, Scope
from dreamplay.models.prompt import Prompt
from dreamplay.models.tokens import tokens
from dreamplay.prompting.apart import just_now
from dreamplay.prompting.context_window import RESERVE, fit_events
from dreamplay.prompting.event_text import EventText
from dreamplay.prompting.past import Past
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Event
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View


@dataclass(frozen=True)
class PromptLayout:
    """Puts prompts together. The system message is rendered once and stays the same all run long."""

    story: Story
    cast: Cast
    profile: ModelProfile
    """Of the model that is asked: how long a prompt may be and what it carries."""

    def shown(self, turn: Turn, view: View) -> list[Event]:
        """The events in the prompt of a role, the newest last: what everybody present witnessed, as far as the window
        holds it, and what the role has just perceived and somebody present has not."""
        standing = self._held(self._told(view.common), RESERVE)
        known = {event.id: event for event in (*standing, *just_now(turn, view)) if event.in_prompts}
        return [known[number] for number in sorted(known)]

    def ahead(self, view: View) -> Prompt:
        """What the prompt for the next line will begin with, whoever of those present it asks."""
        return self._prompt("line", view, "", max_tokens=1)

    def _prompt(self, kind: Any, view: View, tail: str, **rest: Any) -> Prompt:
        """The one layout: the prefix is what everyone present witnessed, and everything else is tail."""
        return self._fitted(kind, self._told(view.common), tail, **rest)

    def _fitted(self, kind: Any, events: Sequence[Event], tail: str, *, max_tokens: int, **rest: Any) -> Prompt:
        """A prompt that the window holds. What a scene says beyond that, before its end brings a recap, pushes out
        the oldest lines.
        """
        taken = max(RESERVE, tokens(tail) + tokens(rest.get("ask", "")) + max_tokens)
        script = self._wording.script(self._held(events, taken))
        return Prompt(kind=kind, system=self._system, script=script, tail=tail, max_tokens=max_tokens, **rest)

    def _held(self, events: Sequence[Event], taken: float) -> Sequence[Event]:
        """The events that the window holds when so many tokens of it are taken."""
        return fit_events(events, self._wording.sizes(events), self.profile.context_window - taken - self._system_size)

    def _told(self, view: View) -> Sequence[Event]:
        """The script of a prompt: what all of these witnessed, with earlier scenes as this model is told of them."""
        return self._past.shortened(view.summarized) if self._short else view.summarized

    def _scoped(self, told: Sequence[Event], scope: Scope) -> Sequence[Event]:
        """As much of what could be told again as this model is told before a stance or the end."""
        return told if scope == "story" else [event for event in told if event.beat == told[-1].beat]

    def _said(self, events: Sequence[Event]) -> str:
        """Events on one line."""
        return " ".join(self._wording.noted(event) for event in events)

    @property
    def _short(self) -> bool:
        return self.profile.earlier_scenes == "short"

    @cached_property
    def _past(self) -> Past:
        return Past(self.profile.earlier_tokens, self._wording.size)

    @cached_property
    def _places(self) -> dict[str, str]:
        """The place of each scene, by its id."""
        return {scene.id: self.cast.fill(scene.place) for _, scene in self.story.scenes}

    @cached_property
    def _language(self) -> Language:
        return languages.get(self.story.language)

    @cached_property
    def _wording(self) -> EventText:
        led, profile = self.profile.direction == "led", self.profile
        choices = {choice.id: self.cast.fill(choice.text) for choice in self.story.choices}
        return EventText(self.cast, profile.cue_manner, led, self._language, profile.begin_moves, choices)

    @cached_property
    def _system(self) -> str:
        told = ("name", "called", "who", "voice")
        public = [{word: getattr(p, word) for word in told} for p in self.cast.personas.values()]
        led, think = self.profile.direction == "led", self.profile.think
        return self._render("system.jinja", premise=self.story.premise, cast=public, led=led, think=think)

    @cached_property
    def _system_size(self) -> float:
        """Tokens of the system message."""
        return tokens(self._system)

    def _render(self, template: str, **values: object) -> str:
        return self.cast.fill(templates.render(template, **values))
