"""What the benchmarks share: a clean start, and a table."""

from __future__ import annotations

import contextlib
import os
import platform
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

from dreamplay import embedded

_SETTINGS = ("DREAMPLAY_", "OPENAI_")


@contextlib.contextmanager
def fresh_start() -> Iterator[Path]:
    """A temporary folder, and an environment in which nothing is set up and no prompt state is saved.

    The cache folder is a new one with the model linked into it: the user's own saved slots are not
    touched. What stays warm is the operating system's own cache of the model file.
    """
    model = embedded.assemble()
    others = {name: text for name, text in os.environ.items() if not name.startswith(_SETTINGS)}
    with tempfile.TemporaryDirectory(prefix="dreamplay-bench-") as name:
        folder = Path(name)
        models = folder / "cache" / "models"
        models.mkdir(parents=True)
        (models / model.name).symlink_to(model.resolve())
        with mock.patch.dict(os.environ, {**others, "DREAMPLAY_CACHE": str(folder / "cache")}, clear=True):
            yield folder


def machine() -> str:
    """Where the figures come from. A load above zero means that somebody else shares the cores."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores, load {os.getloadavg()[0]:.1f} at the start, Python {platform.python_version()}"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows as a Markdown table that reads well in a terminal too."""
    cells = [titles, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [" | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in cells]
    head, *body = [f"| {line} |" for line in lines]
    return "\n".join([head, f"|{'|'.join('-' * (width + 2) for width in widths)}|", *body])


def kept(held: bool) -> str:
    """Whether a bar is held, in a word."""
    return "yes" if held else "NO"
