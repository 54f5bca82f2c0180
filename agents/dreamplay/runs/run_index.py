"""The index of runs: finding one, and the state of each."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path

from dreamplay.errors import RecordError
from dreamplay.runs import labels, run_summary
from dreamplay.runs.run_summary import RunSummary
from dreamplay.runs.summary_store import SummaryStore
from dreamplay.runs.transcript import FILE
from dreamplay.storage import disk
from dreamplay.storage.folders import FolderPlace, at, store_at
from dreamplay.storage.opening import is_url
from dreamplay.storage.store import Place, Stands, Store, check_free

_NEVER = datetime.fromtimestamp(0, UTC)


def standings(home: Store | Path, within: float | None = None) -> list[RunSummary]:
    """All runs in a store, the newest first. One that cannot be read is among them, with the reason.

    Args:
        home: the store.
        within: seconds for reading transcripts that were not read before. Those that are not read by then are told at a
            first look; see `RunSummary.whole`. None: as long as it takes.
    """
    until = None if within is None else time.monotonic() + within
    store = store_at(home)
    found = store.places(FILE)
    kept, known = SummaryStore(store), []
    for place, stands in found:
        with contextlib.suppress(OSError):  # it went away while we looked, or is not ours to look at
            whole = until is None or time.monotonic() < until
            known.append(_standing(place, stands, kept, whole=whole))
    if found:
        kept.close({place.name for place, _ in found})
    return known


def standing(where: Place | Path) -> RunSummary:
    """The state of one run.

    Raises:
        RecordError: there is no run.
    """
    place = at(where)
    try:
        return _standing(place, place.stands(FILE), None, whole=True)
    except OSError as error:
        raise RecordError(f"no run in {disk.short(place)} ({error.strerror})") from None


def find(reference: str | None, home: Store | Path) -> Place:
    """The place of a run, given its folder, its transcript or its name in a store; without any, the newest run there.
    If both a path and a name fit, the one that holds a transcript is used.

    Raises:
        RecordError: there is no such run.
    """
    store = store_at(home)
    if reference is None:
        if newest := store.places(FILE):
            return newest[0][0]
        raise RecordError(f"no runs in {store}; play one with: `dreamplay.play()`")
    if is_url(reference):  # which may have a password in it
        raise RecordError("a run is called by its name, and the address of its store goes into `store`")
    path = Path(reference)
    own = [FolderPlace(path.parent if path.name == FILE and path.is_file() else path)] if disk.there(path) else []
    if own and own[0].has(FILE):
        return own[0]
    named = store.place(reference)
    if named.exists() and (not own or named.has(FILE)):
        return named
    if own:
        return own[0]
    known = ", ".join(place.name for place, _ in store.places(FILE)[:5])
    others = f"the newest in {store} are {known}" if known else f"and none at all in {store}"
    raise RecordError(f"no run {disk.short(path)!r}; {others}")


def newest_stopped(home: Store | Path) -> Place:
    """The place of the newest run that was stopped before its end.

    Raises:
        RecordError: there is none, or nobody but another process can go on with it.
    """
    store = store_at(home)
    known = standings(store, 0)
    for each in known:
        place = store.place(each.name)
        if each.state == "stopped" and (each.whole or standing(place).state == "stopped"):
            return place
    for each in known:
        check_free(store.place(each.name))
    raise RecordError(f"no run in {store} was stopped before its end; play one with: `dreamplay.play()`")


def _standing(place: Place, stands: Stands, store: SummaryStore | None, *, whole: bool) -> RunSummary:
    known = store.get(place.name, stands) if store else None
    playing = place.holder()
    if known is None or (whole and not known.whole):
        known = _summary(place, whole=whole)
        if store and not playing:
            store.put(known, stands)
    label, fault = labels.read(place)
    now: dict[str, object] = {
        "label": label, "label_fault": fault, "size": place.size(),
        "when": datetime.fromtimestamp(stands.written).astimezone(),
    }  # fmt: skip
    return known.model_copy(update=now | ({"state": "playing", "why": playing} if playing else {}))


def _summary(place: Place, *, whole: bool) -> RunSummary:
    """What the transcript of a run tells."""
    same = {"name": place.name, "size": 0, "when": _NEVER}
    if not whole and (told := run_summary.glance(place)):
        with contextlib.suppress(ValueError):  # what is wrong, whoever reads the whole will say
            return RunSummary.model_validate(same | told)
    return RunSummary.model_validate(same | run_summary.read(place))
