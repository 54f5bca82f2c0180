"""Libraries that read the environment as they are imported, and cannot be imported if it is not to their liking."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from dreamplay.errors import SettingsError

_READ = ("LANGGRAPH_", "OTEL_")
"""How the variables begin that they read: they are meant for other programs, and nobody thinks of them here."""


@contextlib.contextmanager
def read_by(library: str) -> Iterator[None]:
    """Import inside what reads the environment.

    Raises:
        SettingsError: it cannot be imported with what the environment holds.
    """
    try:
        yield
    except ValueError as error:
        there = [name for name in sorted(os.environ) if name.startswith(_READ)]
        if not there:
            raise
        raise SettingsError(f"{library} cannot be loaded ({error}); correct or unset {' or '.join(there)}") from None
