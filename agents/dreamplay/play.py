"""Plays a story: runs the graph, keeps the run folder, and tells whoever watches what happens."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from dreamplay import markdown, transcript
from dreamplay.agent import Agent
from dreamplay.director import Director
from dreamplay.dream import Narrator
from dreamplay.errors import DreamplayError, RecordError
from dreamplay.graph import Context, Token, build, steps
from dreamplay.model import Model
from dreamplay.plan import Plan
from dreamplay.prompting import Desk
from dreamplay.script import PROLOGUE, Event, Script
from dreamplay.transcript import FILE, End, Transcript

CHECKPOINTS = "checkpoints.sqlite"


@dataclass
class Run:
    """One playing of a plan, with one model, in one folder."""

    plan: Plan
    model: Model
    folder: Path
    settings: dict[str, Any]
    """Of the model: what the header keeps beside the plan."""
    stopped: bool = False
    """Whether the run was asked to stop before its end."""

    def __post_init__(self) -> None:
        from langgraph.runtime import RunControl

        self._control = RunControl()
        self.header = self.plan.header(self.model.name, self.settings)
        self.script = Script()

    @property
    def stopping(self) -> bool:
        """Whether the run has been asked to stop."""
        return self._control.drain_requested

    def stop(self) -> None:
        """Stop after the step that is under way: the line being spoken is finished and kept."""
        self._control.request_drain()

    async def play(self, watch: Callable[[Event | Token], None]) -> None:
        """Play from the first scene to the end, or until stopped. What was played is on disk in every case; a run
        that failed before anybody said a word leaves no folder behind.

        Raises:
            DreamplayError: the model gave up, or the folder cannot be written.
        """
        with Transcript(self.folder, self.header) as record:
            try:
                await self._play(record, watch)
                if not self.stopped:
                    self._finish(record)
            except DreamplayError:
                if not any(event.provenance.usage.calls for event in self.script):
                    self._discard()
                raise
            finally:
                if self.folder.exists():
                    with contextlib.suppress(RecordError):
                        markdown.write(self.folder)

    async def _play(self, record: Transcript, watch: Callable[[Event | Token], None]) -> None:
        from langgraph.errors import GraphDrained

        context = self._context(record)
        async with self._checkpointer() as saver:
            parts = build(self.plan.cast, saver).astream(
                {"scene": 0}, {"configurable": {"thread_id": "run"}, "recursion_limit": steps(context)},
                context=context, stream_mode="custom", version="v2", durability="sync", control=self._control,
            )  # fmt: skip
            try:
                async for part in parts:
                    watch(cast("Event | Token", part["data"]))
            except GraphDrained:
                self.stopped = True

    def _discard(self) -> None:
        """Take away the files of a run in which nothing was said, and the folder if nothing else is in it."""
        for path in (self.folder / FILE, *self._checkpoint_files()):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _checkpoint_files(self) -> list[Path]:
        return [self.folder / f"{CHECKPOINTS}{suffix}" for suffix in ("", "-wal", "-shm")]

    def _finish(self, record: Transcript) -> None:
        spoken = sum(event.kind == "line" and event.beat != PROLOGUE for event in self.script)
        record.append(End(lines=spoken, usage=transcript.total(self.script)))

    def _context(self, record: Transcript) -> Context:
        plan = self.plan
        desk = Desk(plan.story, plan.cast, sheets=self.model.sheets)
        return Context(
            story=plan.story,
            cast=plan.cast,
            scenes=plan.scenes,
            agents={role: Agent(role, desk, self.model, plan.seed) for role in plan.cast.roles},
            narrator=Narrator(desk, self.model, plan.seed),
            director=Director(plan.cast, plan.seed, plan.length),
            script=self.script,
            write=record.append,
        )

    @contextlib.asynccontextmanager
    async def _checkpointer(self) -> AsyncIterator[Any]:
        import aiosqlite
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        for path in self._checkpoint_files():  # of a run whose transcript is gone: this one begins anew
            path.unlink(missing_ok=True)
        try:
            async with aiosqlite.connect(self.folder / CHECKPOINTS) as connection:
                await connection.execute("PRAGMA journal_mode=WAL")
                await connection.execute("PRAGMA synchronous=NORMAL")
                yield AsyncSqliteSaver(connection)
        except aiosqlite.Error as error:
            raise RecordError(
                f"cannot write to {self.folder / CHECKPOINTS}: {error}; what was played is kept; make room first"
            ) from error
