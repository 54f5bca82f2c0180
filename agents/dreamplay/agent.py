"""An agent is a persona and a model: it speaks, and it decides."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dreamplay import editor
from dreamplay.editor import Judge, RefusedError, Take
from dreamplay.errors import ModelError
from dreamplay.memory import Memory
from dreamplay.model import Model, OnToken, Reply
from dreamplay.prompting import Desk, Prompt
from dreamplay.script import Cue, Provenance, Recalled, Refusal, Script
from dreamplay.story import Scene

_STANCE_TRIES = 4


class Stance(BaseModel):
    """A decision at the crossroads, as the model sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    reason: str = Field(min_length=10, max_length=600)
    choice: str


@dataclass(frozen=True)
class Agent:
    """One role of the cast, played by a model. There is no class per character: a persona is data."""

    role: str
    desk: Desk
    model: Model
    seed: int
    memory: Memory | None = None
    """None: she remembers no more than what stands in the prompt."""

    @property
    def name(self) -> str:
        """The name of the persona that holds the role."""
        return self.desk.cast.name(self.role)

    async def speak(self, script: Script, scene: Scene, cue: Cue, turn: int, on_token: OnToken) -> Spoken:
        """Say a line, or, if none can stand, nothing; `text` is then None.

        Raises:
            ModelError: the model gave up.
        """
        judge = Judge(
            speaker=self.name,
            cast=[persona.name for persona in self.desk.cast.personas.values()],
            said=self._said(script),
            material=self.desk.cast.fill(cue.material),
        )
        recalled = self._recall(script, scene, self.desk.cast.fill(cue.material))
        first = self.desk.line(script, scene, self.role, cue, recalled=recalled)

        async def call(number: int, wrong: str) -> Reply:
            on_token("")
            prompt = self.desk.line(script, scene, self.role, cue, wrong, recalled) if wrong else first
            seed = call_seed(self.seed, scene.id, turn, self.role, number)
            return await self.model.complete(prompt, seed=seed, on_token=on_token)

        take = await editor.ask(
            call,
            lambda reply: editor.judged(judge, reply),
            tries=self.model.tries,
            rolls=self.model.rolls,
            merit=judge.merit,
        )
        seed = call_seed(self.seed, scene.id, turn, self.role, take.usage.calls - 1)
        return Spoken(take.text, self._made(first, seed, take, recalled))

    async def decide(self, script: Script, scene: Scene) -> tuple[Stance, Provenance]:
        """Take a stance. An answer that is no valid choice is asked for again, with what was wrong.

        Raises:
            ModelError: the model gave up, or answered no valid stance in any of its tries.
        """
        choices = list(self.desk.story.choices)
        # Small models lean to what stands first; each role reads the choices in an order of its own.
        random.Random(f"{self.seed}/{scene.id}/{self.role}").shuffle(choices)
        recalled = self._recall(script, scene, " ".join(self.desk.cast.fill(choice.text) for choice in choices))
        first = self.desk.stance(script, scene, self.role, choices, recalled=recalled)
        stances: list[Stance] = []

        async def call(number: int, wrong: str) -> Reply:
            prompt = self.desk.stance(script, scene, self.role, choices, wrong, recalled) if wrong else first
            return await self.model.complete(prompt, seed=call_seed(self.seed, scene.id, 0, self.role, number))

        def check(reply: Reply) -> str:
            stances.append(self._parsed(reply))
            return stances[-1].reason

        take = await editor.ask(call, check, tries=_STANCE_TRIES)
        if take.text is None:
            raise ModelError(
                f"{self.name} took no valid stance in {_STANCE_TRIES} tries ({take.refused[-1].reason}); "
                "choose another --model, one that can answer in JSON"
            )
        seed = call_seed(self.seed, scene.id, 0, self.role, take.usage.calls - 1)
        return stances[-1], self._made(first, seed, take, recalled)

    def _parsed(self, reply: Reply) -> Stance:
        """A valid stance, its choice by id. The model answers with the choice's words, which say more to it."""
        raw = reply.text.strip().removeprefix("```json").removesuffix("```").strip()
        ids = {self.desk.cast.fill(choice.text): choice.id for choice in self.desk.story.choices}

        def refused(reason: str, advice: str) -> RefusedError:
            return RefusedError(Refusal(text=raw[:500], reason=reason), advice)

        try:
            stance = Stance.model_validate_json(raw)
        except ValidationError as error:
            first = error.errors()[0]
            what = f"{'.'.join(map(str, first['loc'])) or 'the answer'}: {first['msg']}"
            raise refused(f"no valid stance: {what}", f"The last answer was wrong ({what}).") from None
        if stance.choice not in ids:
            reason = f"no such choice: {stance.choice[:80]!r}"
            raise refused(reason, "The last answer named none of the choices word for word.")
        whole = editor.whole(stance.reason)
        if not whole or "..." in whole:
            raise refused("the reason is left open", "The last reason was not a whole sentence.")
        if not editor.in_first_person(whole, self.name):
            raise refused(
                "the reason is not in the first person",
                f"The last reason was told about {self.name}; {self.name} says «I».",
            )
        return stance.model_copy(update={"reason": whole, "choice": ids[stance.choice]})

    def _recall(self, script: Script, scene: Scene, matter: str) -> tuple[Recalled, ...]:
        """What comes up when she is about to speak of a matter, after what was last heard."""
        if self.memory is None:
            return ()
        shown = self.desk.shown(script, scene.present)
        heard = next((event.text for event in reversed(shown) if event.text), "")
        return self.memory.recall(script, f"{matter} {heard}", scene=scene.id, shown=shown, limit=self.desk.memories)

    @staticmethod
    def _made(prompt: Prompt, seed: int, take: Take, recalled: tuple[Recalled, ...]) -> Provenance:
        return Provenance(
            by="agent", prompt=prompt.digest, seed=seed, recalled=recalled, refused=take.refused, usage=take.usage
        )

    def _said(self, script: Script) -> list[str]:
        """What a new line may not copy: all that she has heard said or told, and the examples of her voice."""
        return [*self.desk.cast.personas[self.role].examples, *(e.text for e in script.visible_to(self.role))]


@dataclass(frozen=True)
class Spoken:
    """A line that stands, or None for a silence, with where it came from."""

    text: str | None
    made: Provenance


def call_seed(seed: int, *place: object) -> int:
    """A seed of its own for each call: one seed for all makes small models loop.

    Stable across processes, which Python's own hash is not.
    """
    digest = hashlib.sha256("/".join(map(str, (seed, *place))).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
