"""What a list of runs says about one: made from its whole transcript, or at a first look from both ends of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic_core import from_json

from dreamplay.errors import RecordError
from dreamplay.runs import change_words, transcript, upgrade
from dreamplay.runs.labels import Label
from dreamplay.runs.records import SCHEMA
from dreamplay.runs.run_settings import comparable
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.event import PROLOGUE, LineEvent, TurnEvent
from dreamplay.schema.provenance import Usage
from dreamplay.storage.store import Place

State = Literal["finished", "stopped", "playing", "damaged"]
_RECORD = b'{"record":'
"""How a line begins that is no event."""


class RunSummary(FrozenModel):
    """The state of a run."""

    name: str
    state: State
    why: str = ""
    """If it is playing: who plays it. If it is damaged: what is wrong."""
    story: str = ""
    title: str = ""
    """The title of the story."""
    cast: tuple[str, ...] = ()
    """The names, in the story's order."""
    models: tuple[str, ...] = ()
    seed: int | None = None
    parent: str | None = None
    """Set for a branch, as are point and changes: see the header of a transcript."""
    point: int | None = None
    changes: tuple[str, ...] = ()
    study: str = ""
    """A digest of story, cast, models, settings and changes: runs that share it differ in their seed alone."""
    beat: str = ""
    """The beat of the last event, as are scene and turn."""
    scene: str = ""
    turn: int = 0
    lines: int = 0
    """Spoken lines, without the prologue."""
    events: int = 0
    usage: Usage = Usage()
    """What all its model calls cost."""
    whole: bool = True
    """Whether the whole transcript was read. At a first look damage in its middle is not seen, and of a run that was
    stopped lines, events and usage are 0."""
    label: Label = Label()
    """What a person noted about it."""
    label_fault: str = ""
    """Why what a person noted cannot be read."""
    size: int
    """Bytes of all that is kept of it."""
    when: datetime
    """When its transcript was written to last."""

    def own_changes(self, before: Sequence[str] = ()) -> str:
        """What was changed and, for a branch, from where on; without the changes that its parent has, `before`."""
        where = f"from event {self.point} on, "
        told = "; ".join(change_words.quoted(text.removeprefix(where)) for text in self.changes[len(before) :])
        if self.point is None:
            return told
        # The place comes last, so that the part that distinguishes branches is not truncated.
        return f"{told or 'nothing changed'}, {where.removesuffix(', ') if self.point else 'from the start'}"


def read(place: Place) -> dict[str, Any]:
    """The fields of a summary that a transcript tells, of the whole of it."""
    try:
        record = transcript.read(place)
    except RecordError as error:
        return {"state": "damaged", "why": str(error)}
    header, last = record.header, record.script.last
    return {
        "state": "finished" if record.end else "stopped",
        "story": header.story_id,
        "title": header.story.title,
        "cast": [persona.name for persona in record.cast.personas.values()],
        "models": record.models,
        "seed": header.seed,
        "parent": header.parent,
        "point": header.point,
        "changes": header.changes,
        "study": _study(dict(header), record.models),
        "beat": last.beat if last else "",
        "scene": last.scene if last else "",
        "turn": max((event.turn for event in record.script.in_scene(last.scene, TurnEvent)), default=0) if last else 0,
        "lines": sum(event.beat != PROLOGUE for event in record.script.of_kind(LineEvent)),
        "events": len(record.script),
        "usage": record.end.usage if record.end else transcript.total(record.script),
    }


def glance(place: Place) -> dict[str, Any] | None:
    """The fields of a summary at a first look, from the first and the last lines of a transcript; None if they do not
    tell enough."""
    try:
        return _glance(place.lines(transcript.FILE))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None  # whoever reads the whole will say what is wrong


def _glance(lines: Sequence[bytes]) -> dict[str, Any] | None:
    header = from_json(lines[0], cache_strings="keys")  # two thirds of the time that json takes
    version = header["schema_version"]
    if version not in range(1, SCHEMA + 1):
        return None
    header = upgrade.record(header, version)
    records = [upgrade.record(json.loads(line), version) for line in lines[1:] if line.startswith(_RECORD)]
    kinds = [record["record"] for record in records]
    if "rollback" in kinds:
        return None
    later = [each["model"] for each in records if each["record"] == "resumed"]
    models = tuple(dict.fromkeys([header["model"], *later]))
    told = {name: header.get(name) for name in ("seed", "parent", "point")} | {
        "story": header["story_id"],
        "title": header["story"]["title"],
        "cast": [persona["name"] for persona in header["cast"].values()],
        "models": models,
        "changes": header.get("changes", ()),
        "study": _study(header, models),
        "state": "finished" if kinds[-1:] == ["end"] else "stopped",
        "whole": False,
    }  # fmt: skip
    if kinds[-1:] == ["end"]:
        told |= {"lines": records[-1]["lines"], "usage": records[-1]["usage"]}
        told["events"] = len(lines) - 1 - len(records)
    return told | _place(lines)


def _place(lines: Sequence[bytes]) -> dict[str, Any]:
    """Beat and scene of the last event, and the last turn in that scene."""
    place: dict[str, Any] = {}
    for line in reversed(lines[1:]):
        if line.startswith(_RECORD):
            continue
        event = json.loads(line)
        place = place or {"beat": event["beat"], "scene": event["scene"], "turn": 0}
        if event["scene"] != place["scene"]:
            break
        if event["kind"] != "control" and (turn := event.get("turn")):
            return place | {"turn": turn}
    return place


def _study(header: Mapping[str, Any], models: Sequence[str]) -> str:
    alike = (
        header["story_hash"],
        header["persona_hashes"],
        models,
        comparable(header["settings"]),
        header.get("point"),
        header.get("changes", ()),
    )
    return hashlib.sha256(json.dumps(alike, sort_keys=True).encode()).hexdigest()[:16]
