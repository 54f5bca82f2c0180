"""What runs are taken away as: the formats, and files in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dreamplay.errors import UsageError
from dreamplay.run import Run

if TYPE_CHECKING:
    from dreamplay.formats import Files, FormatInfo


def list_formats() -> list[FormatInfo]:
    """The formats that `Run.export` and `export` write. One that fails to load is left out."""
    from dreamplay import formats

    return formats.known()


def export(
    runs: Run | Sequence[Run],
    to: str,
    out: str | Path | None = None,
    *,
    view: str | None = None,
    secrets: bool = False,
    author: str | None = None,
    replace: bool = False,
) -> Files:
    """Write runs in another format. What is returned has the file as `main`, and those that belong beside it as
    `beside`, by suffix.

    Args:
        runs: one run, or several for a format that takes them; see `list_formats`.
        to: the format, by its name, or by the suffix of its files, such as md.
        out: the file to write; None: nothing is written.
        view: what is in it: `reader` (what was said and done, dreams, stances), `author` (everything), or a role (what
            it perceived, and its own thoughts); None: what the format uses by itself.
        secrets: with the author's view also private sheets, what was pooled into dreams, and prompts; with a
            role's its own, if the format is for that.
        author: whoever it is said to be by, in the formats that have a place for it; None: nobody is named.
        replace: replace files that exist.

    Raises:
        PluginError: there is no such format, or it cannot be used.
        UsageError: something has to be installed first; the runs, the view or the author do not fit; a run is being
            played; or a file exists.
        RecordError: a file cannot be written.
    """
    from dreamplay import formats

    chosen = [runs] if isinstance(runs, Run) else list(runs)
    for run in chosen:
        if player := run.played_by:
            called = f"{run.header.story.title} ({run.place.name})"
            raise UsageError(f"{called} is being played by {player}; export it when it has stopped")
    if out is not None:
        formats.see_free(Path(out), replace=replace)
    made = formats.write(
        formats.named(to), [run.record for run in chosen], view=view, secrets=secrets, author=author,
        places=[run.place for run in chosen],
    )  # fmt: skip
    if out is not None:
        formats.save(made, Path(out), replace=replace)
    return made
