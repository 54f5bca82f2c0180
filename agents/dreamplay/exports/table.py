"""Runs as a table: one flat record for each event, for pandas, a spreadsheet or a database."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dreamplay.formats import Format, Source
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import AUTHOR, Viewpoint
from dreamplay.schema.event import Event, ReflectionEvent, StanceEvent, TurnEvent

COLUMNS: Mapping[str, tuple[type, str]] = {
    "run": (str, "the name of the run's folder"),
    "story": (str, "the id of the story"),
    "seed": (int, "the seed of the run"),
    "model": (str, "the model that began the run"),
    "changes": (str, "swaps and what-ifs in words; empty if there were none, and in a view other than the author's"),
    "id": (int, "the number of the event in its run, from 0"),
    "beat": (str, "the id of the beat"),
    "scene": (str, "the id of the scene"),
    "turn": (int, "the turn of the scene, from 1; 0 if the event is not a turn"),
    "kind": (str, "line, action, silence, thought, narration, dream, outcome, reflection, stance, entrance, exit, ..."),
    "role": (str, "whose event it is; empty if nobody's"),
    "speaker": (str, "the name of whoever has the role"),
    "text": (str, "what is said, done, told or thought"),
    "to": (str, "the role that a line was meant for"),
    "witnesses": (str, "the roles that perceived it, separated by spaces"),
    "choice": (str, "of a stance: the id of what was chosen"),
    "said": (int, "of a stance for which no model was asked: the id of the line that the text repeats"),
    "topic": (str, "of a turn: the id of the topic of the scene that it was to be about"),
    "act": (str, "of a turn: what it was to do: ask, tell, press, dodge, refuse, lie, accuse, confess, promise, ..."),
    "answers": (int, "of a turn: the id of the event that it was to take up"),
    "by": (str, "who made the event: agent, person, narrator or author"),
    "refused": (int, "candidates that were not used before this one"),
    "calls": (int, "calls of the model"),
    "prompt_tokens": (int, "tokens of their prompts"),
    "cached_tokens": (int, "of these, tokens that the engine had in its cache"),
    "output_tokens": (int, "tokens that the model wrote"),
    "seconds": (float, "seconds that the calls took"),
}
"""The columns of every table: type and content. Of a turn, the director's note is the speaker's alone: topic, act and
answers stand in the author's view, and in the speaker's own."""
_ATTITUDE, _MOVED = "attitude_", "moved_"
_OF_ROLES = {
    _ATTITUDE: "of a reflection: what they now think of {}, from -1 to 1",
    _MOVED: "of a reflection: how that has changed since they last thought of {}; empty the first time",
}
"""Columns of which there is one for each role of the cast."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Characters at the beginning of a cell that make a spreadsheet evaluate it (CWE-1236)."""


def records(log: RunLog, view: Viewpoint | None = None) -> list[dict[str, Any]]:
    """The events of a run that a viewpoint sees, in order, as dictionaries with the keys of COLUMNS, and for each role
    `attitude_ROLE` and `moved_ROLE`. None: all events.
    """
    view = view or Viewpoint(AUTHOR)
    header, every = log.header, view.name == AUTHOR
    same = {
        "run": log.name, "story": header.story_id, "seed": header.seed, "model": header.model,
        # What a branch put into somebody's mouth stands there word for word, whoever heard it.
        "changes": "; ".join(header.changes) if every else "",
    }  # fmt: skip
    felt = _Feelings(log.cast.roles)
    return [
        same | _row(event, log, directed=every or event.speaker in view.roles) | felt.after(event)
        for event in log.script
        if view.sees(event)
    ]


def _row(event: Event, log: RunLog, *, directed: bool) -> dict[str, Any]:
    """What one event says in the columns of its own.

    Args:
        event: the event.
        log: its run.
        directed: whether the director's note to the speaker is told.
    """
    made = event.provenance
    cue = event.cue if isinstance(event, TurnEvent) else None
    note = cue if directed else None
    return {
        "id": event.id,
        "beat": event.beat,
        "scene": event.scene,
        "turn": event.turn if isinstance(event, TurnEvent) else 0,
        "kind": event.kind,
        "role": event.speaker,
        "speaker": log.cast.name(event.speaker) if event.speaker else None,
        "text": event.text,
        "to": cue.to if cue else None,
        "witnesses": " ".join(event.witnesses),
        "choice": event.choice if isinstance(event, StanceEvent) else None,
        "said": event.said if isinstance(event, StanceEvent) else None,
        "topic": note and (note.topic or None),
        "act": note and (note.act or None),
        "answers": note and note.answers,
        "by": made.by,
        "refused": len(made.refused),
        "calls": made.usage.calls,
        "prompt_tokens": made.usage.prompt,
        "cached_tokens": made.usage.cached,
        "output_tokens": made.usage.output,
        "seconds": made.usage.seconds,
    }


class _Feelings:
    """What the roles of a run think of each other, as it changes. Take the events in their order."""

    def __init__(self, roles: Sequence[str]) -> None:
        self._empty = {f"{prefix}{role}": None for prefix in _OF_ROLES for role in roles}
        self._before: dict[tuple[str, str], float] = {}

    def after(self, event: Event) -> dict[str, float | None]:
        """What an event says in the columns of which there is one for each role."""
        row: dict[str, float | None] = dict(self._empty)
        for other, attitude in event.attitudes.items() if isinstance(event, ReflectionEvent) else ():
            pair = (event.speaker or "", other)
            if pair in self._before:
                row[f"{_MOVED}{other}"] = round(attitude - self._before[pair], 3)
            row[f"{_ATTITUDE}{other}"] = self._before[pair] = attitude
        return row


def columns(roles: Sequence[str]) -> dict[str, tuple[type, str]]:
    """The columns of a table about these roles, with type and content."""
    of_roles = {f"{prefix}{role}": (float, text.format(role)) for prefix, text in _OF_ROLES.items() for role in roles}
    return {**COLUMNS, **of_roles}


@dataclass(frozen=True)
class Table:
    """The events of several runs, with the same columns in each row."""

    columns: Mapping[str, tuple[type, str]]
    """Type and content of each."""
    rows: Sequence[dict[str, Any]]

    @classmethod
    def of(cls, source: Source) -> Table:
        """What a source tells of its runs, one after the other."""
        roles = dict.fromkeys(role for log in source.logs for role in log.cast.roles)
        there = columns(tuple(roles))
        empty = dict.fromkeys(there)
        return cls(there, [empty | row for log in source.logs for row in records(log, source.viewpoint(log))])


class Csv(Format):
    """A table with one row for each event, thoughts and whispers included, for a spreadsheet."""

    suffix = ".csv"
    view = AUTHOR
    several = True

    def write(self, source: Source) -> str:
        """The table, with a header. A text that a spreadsheet would read as a formula is preceded by an apostrophe."""
        table, out = Table.of(source), io.StringIO()
        writer = csv.DictWriter(out, table.columns)
        writer.writeheader()
        for row in table.rows:
            writer.writerow({name: self._cell(value) for name, value in row.items()})
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
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in Table.of(source).rows)


class Parquet(Format):
    """A table with typed columns, one row for each event, thoughts and whispers included, for pandas or DuckDB. What a
    column holds stands in its metadata, as `description`.
    """

    suffix = ".parquet"
    view = AUTHOR
    several = True

    def missing(self) -> str:
        """See `Format.missing`."""
        there = importlib.util.find_spec("pyarrow")
        return "" if there else "pyarrow; install it with: pip install 'dreamplay[parquet]'"

    def write(self, source: Source) -> bytes:
        """The table, compressed."""
        import pyarrow
        from pyarrow import parquet

        table, out = Table.of(source), io.BytesIO()
        types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
        schema = pyarrow.schema([
            pyarrow.field(name, types[kind], metadata={"description": holds})
            for name, (kind, holds) in table.columns.items()
        ])  # fmt: skip
        parquet.write_table(pyarrow.Table.from_pylist(table.rows, schema=schema), out, compression="zstd")
        return out.getvalue()
