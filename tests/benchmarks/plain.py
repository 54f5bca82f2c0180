"""What does dreamplay's prompt layout save? Plays the same scene in the plain layout too, and compares.

    uv run python tests/benchmarks/plain.py [--lines 12] [--roles 4,7] [--whole] [--cache both] [--seed N]

The plain layout is the usual one: a LangGraph node and a chat history for each character, with a system
message that is the persona's own, other people's lines as user messages and one's own as assistant messages.
It gets the same embedded model, engine settings, speakers in the same order, openings and pressures as the
dreamplay run before it; it has no prologue, no cues and no editor, so that each of its lines is one call.

What is counted is the tokens that llama.cpp says it evaluated (`timings.prompt_n`), for dreamplay the refused
tries too. «Later lines» leaves out the first line of each character, for which the plain layout reads a whole
new prompt: with twelve lines and seven roles those are most of them. Both start with nothing saved, once with
llama.cpp's host-side prompt cache, which is on by default, and once without.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict
from unittest import mock

import xllamacpp
from bench import fresh_start, kept, machine, table
from dreamplay import embedded, library, local
from dreamplay import plan as planning
from dreamplay.agent import call_seed
from dreamplay.director import TURNS
from dreamplay.model import open_endpoint
from dreamplay.plan import Plan
from dreamplay.play import Run
from dreamplay.script import PROLOGUE, Event
from dreamplay.story import Cast, TurnContract
from langgraph.graph import END, START, StateGraph
from openai import AsyncOpenAI

EXTRAS = ("nurse", "teenager", "lawyer")
"""Roles, and personas, that join the four friends on the roof."""
DEFAULT_CACHE = xllamacpp.CommonParams().cache_ram_mib
TIMEOUT = 180.0

# A request that names its slot goes past llama.cpp's host-side prompt cache, which the plain layout needs.
ENGINE = {name: value for name, value in local.ENGINE.items() if name != "id_slot"}


@dataclass(frozen=True)
class Line:
    """What a spoken line cost, in tokens."""

    speaker: str
    evaluated: int
    output: int


class Room(TypedDict, total=False):
    """The plain layout's state: everybody's chat history, the place in the events, and who is next."""

    chats: dict[str, list[dict[str, str]]]
    at: int
    speaker: str


class Plain:
    """The plain layout, playing after the events of a dreamplay run: same speakers, lines of its own."""

    def __init__(self, plan: Plan, events: Sequence[Event], client: AsyncOpenAI) -> None:
        self.lines: list[Line] = []
        self._plan, self._cast, self._client = plan, plan.cast, client
        self._events = [event for event in events if event.beat != PROLOGUE]

    async def play(self) -> None:
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
        """Tell everything up to the next spoken line to those who witnessed it, and call on the speaker."""
        at = state["at"]
        while at < len(self._events) and self._events[at].kind not in TURNS:
            event = self._events[at]
            name = f"{self._cast.name(event.speaker)}: " if event.speaker else ""
            for role in event.witnesses:
                state["chats"][role].append({"role": "user", "content": name + event.text})
            at += 1
        speaker = self._events[at].speaker if at < len(self._events) else None
        return {"chats": state["chats"], "at": at, "speaker": speaker or ""}

    async def _speak(self, state: Room) -> Room:
        """One character's own chat goes to the model; what comes back goes into everybody's."""
        event, speaker = self._events[state["at"]], state["speaker"]
        name = self._cast.name(speaker)
        chat: list[Any] = [
            {"role": "system", "content": self._system(speaker)},
            *state["chats"][speaker],
            {"role": "user", "content": library.render("ask.jinja", name=name)},
        ]
        reply = await self._client.chat.completions.create(
            model=embedded.NAME, messages=chat, max_tokens=72, stop="\n", extra_body=ENGINE, **local.SAMPLING,
            seed=call_seed(self._plan.seed, "plain", state["at"]),
        )  # fmt: skip
        timings = reply.model_extra["timings"] if reply.model_extra else {}
        self.lines.append(Line(speaker, int(timings["prompt_n"]), int(timings["predicted_n"])))
        text = (reply.choices[0].message.content or "").strip().removeprefix(f"{name}:").strip()
        for role in event.witnesses:
            own = {"role": "assistant", "content": text}
            others = {"role": "user", "content": f"{name}: {text}"}
            state["chats"][role].append(own if role == speaker else others)
        return {"chats": state["chats"], "at": state["at"] + 1}

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


@contextlib.contextmanager
def host_cache(mib: int) -> Iterator[None]:
    """Let `embedded.start` start engines with so much room (MiB) for llama.cpp's host-side prompt cache."""
    start = xllamacpp.Server

    def server(params: Any) -> Any:
        params.cache_ram_mib = mib
        return start(params)

    with mock.patch.object(xllamacpp, "Server", server):
        yield


async def play_ours(plan: Plan, mib: int) -> list[Event]:
    """The run as dreamplay plays it."""
    with fresh_start() as folder, host_cache(mib):
        run = Run(plan, local.LocalModel(timeout=TIMEOUT, sampling={}), folder / "run", {})
        await run.play(lambda _: None)
        return list(run.script)


async def play_plain(plan: Plan, events: Sequence[Event], mib: int) -> list[Line]:
    """The same run in the plain layout."""
    with fresh_start(), host_cache(mib):
        engine = embedded.start()
        async with open_endpoint(f"{engine.root}/v1", engine.api_key, timeout=TIMEOUT) as client:
            plain = Plain(plan, events, client)
            await plain.play()
        return plain.lines


def on_the_roof(seed: int, lines: int, roles: int) -> Plan:
    """The launch scene alone, for so many lines and roles; above four, with others present on the roof."""
    plan = planning.plan("mindsync", {}, seed=seed)
    extras = EXTRAS[: max(0, roles - len(plan.cast.roles))]
    cast = Cast({**plan.cast.personas, **{name: library.persona(name) for name in extras}})
    beat, scene = next(iter(plan.story.scenes))
    scene = scene.model_copy(update={
        "present": (*scene.present, *extras), "turns": TurnContract(min=lines, max=lines)
    })  # fmt: skip
    story = plan.story.model_copy(update={
        "cast": plan.story.cast | {name: name for name in extras},
        "beats": (beat.model_copy(update={"scenes": (scene,)}),),
    })  # fmt: skip
    return replace(plan, story=story, cast=cast, beats=(beat.id,))


def compare(what: str, plan: Plan, mib: int) -> list[tuple[str, ...]]:
    """Play both layouts, and put them into two rows of the table."""
    events = asyncio.run(play_ours(plan, mib))
    gc.collect()  # an engine ends with its last reference, and two of them would share the cores
    ours = [_line(event) for event in events if event.kind in TURNS and event.beat != PROLOGUE]
    plain = asyncio.run(play_plain(plan, events, mib))
    gc.collect()
    bar = 4.0 if not mib else 2.0 if len(plan.cast.roles) <= 4 else 2.5
    mine, theirs = _figures(ours), _figures(plain)
    ratios = [b / a for a, b in zip(mine, theirs, strict=True)]
    cache = "on" if mib else "off"
    shown = [(what, cache, layout, str(len(lines)), *(f"{f:.0f}" for f in figures),
              f"{statistics.mean(line.output for line in lines):.0f}", "", "")
             for layout, lines, figures in (("plain", plain, theirs), ("dreamplay", ours, mine))]  # fmt: skip
    ratio = (what, cache, "plain / dreamplay", "", *(f"{r:.1f}x" for r in ratios), "")
    return [*shown, (*ratio, f"{bar}x", kept(min(ratios) >= bar))]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Compare dreamplay's prompt layout with the plain one.")
    parser.add_argument("--lines", type=int, default=12, help="lines of the scene")
    parser.add_argument("--roles", default="4,7", help="sizes of the cast, 4 to 7, with commas")
    parser.add_argument("--whole", action="store_true", help="the whole story with its own cast instead")
    parser.add_argument("--cache", choices=("on", "off", "both"), default="both")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    where = machine()
    plans = {"whole story": planning.plan("mindsync", {}, seed=chosen.seed)}
    if not chosen.whole:
        sizes = [int(size) for size in chosen.roles.split(",")]
        plans = {f"roof, {n} roles": on_the_roof(chosen.seed, chosen.lines, n) for n in sizes}
    room = [mib for mib, name in ((DEFAULT_CACHE, "on"), (0, "off")) if chosen.cache in (name, "both")]
    rows = [row for what, plan in plans.items() for mib in room for row in compare(what, plan, mib)]
    print(f"{where}; prompt tokens evaluated per spoken line, seed {chosen.seed}\n")
    head = ("play", "cache", "layout", "lines", "median", "mean", "later lines", "spoken", "bar", "kept?")
    print(table(head, rows))
    print("\nlater lines: median without each character's first line; spoken: mean output tokens per line")
    print("A bar is kept if all three ratios hold it.")


def _line(event: Event) -> Line:
    usage = event.provenance.usage
    return Line(event.speaker or "", usage.evaluated, usage.output)


def _figures(lines: Sequence[Line]) -> tuple[float, float, float]:
    """Median and mean of all lines, and the median of those that are not a character's first."""
    later = [line for n, line in enumerate(lines) if line.speaker in {before.speaker for before in lines[:n]}]
    read, read_later = [[line.evaluated for line in some] for some in (lines, later or lines)]
    return statistics.median(read), statistics.mean(read), statistics.median(read_later)


if __name__ == "__main__":
    main()
