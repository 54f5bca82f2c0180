"""Which table holds which file of a run, and the statements for each.

Every record has a place in its file, `seq`, that the primary key guards: of two who write there, the second is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dreamplay.storage.postgres.link import Connection

_LINES = ".jsonl"


@dataclass(frozen=True)
class Table:
    """The statements for a kind of file. They take a run, a file, and a place in it (`seq`)."""

    tail: str
    """The records from a place on, in order."""
    last: str
    """Place and time of the last record; no row if there is none."""
    runs: str
    """The runs with the file: name, number, and place and time of the last record; the newest first."""
    cut: str
    """Removes the records from a place on."""
    insert: str
    """Writes records, of many runs at once, from arrays."""


_RUNS = (
    "SELECT name, run, seq, at FROM dreamplay.runs CROSS JOIN LATERAL ({}) AS last"
    " WHERE binned = %(binned)s ORDER BY at DESC, name DESC"
)
EVENTS = Table(
    tail="SELECT line FROM dreamplay.events WHERE run = %(run)s AND seq >= %(seq)s ORDER BY seq",
    last="SELECT seq, at FROM dreamplay.events WHERE run = %(run)s ORDER BY seq DESC LIMIT 1",
    runs=_RUNS.format("SELECT seq, at FROM dreamplay.events WHERE run = runs.run ORDER BY seq DESC LIMIT 1"),
    cut="DELETE FROM dreamplay.events WHERE run = %(run)s AND seq >= %(seq)s",
    insert="INSERT INTO dreamplay.events (run, seq, line)"
    " SELECT * FROM unnest(%(event_runs)s::integer[], %(event_seqs)s::integer[], %(event_lines)s::text[])",
)
PROMPTS = Table(
    tail="SELECT line FROM dreamplay.prompt_uses JOIN dreamplay.prompts USING (hash)"
    " WHERE run = %(run)s AND seq >= %(seq)s ORDER BY seq",
    last="SELECT seq, at FROM dreamplay.prompt_uses WHERE run = %(run)s ORDER BY seq DESC LIMIT 1",
    runs=_RUNS.format("SELECT seq, at FROM dreamplay.prompt_uses WHERE run = runs.run ORDER BY seq DESC LIMIT 1"),
    cut="DELETE FROM dreamplay.prompt_uses WHERE run = %(run)s AND seq >= %(seq)s",
    insert="INSERT INTO dreamplay.prompt_uses (run, seq, hash)"
    " SELECT * FROM unnest(%(prompt_runs)s::integer[], %(prompt_seqs)s::integer[], %(prompt_hashes)s::bytea[])",
)
DOCUMENTS = Table(
    tail="SELECT content FROM dreamplay.documents WHERE run = %(run)s AND file = %(file)s AND seq >= %(seq)s"
    " ORDER BY seq",
    last="SELECT seq, at FROM dreamplay.documents WHERE run = %(run)s AND file = %(file)s ORDER BY seq DESC LIMIT 1",
    runs=_RUNS.format(
        "SELECT seq, at FROM dreamplay.documents WHERE run = runs.run AND file = %(file)s ORDER BY seq DESC LIMIT 1"
    ),
    cut="DELETE FROM dreamplay.documents WHERE run = %(run)s AND file = %(file)s AND seq >= %(seq)s",
    insert="INSERT INTO dreamplay.documents (run, file, seq, content)"
    " SELECT * FROM unnest(%(part_runs)s::integer[], %(part_files)s::text[], %(part_seqs)s::integer[],"
    " %(parts)s::bytea[])",
)
_TEXTS = (
    "INSERT INTO dreamplay.prompts (hash, line)"
    " SELECT * FROM unnest(%(hashes)s::bytea[], %(texts)s::text[]) ON CONFLICT DO NOTHING"
)
_FILES = {"transcript.jsonl": EVENTS, "prompts.jsonl": PROMPTS}


def table(file: str) -> Table:
    """The table that holds a file."""
    return _FILES.get(file, DOCUMENTS)


def split(file: str, content: bytes) -> list[bytes]:
    """The records of a file: its lines, without what a crash has cut, or all of it.

    Raises:
        ValueError: a line that is to be kept as text is none; the message says which.
    """
    if not file.endswith(_LINES):
        return [content]
    records = content.split(b"\n")[:-1]
    if table(file) is DOCUMENTS:
        return [record + b"\n" for record in records]
    for number, record in enumerate(records, start=1):
        try:
            if "\0" in record.decode():
                raise ValueError("there is a null character in it")
        except ValueError as error:
            raise ValueError(f"record {number} is no text ({error})") from None
    return records


def join(file: str, records: Sequence[bytes]) -> bytes:
    """The content of a file, of its records."""
    if table(file) is DOCUMENTS:
        return b"".join(records)
    return b"".join(record + b"\n" for record in records)


@dataclass(frozen=True)
class Written:
    """Records that belong into a file of a run, from a place on."""

    run: int
    file: str
    seq: int = 0
    records: Sequence[bytes] = ()


def _insertion(batch: Sequence[Written]) -> tuple[str, dict[str, Any]]:
    """One statement, and so one transaction, that writes all of them; and its arrays."""
    arrays: dict[str, list[Any]] = {name: [] for name in _ARRAYS}
    texts: dict[bytes, str] = {}
    for each in batch:
        kind = table(each.file)
        places = range(each.seq, each.seq + len(each.records))
        if kind is EVENTS:
            arrays["event_runs"] += [each.run] * len(places)
            arrays["event_seqs"] += places
            arrays["event_lines"] += [record.decode() for record in each.records]
        elif kind is PROMPTS:
            arrays["prompt_runs"] += [each.run] * len(places)
            arrays["prompt_seqs"] += places
            for record in each.records:
                texts[digest := hashlib.sha256(record).digest()] = record.decode()
                arrays["prompt_hashes"].append(digest)
        else:
            arrays["part_runs"] += [each.run] * len(places)
            arrays["part_files"] += [each.file] * len(places)
            arrays["part_seqs"] += places
            arrays["parts"] += each.records
    # In order, since two processes that insert the same texts in different orders would wait for each other.
    arrays["hashes"], arrays["texts"] = sorted(texts), [texts[digest] for digest in sorted(texts)]
    parts = [(_TEXTS, "texts"), (PROMPTS.insert, "prompt_runs"), (DOCUMENTS.insert, "part_runs")]
    parts = [(insert, name) for insert, name in [*parts, (EVENTS.insert, "event_runs")] if arrays[name]]
    before = ", ".join(f"part{number} AS ({insert})" for number, (insert, _) in enumerate(parts[:-1]))
    return f"{f'WITH {before} ' if before else ''}{parts[-1][0]}", arrays


def tail(connection: Connection, place: Written) -> list[bytes]:
    """The records of a file from a place on."""
    query = table(place.file).tail.encode()
    rows = connection.execute(query, {"run": place.run, "file": place.file, "seq": place.seq}).fetchall()
    return [each.encode() if isinstance(each, str) else each for (each,) in rows]


def cut(connection: Connection, place: Written) -> None:
    """Remove the records of a file from a place on."""
    query = table(place.file).cut.encode()
    connection.execute(query, {"run": place.run, "file": place.file, "seq": place.seq})


def insert(connection: Connection, batch: Sequence[Written]) -> None:
    """Write records, in one transaction."""
    query, arrays = _insertion(batch)
    connection.execute(query.encode(), arrays, prepare=True)


_ARRAYS = (
    "event_runs", "event_seqs", "event_lines", "prompt_runs", "prompt_seqs", "prompt_hashes", "part_runs", "part_files",
    "part_seqs", "parts", "hashes", "texts",
)  # fmt: skip
