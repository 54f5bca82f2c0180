"""Records of older schema versions in the form of the newest one. Pure: JSON objects in, JSON objects out.

Version 1 had one form for all events, with every field in each, and kept some control data in texts: who controls a
role was the text of a `hand`, an aside was known by its tactic, and a reflection that failed by its empty text. How a
model was played stood in several settings; see `profile_upgrade`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dreamplay.runs import profile_upgrade
from dreamplay.runs.records import SCHEMA
from dreamplay.schema.base import mended
from dreamplay.schema.event import EVENT_CLASSES

_EVENT_FIELDS: dict[str, Any] = {
    "text": "", "speaker": None, "turn": 0, "cue": None, "ledger": [], "choice": None, "attitudes": {}, "covers": None,
}  # fmt: skip
"""What every event of version 1 had, with the value that meant none."""
_ASIDE = "in a whisper, for nobody else to hear,"
"""The tactic by which version 1 knew an aside."""
_CONTROLLERS = {"visitor": "visitor", "agent": "model"}


def record(fields: dict[str, Any], version: int) -> dict[str, Any]:
    """A record of a transcript in the newest form.

    Args:
        fields: of the record.
        version: of the transcript that it stands in.

    Raises:
        ValueError: no record of that version is like it; the message names the field.
    """
    if version != 1:
        return _led(fields) if fields.get("record") in ("header", "resumed") else fields
    match fields.get("record"):
        case None:
            return _event(fields)
        case "header":
            return _led(_with_profile(fields)) | {"schema_version": SCHEMA}
        case "resumed":
            return _led(_with_profile(fields))
        case "undone":
            return fields | {"record": "rollback"}
        case _:
            return fields


def pending_answer(fields: dict[str, Any]) -> dict[str, Any]:
    """An answer that is not recorded yet, in the newest form. Its file says no version."""
    return _renamed(fields, "regards", "attitudes")


def lines(transcript: Sequence[bytes]) -> list[bytes]:
    """The lines of a whole transcript in the newest form, each with its newline. Whatever a record holds besides what
    is upgraded stays as it is, since the hashes in the header are of the text that was written.

    Raises:
        ValueError: a record cannot be upgraded.
    """
    read = [json.loads(line) for line in transcript]
    version = read[0]["schema_version"]
    texts = (json.dumps(record(each, version), ensure_ascii=False, separators=(",", ":")) for each in read)
    return [mended(text).encode() + b"\n" for text in texts]


def _with_profile(fields: dict[str, Any]) -> dict[str, Any]:
    settings = fields.get("settings")
    if not isinstance(settings, dict):  # for the reader to refuse
        return fields
    return fields | {"settings": profile_upgrade.upgraded(settings, str(fields.get("model")))}


def _led(fields: dict[str, Any]) -> dict[str, Any]:
    settings = fields.get("settings")
    return fields | {"settings": profile_upgrade.led(settings)} if isinstance(settings, dict) else fields


def _event(fields: dict[str, Any]) -> dict[str, Any]:
    event = _renamed(fields, "regards", "attitudes")
    kind = event.get("kind")
    if kind == "hand":
        controller = _CONTROLLERS.get(str(event.pop("text", None)))
        if controller is None:
            raise ValueError("text: a hand says who speaks for whom, the visitor or an agent")
        event |= {"kind": "control", "controller": controller}
    elif kind == "reflection":
        event["failed"] = not event.get("text")
    elif isinstance(cue := event.get("cue"), dict):
        event["cue"] = cue | {"aside": cue.get("tactic") == _ASIDE}
    made = EVENT_CLASSES.get(str(event.get("kind")))
    own = made.model_fields if made else _EVENT_FIELDS
    # What should not be there stays, for the reader to refuse.
    return {name: value for name, value in event.items() if name in own or value != _EVENT_FIELDS.get(name, event)}


def _renamed(fields: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if name == old else name: value for name, value in fields.items()}
