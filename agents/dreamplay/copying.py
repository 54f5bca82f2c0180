"""Copying runs from one store into another: the same transcript byte for byte, and what is kept beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from dreamplay import formats
from dreamplay.errors import RecordError, UsageError
from dreamplay.participants import visit
from dreamplay.runs import home, labels, pending_answers, prompt_records, transcript
from dreamplay.schema.base import FrozenModel
from dreamplay.shelf import AnyRun, AnyStore, place_of
from dreamplay.storage import disk
from dreamplay.storage.folders import FolderStore
from dreamplay.storage.store import Place, Store, check_free

_BESIDE = (
    prompt_records.FILE, pending_answers.FILE, labels.FILE, visit.FILE, formats.PAGE,
    *(transcript.older(version) for version in range(1, transcript.SCHEMA)),
)  # fmt: skip
"""What is kept of a run besides its transcript."""


class Copied(FrozenModel):
    """What became of a run that was to be copied."""

    name: str
    state: Literal["copied", "extended", "there", "failed"]
    """Copied; extended, since an earlier state of it was there; there already; or not copied."""
    why: str = ""
    """Why it was not copied."""


def copy_runs(
    runs: AnyRun | list[AnyRun] | tuple[AnyRun, ...] | None = None, *, to: AnyStore, store: AnyStore = None,
    watch: Callable[[Copied], None] = lambda copied: None,
) -> list[Copied]:  # fmt: skip
    """Copy runs into another store: transcript, prompts, labels, and whatever else is kept of them. What is there
    already is not copied again, and of a run that was played on meanwhile the rest is added. The runs stay where they
    are. One that cannot be copied does not keep others from it; what is returned says why.

    Args:
        runs: one or several: runs, their folders, or their names; None: all in the store.
        to: the folder of runs, or the address of the store, into which they are copied.
        store: where those that are given by name are; None: the store that is set, else `transcripts/`.
        watch: is called with each once it is done.

    Raises:
        UsageError: both stores are the same, one of them cannot be opened, or nothing can be written to the second.
        RecordError: there is no run of a name.
    """
    target = home.opened(to)
    if isinstance(target, FolderStore):
        disk.check_writable(target.path)
    done = []
    for place in reversed(_places(runs, store)):  # the oldest first: a list of the copies has the same order
        if target.holds(place):
            raise UsageError(f"{place} is in {target} already; choose another store with `to`")
        try:
            copied = Copied(name=place.name, state=_copy(place, target))
        except RecordError as error:
            copied = Copied(name=place.name, state="failed", why=str(error))
        watch(copied)
        done.append(copied)
    return done


def _places(runs: AnyRun | list[AnyRun] | tuple[AnyRun, ...] | None, store: AnyStore) -> list[Place]:
    if runs is None:
        return [place for place, _ in home.opened(store).places(transcript.FILE)]
    given = runs if isinstance(runs, list | tuple) else [runs]
    return [place_of(run, store) for run in given]


def _copy(place: Place, store: Store) -> Literal["copied", "extended", "there"]:
    """Copy a run, its transcript last: without it there is no run.

    Raises:
        RecordError: it is being played, it cannot be read or written, or another run has its name.
    """
    check_free(place)
    there = store.place(place.name)
    try:
        stands, content = place.stands(transcript.FILE), place.read(transcript.FILE)
    except OSError as error:
        raise disk.cannot("read", place.called(transcript.FILE), error) from error
    with there.hold():
        try:
            before = there.read(transcript.FILE) if there.has(transcript.FILE) else b""
            if not content.startswith(before):
                further = before.startswith(content)
                raise RecordError(
                    f"{there} was played further than {place}; copy it the other way" if further else
                    f"{there} is another run; give one of them another name, or choose another store"
                )  # fmt: skip
            for file in _BESIDE:
                _beside(place, there, file, again=before not in (b"", content) and file != labels.FILE)
            check_free(place)
            if place.stands(transcript.FILE) != stands:
                raise RecordError(f"{place} was played while it was copied; copy it again when it has stopped")
            if before != content:
                there.replace(transcript.FILE, content)
        except OSError as error:
            raise disk.cannot("write to", there, error) from error
    return "there" if before == content else "extended" if before else "copied"


def _beside(place: Place, there: Place, file: str, *, again: bool) -> None:
    """Copy a file, unless it is there; `again`: even then."""
    try:
        content = place.read(file) if again or not there.has(file) else None
    except OSError:  # there is none, or something that is nothing of ours
        return
    if content is not None:
        there.replace(file, content)
