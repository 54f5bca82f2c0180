from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from dreamplay.stage.checkpoints import CHECKPOINTS, checkpointer


async def test_what_was_not_yet_committed_is_kept_and_locks_nothing(tmp_path: Path) -> None:
    async with checkpointer(tmp_path) as saver:
        await saver.setup()
        columns = "thread_id, checkpoint_id, task_id, idx, channel"
        written = await saver.conn.execute(f"INSERT INTO writes ({columns}) VALUES ('run', '1', '1', 0, 'stances')")
    with contextlib.closing(sqlite3.connect(tmp_path / CHECKPOINTS, timeout=0)) as database:
        database.execute("BEGIN IMMEDIATE")
        assert database.execute("SELECT count(*) FROM writes").fetchone() == (1,)
    del written  # a cursor that is still held, by a traceback for instance, keeps its connection from being closed
