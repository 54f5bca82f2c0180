"""The runner: plays a story by running the graph, keeps what is played, and passes each event to a callback.

A stopped run continues with another `Runner` on the same place; see `Runner._start`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dreamplay import formats
from dreamplay.director.base import Director
from dreamplay.engine.graph import build, cursor, steps, untraced
from dreamplay.engine.langgraph import GraphDrained, GraphRecursionError, RunControl
from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.state import Context, LeaveGraphError, State, context
from dreamplay.errors import DreamplayError, RecordError
from dreamplay.models.base import Model
from dreamplay.models.profile import ModelProfile
from dreamplay.models.waiting import StoppedError, Waits
from dreamplay.participants import visit
from dreamplay.participants.attended import Attended
from dreamplay.participants.base import Participant, Quit, Undo
from dreamplay.participants.visit import InterventionPlayer
from dreamplay.runs import pending_answers, prompt_records, transcript
from dreamplay.runs.continuity import Continuity
from dreamplay.runs.pending_answers import PendingAnswer, PendingAnswers
from dreamplay.runs.prompt_log import PromptLog
from dreamplay.runs.recording_model import RecordingModel
from dreamplay.runs.run_settings import checked_settings
from dreamplay.runs.transcript import FILE, Resumed, Rollback, Transcript
from dreamplay.runs.transcript_reader import unrecordable
from dreamplay.schema.event import Event, Token
from dreamplay.schema.script import Script
from dreamplay.storage import syncing
from dreamplay.storage.folders import at
from dreamplay.storage.store import Place

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig

    from dreamplay.tracing.collector import Tracing

_BESIDE = (prompt_records.FILE, pending_answers.FILE)
"""The other files that exist during a play."""


@dataclass
class Runner:
    """One playing of a configuration, with one model, in one place."""

    plan: RunConfig
    model: Model
    where: Place | Path
    """Where it is kept: a place of a store, or a folder."""
    settings: dict[str, Any]
    """Settings of the model that the header records in addition to the configuration."""
    visitor: Participant | None = None
    """The visitor, if the configuration has one. None: the interventions of the configuration are done."""
    director: Director | None = None
    """Decides what happens next. None: the director of the configuration."""
    goes_on: bool = False
    """Whether the place already holds the run, which is then resumed."""
    begun: Sequence[Event] = ()
    """The events with which a branch begins that the place does not hold yet."""
    watched: bool = True
    """Whether tokens are passed on while a line is generated."""
    stopped: bool = False
    """Whether the run was asked to stop before its end."""
    trace: Tracing | None = None
    """Traces the run while it is played."""

    def __post_init__(self) -> None:
        self.place = at(self.where)
        self._control = RunControl()
        self._waits = Waits()
        self._attended: Attended | None = None
        self._begun = self._ended = False
        self._of_profile: tuple[ModelProfile, dict[str, Any]] | None = None
        self.header = self.plan.header(self.model.name, self._settings)
        self.script = Script()

    @property
    def _settings(self) -> dict[str, Any]:
        """What is recorded of the model: made anew only after something was learned about it."""
        profile = self.model.profile
        if self._of_profile is None or self._of_profile[0] is not profile:
            self._of_profile = profile, self.settings | self.plan.recorded(self.model)
        return self._of_profile[1]

    @property
    def not_done(self) -> list[str]:
        """The interventions whose moment never came, in words."""
        waiting = self.plan.visit.interventions if self.plan.visit else None
        return [str(each) for each in visit.left(waiting or (), self.script)]

    @property
    def stopping(self) -> bool:
        """Whether the run has been asked to stop."""
        return self._control.drain_requested

    def stop(self) -> None:
        """Stop after the current step: the line that is being spoken is finished and kept. A step that waits for a busy
        endpoint, or for an answer that has come to a halt, is left, and made anew when the run goes on. To be called on
        the event loop of the play.
        """
        self._control.request_drain()
        self._waits.stop()
        if self._attended:
            self._attended.stop()

    async def play(self, watch: Callable[[Event | Token], None]) -> None:
        """Play from the first scene, or from where the run was stopped, until the end or until `stop`. In every case,
        what was played is kept. A run that fails before anybody has spoken leaves nothing.

        Raises:
            DreamplayError: the model gave up, the sentence vectors are missing, the place cannot be written, or there
                is nothing to go on with.
        """
        from dreamplay.memory import embeddings
        from dreamplay.memory.base import open_embedder

        embeddings.ready(open_embedder(self.plan.plugins.embedder))
        # Not aside: a name that was found free is to be taken before anybody else on the loop looks for one.
        with Transcript(self.place, None if self.goes_on else self.header, self.begun) as record:
            self.script, self._begun = record.before.script, True
            try:
                await self._play(record, watch)
                if not self.stopped:
                    await self._finish(record)
                await record.settled()
            except DreamplayError:
                if not self.goes_on and not any(event.provenance.usage.calls for event in self.script):
                    self._discard()
                raise
            finally:
                if self.kept and self.visitor:
                    with contextlib.suppress(RecordError):  # the transcript holds it, too
                        visit.write(self.place, self.script, self.plan.cast)
                if self.kept and not self._ended:
                    with contextlib.suppress(RecordError):
                        formats.write_page(self.place, record.log(self.script))
                if self.trace:
                    await asyncio.to_thread(self.trace.flush)

    @property
    def kept(self) -> bool:
        """Whether there is something to read or to resume."""
        return self._begun and self.place.has(FILE)

    async def _play(self, record: Transcript, watch: Callable[[Event | Token], None]) -> None:
        if not self.goes_on:
            self._remove(*_BESIDE)  # of a run whose transcript is gone: this one begins anew
        traced = self.trace.play(self.place.name, self.header) if self.trace else None
        with (
            contextlib.closing(PendingAnswers(self.place)) as answers, PromptLog(self.place) as kept, untraced(),
            traced or contextlib.nullcontext(), self._waits.of_play(),
        ):  # fmt: skip

            async def settled() -> None:
                await record.settled()
                await answers.settled()

            model: Model = RecordingModel(self.model, kept, settled)
            if traced:
                model = traced.model(model)

            def staged() -> Context:
                made = context(
                    self.plan, lambda role: model, self.script, self._writer(record), answers, director=self.director,
                    settled=settled,
                )  # fmt: skip
                if traced:
                    played = traced.participants(made.participants)
                    made = replace(made, participants=played, narrator=traced.narrator(made.narrator))
                everybody = dict(made.participants) | self._visitors(made)
                at_once = None if self.watched else watch
                return replace(made, tokens=self.watched, watch=at_once, participants=everybody)

            graph = build(self.plan.cast)
            try:
                playing: Context | None = staged()
                start = self._start(answers)
                while playing:
                    config: RunnableConfig = {"recursion_limit": steps(playing)}
                    parts = graph.astream(
                        start, config, context=playing, stream_mode="custom", version="v2", control=self._control
                    )
                    try:
                        async for part in parts:
                            watch(cast("Event | Token", part["data"]))
                        playing = None
                    except LeaveGraphError as left:
                        self.stopped = isinstance(left.outcome, Quit)
                        if isinstance(left.outcome, Undo):
                            start = await self._take_back(left.outcome, record, answers)
                        playing = None if self.stopped else staged()
            except (GraphDrained, StoppedError):
                self.stopped = True
            except GraphRecursionError as error:
                raise DreamplayError(
                    f"the play took more steps than its turn contracts allow ({config['recursion_limit']}): a bug "
                    f"in the routing of dreamplay, please report it; what was played is kept in {self.place}"
                ) from error

    def _start(self, answers: PendingAnswers) -> State:
        """The state in which the graph starts: the scene of the last event.

        **The transcript is the truth.** The position in the play follows from the script alone, and every event of it
        is written before anything else happens. The graph enters the scene at its beginning, and each node looks at the
        script first and skips what is there. Speaker, cue and seeds are pure functions of script and seed, so the play
        reaches the same turn and continues in the same way.

        The transcript lacks one thing: stances and reflections that were answered, and paid for, but not yet recorded,
        because they are recorded together after the last answer. They are kept in a file beside it; see
        `runs.pending_answers`.
        """
        index = cursor(self.script, self.plan.scenes)
        given = self._given(answers)
        judged = answers.judged(self.plan.scenes[index][1])
        start = State(scene=index, answers=[answer.model_dump(mode="json") for answer in given])
        if given:  # the visitor was asked for a last word before anybody answered
            start |= State(listened=len(self.script))
        return start | State(judged=judged.model_dump(mode="json")) if judged else start

    def _given(self, answers: PendingAnswers) -> list[PendingAnswer]:
        """The answers that were given at the end of the scene of the last event, and are not recorded yet."""
        continuity = Continuity(self.plan.story, self.plan.cast, self.plan.beats)
        beat, scene = self.plan.scenes[cursor(self.script, self.plan.scenes)]
        return answers.read(self.script, beat, scene, continuity)

    def _visitors(self, made: Context) -> dict[str, Participant]:
        """The visitor as a participant, if there is one: a person, or the interventions of the configuration."""
        visitor = self.plan.cast.visitor
        if self.plan.visit is None or visitor is None:
            return {}
        builder = made.narrator.desk
        player = self.visitor or InterventionPlayer(self.plan.visit.interventions or ())
        self._attended = Attended(player, lambda common: self.model.warm_cache(builder.ahead(common)))
        if self.stopping:
            self._attended.stop()
        return {visitor: self._attended}

    async def _take_back(self, undo: Undo, record: Transcript, answers: PendingAnswers) -> State:
        """Undo the last action of the visitor, in the transcript and in the script, or the last answer of theirs that
        is not recorded yet. The play then continues as after a stop, in the state that is returned: they are asked anew
        for what they took back."""
        given = [] if undo.event else self._given(answers)
        await answers.clear()
        if undo.event:
            record.append(Rollback(event=undo.event.id))
            self.script = Script(list(self.script)[: undo.event.id])
        else:
            theirs = [number for number, answer in enumerate(given) if answer.provenance.by == "person"]
            for answer in given[: max(theirs, default=0)]:
                answers.keep(answer, self.script)
        start = self._start(answers)
        if undo.event and visit.own(undo.event):
            return start
        return start | State(listened=len(self.script))  # they are asked for that role again, and for nothing before

    def _discard(self) -> None:
        """Delete the files of a run in which nobody has spoken."""
        self._remove(FILE, *_BESIDE)

    def _remove(self, *files: str) -> None:
        for file in files:
            with contextlib.suppress(OSError):  # whoever writes there deals with what cannot be removed
                self.place.remove(file)

    async def _finish(self, record: Transcript) -> None:
        end = transcript.ended(self.script)
        with contextlib.suppress(RecordError):  # first, since what has its end is never gone on with
            await syncing.aside(partial(formats.write_page, self.place, record.log(self.script, end)))
        record.append(end)
        self._ended = True

    def _writer(self, record: Transcript) -> Callable[[Sequence[Event]], None]:
        """A function that writes the events of one turn. Before the first event that another model plays, or the same
        model with other settings, it records that change. What is learned about an endpoint after the header was
        written is recorded in the same way.

        An event that a reader would refuse is never written, because a transcript that cannot be read is lost.
        """
        newest = record.before.newest
        known = newest.model, newest.settings
        continuity = Continuity(self.plan.story, self.plan.cast, self.plan.beats)

        def write(events: Sequence[Event]) -> None:
            nonlocal known
            now = self.header.model, self.header.settings | self._settings
            before = None
            for event in events:
                try:
                    continuity.check(event, self.script, before)
                    if known != now:
                        checked_settings(now[1], self.plan.story, self.plan.cast)
                except ValueError as error:
                    raise RecordError(f"{unrecordable(event.id, error)} in {self.place}") from error
                before = event
            if known != now:
                record.append(Resumed(model=now[0], settings=now[1], event=events[0].id))
                known = now
            record.append(*events)

        return write
