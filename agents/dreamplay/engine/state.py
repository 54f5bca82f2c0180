"""The state of the graph, which every step saves, and its context, which no step saves.

The state is the position in the play: small, plain JSON. The script is in the transcript. Nodes read it from the
context and add to it only through `Context.record`, which writes the event before it returns. So a step costs
the same at line 1,000 as at line 10.
"""

from __future__ import annotations

import operator
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from typing import Annotated, Any, TypedDict

from dreamplay import languages
from dreamplay.director.base import Director, open_director
from dreamplay.director.situation import Situation
from dreamplay.engine.langgraph import Overwrite, Runtime
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import RecordError
from dreamplay.memory.base import Embedder, Memory, default_embedder, open_embedder, open_memory
from dreamplay.models.base import Model, OnToken
from dreamplay.participants.agent import Agent
from dreamplay.participants.base import Departure, Outcome, Participant, Quit, Undo
from dreamplay.participants.narrator import Narrator
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.prompting.summarization import Circle, SummaryRequest
from dreamplay.runs.pending_answers import PendingAnswer, PendingAnswers
from dreamplay.runs.transcript_reader import unrecordable
from dreamplay.schema.cast import Cast
from dreamplay.schema.conditions import holds
from dreamplay.schema.event import AnswerEvent, Event, RecapEvent, StanceEvent, Token, validate_event
from dreamplay.schema.scene import Scene, after
from dreamplay.schema.script import Script, answer_of, away, ever_controlled, in_hand, present
from dreamplay.schema.story import Beat, Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View


async def _at_once() -> None:
    """Nothing becomes durable later."""


class LeaveGraphError(Exception):
    """Raised when a person stops the run or undoes something. The runner handles it."""

    def __init__(self, outcome: Departure) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome


class State(TypedDict, total=False):
    """What changes during a play: the position in the story, the next turn, and answers that are not recorded yet."""

    scene: int
    """Index into the scenes that are played."""
    turn: Turn | None
    """The next turn; None at the end of a scene."""
    listened: int
    """The length of the script when the visitor was last asked and chose to listen."""
    judging: bool
    """Whether the model is asked next what came of the scene."""
    ending: bool
    """Whether that is at the end of the scene."""
    judged: dict[str, Any]
    """When it was last asked and found it open: a value of `Judged`."""
    answers: Annotated[list[dict[str, Any]], operator.add]
    """The stances or reflections of those present: values of `PendingAnswer`."""


def merged(state: State, update: State) -> State:
    """The state after the update of a node, as LangGraph makes it."""
    new: Any = update.get("answers", [])
    answers = new.value if isinstance(new, Overwrite) else [*state.get("answers", []), *new]
    return state | update | State(answers=answers)


@dataclass(frozen=True)
class Context:
    """What stays the same during a play. It is never saved by a step."""

    story: Story
    cast: Cast
    scenes: tuple[tuple[Beat, Scene], ...]
    """The scenes that are played, in order, with every {role} filled by a name."""
    participants: Mapping[str, Participant]
    """Role to participant, including the visitor."""
    narrator: Narrator
    director: Director
    script: Script
    write: Callable[[Sequence[Event]], None]
    """Writes events, all of them or none."""
    embedder: Embedder = field(default_factory=default_embedder)
    """Makes the vectors of lines and moves."""
    settled: Callable[[], Awaitable[None]] = _at_once
    """Waits until all that was written is durable."""
    pending: PendingAnswers | None = None
    """Keeps answers until they are recorded. None for a play that writes nothing."""
    reflect: bool = True
    """Whether those present at the end of a scene reflect on it."""
    tokens: bool = True
    """Whether tokens are passed on while a line is generated."""
    watch: Callable[[Event], None] | None = None
    """Takes each event at once. None: LangGraph passes it on, which wakes the event loop for each."""
    every_line: bool = False
    """Whether the visitor is asked after every line."""

    @property
    def visitor(self) -> Participant | None:
        """The visitor, if there is one."""
        return self.participants.get(self.cast.visitor or "")

    def attended(self, role: str) -> bool:
        """Whether the visitor plays a role at this moment."""
        return role == self.cast.visitor or role in in_hand(self.script)

    def player(self, role: str) -> str:
        """The role whose participant plays a role at this moment: its own, or the visitor's."""
        return self.cast.visitor if self.cast.visitor and self.attended(role) else role

    def view(self, turn: Turn) -> View:
        """What the speaker of a turn may read. At a crossroads nobody reads the answers of others first, even if some
        of them were recorded before a stop."""
        script = self.script.without(turn.scene.id, StanceEvent) if turn.task == "stance" else self.script
        return script.view(turn.speaker, turn.present)

    def visitor_view(self, turn: Turn) -> View:
        """What the visitor may read: what they have perceived, and what the roles they have played have."""
        return self.script.joint_view([self.player(turn.speaker), *ever_controlled(self.script)], turn.present)

    async def take(self, turn: Turn, on_token: OnToken) -> Outcome:
        """Have the participant of a role take its turn.

        Raises:
            LeaveGraphError: a person stops the run, or takes something back.
            RecordError: what was played before cannot be kept.
            ModelError: the model gave up.
        """
        attended = self.attended(turn.speaker)
        if attended:  # a model waits for it by itself
            await self.settled()
        player = self.participants[self.player(turn.speaker)]
        outcome = await player.take_turn(turn, self.visitor_view(turn) if attended else self.view(turn), on_token)
        if isinstance(outcome, Undo | Quit):
            raise LeaveGraphError(outcome)
        return outcome

    def situation(self, state: State) -> Situation:
        """The situation of the scene."""
        beat, scene = self.scenes[state["scene"]]
        direction, language = self.narrator.desk.profile.direction, languages.get(self.story.language)
        return Situation.of(self.script, beat.id, scene, direction, language)

    def record(self, state: State, **event: Any) -> Event:
        """Record one event; see `record_all`."""
        (made,) = self.record_all(state, [event])
        return made

    def record_all(self, state: State, events: Sequence[dict[str, Any]]) -> list[Event]:
        """Record events: number them, write them in one write, and only then add them to the script. This is
        the only way to add any. Witnesses are those present unless an event names them.

        Args:
            state: where in the play they happen.
            events: the fields of each.

        Raises:
            RecordError: a reader would refuse one of them.
        """
        beat, scene = self.scenes[state["scene"]]
        place = {"beat": beat.id, "scene": scene.id, "witnesses": present(self.script, scene)}
        made: list[Event] = []
        for number, fields in enumerate(events, start=len(self.script)):
            try:
                made.append(validate_event(place | {"id": number} | fields))
            except ValueError as error:
                raise RecordError(unrecordable(number, error)) from error
        self.write(made)
        for event in made:
            self.script.append(event)
        return made

    def answered(self, answer: PendingAnswer) -> State:
        """The update of the state for an answer, which is kept before the next one is asked for."""
        if self.pending:
            self.pending.keep(answer, self.script)
        return {"answers": [answer.model_dump(mode="json")]}


def context(
    plan: RunConfig,
    model: Callable[[str | None], Model],
    script: Script,
    write: Callable[[Sequence[Event]], None],
    pending: PendingAnswers | None = None,
    desk: PromptBuilder | None = None,
    visitor: Participant | None = None,
    director: Director | None = None,
    settled: Callable[[], Awaitable[None]] = _at_once,
) -> Context:
    """Build the context of a play.

    Args:
        plan: what is played.
        model: says on which model a role plays, and the narrator, who is None.
        script: what happened so far.
        write: writes events, all of them or none.
        pending: keeps answers until they are recorded.
        desk: writes the prompts; None: the usual one.
        visitor: who takes part as the visitor, if the plan has one.
        director: decides what happens next; None: the plan's.
        settled: waits until all that was written is durable.
    """
    told = model(None)
    desk = desk or PromptBuilder(plan.played, plan.cast, told.profile)
    embedder = open_embedder(plan.plugins.embedder)

    def memory(role: str) -> Memory:
        return open_memory(plan.plugins.memory, plan.played, plan.cast, role, embedder)

    players: dict[str, Participant] = {
        role: Agent(role, desk, model(role), plan.seed, memory(role), plan.pipeline(model(role).profile))
        for role in plan.cast.characters
    }
    if visitor and plan.cast.visitor:
        players[plan.cast.visitor] = visitor
    return Context(
        story=plan.played,
        cast=plan.cast,
        scenes=plan.scenes,
        participants=players,
        narrator=Narrator(desk, told, plan.seed, plan.pipeline(told.profile)),
        director=director or open_director(plan.plugins.director, plan.cast, plan.seed, plan.length, embedder),
        script=script,
        write=write,
        embedder=embedder,
        settled=settled,
        pending=pending,
        reflect=plan.reflect,
        every_line=bool(plan.visit and plan.visit.every_line),
    )


def tell(runtime: Runtime[Context], event: Event) -> None:
    """Pass an event to the callback of the run."""
    (runtime.context.watch or runtime.stream_writer)(event)


def on_token(runtime: Runtime[Context], speaker: str | None, witnesses: tuple[str, ...]) -> Callable[[str], None]:
    """The callback for the tokens of a line."""
    if not runtime.context.tokens:
        return lambda text: None
    return lambda text: runtime.stream_writer(Token(speaker, text, witnesses))


def given(state: State, scene: Scene) -> dict[str, PendingAnswer]:
    """The stances or reflections of a scene, by role, whether they are recorded yet or not."""
    answers = [PendingAnswer.model_validate(answer) for answer in state.get("answers", [])]
    return {answer.speaker: answer for answer in answers if answer.scene == scene.id}


def recorded(script: Script, scene: Scene) -> set[str]:
    """The roles whose stances or reflections of a scene are recorded."""
    return {event.speaker for event in script.in_scene(scene.id, AnswerEvent)}


def retellings(state: State, context: Context) -> list[SummaryRequest]:
    """The summaries that the next scene needs and that do not exist yet. This is computed at the end of the scene
    before, so that a run that was stopped between two summaries makes the same ones."""
    events = list(context.script)
    made = [*takewhile(lambda event: isinstance(event, RecapEvent), reversed(events))]
    before = Script(events[: len(events) - len(made)]) if made else context.script
    stood = {(Circle(event.witnesses), event.covers[1]) for event in made if isinstance(event, RecapEvent)}
    scene = context.scenes[state["scene"]][1]
    gone = {context.cast.visitor} if away(before) else set()
    moves = [move for move in scene.ordered_moves if holds(move.when, partial(answer_of, before))]
    there = (after(scene.present, moves, turns) for turns in (0, *(move.after for move in moves)))
    stages = dict.fromkeys(Circle(here) - gone for here in there)
    due = context.narrator.desk.recaps(before.common_view, before.scene_ends(), stages, scene)
    return [retelling for retelling in due if (retelling.circle, retelling.last) not in stood]
