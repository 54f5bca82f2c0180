"""A process that plays tasks for `engines.processes`: `python -m dreamplay.studies.engines.process`.

It is told what to do in lines of JSON on its standard input, and answers in such lines on its standard output. When its
input ends, because nothing is left or its parent is gone, it finishes the lines that are being spoken and ends.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
import traceback
from typing import IO, Any

from dreamplay.studies.engines.here import OBJECTS
from dreamplay.studies.tasks import Task
from dreamplay.studies.worker import Worker, Workplace


class _Said(logging.Handler):
    """Passes notices on to the parent, such as that an endpoint is busy."""

    def __init__(self, answers: _Answers) -> None:
        super().__init__()
        self._answers = answers

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on, in one line."""
        self._answers.say(said=" ".join(record.getMessage().split()))


class _Answers:
    """Lines to the parent."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def say(self, **answer: Any) -> None:
        """Write a line; if nobody reads it any more, nobody needs it."""
        try:
            self._file.write(json.dumps(answer).encode() + b"\n")
            self._file.flush()
        except OSError:
            pass


def main() -> None:
    """Play what is asked for until nothing more is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    gc.set_threshold(OBJECTS)
    answers = _Answers(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what a plug-in prints is no answer
    logging.getLogger("dreamplay").addHandler(_Said(answers))
    try:
        asyncio.run(_work(answers))
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # an ordinary end is aborted while a thread reads the input, and would look like a signal


async def _work(answers: _Answers) -> None:
    asked: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        while line := sys.stdin.buffer.readline():
            loop.call_soon_threadsafe(asked.put_nowait, line)
        loop.call_soon_threadsafe(asked.put_nowait, b"")

    threading.Thread(target=read, daemon=True).start()
    worker = Worker(Workplace.model_validate_json(await asked.get()))
    answers.say(ready=os.getpid())

    async def play(line: bytes) -> None:
        outcome = await worker.play(Task.model_validate_json(line))
        answers.say(over=outcome.model_dump(mode="json"))

    async with asyncio.TaskGroup() as group:
        while line := await asked.get():
            if line.startswith(b"{"):
                group.create_task(play(line))
            else:
                worker.stop()
        worker.stop()
    await worker.close()


if __name__ == "__main__":
    main()
