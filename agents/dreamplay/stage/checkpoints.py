"""The checkpoints of a run: LangGraph's database in its folder. The lasting record is the transcript."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from dreamplay.errors import RecordError

CHECKPOINTS = "checkpoints.sqlite"
THREAD = "run"
"""LangGraph's name for the one thread of checkpoints that a run's database holds."""


def files(folder: Path) -> list[Path]:
    """The files that a run's checkpoints can lie in."""
    return [folder / f"{CHECKPOINTS}{suffix}" for suffix in ("", "-wal", "-shm")]


@contextlib.asynccontextmanager
async def checkpointer(folder: Path) -> AsyncIterator[Any]:
    """The saver of a run's checkpoints. A database that is damaged is begun anew: the transcript has what was played.

    Raises:
        RecordError: it cannot be written.
    """
    import aiosqlite
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    class Saver(AsyncSqliteSaver):
        """Counts versions in plain numbers. The saver's own are 50 characters long, and with one for every channel
        and node in every checkpoint they would be most of the database.
        """

        def get_next_version(self, current: Any, channel: None) -> Any:
            return (current or 0) + 1

    try:
        if not await _sound(folder / CHECKPOINTS):
            for path in files(folder):
                path.unlink(missing_ok=True)
        async with aiosqlite.connect(folder / CHECKPOINTS) as connection:
            await connection.execute("PRAGMA journal_mode=WAL")
            await connection.execute("PRAGMA synchronous=NORMAL")
            saver = Saver(connection)
            try:
                yield saver
            finally:
                # LangGraph may still be about to write what came of calls that were broken off. What is not
                # committed when the connection closes would keep the database locked for as long as we live.
                async with saver.lock:
                    await connection.commit()
                    await connection.close()
    except aiosqlite.Error as error:
        raise RecordError(
            f"cannot write to {folder / CHECKPOINTS}: {error}; what was played is kept; make room first"
        ) from error


async def _sound(path: Path) -> bool:
    """Whether a file is a whole SQLite database, or not there."""
    import aiosqlite

    try:
        async with aiosqlite.connect(path) as connection, connection.execute("PRAGMA quick_check") as answers:
            return [row[0] async for row in answers] == ["ok"]
    except aiosqlite.DatabaseError as error:
        if isinstance(error, aiosqlite.OperationalError):
            raise
        return False
