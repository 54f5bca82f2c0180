"""The trace of one play: a span for the run, in it one for each turn of an agent, and in that one for each call."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.participants.base import Departure, Line, Outcome, Participant, Reflection, Stance
from dreamplay.participants.narrator import Narrator
from dreamplay.prompting.summarization import SummaryRequest
from dreamplay.runs.transcript import Header
from dreamplay.schema.event import DreamContribution, DreamEvent
from dreamplay.schema.provenance import Provenance, Usage
from dreamplay.schema.scene import Scene
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View
from dreamplay.tracing import attributes as names

_NARRATOR = "narrator"
T = TypeVar("T", bound=tuple[Any, ...])


class PlayTrace:
    """Makes the spans of a run. Enter it while the run is played."""

    def __init__(self, tracer: Tracer, name: str, header: Header, trace_id: ContextVar[int], *, content: bool) -> None:
        self._tracer, self._header, self._trace_id, self._content = tracer, header, trace_id, content
        digest = hashlib.sha256(f"{name}/{header.story_hash}/{header.seed}".encode()).digest()
        self._number = int.from_bytes(digest[:16], "big")
        self._same = {names.CONVERSATION: name, names.PROVIDER: str(header.settings.get("provider", "own"))}
        self._root: Span = trace.INVALID_SPAN

    def __enter__(self) -> PlayTrace:
        story = self._header.story_id
        own: dict[str, Any] = {names.OPERATION: "invoke_workflow", names.WORKFLOW: story, names.SEED: self._header.seed}
        before = self._trace_id.set(self._number)
        try:  # not in a span of whoever plays: a run is a trace
            self._root = self._tracer.start_span(
                f"invoke_workflow {story}", trace.set_span_in_context(trace.INVALID_SPAN), attributes=self._same | own
            )
        finally:
            self._trace_id.reset(before)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            _failed(self._root, error)
        self._root.end()

    def model(self, model: Model) -> Model:
        """A model whose calls are traced."""
        return _TracedModel(model, self)

    def participants(self, given: Mapping[str, Participant]) -> dict[str, Participant]:
        """The characters, whose turns are traced."""
        called = {role: persona.name for role, persona in self._header.cast.items()}
        return {role: _TracedParticipant(role, called.get(role, role), each, self) for role, each in given.items()}

    def narrator(self, narrator: Narrator) -> Narrator:
        """A narrator whose tellings are traced."""
        return _TracedNarrator(narrator.desk, narrator.model, narrator.seed, narrator.pipeline, trace=self)

    @contextlib.contextmanager
    def agent(self, role: str, name: str, scene: str, task: str) -> Iterator[Span]:
        """The span of what somebody is asked for, once or again until it passes."""
        own = {
            names.OPERATION: "invoke_agent", names.AGENT_ID: role, names.AGENT_NAME: name, names.SCENE: scene,
            names.TASK: task,
        }  # fmt: skip
        parent = trace.set_span_in_context(self._root)
        with self._span(f"invoke_agent {name}", own, SpanKind.INTERNAL, parent) as span:
            yield span

    @contextlib.contextmanager
    def chat(self, model: str, prompt: Prompt, seed: int, *, prefill: bool) -> Iterator[Span]:
        """The span of a call."""
        own: dict[str, Any] = {
            names.OPERATION: "chat", names.REQUEST_MODEL: model, names.REQUEST_SEED: seed,
            names.REQUEST_MAX_TOKENS: prompt.max_tokens, names.OUTPUT_TYPE: "json" if prompt.json_schema else "text",
            names.TASK: prompt.kind,
        }  # fmt: skip
        if self._content:
            system, *asked = prompt.messages(prefill=prefill)
            own[names.SYSTEM] = json.dumps([_part(system["content"])], ensure_ascii=False)
            own[names.INPUT] = json.dumps([_message(**each) for each in asked], ensure_ascii=False)
            own[names.REQUEST_STOP] = list(prompt.stop)
        with self._span(f"chat {model}", own, SpanKind.CLIENT) as span:
            yield span

    def answered(self, span: Span, reply: Reply) -> None:
        """Note what came of a call."""
        why = "stop" if reply.finished else "length"
        span.set_attribute(names.FINISH_REASONS, [why])
        span.set_attributes(_usage(reply.usage))
        if self._content:
            said = [_message("assistant", each.text) | {"finish_reason": why} for each in (reply, *reply.alternatives)]
            span.set_attribute(names.OUTPUT, json.dumps(said, ensure_ascii=False))

    def made(self, span: Span, made: Provenance) -> None:
        """Note what a turn cost, and the candidates that were refused in it. What they said, and a reason that may
        quote it, is content.
        """
        span.set_attributes({names.CALLS: made.usage.calls, **_usage(made.usage)})
        for each in made.refused:
            quoted = {names.REASON: each.reason, names.TEXT: each.text} if self._content else {}
            span.add_event(names.REFUSED, {names.CHECK: each.check, **quoted})

    @contextlib.contextmanager
    def _span(self, name: str, own: Mapping[str, Any], kind: SpanKind, parent: Any = None) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name, parent, kind, self._same | dict(own), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                _failed(span, error)
                raise


class _TracedModel:
    """Traces the calls of a model."""

    def __init__(self, model: Model, play: PlayTrace) -> None:
        self.name = model.name
        self._model, self._trace = model, play

    @property
    def profile(self) -> ModelProfile:
        return self._model.profile

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        with self._trace.chat(self.name, prompt, seed, prefill=self.profile.prefill) as span:
            reply = await self._model.complete(prompt, seed=seed, on_token=on_token)
            self._trace.answered(span, reply)
            return reply

    async def warm_cache(self, prompt: Prompt) -> None:
        await self._model.warm_cache(prompt)

    async def close(self) -> None:
        await self._model.close()


@dataclass(frozen=True)
class _TracedParticipant:
    """Traces the turns of a character."""

    role: str
    name: str
    participant: Participant
    trace: PlayTrace

    async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome | Departure:
        with self.trace.agent(self.role, self.name, turn.scene.id, turn.task) as span:
            outcome = await self.participant.take_turn(turn, view, on_token)
            if isinstance(outcome, Line | Stance | Reflection):
                self.trace.made(span, outcome.provenance)
            return outcome

    def wants_turn(self, turn: Turn, view: View) -> bool:
        return self.participant.wants_turn(turn, view)


@dataclass(frozen=True)
class _TracedNarrator(Narrator):
    """Traces what a narrator tells."""

    trace: PlayTrace = field(kw_only=True)

    async def dream(
        self,
        view: View,
        scene: Scene,
        given: str,
        on_token: OnToken,
        dreamt: Mapping[str, Sequence[DreamEvent]] | None = None,
        to_come: Collection[str] = (),
    ) -> tuple[str, tuple[DreamContribution, ...], Provenance]:
        return await self._traced(scene, "dream", super().dream(view, scene, given, on_token, dreamt, to_come))

    async def recap(self, view: View, scene: Scene, retelling: SummaryRequest) -> tuple[str, Provenance]:
        return await self._traced(scene, "recap", super().recap(view, scene, retelling))

    async def epilogue(self, view: View, scene: Scene, on_token: OnToken) -> tuple[str, Provenance]:
        return await self._traced(scene, "epilogue", super().epilogue(view, scene, on_token))

    async def outcome(self, view: View, scene: Scene, turns: int, *, last: bool) -> tuple[str | None, Provenance]:
        return await self._traced(scene, "outcome", super().outcome(view, scene, turns, last=last))

    async def _traced(self, scene: Scene, task: str, telling: Awaitable[T]) -> T:
        with self.trace.agent(_NARRATOR, _NARRATOR, scene.id, task) as span:
            told = await telling
            self.trace.made(span, told[-1])
            return told


def _usage(usage: Usage) -> dict[str, int]:
    return {
        names.INPUT_TOKENS: usage.prompt, names.CACHED_TOKENS: usage.cached, names.OUTPUT_TOKENS: usage.output,
    }  # fmt: skip


def _message(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "parts": [_part(content)]}


def _part(text: str) -> dict[str, str]:
    return {"type": "text", "content": text}


def _failed(span: Span, error: BaseException) -> None:
    """Note that something failed, and not what the error says, which may quote."""
    span.set_attribute(names.ERROR, type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))
