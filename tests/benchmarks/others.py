"""How dreamplay compares with Concordia and TinyTroupe where they do the same: so many plays of a short scene of three
people, twelve turns each, many at once, against the fake endpoint with latency, in a process of its own.

    uv run python tests/benchmarks/others.py --concordia VENV/bin/python --tinytroupe VENV/bin/python

Each of them plays in an environment of its own, which is made like this; what is not given is left out:

    python3.12 -m venv concordia && concordia/bin/pip install "gdm-concordia[openai]"
    python3.12 -m venv tinytroupe && tinytroupe/bin/pip install git+https://github.com/microsoft/TinyTroupe.git@v0.6.0

Neither needs torch here: of TinyTroupe's dependencies, llama-index-embeddings-huggingface can be left out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import bench
import dreamplay as dp
from others_play import Order, Person, Played

HERE = Path(__file__).parent
STORY = HERE / "stories" / "ferry.yaml"
SAID = """I would rather wait until the lamps are out than carry this suitcase up a ladder that nobody has looked at
since last winter and you know it because we said so on Tuesday when harbour bread was still warm under your coat"""
DID = {
    "dreamplay": "one call a line, on the script so far, and one for each person who reflects on the scene at its end; "
    "each line is checked and, if refused, asked for again; it is forced to disk before the next is asked for; replies "
    "are streamed",
    "Concordia, basic": "the agent of its cheat sheet asks itself three questions and then says the line; its game "
    "master for talk sums up what it knows before each of its seven steps of a turn; all stays in memory",
    "Concordia, minimal": "its smallest agent only says the line; the same game master",
    "TinyTroupe, in parallel": "one call a turn, on its whole instructions and recent memories; its default, in which "
    "all three speak at the same time, without hearing each other; all stays in memory, and memories are not "
    "consolidated, which it does by default",
    "TinyTroupe, in turn": "the same, but one speaks after the other",
}


@dataclass
class Asked:
    """What the endpoint was asked. Stands where the fake keeps the bodies of the requests."""

    calls: int = 0
    characters: int = 0

    def append(self, request: dict[str, Any]) -> None:
        """Count a request."""
        self.calls += 1
        self.characters += sum(len(message["content"]) for message in request["messages"])


def main() -> None:
    """Play with each, and print a table."""
    parser = argparse.ArgumentParser(description="dreamplay beside Concordia and TinyTroupe.")
    parser.add_argument("--concordia", type=Path, help="a Python with gdm-concordia[openai]")
    parser.add_argument("--tinytroupe", type=Path, help="a Python with tinytroupe")
    parser.add_argument("--plays", type=int, default=20, help="an even number, at least 4")
    parser.add_argument("--jobs", type=int, default=20, help="plays at once")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds before each answer begins")
    chosen = parser.parse_args()
    ways = [
        ("dreamplay", Path(sys.executable), ""),
        ("Concordia, basic", chosen.concordia, "basic__Entity"),
        ("Concordia, minimal", chosen.concordia, "minimal__Entity"),
        ("TinyTroupe, in parallel", chosen.tinytroupe, "in parallel"),
        ("TinyTroupe, in turn", chosen.tinytroupe, "in turn"),
    ]
    for name, python, _ in ways:
        if python is None:
            bench.say(f"{name} is left out: give its Python with --{_script(name)}")
    machine = bench.machine()
    done = {name: _played(name, python, way, chosen) for name, python, way in ways if python}
    print(f"{chosen.plays} plays in one process, {chosen.jobs} at once, {chosen.latency} s of latency; {machine}\n")
    rows = [_row(title, how, done, chosen.plays) for title, how in ROWS.items()]
    print(bench.table(("what", *done), rows))
    print("\nWhat each does:\n")
    print("\n".join(f"- {name}: {DID[name]}." for name in done))


ROWS = {
    "version": lambda played, asked, plays: f"{played.version}, Python {played.python}",
    "lines spoken": lambda played, asked, plays: f"{played.lines}",
    "plays a minute": lambda played, asked, plays: f"{plays / played.seconds * 60:.0f}",
    "calls a line": lambda played, asked, plays: f"{asked.calls / played.lines:.2f}",
    "prompt tokens a line": lambda played, asked, plays: f"{asked.characters / 4 / played.lines:,.0f}",
    "own time of the processor, a call": lambda played, asked, plays: f"{played.busy / asked.calls * 1000:.1f} ms",
    "own time of the processor, a line": lambda played, asked, plays: f"{played.busy / played.lines * 1000:.1f} ms",
    "memory at its peak": lambda played, asked, plays: f"{played.peak / 1000:.0f} MB",
}
"""What is shown, and how it comes of what was measured. A token is taken for four characters."""


def _row(title: str, how: Any, done: dict[str, tuple[Played, Asked]], plays: int) -> list[str]:
    return [title, *(how(played, asked, plays) for played, asked in done.values())]


def _script(name: str) -> str:
    return name.partition(",")[0].lower()


def _played(name: str, python: Path, way: str, chosen: argparse.Namespace) -> tuple[Played, Asked]:
    """Play with one of them, and say what was measured, and what the endpoint was asked."""
    with _endpoint(_script(name), chosen.latency) as pipe:
        order = _order(pipe.recv(), chosen.jobs, way)
        command = [str(python), str(HERE / f"others_{_script(name)}.py"), json.dumps(asdict(order))]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as playing:
            assert playing.stdin
            assert playing.stdout
            if playing.stdout.readline() != "ready\n":
                sys.exit(f"{name} did not get ready; what it says is above")
            pipe.send("count anew")
            playing.stdin.write(f"{chosen.plays}\n")
            playing.stdin.flush()
            measured = playing.stdout.readline()
        if not measured:
            sys.exit(f"{name} broke off; what it says is above")
        pipe.send("say")
        return Played(**json.loads(measured)), pipe.recv()


def _order(url: str, jobs: int, way: str) -> Order:
    """The scene in plain words, so that all are told the same."""
    story = dp.load_story(str(STORY))
    ((_, scene),) = story.scenes
    sheets = {role: dp.load_persona(role) for role in scene.present}
    names = {role: sheet.name for role, sheet in sheets.items()}
    people = []
    for role, sheet in sheets.items():
        assert sheet.private
        memories = tuple(memory.format_map(_Names(names)) for memory in sheet.private.memories)
        aim = scene.aims[role].format_map(names)
        people.append(Person(sheet.name, sheet.who, sheet.voice, aim, sheet.private.belief, memories))
    opening = scene.opening.format_map(names)
    return Order(url, str(STORY), story.premise, opening, tuple(people), scene.turns.max, jobs, way)


class _Names(dict[str, str]):
    def __missing__(self, role: str) -> str:
        return role.title()


@contextmanager
def _endpoint(framework: str, latency: float) -> Iterator[Connection]:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    serving = spawn.Process(target=_serve, args=(there, framework, latency))
    serving.start()
    try:
        yield here
    finally:
        here.send("over")
        serving.join()


def _serve(pipe: Connection, framework: str, latency: float) -> None:
    sys.path.append(str(HERE.parent))  # the fake endpoint is one of the tests' own modules
    from fake_endpoint import FakeEndpoint

    class Fake(FakeEndpoint):
        def _answer(self, request: dict[str, Any], fault: Any) -> str:
            if framework == "dreamplay":
                return super()._answer(request, fault)
            return (_acted if framework == "tinytroupe" else _continued)(request)

    with Fake(latency=latency) as fake:
        pipe.send(fake.base_url)
        fake.seen = asked = Asked()
        while (word := pipe.recv()) != "over":
            if word == "say":
                pipe.send(asked)
            else:
                fake.seen = asked = Asked()


def _continued(request: dict[str, Any]) -> str:
    """An answer to Concordia: one of the strings that it offers, or a sentence."""
    prompt = request["messages"][-1]["content"]
    offered = re.search(r"one of the following strings:\n(.*)", prompt)
    return offered[1].removesuffix(".") if offered else _sentence(prompt)


def _acted(request: dict[str, Any]) -> str:
    """An answer to TinyTroupe: to say something to everybody, and be done."""
    prompt = request["messages"][0]["content"]
    state = {"goals": "to decide", "context": ["on the quay"], "attention": "the suitcase", "emotions": "calm"}
    said = {"type": "TALK", "content": _sentence(prompt), "target": ""}
    return json.dumps({"actions": [said, {"type": "DONE", "content": "", "target": ""}], "cognitive_state": state})


def _sentence(prompt: str) -> str:
    dice = random.Random(hashlib.sha256(prompt.encode()).hexdigest())
    return " ".join(dice.sample(SAID.split(), dice.randint(10, 24))).capitalize() + "."


if __name__ == "__main__":
    main()
