"""The runs in a folder, as a Python user sees them: listed, drawn as trees, labelled, and put in the bin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dreamplay.run import Run
from dreamplay.runs import HOME, labels, run_bin, run_index

if TYPE_CHECKING:
    from dreamplay.branching.lineage import Lineage
    from dreamplay.runs.labels import Label
    from dreamplay.runs.run_summary import RunSummary


def list_runs(
    folder: str | Path | None = None, *, binned: bool = False, within: float | None = None
) -> list[RunSummary]:
    """The runs in a folder, the newest first. One that cannot be read is among them, and says why.

    Args:
        folder: where the folders of the runs lie; `transcripts/` if None.
        binned: those in the bin, and not the others.
        within: seconds for reading transcripts that no list has read before; the others are told at a first look, from
            both ends, and have `whole` false. None: as long as it takes.
    """
    home = Path(folder) if folder else HOME
    return run_index.standings(home / run_bin.FOLDER if binned else home, within)


def run_summary(run: Run | str | Path) -> RunSummary:
    """What a list of runs says about one.

    Args:
        run: a run, its folder, or its name in `transcripts/`.

    Raises:
        RecordError: there is none.
    """
    return run_index.standing(_folder(run))


def run_trees(runs: Sequence[RunSummary]) -> list[Lineage]:
    """Runs as trees: those that branched off none of the others, oldest first, each with what branched off it. Damaged
    ones are in none.
    """
    from dreamplay.branching import lineage

    return lineage.families(runs)


def label_run(
    run: Run | str | Path, *, title: str | None = None, note: str | None = None, favourite: bool | None = None
) -> Label:
    """Note something about a run, which may be a damaged one: in `about.json` in its folder, which keeps its name.

    Args:
        run: a run, its folder, or its name in `transcripts/`.
        title: what to call it, up to 100 characters; as are all three, None if it stays as it is.
        note: what to remember of it, up to 4,000 characters.
        favourite: whether it is a favourite.

    Raises:
        RecordError: there is none, or its folder cannot be written to.
        UsageError: a text is too long.
    """
    return labels.write(_folder(run), title=title, note=note, favourite=favourite)


def bin_run(run: Run | str | Path) -> Path:
    """Put a run in the bin, where no list shows it, and return where it lies then. Nothing is deleted.

    Args:
        run: a run, its folder, or its name in `transcripts/`.

    Raises:
        RecordError: there is none, somebody plays it, or it cannot be moved.
    """
    return run_bin.put(_folder(run))


def restore_run(name: str, folder: str | Path | None = None) -> Path:
    """Take a run out of the bin, and return where it lies then.

    Args:
        name: of the run, as `list_runs(binned=True)` has it.
        folder: where the folders of the runs lie; `transcripts/` if None.

    Raises:
        RecordError: it is not in the bin, or cannot be moved.
    """
    return run_bin.take_back(name, Path(folder) if folder else HOME)


def _folder(run: Run | str | Path) -> Path:
    if isinstance(run, Run):
        return run.folder
    found = run_index.find(str(run), HOME)
    return found if found.is_dir() else found.parent
