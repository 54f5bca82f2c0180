"""Plays a story: runs the graph, keeps the run folder, and tells whoever watches what happens.

A run that was stopped, by whatever stopped it, goes on with another `Runner` on its folder; `Runner._start` has
the rule.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dreamplay import formats
from dreamplay.engine.graph import build, cursor, steps, untraced
from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.state import Context, LeaveGraphError, State, context
from dreamplay.errors import DreamplayError, RecordError
from dreamplay.models.base import Model
from dreamplay.participants import visit
from dreamplay.participants.attended import Attended
from dreamplay.participants.base import Participant, Quit
from dreamplay.participants.visit import InterventionPlayer
from dreamplay.runs import pending_answers, prompt_log, transcript
from dreamplay.runs.continuity import Continuity
from dreamplay.runs.pending_answers import PendingAnswers
from dreamplay.runs.prompt_log import PromptLog, RecordingModel
from dreamplay.runs.run_settings import checked_settings
from dreamplay.runs.transcript import FILE, End, Resumed, Rollback, Transcript, complaint
from dreamplay.schema.event import PROLOGUE, Event, Token
from dreamplay.schema.script import Script

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig


@dataclass
class Runner:
    """One playing of a plan, with one model, in one folder."""

    plan: RunConfig
    model: Model
    folder: Path
    settings: dict[str, Any]
    """Of the model: what the header keeps beside the plan."""
    visitor: Participant | None = None
    """Who answers for the visitor, where the plan has one; None: what stands in the plan's interventions is done."""
    goes_on: bool = False
    """Whether the folder holds the run already, and it goes on where it was stopped."""
    watched: bool = True
    """Whether anybody watches the lines as they are spoken. A run that nobody watches passes no tokens on."""
    stopped: bool = False
    """Whether the run was asked to stop before its end."""

    def __post_init__(self) -> None:
        from langgraph.runtime import RunControl

        self._control = RunControl()
        self._attended: Attended | None = None
        self._begun = self._ended = False
        self.header = self.plan.header(self.model.name, self._settings)
        self.script = Script()

    @property
    def _settings(self) -> dict[str, Any]:
        return self.settings | self.plan.recorded(self.model)

    @property
    def not_done(self) -> list[str]:
        """The interventions that never came due, in words."""
        waiting = self.plan.visit.interventions if self.plan.visit else None
        return [str(each) for each in visit.left(waiting or (), self.script)]

    @property
    def stopping(self) -> bool:
        """Whether the run has been asked to stop."""
        return self._control.drain_requested

    def stop(self) -> None:
        """Stop after the step that is under way: the line being spoken is finished and kept."""
        self._control.request_drain()
        if self._attended:
            self._attended.stop()

    async def play(self, watch: Callable[[Event | Token], None]) -> None:
        """Play from the first scene, or from where the run was stopped, to the end, or until stopped. What was played
        is on disk in every case; a run that failed before anybody said a word leaves no folder behind.

        Raises:
            DreamplayError: the model gave up, the sentence vectors are missing, the folder cannot be written, or there
                is nothing to go on with.
        """
        from dreamplay.memory import embeddings
        from dreamplay.memory.base import open_embedder

        embeddings.ready(open_embedder(self.plan.plugins.embedder))
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
                if self.kept and self.visitor:
                    with contextlib.suppress(RecordError):  # what she did stands in the transcript, too
                        visit.write(self.folder, self.script, self.plan.cast)
                if self.kept and not self._ended:
                    with contextlib.suppress(RecordError):
                        formats.write_page(self.folder)

    @property
    def kept(self) -> bool:
        """Whether it has left something in its folder, to be read or to go on with."""
        return self._begun and (self.folder / FILE).exists()

    async def _play(self, record: Transcript, watch: Callable[[Event | Token], None]) -> None:
        from langgraph.errors import GraphDrained, GraphRecursionError

        if not self.goes_on:
            for path in self._beside():  # of a run whose transcript is gone: this one begins anew
                with contextlib.suppress(OSError):  # whoever writes there deals with what cannot be removed
                    path.unlink()
        answers = PendingAnswers(self.folder)
        with PromptLog(self.folder) as kept, untraced():
            model = RecordingModel(self.model, kept)

            def staged() -> Context:
                made = context(self.plan, lambda role: model, self.script, self._writer(record), answers)
                return replace(made, tokens=self.watched, participants=dict(made.participants) | self._visitors(made))

            graph = build(self.plan.cast)
            try:
                playing: Context | None = staged()
                while playing:
                    config: RunnableConfig = {"recursion_limit": steps(playing)}
                    parts = graph.astream(
                        self._start(answers), config, context=playing, stream_mode="custom", version="v2",
                        control=self._control,
                    )  # fmt: skip
                    try:
                        async for part in parts:
                            watch(cast("Event | Token", part["data"]))
                        playing = None
                    except LeaveGraphError as left:
                        self.stopped = isinstance(left.outcome, Quit)
                        if not self.stopped:
                            self._take_back(record, answers)
                        playing = None if self.stopped else staged()
            except GraphDrained:
                self.stopped = True
            except GraphRecursionError as error:
                raise DreamplayError(
                    f"the play took more steps than its turn contracts allow ({config['recursion_limit']}): a bug "
                    f"in the routing of dreamplay, please report it; what was played is kept in {self.folder}"
                ) from error

    def _start(self, answers: PendingAnswers) -> State:
        """What the graph starts from: the scene that the script has come to.

        **The transcript is the truth.** Where the play stands follows from the script alone, whose every event is on
        disk before anything else happens. The graph enters that scene at its beginning, and each node, by looking at
        the script first, passes over what stands there; speaker, cue and seeds are pure functions of script and seed,
        and so the play comes to the very turn, and says the same.

        One thing the transcript cannot know: the stances and reflections that were answered, and paid for, but not
        recorded, since they are recorded together once the last has answered. They are kept beside it; see `pending`.
        """
        index = cursor(self.script, self.plan.scenes)
        continuity = Continuity(self.plan.story, self.plan.cast, self.plan.beats)
        given = answers.read(self.script, *self.plan.scenes[index], continuity)
        return {"scene": index, "answers": [answer.model_dump(mode="json") for answer in given]}

    def _visitors(self, made: Context) -> dict[str, Participant]:
        """The visitor as a participant, if the plan has one: a person, or what stands in the plan's interventions."""
        visitor = self.plan.cast.visitor
        if self.plan.visit is None or visitor is None:
            return {}
        builder = made.narrator.desk
        player = self.visitor or InterventionPlayer(self.plan.visit.interventions or ())
        self._attended = Attended(player, lambda common: self.model.warm_cache(builder.ahead(common)))
        if self.stopping:
            self._attended.stop()
        return {visitor: self._attended}

    def _take_back(self, record: Transcript, answers: PendingAnswers) -> None:
        """Go back to before the last thing that the visitor did, in the transcript and in the script. What follows is
        played as after a stop.
        """
        answers.clear()
        last = visit.last(self.script)
        if last is not None:
            record.append(Rollback(event=last.id))
            self.script = Script(list(self.script)[: last.id])

    def _discard(self) -> None:
        """Take away the files of a run in which nothing was said."""
        for path in (self.folder / FILE, *self._beside()):
            with contextlib.suppress(OSError):
                path.unlink()

    def _beside(self) -> list[Path]:
        """The files that are kept beside the transcript while it is played."""
        return [self.folder / prompt_log.FILE, self.folder / pending_answers.FILE]

    def _finish(self, record: Transcript) -> None:
        spoken = sum(event.kind == "line" and event.beat != PROLOGUE for event in self.script)
        end = End(lines=spoken, usage=transcript.total(self.script))
        with contextlib.suppress(RecordError):  # first, since what has its end is never gone on with
            formats.write_page(self.folder, end)
        record.append(end)
        self._ended = True

    def _writer(self, record: Transcript) -> Callable[[Event], None]:
        """Puts events on disk; before the first that another model plays, or the same one with other settings, that it
        does. What is learnt of an endpoint is learnt after the header was written, and so it stands there too.

        What a reader would refuse is never written: a transcript that cannot be read is a play that is lost.
        """
        newest = record.before.newest
        known = newest.model, newest.settings
        continuity = Continuity(self.plan.story, self.plan.cast, self.plan.beats)

        def write(event: Event) -> None:
            nonlocal known
            now = self.header.model, self.header.settings | self._settings
            try:
                continuity.check(event, self.script)
                if known != now:
                    checked_settings(now[1], self.plan.story, self.plan.cast)
            except ValueError as error:
                raise RecordError(
                    f"event {event.id} cannot be recorded: {complaint(error)}; that is a bug in dreamplay, please "
                    f"report it; what was played before is kept in {self.folder}"
                ) from error
            if known != now:
                record.append(Resumed(model=now[0], settings=now[1], event=event.id))
                known = now
            record.append(event)

        return write
