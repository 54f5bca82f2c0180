"""Runs as a log of Inspect (version 2), the evaluation framework of the UK AI Security Institute: a `.eval` file."""

from __future__ import annotations

import hashlib
import io
import json
import statistics
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dreamplay.exports.inspect_events import Events, by_model, by_role, changes, message, usage_of
from dreamplay.exports.playscript import Playscript
from dreamplay.formats import Format, Source
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import AUTHOR
from dreamplay.schema.provenance import Usage

BEGINNING = "1970-01-01T00:00:00+00:00"
"""When every log begins: a transcript holds no time of day."""
_SCORER = "dreamplay"


class Inspect(Format):
    """An Inspect log with one sample for each run, and branches as branches, for `inspect view` and inspect_ai."""

    suffix = ".eval"
    view = AUTHOR
    several = True

    def write(self, source: Source) -> bytes:
        """A zip of JSON files: the head of the log, a summary of each sample, and the samples."""
        events = Events(source)
        names = _numbered(source.logs)
        samples = [_sample(source, log, *name, events) for log, name in zip(source.logs, names, strict=True)]
        head = _head(source.logs, samples, events)
        parts = {
            "_journal/start.json": {name: head[name] for name in ("version", "eval", "plan")},
            **{f"samples/{sample['id']}_epoch_{sample['epoch']}.json": sample for sample in samples},
            "summaries.json": [_summary(sample) for sample in samples],
            "header.json": head,
        }
        return _zipped({name: json.dumps(part, ensure_ascii=False) for name, part in parts.items()})


def _numbered(logs: Sequence[RunLog]) -> Iterator[tuple[str, int]]:
    """The sample of each run: its name, and which of those of that name it is, from 1."""
    seen: dict[str, int] = {}
    for log in logs:
        name = log.name or "run"
        seen[name] = seen.get(name, 0) + 1
        yield name, seen[name]


def _sample(source: Source, log: RunLog, name: str, epoch: int, events: Events) -> dict[str, Any]:
    header = log.header
    spent = events.spent(log, by_model)
    seconds = sum(usage.seconds for usage in spent.values())
    text = Playscript.of(log, source.viewpoint(log))
    said = {event.id: event for event in log.script}
    messages = [message(log, said[passage.event], passage) for passage in text.passages]
    spoken = [each for each in messages if each["role"] == "assistant"]
    made = {
        "id": name,
        "epoch": epoch,
        "input": text.premise,
        "target": "",
        "messages": messages,
        "output": {
            "model": header.model,
            "choices": [{"message": each, "stop_reason": "stop"} for each in spoken[-1:]],
            "completion": "".join(each["content"] for each in spoken[-1:]),
        },
        "scores": _scores(source, log),
        "metadata": {
            "title": text.title, "seed": header.seed, "models": list(log.models), "changes": changes(source, log),
            "parent": header.parent, "point": header.point, "finished": text.finished,
            "cast": {role: persona.name for role, persona in log.cast.personas.items()},
        },
        "store": {},
        "events": list(events.of(log)),
        "attachments": {},
        "model_usage": {model: usage_of(usage) for model, usage in spent.items()},
        "role_usage": {role: usage_of(usage) for role, usage in events.spent(log, by_role).items()},
        "started_at": BEGINNING,
        "total_time": seconds,
        "working_time": seconds,
    }  # fmt: skip
    return made | {"uuid": _identity(made)}


def _scores(source: Source, log: RunLog) -> dict[str, Any]:
    """The measures of `dreamplay score` that have a target. They are of the whole run, so only the author has them."""
    if source.view != AUTHOR:
        return {}
    from dreamplay.scoring import score

    measured = score.scores([log])
    values = {row.measure: value for row in score.ROWS if row.bound and (value := row.value(measured)) is not None}
    return {_SCORER: {"value": values, "explanation": "measured by dreamplay score"}}


def _head(logs: Sequence[RunLog], samples: Sequence[Mapping[str, Any]], events: Events) -> dict[str, Any]:
    """The log without its samples."""
    first = logs[0].header
    ids = [sample["id"] for sample in samples]
    task = ", ".join(dict.fromkeys(log.header.story_id for log in logs))
    identity = _identity([sample["uuid"] for sample in samples])
    models = list(dict.fromkeys(model for log in logs for model in log.models))
    whole: dict[str, Usage] = {}
    for log in logs:
        for model, usage in events.spent(log, by_model).items():
            whole[model] = whole.get(model, Usage()) + usage
    return {
        "version": 2,
        "status": "success" if all(log.end for log in logs) else "cancelled",
        "eval": {
            "eval_id": identity,
            "run_id": identity,
            "created": BEGINNING,
            "task": task,
            "task_id": task,
            "task_version": first.schema_version,
            "dataset": {"name": task, "samples": len(samples), "sample_ids": ids, "shuffled": False},
            "model": ", ".join(models),
            "config": {},
            "packages": dict(first.versions),
            "scorers": [{"name": _SCORER}],
        },
        "plan": {"name": "play", "steps": [{"solver": "dreamplay", "params": {}, "params_passed": {}}], "config": {}},
        "results": {
            "total_samples": len(samples),
            "completed_samples": sum(log.end is not None for log in logs),
            "scores": _means(samples),
        },
        "stats": {
            "started_at": BEGINNING,
            "completed_at": BEGINNING,
            "model_usage": {model: usage_of(usage) for model, usage in whole.items()},
            "role_usage": {},
        },
        "invalidated": False,
    }


def _means(samples: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each measure, as the mean of the runs that have it."""
    found: dict[str, list[float]] = {}
    for sample in samples:
        for measure, value in sample["scores"].get(_SCORER, {"value": {}})["value"].items():
            found.setdefault(measure, []).append(value)
    return [
        {
            "name": measure, "scorer": _SCORER, "params": {}, "scored_samples": len(values),
            "metrics": {"mean": {"name": "mean", "value": statistics.fmean(values), "params": {}}},
        }
        for measure, values in found.items()
    ]  # fmt: skip


def _summary(sample: Mapping[str, Any]) -> dict[str, Any]:
    """What the list of samples shows of one."""
    same = (
        "id", "epoch", "input", "target", "metadata", "scores", "model_usage", "role_usage", "started_at",
        "total_time", "working_time", "uuid",
    )  # fmt: skip
    return {name: sample[name] for name in same} | {"completed": True, "message_count": len(sample["messages"])}


def _identity(content: object) -> str:
    """An id that follows from a content, so that the same runs give the same file."""
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return str(uuid.uuid5(uuid.NAMESPACE_OID, digest))


def _zipped(parts: Mapping[str, str]) -> bytes:
    """A zip that is the same for the same parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            part = zipfile.ZipInfo(name)  # of 1980, the first year that a zip knows
            part.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(part, text)
    return buffer.getvalue()
