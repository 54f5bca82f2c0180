"""The runs in a store, as a Python user sees them: listed, drawn as trees, labelled, and put in the bin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dreamplay.run import Run
from dreamplay.runs import home, labels, run_bin, run_index
from dreamplay.storage.folders import FolderPlace

if TYPE_CHECKING:
    from dreamplay.branching.lineage import Lineage
    from dreamplay.runs.labels import Label
    from dreamplay.runs.run_summary import RunSummary
    from dreamplay.storage.store import Place, Store

AnyStore: TypeAlias = "Store | str | Path | None"
"""The folder of the runs, the address of another store, or a store that is open; None: the one that is set, else
`transcripts/`."""
AnyRun: TypeAlias = "Run | Place | str | Path"
"""A run, its folder, its place in a store, or its name there."""


def list_runs(store: AnyStore = None, *, binned: bool = False, within: float | None = None) -> list[RunSummary]:
    """The runs in a store, the newest first. One that cannot be read is among them, and says why.

    Args:
        store: the folder of the runs, or the address of another store; None: the one that is set, else `transcripts/`.
        binned: those in the bin, and not the others.
        within: seconds for reading transcripts that no list has read before; the others are told at a first look, from
            both ends, and have `whole` false. None: as long as it takes.
    """
    opened = home.opened(store)
    return run_index.standings(opened.bin() if binned else opened, within)


def run_summary(run: AnyRun, store: AnyStore = None) -> RunSummary:
    """What a list of runs says about one.

    Args:
        run: a run, its folder, or its name in the store.
        store: see `list_runs`.

    Raises:
        RecordError: there is none.
    """
    return run_index.standing(place_of(run, store))


def run_trees(runs: Sequence[RunSummary]) -> list[Lineage]:
    """Runs as trees: those that branched off none of the others, oldest first, each with what branched off it. Damaged
    ones are in none.
    """
    from dreamplay.branching import lineage

    return lineage.families(runs)


def label_run(
    run: AnyRun, store: AnyStore = None, *, title: str | None = None, note: str | None = None,
    favourite: bool | None = None,
) -> Label:  # fmt: skip
    """Note something about a run, which may be a damaged one: in `about.json` beside its transcript. It keeps its name.

    Args:
        run: a run, its folder, or its name in the store.
        store: see `list_runs`.
        title: what to call it, up to 100 characters; as are all three, None if it stays as it is.
        note: what to remember of it, up to 4,000 characters.
        favourite: whether it is a favourite.

    Raises:
        RecordError: there is none, or it cannot be written to.
        UsageError: a text is too long.
    """
    return labels.write(place_of(run, store), title=title, note=note, favourite=favourite)


def bin_run(run: AnyRun, store: AnyStore = None) -> Path | str:
    """Put a run in the bin, where no list shows it, and return its folder, or its name in the bin of another store.
    Nothing is deleted.

    Args:
        run: a run, its folder, or its name in the store.
        store: see `list_runs`.

    Raises:
        RecordError: there is none, somebody plays it, or it cannot be moved.
    """
    return _whereabouts(run_bin.put(place_of(run, store)))


def restore_run(name: str, store: AnyStore = None) -> Path | str:
    """Take a run out of the bin, and return its folder, or its name in another store.

    Args:
        name: of the run, as `list_runs(binned=True)` has it.
        store: see `list_runs`.

    Raises:
        RecordError: it is not in the bin, or cannot be moved.
    """
    return _whereabouts(run_bin.take_back(name, home.opened(store)))


def place_of(run: AnyRun, store: AnyStore) -> Place:
    """Where a run is kept.

    Raises:
        RecordError: there is none.
    """
    if isinstance(run, Run):
        return run.place
    return run_index.find(str(run), home.opened(store)) if isinstance(run, str | Path) else run


def _whereabouts(place: Place) -> Path | str:
    return place.path if isinstance(place, FolderPlace) else place.name
