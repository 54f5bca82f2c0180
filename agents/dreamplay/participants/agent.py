"""An agent is a persona and a model: it speaks, it reflects, and it decides."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from dreamplay.errors import ModelError
from dreamplay.memory.base import Memory
from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.participants.base import Line, Outcome, Reflection, Stance
from dreamplay.participants.reply import TurnReply, cleaned, read
from dreamplay.participants.spoken_for import spoken_for
from dreamplay.participants.spoken_tokens import SpokenTokens
from dreamplay.prompting import reflection
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.schema.event import Event, LineEvent, ReflectionEvent, StanceEvent, ThoughtEvent, TurnEvent
from dreamplay.schema.provenance import Provenance, RetrievedMemory
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View, last_heard
from dreamplay.validation import endings, structured_output
from dreamplay.validation.check import CheckContext, Heard
from dreamplay.validation.generate import CandidateRejectedError, Generation, generate
from dreamplay.validation.merit import merit
from dreamplay.validation.pipeline import Pipeline
from dreamplay.validation.structured_output import ReflectionReply, StanceReply

_STANCE_TRIES = 4
_SHOWN = 100
"""Letters of an answer that an error shows."""


@dataclass(frozen=True)
class Agent:
    """One role of the cast, played by a model. There is no class per character: a persona is data."""

    role: str
    desk: PromptBuilder
    model: Model
    seed: int
    memory: Memory | None = None
    """None: they remember no more than what stands in the prompt."""
    pipeline: Pipeline = field(default_factory=Pipeline)
    """Checks what the model writes."""
    _heard: _Listener = field(default_factory=lambda: _Listener(), repr=False, compare=False)

    @property
    def name(self) -> str:
        """The name of the persona that holds the role."""
        return self.desk.cast.name(self.role)

    async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome:
        """See `Participant.take_turn`."""
        match turn.task:
            case "line":
                return await self.speak(turn, view, on_token)
            case "stance":
                return await self.decide(turn, view)
            case "reflection":
                return await self.reflect(turn, view)

    def wants_turn(self, turn: Turn, view: View) -> bool:
        """See `Participant.wants_turn`: a model waits for its turn."""
        return False

    async def speak(self, turn: Turn, view: View, on_token: OnToken) -> Line:
        """Say a line. A character whose model is not led may also think, make a gesture, say nothing, or leave. If no
        candidate passes the checks, nothing is said.

        Raises:
            ModelError: the model gave up.
        """
        cue, profile = turn.cue, self.model.profile
        led = profile.direction == "led"
        assert cue
        note = self.desk.note(cue) if led else None
        # A small model tells a memory that stands beside the note, and forgets the note.
        recalled = () if note else self._recall(turn, view, self.desk.matter(turn))
        last = [event.speaker for event in view.of_kind(TurnEvent)[-1:]]
        context = self._context(
            view,
            note=note,
            material=self.desk.cast.nameless(note.matter) if note else self.desk.cast.fill(cue.material) if led else "",
            before=view.last_heard,
            remembered=[memory.text for memory in recalled if memory.event is None],
            to=self._named({cue.to, *last}),
            hears=self._named(cue.hears or turn.present),
        )
        first = self.desk.line(turn, view, recalled=recalled)

        passed_on = on_token if led else SpokenTokens(on_token, thinks=profile.think)

        async def call(number: int, wrong: str) -> Reply:
            on_token("")
            prompt = self.desk.line(turn, view, wrong, recalled, again=True) if number else first
            seed = call_seed(self.seed, *turn.place, number)
            return await self.model.complete(prompt, seed=seed, on_token=passed_on)

        def check(reply: Reply) -> TurnReply:
            if led:
                return cleaned(TurnReply(text=reply.text), reply, self.pipeline, context)
            return read(reply, self.pipeline, context, may_leave=turn.may_leave)

        take = await generate(
            call,
            check,
            attempts=profile.max_attempts,
            blind=profile.blind_retries,
            merit=lambda taken: merit(taken.text, context) if taken.text else 0.0,
            enough=profile.enough_merit if led else None,
            shown=lambda taken, reply: taken.perceived,
        )
        made = self._made(first, call_seed(self.seed, *turn.place, take.number), take, recalled)
        if take.value is None:
            return Line("", made)
        taken = take.value
        return Line(taken.text, made, taken.thought, taken.gesture, chosen=not taken.text, leaves=taken.leaves)

    async def decide(self, turn: Turn, view: View) -> Stance:
        """Take a stance. An invalid answer is asked for again, together with what was wrong. If the model is led, and
        what it was led to say favours a choice, it is not asked: the choice follows from that line, which is the
        reason. Of one that somebody present has not heard, they do not learn here.

        Raises:
            ModelError: the model gave up, or answered no valid stance in any of its tries.
        """
        story, profile = self.desk.story, self.model.profile
        if profile.direction == "led" and (found := spoken_for(story, self.role, view)):
            chosen, line = found
            reason = line.text if {*turn.witnesses} <= {*line.witnesses} else ""
            return Stance(chosen.id, reason, Provenance(by="agent"), line.id)
        choices = list(story.choices)
        # Small models lean to what stands first; each role reads the choices in an order of its own.
        random.Random(f"{self.seed}/{turn.scene.id}/{self.role}").shuffle(choices)
        offered = {choice.id: self.desk.cast.fill(choice.text) for choice in choices}
        matter = " ".join(offered.values())
        recalled = self._recall(turn, view, matter) if profile.stance_memories else ()
        first = self.desk.stance(turn, view, choices, recalled=recalled)

        async def call(number: int, wrong: str) -> Reply:
            prompt = self.desk.stance(turn, view, choices, wrong, recalled) if wrong else first
            return await self.model.complete(prompt, seed=call_seed(self.seed, *turn.place, number))

        said = [line.text for line in view.of_kind(LineEvent) if line.speaker == self.role]
        context = CheckContext(self.name, self.desk.cast.all_names, heard=Heard.of(said))

        def check(reply: Reply) -> StanceReply:
            return structured_output.stance(reply, offered, self.pipeline, context)

        take = await generate(call, check, attempts=_STANCE_TRIES)
        if take.value is None:
            raise ModelError(
                f"{self.name} was asked to choose and say why, in JSON, and took no valid stance in {_STANCE_TRIES} "
                f"tries ({take.last_reason}: {take.refused[-1].text[:_SHOWN]!r}); choose another `model`"
            )
        seed = call_seed(self.seed, *turn.place, take.number)
        return Stance(take.value.choice, take.value.reason, self._made(first, seed, take, recalled))

    async def reflect(self, turn: Turn, view: View) -> Reflection:
        """Reflect on the scene: a thought, the attitude towards each of the others who were there, and, from a model
        that is asked for more, why, what they now want, and what was promised. All of it is empty if no answer passes
        the checks.

        Raises:
            ModelError: the model gave up.
        """
        said = self._context(view)
        # A thought is nobody's words over again, where a line may take up those of another.
        context = replace(said, heard=replace(said.heard, own=said.heard.grams))
        others = {self.desk.cast.name(role): role for role in reflection.others(turn, view)}
        first = self.desk.reflection(turn, view)

        async def call(number: int, wrong: str) -> Reply:
            prompt = self.desk.reflection(turn, view, wrong) if wrong else first
            seed = call_seed(self.seed, *turn.place, number)
            return await self.model.complete(prompt, seed=seed)

        def check(reply: Reply) -> ReflectionReply:
            if self.model.profile.detailed_reflections:
                answer = structured_output.detailed_reflection(reply, self.name, others)
            else:
                answer = structured_output.reflection(reply, others)
            try:
                said = replace(reply, text=endings.whole(answer.thought))
                thought = self.pipeline.line(said, context, "reflection")
            except CandidateRejectedError as error:
                if error.fallback is not None:
                    error.fallback = answer.model_copy(update={"thought": error.fallback})
                raise
            return answer.model_copy(update={"thought": thought})

        # To a small model that shares a machine with the play, another try costs as much as half a line.
        take = await generate(call, check, attempts=self.model.profile.reflection_attempts)
        made = self._made(first, call_seed(self.seed, *turn.place, take.number), take)
        if take.value is None:
            return Reflection("", made)
        answer = take.value
        return Reflection(
            text=answer.thought,
            provenance=made,
            attitudes={others[name]: mark / reflection.MARKS for name, mark in answer.marks.items()},
            why=_by_role(answer.why, others),
            wants=answer.wants,
            promised=_by_role(answer.promised, others),
            was_promised=_by_role(answer.was_promised, others),
        )

    def _recall(self, turn: Turn, view: View, matter: str) -> tuple[RetrievedMemory, ...]:
        """The memories that are recalled for a topic, after what was last heard."""
        if self.memory is None:
            return ()
        shown = self.desk.shown(turn, view)
        query = f"{matter} {last_heard(shown)}"
        limit = self.model.profile.memories
        found = self.memory.recall(view, query, scene=turn.scene.id, shown=shown, limit=limit)
        return self.desk.affordable(turn, view, found)

    @staticmethod
    def _made(
        prompt: Prompt, seed: int, take: Generation[Any], recalled: tuple[RetrievedMemory, ...] = ()
    ) -> Provenance:
        return Provenance(
            by="agent", prompt=prompt.digest, seed=seed, recalled=recalled, refused=take.refused, usage=take.usage
        )

    @cached_property
    def _authored(self) -> list[str]:
        """Texts by the author that a line must not repeat: the examples of voice and the public sheets."""
        return [*self.desk.cast.personas[self.role].examples, *self._sheets]

    def _named(self, roles: Iterable[str | None]) -> list[str]:
        """The names of the others among these."""
        return [name for role in roles if role and role != self.role for name in self.desk.cast.names(role)]

    @cached_property
    def _setting(self) -> list[str]:
        """What the author says of the story and its people."""
        return [self.desk.cast.fill(self.desk.story.premise), *self._sheets]

    @cached_property
    def _sheets(self) -> list[str]:
        """What everybody knows of the people, and how these talk."""
        cast = self.desk.cast
        return [cast.fill(text) for persona in cast.personas.values() for text in (persona.who, persona.voice)]

    def _context(self, view: View, **rest: Any) -> CheckContext:
        """What a text of this character is checked against."""
        heard = self._heard.listen(self.role, self._authored, view.events)
        names, config = self.desk.cast.all_names, self.pipeline.config
        return CheckContext(self.name, names, config=config, heard=heard, setting=self._setting, **rest)


def _by_role(told: Mapping[str, str], roles: Mapping[str, str]) -> dict[str, str]:
    """What was told of people by name, by their roles."""
    return {roles[name]: words for name, words in told.items()}


@dataclass
class _Listener:
    """Collects what a character has heard, which a new line must not copy. Thoughts are not included. It is kept from
    turn to turn, so that a turn of a long play costs no more than one of a short play."""

    heard: Heard = field(default_factory=Heard)
    events: Sequence[Event] = ()

    def listen(self, role: str, authored: Sequence[str], events: Sequence[Event]) -> Heard:
        """Add new events; start again if the script is another one."""
        known = len(self.events)
        if known > len(events) or (known and events[known - 1] is not self.events[-1]):
            self.heard, known = Heard(), 0
        for text in () if self.heard.texts else authored:
            self.heard.add(text)
        for event in events[known:]:
            repeated = isinstance(event, StanceEvent) and event.said is not None  # heard as the line that it quotes
            if not repeated and not isinstance(event, ReflectionEvent | ThoughtEvent):
                of_others = isinstance(event, LineEvent) and event.speaker != role
                self.heard.add(event.text, of_others=of_others)
        self.events = events
        return self.heard


def call_seed(seed: int, *place: object) -> int:
    """A seed of its own for each call: one seed for all makes small models loop.

    Stable across processes, which Python's own hash is not.
    """
    digest = hashlib.sha256("/".join(map(str, (seed, *place))).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
