"""Plays a story: runs the graph, keeps the run folder, and tells whoever watches what happens.

A run that was stopped, by whatever stopped it, goes on with another `Run` on its folder; `Run._start` has the rule.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dreamplay import archive, markdown, transcript
from dreamplay.agent import Agent
from dreamplay.archive import Archive, Archived
from dreamplay.director import Director
from dreamplay.dream import Narrator
from dreamplay.errors import DreamplayError, RecordError
from dreamplay.graph import Context, Graph, State, Token, build, cursor, steps
from dreamplay.memory import Memory
from dreamplay.model import Model
from dreamplay.plan import Plan
from dreamplay.prompting import Desk
from dreamplay.script import PROLOGUE, Event, Script
from dreamplay.transcript import FILE, End, Resumed, Transcript

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

CHECKPOINTS = "checkpoints.sqlite"
THREAD = "run"
"""LangGraph's name for the one thread of checkpoints that a run's database holds."""


@dataclass
class Run:
    """One playing of a plan, with one model, in one folder."""

    plan: Plan
    model: Model
    folder: Path
    settings: dict[str, Any]
    """Of the model: what the header keeps beside the plan."""
    goes_on: bool = False
    """Whether the folder holds the run already, and it goes on where it was stopped."""
    watched: bool = True
    """Whether anybody watches the lines as they are spoken. One among many that nobody does costs less of our own: it
    passes no tokens on, and checkpoints when it stops rather than at every step."""
    stopped: bool = False
    """Whether the run was asked to stop before its end."""

    def __post_init__(self) -> None:
        from langgraph.runtime import RunControl

        self._control = RunControl()
        self._begun = self._ended = False
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
        """Play from the first scene, or from where the run was stopped, to the end, or until stopped. What was played
        is on disk in every case; a run that failed before anybody said a word leaves no folder behind.

        Raises:
            DreamplayError: the model gave up, the sentence vectors are missing, the folder cannot be written, or there
                is nothing to go on with.
        """
        from dreamplay import embedding

        embedding.ready()
        with Transcript(self.folder, None if self.goes_on else self.header) as record:
            self.script, self._begun = record.before.script, True
            try:
                await self._play(record, watch)
                if not self.stopped:
                    self._finish(record)
            except DreamplayError:
                if not self.goes_on and not any(event.provenance.usage.calls for event in self.script):
                    self._discard()
                raise
            finally:
                if self.kept and not self._ended:
                    with contextlib.suppress(RecordError):
                        markdown.write(self.folder)

    @property
    def kept(self) -> bool:
        """Whether it has left something in its folder, to be read or to go on with."""
        return self._begun and (self.folder / FILE).exists()

    async def _play(self, record: Transcript, watch: Callable[[Event | Token], None]) -> None:
        from langgraph.errors import GraphDrained, GraphRecursionError

        if not self.goes_on:
            for path in self._beside():  # of a run whose transcript is gone: this one begins anew
                path.unlink(missing_ok=True)
        with Archive(self.folder) as kept:
            model = Archived(self.model, kept)
            playing = context(self.plan, lambda role: model, self.script, self._writer(record))
            playing = replace(playing, tokens=self.watched)
            config: RunnableConfig = {"configurable": {"thread_id": THREAD}, "recursion_limit": steps(playing)}
            async with self._checkpointer() as saver:
                graph = build(self.plan.cast, saver)
                parts = graph.astream(
                    await self._start(graph, saver, config), config, context=playing, stream_mode="custom",
                    version="v2", durability="sync" if self.watched else "exit", control=self._control,
                )  # fmt: skip
                try:
                    async for part in parts:
                        watch(cast("Event | Token", part["data"]))
                except GraphDrained:
                    self.stopped = True
                except GraphRecursionError as error:
                    raise DreamplayError(
                        f"the play took more steps than its turn contracts allow ({config['recursion_limit']}): a bug "
                        f"in the routing of dreamplay, please report it; what was played is kept in {self.folder}"
                    ) from error

    async def _start(self, graph: Graph, saver: Any, config: RunnableConfig) -> State:
        """What the graph starts from: the scene that the script has come to.

        **The transcript is the truth.** After a crash it and the checkpoint can disagree by what one node recorded.
        The checkpoint is then not asked where the play stands, and neither is it when they agree: that follows from
        the script alone, whose every event is on disk before anything else happens. The graph enters that scene at
        its beginning, and each node, by looking at the script first, passes over what stands there; speaker, cue and
        seeds are pure functions of script and seed, and so the play comes to the very turn, and says the same.

        One thing the transcript cannot know: the stances and reflections that were answered, and paid for, but not
        recorded, since they are recorded together, in the order of those present, once the last has answered. The
        checkpoint keeps them: in its State, where it stays, or as the results of those who had answered when others had
        not, which are taken over here. Without a checkpoint, or with one that was damaged, they are asked for again,
        and nothing else is.

        A checkpoint that has seen more events than the transcript holds belongs to a transcript that has lost its end:
        it is forgotten.
        """
        start: State = {"scene": cursor(self.script, self.plan.scenes)}
        if not self.goes_on:
            return start
        saved = await graph.aget_state(config)
        if saved.values.get("events", 0) > len(self.script):
            await saver.adelete_thread(THREAD)
            return start
        given = [(task.result or {}).get("answers", []) for task in saved.tasks]
        # What closed the scene has cleared them: it answers nothing.
        answered = [answer for answers in given if isinstance(answers, list) for answer in answers]
        return {**start, "answers": answered}

    def _discard(self) -> None:
        """Take away the files of a run in which nothing was said."""
        for path in (self.folder / FILE, *self._beside()):
            path.unlink(missing_ok=True)

    def _beside(self) -> list[Path]:
        """The files that are kept beside the transcript while it is played."""
        return [self.folder / archive.FILE, *self._checkpoint_files()]

    def _checkpoint_files(self) -> list[Path]:
        return [self.folder / f"{CHECKPOINTS}{suffix}" for suffix in ("", "-wal", "-shm")]

    def _finish(self, record: Transcript) -> None:
        spoken = sum(event.kind == "line" and event.beat != PROLOGUE for event in self.script)
        end = End(lines=spoken, usage=transcript.total(self.script))
        with contextlib.suppress(RecordError):  # first, since what has its end is never gone on with
            markdown.write(self.folder, end)
        record.append(end)
        self._ended = True

    def _writer(self, record: Transcript) -> Callable[[Event], None]:
        """Puts events on disk; before the first of them, that another model plays from here on, if one does."""
        newest = record.before.newest
        changed = (newest.model, newest.settings) != (self.header.model, self.header.settings)

        def write(event: Event) -> None:
            nonlocal changed
            if changed:
                record.append(Resumed(model=self.header.model, settings=self.header.settings, event=event.id))
                changed = False
            record.append(event)

        return write

    @contextlib.asynccontextmanager
    async def _checkpointer(self) -> AsyncIterator[Any]:
        import aiosqlite
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        class Saver(AsyncSqliteSaver):
            """Counts versions in plain numbers. The saver's own are 50 characters long, and with one for every channel
            and node in every checkpoint they would be most of the database.
            """

            def get_next_version(self, current: Any, channel: None) -> Any:
                return (current or 0) + 1

        try:
            if not await _sound(self.folder / CHECKPOINTS):
                for path in self._checkpoint_files():
                    path.unlink(missing_ok=True)
            async with aiosqlite.connect(self.folder / CHECKPOINTS) as connection:
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
                f"cannot write to {self.folder / CHECKPOINTS}: {error}; what was played is kept; make room first"
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


def context(
    plan: Plan,
    model: Callable[[str | None], Model],
    script: Script,
    write: Callable[[Event], None],
    desk: Desk | None = None,
) -> Context:
    """Everybody and everything that plays a plan.

    Args:
        plan: what is played.
        model: says on which model a role plays, and the narrator, who is None.
        script: what happened so far.
        write: puts an event on disk.
        desk: writes the prompts; None: the usual one.
    """
    told = model(None)
    desk = desk or Desk(plan.story, plan.cast, sheets=told.sheets, window=told.window)
    agents = {
        role: Agent(role, desk, model(role), plan.seed, Memory(plan.story, plan.cast, role) if plan.recall else None)
        for role in plan.cast.roles
    }
    return Context(
        story=plan.story,
        cast=plan.cast,
        scenes=plan.scenes,
        agents=agents,
        narrator=Narrator(desk, told, plan.seed),
        director=Director(plan.cast, plan.seed, plan.length),
        script=script,
        write=write,
        reflect=plan.reflect,
    )
