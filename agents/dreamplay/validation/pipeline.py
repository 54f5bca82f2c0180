"""The pipeline: the checks of one model in one story, in order, with what is taken off its replies before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from dreamplay import languages, plugin_guard, plugins
from dreamplay.errors import PluginError
from dreamplay.languages.language import Language
from dreamplay.models.base import Reply
from dreamplay.schema.error_messages import did_you_mean
from dreamplay.schema.provenance import RejectedCandidate
from dreamplay.validation import checks, english, move_checks, normalize, small_model_steps
from dreamplay.validation.check import ANY, Candidate, Check, CheckContext, Fault, Step, TextKind
from dreamplay.validation.config import CheckConfig
from dreamplay.validation.endings import ends
from dreamplay.validation.generate import CandidateRejectedError

_KEPT = 2000
"""Characters of a rejected reply that are recorded."""
SHIPPED = {check.name: check for check in (*checks.CHECKS, *english.CHECKS, *move_checks.CHECKS)}
STANDARD = tuple(
    SHIPPED[name]
    for name in (
        "thought_impersonal", "empty", "too_short", "refusal", "model_talk", "narrator_slip", "direction",
        "lists_sheet", "another_script", "unfinished", "narrates", "calls_self", "recites", "copies", "reason_by_name",
        "retold", "near_copy", "calls_absent", "contradicts", "left_open", "said_before", "reason_impersonal",
        "reason_half_by_name",
    )
)  # fmt: skip
"""The checks of a large model, in order."""
STRICT: tuple[Check | Step, ...] = (
    *STANDARD,
    *(
        SHIPPED[name]
        for name in (
            "parrots", "slip", "tells_self", "goes_round", "leaves_cue", "does_not_ask", "asks_back",
            "turns_answer_round", "does_not_apologise", "keeps_the_third_person", "swaps_persons",
            "leaves_dreamers_out", "lists_fears",
        )
    ),
    *small_model_steps.STEPS,
)  # fmt: skip
"""Those of a small one, and what is taken off its lines besides."""


@dataclass(frozen=True)
class Pipeline:
    """Checks in order. One that knows another language than the story's does not run."""

    checks: tuple[Check, ...] = STANDARD
    steps: tuple[Step, ...] = ()
    language: Language = languages.ENGLISH
    config: CheckConfig = field(default_factory=CheckConfig)

    def line(self, reply: Reply, context: CheckContext, kind: TextKind = "line") -> str:
        """The clean line in a reply, if it can be used.

        Raises:
            CandidateRejectedError: it cannot, or waits for a better one.
        """
        text = normalize.speech(reply.text, context, self.steps)
        candidate = Candidate(text, finished=reply.finished or ends(text))
        self.require(candidate, context, kind, text, raw=reply.text)
        return text

    def telling(self, reply: Reply, context: CheckContext, read: Sequence[str] = ()) -> str:
        """A narrator's clean paragraph, if it can be used: cut after its last whole sentence, before one of the cast
        speaks in it, and, if there is anything that it may not repeat, before it repeats itself. It does not end with
        what was `read` to the narrator.

        Raises:
            CandidateRejectedError: it cannot be used, or waits for a better one.
        """
        text = normalize.telling(reply.text, context.cast, again=not context.heard.texts)
        text = normalize.without_coda(text, read, self.config.shortest_telling)
        self.require(Candidate(text), context, "narration", text, raw=reply.text)
        return text

    def require(
        self, candidate: Candidate, context: CheckContext, kind: TextKind, value: object, *, raw: str = ""
    ) -> None:
        """Go through the checks for a kind of text.

        Args:
            candidate: the text.
            context: what it is checked against.
            kind: what kind of text it is.
            value: what is used if only checks that fall back find a fault, and nothing better comes.
            raw: the reply as it came, which is recorded if the text is rejected.

        Raises:
            CandidateRejectedError: a check found a fault.
        """
        if context.language is not self.language or context.config is not self.config:
            context = replace(context, language=self.language, config=self.config)
        if found := self.fault(candidate, context, kind):
            check, fault = found
            waits = check.verdict == "fallback"
            text = candidate.text if waits else " ".join((raw or candidate.text).split())[:_KEPT]
            refusal = RejectedCandidate(text=text, reason=fault.reason, check=check.name)
            raise CandidateRejectedError(refusal, fault.advice, value if waits else None)

    def fault(self, candidate: Candidate, context: CheckContext, kind: TextKind) -> tuple[Check, Fault] | None:
        """The first fault of a text and the check that found it; one that rejects comes before one that falls back."""
        for check, fault in self.faults(candidate, context, kind):
            return check, fault
        return None

    def faults(self, candidate: Candidate, context: CheckContext, kind: TextKind) -> Iterator[tuple[Check, Fault]]:
        """Every fault of a text with the check that found it, those that reject it first."""
        for check in self._ordered:
            if kind in check.texts and check.language in (ANY, self.language.code):
                fault = check.function(candidate, context)
                if fault:
                    yield check, fault

    @cached_property
    def _ordered(self) -> list[Check]:
        """The checks, those that reject a text first."""
        return sorted(self.checks, key=lambda check: check.verdict == "fallback")

    def without(self, names: Collection[str]) -> Pipeline:
        """The same without the checks and steps of these names.

        Raises:
            PluginError: there is no such check anywhere, so that the name is wrong.
        """
        own = [*(check.name for check in self.checks), *(step.name for step in self.steps)]
        known = sorted({*own, *SHIPPED, *(step.name for step in small_model_steps.STEPS)})
        for name in names:
            if name not in known:
                raise PluginError(f"unknown check {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}")
        return replace(
            self,
            checks=tuple(check for check in self.checks if check.name not in names),
            steps=tuple(step for step in self.steps if step.name not in names),
        )

    def recorded(self) -> dict[str, Any]:
        """What the header of a run keeps of it, as plain JSON."""
        return {
            "names": [*(check.name for check in self.checks), *(step.name for step in self.steps)],
            "language": self.language.code,
            **self.config.model_dump(mode="json"),
        }


def build(names: Collection[str], language: str = "en") -> Pipeline:
    """The pipeline of the checks with these names.

    Args:
        names: of checks, of steps, or of entry points in the group `dreamplay.checks`, which may give several.
        language: the code of the story's language.

    Raises:
        PluginError: there is no such check, or it cannot be used.
    """
    found = {each.name: each for name in names for each in _named(name)}
    return Pipeline(
        checks=tuple(each for each in found.values() if isinstance(each, Check)),
        steps=tuple(each for each in found.values() if isinstance(each, Step)),
        language=languages.get(language),
    )


def _named(name: str) -> tuple[Check | Step, ...]:
    """The checks and steps of a name.

    Raises:
        PluginError: there is none, or it cannot be used.
    """
    if shipped := _shipped(name):
        if other := next((plugin for plugin in plugins.installed("checks") if plugin.name == name), None):
            raise PluginError(f"{other}: a check of dreamplay is called {name!r}; rename it, or uninstall it")
        return (shipped,)
    plugin = plugins.find("checks", name)
    made = plugin.load()
    several = made if isinstance(made, tuple) else (made,)
    if not several or not all(isinstance(each, Check | Step) for each in several):
        raise plugin_guard.wrong_type(plugin, made, "a Check, or a tuple of them")
    if not plugin.shipped and (taken := next((each.name for each in several if _shipped(each.name)), None)):
        raise PluginError(f"{plugin}: a check of dreamplay is called {taken!r}; give it another name, or uninstall it")
    return tuple(_guarded(plugin, each) for each in several)


def _shipped(name: str) -> Check | Step | None:
    """The check or step of dreamplay with a name."""
    return SHIPPED.get(name) or next((step for step in small_model_steps.STEPS if step.name == name), None)


def _guarded(plugin: plugins.Plugin, each: Check | Step) -> Check | Step:
    """The same, where an error in it ends the run in one line that names it."""
    returns = plugin_guard.one_of(Fault, type(None)) if isinstance(each, Check) else plugin_guard.one_of(str)
    return replace(each, function=plugin_guard.guarded(plugin, each.function, {"__call__": returns}))
