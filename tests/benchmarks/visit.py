"""How long does a visitor wait for an answer? Sits at a pseudo-terminal, says a line at each opening, and prints the
seconds from Enter to the first word of the answer on the screen. The bar is 4 s on the embedded model, on two cores.

    uv run python tests/benchmarks/visit.py [--model embedded] [--base-url URL] [--lines 6] [--seed N] [--reading 20]

Run it when the cores are free. On the embedded model it starts with empty slots, as on a user's first run. Before the
first line it waits, as a person does who reads the prologue (nearly a minute, at the usual pace), and then never again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pexpect
from bench import fresh_start, kept, machine, table
from dreamplay.engine import run_config

BAR = 4.0
SCRIPT = Path(sys.executable).with_name("dreamplay")
NAME = "Noor"
_CODES = r"(?:\x1b\[[0-9;?]*[A-Za-z]|[\r\n])*"
_SAYS = (
    "Good evening, {name}. What have you got there?",
    "{name}, would you sleep with that thing on?",
    "I am not so sure of that, {name}.",
    "Who told you so, {name}?",
    "Then tell me what you are afraid of, {name}.",
    "{name}, what does it cost?",
)
"""Different lines, so that no answer was given before."""


def line(number: int, names: Sequence[str]) -> str:
    """What the visitor says as their line of a number, counted from 0, to one of those who can answer."""
    return _SAYS[number % len(_SAYS)].format(name=names[number % len(names)])


def waits(command: Sequence[str], names: Sequence[str], lines: int, reading: float = 0.0) -> list[float]:
    """Seconds from Enter to the first word of each answer, in a visit of so many lines.

    Args:
        command: what starts the visit.
        names: of those who can answer.
        lines: how many the visitor says.
        reading: seconds that she takes before the first of them.
    """
    found: list[float] = []
    asked = [_plain(text) for text in ("or press Enter", "or Enter?", "transcript: ")]
    answer = [rf"{_plain(f'{name}:')}(?:{_CODES}|\s)*\w" for name in names]
    child = pexpect.spawn(command[0], list(command[1:]), encoding="utf-8", timeout=600, dimensions=(40, 120))
    try:
        while len(found) < lines and child.expect(asked) < 2:
            time.sleep(0 if found else reading)
            text = line(len(found), names)
            child.send(text)
            child.expect(_plain(text[-12:]))
            begun = time.perf_counter()
            child.send("\r")
            child.expect(_plain(f"{NAME}: {text}"))
            child.expect(answer)
            found.append(time.perf_counter() - begun)
            print(f"{found[-1]:6.2f} s  {text}", file=sys.stderr, flush=True)
    finally:
        child.close(force=True)
    return found


def _plain(text: str) -> str:
    """A pattern for a text whatever colour it has, and wherever the terminal breaks it."""
    return _CODES.join(r"\s+" if letter == " " else re.escape(letter) for letter in text)


@contextlib.contextmanager
def _start(embedded: bool) -> Iterator[Path]:
    """A temporary folder, and for the embedded model an environment in which nothing is set up."""
    if embedded:
        with fresh_start() as folder:
            yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="dreamplay-bench-") as name:
            yield Path(name)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table; exit code 1 if the bar is not held."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--model", default="embedded", help="as for dreamplay run; default: embedded")
    parser.add_argument("--base-url", help="as for dreamplay run")
    parser.add_argument("--story", default="mindsync")
    parser.add_argument("--lines", type=int, default=6, help="how many the visitor says")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reading", type=float, default=20.0, help="seconds before the first of them")
    chosen = parser.parse_args(arguments)
    names = [
        each.name for each in run_config.make_run_config(chosen.story, {}, seed=chosen.seed).cast.personas.values()
    ]
    where, embedded = machine(), chosen.model == "embedded"
    with _start(embedded) as folder:
        os.environ["PROMPT_TOOLKIT_NO_CPR"] = "1"
        command = [str(SCRIPT), "run", "--as", NAME, "--story", chosen.story, "--seed", str(chosen.seed)]
        command += ["--out", str(folder / "run")]
        command += [] if embedded else ["--model", chosen.model]
        command += ["--base-url", chosen.base_url] if chosen.base_url else []
        found = waits(command, names, chosen.lines, chosen.reading)
    print(f"{chosen.model}, {where}\n")
    print(table(("answer", "seconds"), [(str(i), f"{each:.2f}") for i, each in enumerate(found, start=1)]))
    held = len(found) == chosen.lines and max(found) <= BAR
    middle, most = statistics.median(found or [0.0]), max(found, default=0.0)
    print(f"\nmedian {middle:.2f} s, most {most:.2f} s; at most {BAR:g} s: {kept(held)}")
    sys.exit(not held)


if __name__ == "__main__":
    main()
