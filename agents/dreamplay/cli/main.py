"""The entry point of the command line. It imports next to nothing before it can be interrupted."""

from __future__ import annotations

import gc
import sys

from dreamplay.errors import INTERRUPTED

OBJECTS = 200_000
"""New objects between two runs of the garbage collector."""


def main() -> None:
    """Run the command line; Ctrl-C ends it with a code of its own and without a word, also while modules load."""
    # Imports create many objects and no garbage: collecting at the usual rate delays the first line.
    gc.set_threshold(OBJECTS)
    try:
        from dreamplay.cli.app import run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
