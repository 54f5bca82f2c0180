"""Several files as one zip archive. The same files always give the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file: the first that a zip archive can hold."""


def zipped(files: Mapping[str, str | bytes], *, stored: str = "") -> bytes:
    """An archive of files, by name, in the order given. The one named `stored` is not compressed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_STORED if name == stored else zipfile.ZIP_DEFLATED
            entry.create_system = 3  # so that all systems write the same
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return made.getvalue()
