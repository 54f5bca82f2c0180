"""The transcripts of threads, in the store that is set for them: each thread is a run, and each fork of it a branch.

They follow the thread: what is in its state is on disk before the next step is taken.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path

from dreamplay import formats
from dreamplay.errors import RecordError
from dreamplay.runs import transcript
from dreamplay.runs.transcript import Header, Transcript
from dreamplay.schema.event import Event
from dreamplay.storage import disk
from dreamplay.storage.folders import store_at
from dreamplay.storage.store import Place, Store
from dreamplay.studio.choices import Played


def keep(home: Store | Path, thread: str, played: Played, events: list[Event], *, ended: bool = False) -> None:
    """Have the events of a thread on disk. If they differ from what is there, the thread was forked, and the fork
    becomes a run of its own, a branch of the other. So does another play that was begun on the thread, as no branch.

    Args:
        home: the store of the runs.
        thread: the id of the thread.
        played: what is played.
        events: all of the thread.
        ended: whether the play is over.

    Raises:
        RecordError: they cannot be written.
    """
    header = played.header
    name = f"{disk.named(header.story_id)}-{disk.named(thread)}"
    nearest: tuple[int, Place] | None = None
    for place in _places(store_at(home), name):
        if not place.exists():
            break
        before = transcript.read(place)
        if _play(before.header) != _play(header):
            continue
        there = list(before.script)
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(there, events, strict=False)))
        if common == len(events):
            if ended and not before.end and common == len(there):
                _append(place, [], ended=True)
            return
        if common == len(there) and not before.end:
            _append(place, events[common:], ended=ended)
            return
        nearest = max(nearest or (0, place), (common, place), key=lambda each: each[0])
    if nearest:
        header = header.model_copy(update={"parent": nearest[1].name, "point": nearest[0]})
    transcript.begin(place, header, events)
    if ended:
        _append(place, [], ended=True)


def _play(header: Header) -> tuple[object, ...]:
    """What makes it another play. A model may learn of its endpoint while it plays."""
    chosen = (header.settings.get(name) for name in ("length", "beats", "visit"))
    return header.story_hash, header.persona_hashes, header.seed, *chosen


def _places(home: Store, name: str) -> Iterator[Place]:
    return (home.place(f"{name}-{number}" if number > 1 else name) for number in count(1))


def _append(place: Place, events: list[Event], *, ended: bool) -> None:
    with Transcript(place) as record:
        last = [transcript.ended([*record.before.script, *events])] if ended else []
        record.append(*events, *last)
    if ended:
        with contextlib.suppress(RecordError):  # the transcript holds it, too
            formats.write_page(place, transcript.read(place))
