"""The director who lets happen what was written, and the model that says it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from dreamplay.director.base import Narration, SceneEnd, Step
from dreamplay.director.situation import Situation
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.schema.event import Cue, Event, LineEvent, NarrationEvent, SilenceEvent
from dreamplay.schema.provenance import Usage

from training.scene import Decided, Dreamt, Ended, Happening, Spoken, Thought, WrittenScene
from training.story import TOPIC, Part, role


@dataclass(frozen=True)
class Example:
    """A prompt as the engine gets it, and the reply that was written for it."""

    scene: str
    """The id of the written scene."""
    prompt: Prompt
    reply: str
    """The whole reply, the prompt's prefill included."""


@dataclass(frozen=True)
class WrittenDirector:
    """Lets happen what was written, in that order. See `Director`."""

    written: WrittenScene
    told: tuple[Part, ...]

    def next(self, now: Situation) -> Step:
        """The next thing that was written and has not happened."""
        part = self.told[int(now.scene.id.removeprefix("part_"))]
        told = sum(isinstance(event, NarrationEvent) for event in now.events) - 1  # the opening
        said = len(now.turns)
        for item in part.items:
            if isinstance(item, Happening):
                if told <= 0:
                    return Narration(item.event)
                told -= 1
            elif isinstance(item, Spoken):
                if said <= 0:
                    return self._turn(now, item)
                said -= 1
        return SceneEnd()

    def _turn(self, now: Situation, item: Spoken) -> Step:
        roles = {person.name: role(person, self.written) for person in self.written.cast}
        speaker, last = roles[item.speaker], now.events[-1] if now.events else None
        move = next((n for n, each in enumerate(now.scene.topics[0].moves) if each.does == item.does), None)
        hears = tuple(roles[name] for name in item.hears) if item.aside else ()
        cue = Cue(
            to=roles[item.to], pressure="", tactic="", material=item.does, text=f"{item.speaker} {item.does}.",
            topic=TOPIC, move=move, hears=hears,
            answers=last.id if isinstance(last, LineEvent) and last.speaker == roles[item.to] else None,
        )  # fmt: skip
        return now.turn(speaker, cue)


@dataclass
class WrittenModel:
    """Says what was written, and keeps the prompts that it was asked with. See `Model`."""

    written: WrittenScene
    profile: ModelProfile
    name: str = "written"
    _asked: list[tuple[Prompt, str]] = field(default_factory=list)
    _said: int = 0

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """The reply that was written for a prompt; nothing where none was."""
        reply = self._reply(prompt)
        if reply:
            self._asked.append((prompt, reply))
        return Reply(reply, True, Usage(calls=1))

    async def warm_cache(self, prompt: Prompt) -> None:
        """Nothing is to be done."""

    async def close(self) -> None:
        """Nothing is to be done."""

    def examples(self, script: Iterable[Event]) -> Iterable[Example]:
        """The prompts and their replies, each as it was asked for first. A line that the checks refused is none."""
        known, silent = set[str](), [event for event in script if isinstance(event, SilenceEvent)]
        turns = [event for event in script if isinstance(event, LineEvent | SilenceEvent) and event.turn]
        taken = iter(turns)
        for prompt, reply in self._asked:
            if prompt.kind == "line":
                used = next(taken) not in silent
            else:
                used = reply not in known
                known.add(reply)
            if used:
                yield Example(self.written.id, prompt, reply)

    def _reply(self, prompt: Prompt) -> str:
        match prompt.kind:
            case "line":
                lines = [item for item in self.written.turns if isinstance(item, Spoken)]
                self._said += 1
                item = lines[self._said - 1]
                return f"{item.speaker}: {item.line}"
            case "dream":
                dreams = [item for item in self.written.turns if isinstance(item, Dreamt)]
                done = sum(asked.kind == "dream" for asked, _ in self._asked)
                return dreams[min(done, len(dreams) - 1)].dream
            case "epilogue":
                return next(item.epilogue for item in self.written.turns if isinstance(item, Ended))
            case "stance":
                return self._stance(prompt)
            case "reflection":
                return self._thought(prompt)
            case _:
                return ""

    def _stance(self, prompt: Prompt) -> str:
        for item in self.written.turns:
            if isinstance(item, Decided) and f"Answer as {item.speaker} in JSON" in prompt.tail:
                told = {"reason": item.reason, "choice": self.written.choices[item.choice]}
                asked = prompt.json_schema["properties"] if prompt.json_schema else told
                return json.dumps({key: told[key] for key in asked}, ensure_ascii=False)
        return ""

    def _thought(self, prompt: Prompt) -> str:
        others = prompt.json_schema["required"][1:] if prompt.json_schema else []
        for item in self.written.turns:
            asked = isinstance(item, Thought) and f"Now {item.speaker} thinks" in prompt.tail
            if isinstance(item, Thought) and asked and set(others) == set(item.marks):
                told = {"thought": item.thinks} | {name: item.marks[name] for name in others}
                return json.dumps(told, ensure_ascii=False)
        return ""
