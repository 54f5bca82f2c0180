"""The messages and events of an Inspect log: what was said, each call of a model, and where runs part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from dreamplay.exports.playscript import Passage, Playscript
from dreamplay.formats import Source
from dreamplay.models.prompt import Prompt
from dreamplay.runs import prompt_reader
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import AUTHOR
from dreamplay.schema.event import Event
from dreamplay.schema.provenance import Usage

_SOURCES = {"author": "input", "agent": "generate", "narrator": "generate", "person": "operator"}
"""Who made an event, as Inspect calls it. A live human is an operator."""
_NARRATOR = "narrator"

Fields = dict[str, Any]


def message(log: RunLog, event: Event, passage: Passage) -> Fields:
    """A passage as a message: of the assistant if a character speaks or a model tells it, else of the user."""
    by = event.provenance.by
    spoken = by in ("agent", "narrator") or (by == "author" and bool(event.speaker))
    return {
        "id": f"{log.name}/{event.id}",
        "role": "assistant" if spoken else "user",
        "content": passage.plain,
        "source": _SOURCES[by],
        **({"model": log.model_at(event.id)} if spoken and by != "author" else {}),
        "metadata": {
            "event": event.id, "kind": event.kind, "role": event.speaker, "scene": event.scene,
            "witnesses": " ".join(event.witnesses),
        },
    }  # fmt: skip


def changes(source: Source, log: RunLog) -> list[str]:
    """What a run was changed by, for the author alone: it quotes what somebody was made to say."""
    return list(log.header.changes) if source.view == AUTHOR else []


def usage_of(usage: Usage) -> dict[str, int]:
    """What calls cost. Inspect counts tokens that were read from a cache apart from the others."""
    return {
        "input_tokens": usage.evaluated, "output_tokens": usage.output, "total_tokens": usage.prompt + usage.output,
        "input_tokens_cache_read": usage.cached,
    }  # fmt: skip


class Events:
    """The events of several runs. A run that branched off another of them is also a branch within its events."""

    def __init__(self, source: Source) -> None:
        self._source = source
        named = {log.name: log for log in source.logs}
        self._branches: dict[str, list[RunLog]] = {}
        for log in source.logs:
            if (parent := _trunk(log, named)) is not None:
                self._branches.setdefault(parent.name, []).append(log)
        places = source.places if source.secrets else ()
        self._prompts = {place.name: prompt_reader.every(place) for place in places}

    def of(self, log: RunLog) -> Iterator[Fields]:
        """The events of a run from its beginning, and then its branches, each from where it parts."""
        yield from self._told(log, 0, None, set())

    def spent(self, log: RunLog, by: Callable[[RunLog, Event], str]) -> dict[str, Usage]:
        """What a run's own calls cost, without those of the run that it branched off: for each model, or role."""
        found: dict[str, Usage] = {}
        view = self._source.viewpoint(log)
        for event in log.script:
            usage = event.provenance.usage
            if event.id >= (log.header.point or 0) and usage.calls and view.sees(event):
                found[by(log, event)] = found.get(by(log, event), Usage()) + usage
        return found

    def _told(self, log: RunLog, start: int, within: str | None, passed: set[str]) -> Iterator[Fields]:
        view = self._source.viewpoint(log)
        told = {passage.event: passage for passage in Playscript.of(log, view).passages}
        branches = [each for each in self._branches.get(log.name, ()) if each.name not in passed | {log.name}]
        parting = {each.header.point for each in branches}
        base, seconds, scene = f"{log.name}/{within or ''}", 0.0, ""
        for event in log.script:
            began, seconds = seconds, seconds + event.provenance.usage.seconds
            if event.id < start:
                continue
            clock = _Clock(base, within, began, seconds)
            if event.id in parting:
                yield clock.event("anchor", f"{event.id}-anchor", anchor_id=_anchor(log, event.id))
            if event.id == log.header.point and not within:
                data = {"parent": log.header.parent, "changes": changes(self._source, log)}
                yield clock.event("info", f"{event.id}-branch", source="branch", data=data)
            if not view.sees(event):
                continue
            if event.scene != scene:
                if scene:
                    yield clock.event("span_end", f"{scene}-end", id=f"{base}/{scene}")
                scene = event.scene
                yield clock.event("span_begin", f"{scene}-begin", id=f"{base}/{scene}", parent_id=within, type="scene",
                                  name=scene)  # fmt: skip
            yield from self._one(log, event, told.get(event.id), clock.inside(f"{base}/{scene}"))
        last = _Clock(base, within, seconds, seconds)
        if len(log.script) in parting:
            yield last.event("anchor", "last-anchor", anchor_id=_anchor(log, len(log.script)))
        if scene:
            yield last.event("span_end", f"{scene}-end", id=f"{base}/{scene}")
        for each in branches:
            point = each.header.point or 0
            inner = f"{base}/{each.name}"
            yield last.event("span_begin", f"{each.name}-begin", id=inner, parent_id=within, type="branch",
                             name=each.name)  # fmt: skip
            yield last.inside(inner).event("branch", f"{each.name}-branch", from_anchor=_anchor(log, point))
            yield from self._told(each, point, inner, passed | {log.name})
            yield last.event("span_end", f"{each.name}-end", id=inner)

    def _one(self, log: RunLog, event: Event, passage: Passage | None, clock: _Clock) -> Iterator[Fields]:
        """An event, after the candidates that were refused for it, which only the author may read."""
        made = event.provenance
        for number, refused in enumerate(made.refused if self._source.view == AUTHOR else ()):
            data = refused.model_dump(mode="json")
            yield clock.event("info", f"{event.id}-refused-{number}", source="refused", data=data)
        if made.usage.calls:
            said = message(log, event, passage) if passage else None
            yield clock.event("model", str(event.id), **self._call(log, event, said), completed=clock.end)
        elif passage and made.by == "person":
            yield clock.event("input", str(event.id), input=passage.plain, input_ansi=passage.plain)
        elif passage:
            yield clock.event("info", str(event.id), source=event.kind, data=passage.plain)

    def _call(self, log: RunLog, event: Event, said: Fields | None) -> Fields:
        made, model = event.provenance, log.model_at(event.id)
        prompt = self._prompts.get(log.name, {}).get(made.prompt or "")
        limits = {"max_tokens": prompt.max_tokens, "stop_seqs": list(prompt.stop) or None} if prompt else {}
        return {
            "model": model,
            "role": event.speaker or _NARRATOR,
            "input": _asked(prompt) if prompt else [],
            "tools": [],
            "tool_choice": "none",
            "config": {"seed": made.seed} | limits,
            "output": {
                "model": model,
                "choices": [{"message": said, "stop_reason": "stop"}] if said else [],
                "completion": said["content"] if said else "",
                "usage": usage_of(made.usage),
                "time": made.usage.seconds,
            },
            "retries": made.usage.calls - 1,
            "working_time": made.usage.seconds,
            "metadata": {"event": event.id, "kind": event.kind, "recalled": self._recalled(event)},
        }

    def _recalled(self, event: Event) -> list[Fields]:
        """The memories in the prompt: part of it, and private."""
        return [each.model_dump(mode="json") for each in event.provenance.recalled] if self._source.secrets else []


class _Clock:
    """When an event was, and the span that it was in. Time passes only while a model answers."""

    def __init__(self, base: str, span: str | None, began: float, ended: float) -> None:
        self._base, self._span, self._began, self._ended = base, span, began, ended

    @property
    def end(self) -> str:
        """When the event was over."""
        return _moment(self._ended)

    def inside(self, span: str) -> _Clock:
        """The same moment in another span."""
        return _Clock(self._base, span, self._began, self._ended)

    def event(self, kind: str, key: str, /, **fields: Any) -> Fields:
        """An event of Inspect; its key is its own among those of the sample."""
        return {
            "uuid": f"{self._base}/{key}",
            "span_id": fields.get("id", self._span),
            "timestamp": _moment(self._began),
            "working_start": self._began,
            "event": kind,
            **fields,
        }


def by_model(log: RunLog, event: Event) -> str:
    """The model that was asked for an event."""
    return log.model_at(event.id)


def by_role(log: RunLog, event: Event) -> str:
    """The role for which a model was asked."""
    return event.speaker or _NARRATOR


def _asked(prompt: Prompt) -> list[Fields]:
    return [each | {"source": "input"} for each in prompt.messages(prefill=True)]


def _trunk(log: RunLog, named: dict[str, RunLog]) -> RunLog | None:
    """Of the runs that are there, the one in which a branch leaves the stem: its parent, or where that is itself a
    branch that begins later, the parent of that."""
    point, passed = log.header.point or 0, {log.name}
    parent = named.get(log.header.parent or "")
    while parent and parent.name not in passed:
        passed.add(parent.name)
        above = named.get(parent.header.parent or "")
        if point >= (parent.header.point or 0) or above is None:
            return parent
        parent = above
    return None


def _anchor(log: RunLog, event: int) -> str:
    return f"{log.name}/{event}/anchor"


def _moment(seconds: float) -> str:
    return (datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)).isoformat()
