"""What the scripts that play in `others.py` share: what they are asked for, and how they are measured. It needs nothing
but Python, since each of them runs in the environment of its own framework.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Person:
    """One of those who speak."""

    name: str
    who: str
    voice: str
    aim: str
    belief: str
    memories: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """What is to be played, where, and how many at once."""

    base_url: str
    story: str
    """The path of the story file, for who can read it."""
    premise: str
    opening: str
    people: tuple[Person, ...]
    turns: int
    jobs: int
    way: str
    """In which of its ways a framework plays, if it has several."""


@dataclass(frozen=True)
class Played:
    """What was measured of the plays."""

    lines: int
    seconds: float
    busy: float
    """Seconds of the processor, of all threads of this process."""
    peak: int
    """Kilobytes that the process held at most."""
    version: str
    python: str = platform.python_version()


def told() -> Order:
    """What was asked for on the command line."""
    fields = json.loads(sys.argv[1])
    people = tuple(Person(**(each | {"memories": tuple(each["memories"])})) for each in fields.pop("people"))
    return Order(people=people, **fields)


def measure(package: str, play: Callable[[range], int]) -> None:
    """Play once to warm up, wait for the number of plays on stdin, play so many, and print what was measured. What the
    framework itself prints goes nowhere.

    Args:
        package: the name under which the framework was installed.
        play: plays so many scenes, a seed each, and says how many lines were spoken.
    """
    out = sys.stdout
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        play(range(1))
        print("ready", file=out, flush=True)
        plays = int(sys.stdin.readline())
        begun, used = time.monotonic(), time.process_time()
        lines = play(range(1, plays + 1))
        took, busy = time.monotonic() - begun, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps(asdict(Played(lines, took, busy, peak, version(package)))), file=out, flush=True)
