"""A run as a table: one flat record for each event, for pandas, a spreadsheet or a database."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from dreamplay.formats import Format, Source
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import AUTHOR, Viewpoint
from dreamplay.schema.event import StanceEvent, TurnEvent

COLUMNS = (
    "run", "story", "seed", "model", "changes", "id", "beat", "scene", "turn", "kind", "role", "speaker", "text", "to",
    "witnesses", "choice", "by", "calls", "prompt_tokens", "cached_tokens", "output_tokens", "seconds",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters at the beginning of a cell that make a spreadsheet evaluate it (CWE-1236)."""


def records(log: RunLog, view: Viewpoint | None = None) -> list[dict[str, Any]]:
    """The events of a run that a viewpoint sees, in order, as dictionaries with the keys of COLUMNS. None: all."""
    cast = log.cast
    header = log.header
    same = {
        "run": log.name, "story": header.story_id, "seed": header.seed, "model": header.model,
        "changes": "; ".join(header.changes),
    }  # fmt: skip
    return [
        same
        | {
            "id": event.id,
            "beat": event.beat,
            "scene": event.scene,
            "turn": event.turn if isinstance(event, TurnEvent) else 0,
            "kind": event.kind,
            "role": event.speaker,
            "speaker": cast.name(event.speaker) if event.speaker else None,
            "text": event.text,
            "to": event.cue.to if isinstance(event, TurnEvent) and event.cue else None,
            "witnesses": " ".join(event.witnesses),
            "choice": event.choice if isinstance(event, StanceEvent) else None,
            "by": event.provenance.by,
            "calls": event.provenance.usage.calls,
            "prompt_tokens": event.provenance.usage.prompt,
            "cached_tokens": event.provenance.usage.cached,
            "output_tokens": event.provenance.usage.output,
            "seconds": event.provenance.usage.seconds,
        }
        for event in log.script
        if view is None or view.sees(event)
    ]


class Csv(Format):
    """A table with one row for each event, thoughts and whispers included, for a spreadsheet."""

    suffix = ".csv"
    view = AUTHOR
    several = True

    def write(self, source: Source) -> str:
        """The table, with a header. A text that a spreadsheet would read as a formula is preceded by an apostrophe."""
        out = io.StringIO()
        table = csv.DictWriter(out, COLUMNS)
        table.writeheader()
        for row in _rows(source):
            table.writerow({name: self._cell(value) for name, value in row.items()})
        return out.getvalue()

    @staticmethod
    def _cell(value: Any) -> Any:
        return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


class JsonLines(Format):
    """JSON lines with one object for each event, thoughts and whispers included, for pandas or jq."""

    suffix = ".jsonl"
    view = AUTHOR
    several = True

    def write(self, source: Source) -> str:
        """The objects that `Run.to_records` returns."""
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in _rows(source))


def _rows(source: Source) -> list[dict[str, Any]]:
    return [row for log in source.logs for row in records(log, source.viewpoint(log))]
