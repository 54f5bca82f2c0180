"""What the benchmarks share: a clean start, runs that are taken up again, and a table."""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import UsageError
from dreamplay.models import model_store
from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog

TIMEOUT = 180.0
"""Seconds without a word from the engine before a call is given up."""
_SETTINGS = ("DREAMPLAY_", "OPENAI_")


@contextlib.contextmanager
def fresh_start(gguf: Path | None = None) -> Iterator[Path]:
    """A temporary folder, and an environment in which nothing is set up and no prompt state is saved.

    The cache folder is a new one with the model linked into it: the user's own saved slots are not
    touched. Nor is any module compiled yet, and what the first run compiles is kept for the next, also where the
    environment forbids it. What stays warm is the operating system's own cache of the model file.
    """
    model = gguf or model_store.assemble()
    others = {name: text for name, text in os.environ.items() if not name.startswith(_SETTINGS)}
    others.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="dreamplay-bench-") as name:
        folder = Path(name)
        models = folder / "cache" / "models"
        models.mkdir(parents=True)
        (models / model.name).symlink_to(model.resolve())
        own = {"DREAMPLAY_CACHE": str(folder / "cache"), "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
        with mock.patch.dict(os.environ, others | own, clear=True):
            yield folder


def finished(folder: Path, plan: RunConfig, model: str, mark: Mapping[str, Any]) -> RunLog | None:
    """The run of a plan that is in a folder, if it was played to its end.

    Args:
        folder: where the run lies, or would.
        plan: what was to be played.
        model: on which model, by the name that it has in a header.
        mark: what else must stand in the header's settings.

    Raises:
        UsageError: the folder holds a run of something else.
        RecordError: what is there cannot be read.
    """
    if not (folder / transcript.FILE).exists():
        return None
    record = transcript.read(folder)
    wanted = plan.header(model, dict(mark))
    loose: dict[str, Any] = {"settings": {}, "versions": {}}
    same = record.header.model_copy(update=loose) == wanted.model_copy(update=loose)
    if not (same and record.header.settings.items() >= wanted.settings.items()):
        raise UsageError(f"{folder} holds a run of something else; delete it, or choose another --out")
    return record if record.end else None


def options(description: str) -> argparse.ArgumentParser:
    """What can be chosen wherever whole runs are played on a local model, and kept."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=_numbers, default="1..5", help="with commas, or from 1..5")
    parser.add_argument("--story", default="mindsync")
    parser.add_argument("--model", type=_gguf, default="embedded", help="embedded, or the path of a .gguf file")
    parser.add_argument("--length", choices=("full", "short"), default="full")
    parser.add_argument("--out", type=Path, help="folder of the runs; a temporary one if not given")
    return parser


def say(text: str) -> None:
    """Tell who waits how far it is."""
    print(text, file=sys.stderr, flush=True)


def _numbers(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("..")
        if not (first.isdigit() and (last or first).isdigit() and int(first) <= int(last or first)):
            raise argparse.ArgumentTypeError(f"no numbers: {part!r}; write 1,2,3 or 1..3")
        found += range(int(first), int(last or first) + 1)
    return list(dict.fromkeys(found))


def _gguf(text: str) -> Path | None:
    if text == "embedded":
        return None
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"no such file: {text}; give the path of a .gguf file, or embedded")
    return Path(text).resolve()


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
