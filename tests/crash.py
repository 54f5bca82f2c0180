"""Plays runs in processes of their own, and has them die: `python crash.py STORY ROOT [STORE] < jobs.json`. Runs are
kept in the folder ROOT, or in a store by its address.

Each play is a fork of a process that has played once. A play dies by SIGKILL, sent by itself to itself at a
counted moment: a call of any Python or C function («any»), or one about the disk («disk»), entered or left.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import worlds
from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.runner import Runner
from dreamplay.errors import DreamplayError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.runs import pending_answers
from dreamplay.runs.transcript import FILE
from dreamplay.storage.opening import open_store
from dreamplay.storage.store import Place

CALLS = "calls"
_OF_C = ("c_call", "c_return", "c_exception")
_DISK = {"write", "fsync", "truncate", "unlink", "open", "close"}


class Written(worlds.Acting):
    """Writes down each call before it answers: what is written was paid for."""

    def __init__(self, file: int) -> None:
        super().__init__()
        self._file = file

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        os.write(self._file, f"{prompt.digest} {seed}\n".encode())
        return await super().complete(prompt, seed=seed, on_token=on_token)


def count(kind: str, at: int) -> list[int]:
    """Count the moments of a kind, in all threads, in the one number that is returned, and die at one of them."""
    seen, moments = [0], itertools.count(1)

    def any_(frame: Any, event: str, arg: Any) -> None:
        moment = next(moments)  # in one step: another thread cannot count between the count and the look at it
        seen[0] = moment
        if moment == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def disk(frame: Any, event: str, arg: Any) -> None:
        if event in _OF_C and arg.__name__ in _DISK:
            any_(frame, event, arg)

    threading.setprofile(any_ if kind == "any" else disk)
    sys.setprofile(any_ if kind == "any" else disk)
    return seen


def kept(folder: Path, store: str) -> Place:
    """Where a run is kept."""
    return open_store(store or folder.parent).place(folder.name)


def play(plan: RunConfig, folder: Path, store: str = "", kind: str = "", at: int = 0, most: int = 0) -> str:
    """Begin a run, or go on with it, and say what was wrong, or how many moments of the kind there were. `most` is the
    size in bytes that a file may have; 0 for any.
    """
    place = kept(folder, store)
    goes_on = place.has(FILE) and bool(place.lines(FILE))
    file = os.open(folder.with_suffix(f".{CALLS}"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, b"-- another process\n")
    run = Runner(plan, Written(file), place, {}, goes_on=goes_on)
    if most:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    moments = count(kind, at) if kind else [0]
    try:
        asyncio.run(run.play(lambda seen: None))
    except DreamplayError as error:
        return str(error)
    finally:
        sys.setprofile(None)
        os.close(file)
    return str(moments[0])


def forked(*args: Any, **step: Any) -> tuple[str, str]:
    """What ended a play, a signal or nothing, and what it said."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.write(theirs, play(*args, **step).encode())
        os._exit(0)
    os.close(theirs)
    _, status = os.waitpid(child, 0)
    with os.fdopen(ours) as said:
        return signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "", said.read()


def main(story: Path, root: Path, store: str = "") -> None:
    """Play each job's steps one after the other, in a place of its own, and say how each ended, and how many events
    were kept. A step is what `play` takes, and whether the pending answers were `lost` before it.
    """
    plan = worlds.plan(story)
    play(plan, root / "before")  # what is done once in a process is done before the forks
    for number, steps in enumerate(json.load(sys.stdin)):
        folder, told = root / f"{number}", []
        for step in steps:
            lost = step.pop("lost", False)
            if lost:
                kept(folder, store).remove(pending_answers.FILE)
            ended, said = forked(plan, folder, store, **step)
            raw = kept(folder, store).read(FILE) if kept(folder, store).has(FILE) else b""
            told.append({"ended": ended, "said": said, "events": raw.count(b'\n{"id":')})
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
