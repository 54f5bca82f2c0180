"""Names in addresses: a run is looked up among those that are there, and no path is ever made of what is asked for."""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException

import dreamplay as dp


class Names:
    """The names of the runs in a folder. A link in it leads elsewhere, and is none."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def folder(self, name: str) -> Path:
        """The folder of a run.

        Raises:
            HTTPException: there is none (404).
        """
        for path in self._home.iterdir() if self._home.is_dir() else ():
            if path.name == name and not path.is_symlink() and (path / "transcript.jsonl").is_file():
                return path
        raise HTTPException(404, f"There is no run {name[:80]!r}.")

    def run(self, name: str) -> dp.Run:
        """Read a run.

        Raises:
            HTTPException: there is none (404).
            RecordError: it is damaged.
        """
        return dp.load_run(self.folder(name))
