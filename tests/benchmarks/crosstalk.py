"""Does the local engine keep apart what it is asked at once? Tells each of four players a secret word, asks them all
for it at the same time, over and over, and counts the answers that give away somebody else's.

    uv run python tests/benchmarks/crosstalk.py [--seconds 120] [--jobs 1] [--model embedded|PATH.gguf]

With one job the calls are made as within a run, and with more as in many runs at once. A word of somebody else's can
only come out of the engine's memory, since no prompt holds two of them: one is a leak, and the command fails. With
llama.cpp's cache of prompts in host memory on, there were 4 in 200 answers (ggml-org/llama.cpp#27148).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from pathlib import Path

from bench import TIMEOUT, fresh_start, machine
from dreamplay.models.llamacpp import LocalModel
from dreamplay.models.prompt import Prompt
from dreamplay.models.registry import close

WORDS = ("walrus", "copper", "violin", "saffron")
SCRIPT = "A list of things was on the table, and nobody read it out. " * 6


def main() -> None:
    """Ask, count, and say what was found."""
    parser = argparse.ArgumentParser(description="Count answers that give away another caller's words.")
    parser.add_argument("--seconds", type=float, default=120, help="how long to ask")
    parser.add_argument("--jobs", type=int, default=1, help="as in so many runs at once")
    parser.add_argument("--model", default="embedded", help="embedded, or the path of a .gguf file")
    chosen = parser.parse_args()
    gguf = None if chosen.model == "embedded" else Path(chosen.model)
    with fresh_start(gguf):
        asked, right, leaks = asyncio.run(_asked(gguf, chosen.jobs, chosen.seconds))
    print(f"{machine()}; jobs {chosen.jobs}: {asked} answers, {right} with the word asked for, {len(leaks)} leaks")
    sys.exit("\n".join(leaks) or None)


async def _asked(gguf: Path | None, jobs: int, seconds: float) -> tuple[int, int, list[str]]:
    models = LocalModel(gguf, timeout=TIMEOUT, jobs=jobs).lanes()
    dice, leaks, asked, right = random.Random(7), list[str](), 0, 0
    await models[0].complete(_line(0), seed=1)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for number in range(dice.randrange(3)):  # as a run does: lines with several candidates in between
            await asyncio.gather(*(model.complete(_line(number), seed=dice.randrange(10**6)) for model in models))
        order = dice.sample(range(len(WORDS)), len(WORDS)) * jobs
        calls = [
            models[number // len(WORDS)].complete(_secret(player), seed=dice.randrange(10**6))
            for number, player in enumerate(order)
        ]
        for player, reply in zip(order, await asyncio.gather(*calls), strict=True):
            said = reply.text.lower()
            others = [word for word in WORDS if word != WORDS[player] and word in said]
            leaks += [f"asked for {WORDS[player]!r}: {reply.text!r}"] if others else []
            asked, right = asked + 1, right + (WORDS[player] in said)
    await close(models)
    return asked, right, leaks


def _secret(player: int) -> Prompt:
    tail = (
        f"What only player {player} knows: the secret word of player {player} is {WORDS[player]}. Nobody else knows "
        f"that it is {WORDS[player]}. Player {player}, say your secret word."
    )
    return Prompt(kind="stance", system="You keep a secret word.", script=SCRIPT, tail=tail, max_tokens=12)


def _line(number: int) -> Prompt:
    tail = f"Say a short line about number {number}."
    return Prompt(
        kind="line", system="You keep a secret word.", script=SCRIPT, tail=tail, max_tokens=14, prefill="Leo:"
    )


if __name__ == "__main__":
    main()
