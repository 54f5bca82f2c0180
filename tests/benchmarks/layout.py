"""The plain layout, which dreamplay is held against: a LangGraph node and a chat history for each character.

The system message is the persona's own; other people's lines and what is told are user messages, one's own lines
assistant messages. It plays after the events of a dreamplay run: same speakers, openings, pressures, dreams,
stances and ending. It has no prologue, no cues and no editor, so that each of its lines is one call.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict
from unittest import mock

from bench import TIMEOUT
from dreamplay.engine.run_config import RunConfig
from dreamplay.library import templates
from dreamplay.models import llamacpp, profile_table
from dreamplay.models.base import Model
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.model_store import LocalServer
from dreamplay.models.prompt import Prompt
from dreamplay.participants.agent import call_seed
from dreamplay.schema.event import PROLOGUE, Event, MoveEvent, TurnEvent, validate_event
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.script import Script
from langgraph.graph import END, START, StateGraph


def default_cache() -> int:
    """The room (MiB) that llama.cpp gives its host-side prompt cache unless it is told otherwise."""
    import xllamacpp

    return int(xllamacpp.CommonParams().cache_ram_mib)


@contextlib.contextmanager
def host_cache(mib: int) -> Iterator[None]:
    """Let `embedded.start` start engines with so much room (MiB) for llama.cpp's host-side prompt cache."""
    import xllamacpp

    start = xllamacpp.Server

    def server(params: Any) -> Any:
        params.cache_ram_mib, params.cache_idle_slots = mib, mib > 0
        return start(params)

    with mock.patch.object(xllamacpp, "Server", server):
        yield


class Chat(Prompt):
    """What a character is asked: a system message of its own, its own chat, and the ask."""

    history: tuple[dict[str, str], ...]

    def messages(self, *, prefill: bool) -> list[dict[str, str]]:
        """The chat as it is; nothing is put in the model's mouth."""
        first, last = {"role": "system", "content": self.system}, {"role": "user", "content": self.tail}
        return [first, *self.history, last]


class PlainModel(llamacpp.LocalModel):
    """The local model as an ordinary client asks it."""

    def __init__(self, gguf: Path | None = None) -> None:
        profile = profile_table.look_up("embedded", "").refined({"candidates": 1})
        super().__init__(gguf, timeout=TIMEOUT, profile=profile)

    def _connect(self, engine: LocalServer) -> Endpoint:
        # A request that names its slot goes past llama.cpp's host-side prompt cache, which the plain layout needs.
        return replace(super()._connect(engine), slot=None)


class Room(TypedDict, total=False):
    """The plain layout's state: everybody's chat history, the place in the events, and who is next."""

    chats: dict[str, list[dict[str, str]]]
    at: int
    speaker: str


class Plain:
    """Plays after the events of a dreamplay run, with lines of its own.

    A line stands as the model said it, with the speaker's own name in front taken off; one of nothing is a silence.
    `script` holds what was told and said, and `record` is given each event as it comes to stand.
    """

    def __init__(
        self, plan: RunConfig, events: Sequence[Event], model: Model, record: Callable[[Event], object] = lambda _: None
    ) -> None:
        self.script = Script()
        self._plan, self._cast, self._model, self._write = plan, plan.cast, model, record
        self._events = [event for event in events if event.beat != PROLOGUE]

    async def play(self) -> None:
        """Play to the last event.

        Raises:
            ModelError: the model gave up.
        """
        graph = StateGraph(Room)
        graph.add_node("host", self._host)
        graph.add_edge(START, "host")
        for role in self._cast.roles:
            graph.add_node(role, self._speak)
            graph.add_edge(role, "host")
        graph.add_conditional_edges("host", lambda state: state["speaker"] or END, [*self._cast.roles, END])
        room = Room(chats={role: [] for role in self._cast.roles}, at=0, speaker="")
        await graph.compile().ainvoke(room, {"recursion_limit": 2 * len(self._events) + 5})

    async def _host(self, state: Room) -> Room:
        """Tell everything up to the next turn to those who witnessed it, and call on its speaker."""
        at = state["at"]
        while at < len(self._events) and not isinstance(self._events[at], TurnEvent):
            event = self._add(self._events[at].model_copy(update={"id": len(self.script)}))
            name = f"{self._cast.name(event.speaker)}: " if event.speaker and not isinstance(event, MoveEvent) else ""
            for role in event.witnesses:
                state["chats"][role].append({"role": "user", "content": name + event.text})
            at += 1
        speaker = self._events[at].speaker if at < len(self._events) else None
        return {"chats": state["chats"], "at": at, "speaker": speaker or ""}

    async def _speak(self, state: Room) -> Room:
        """One character's own chat goes to the model; what comes back goes into everybody's."""
        turn, speaker = self._events[state["at"]], state["speaker"]
        name = self._cast.name(speaker)
        history = state["chats"][speaker]
        prompt = Chat(
            kind="line", system=self._system(speaker), script="\n".join(message["content"] for message in history),
            tail=templates.render("ask.jinja", name=name, led=True), history=tuple(history), max_tokens=72,
            stop=("\n",),
        )  # fmt: skip
        seed = call_seed(self._plan.seed, "plain", state["at"])
        reply = await self._model.complete(prompt, seed=seed)
        text = reply.text.strip().removeprefix(f"{name}:").strip()
        made = Provenance(by="agent", prompt=prompt.digest, seed=seed, usage=reply.usage)
        own: dict[str, Any] = {"kind": "line", "text": text} if text else {"kind": "silence"}
        same = turn.model_dump(exclude={"kind", "text", "provenance", "cue"})
        self._add(validate_event(same | own | {"id": len(self.script), "provenance": made}))
        for role in turn.witnesses:
            own = {"role": "assistant", "content": text}
            others = {"role": "user", "content": f"{name}: {text}"}
            state["chats"][role].append(own if role == speaker else others)
        return {"chats": state["chats"], "at": state["at"] + 1}

    def _add(self, event: Event) -> Event:
        self._write(event)
        self.script.append(event)
        return event

    def _system(self, role: str) -> str:
        """One persona's own prompt. The scene is told by its opening, the first message of the chat, so that
        over the whole story the system message stays as it is and is read once.
        """
        persona, story = self._cast.personas[role], self._plan.story
        others = ", ".join(p.name for r, p in self._cast.personas.items() if r != role)
        private = persona.private
        return self._cast.fill("\n".join([
            f"You are {persona.name}, {persona.who}. {story.premise} The others are {others}.",
            f"How you talk: {persona.voice}",
            f"What only you know: {private.want} {private.belief} {private.fear} {private.wish}",
            *private.memories,
            "Lines you might say:",
            *(f"- {example}" for example in persona.examples),
            f"Stay in character as {persona.name}, answer the others, and never speak for them.",
        ]))  # fmt: skip
