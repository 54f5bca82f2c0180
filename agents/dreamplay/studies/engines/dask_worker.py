"""Plays in a process of a Dask worker: what `engines.dask` has the workers of a cluster call."""

from __future__ import annotations

import threading

from dreamplay import event_loop
from dreamplay.studies.engines.base import Outcome
from dreamplay.studies.tasks import Task
from dreamplay.studies.worker import Worker, Workplace


class _Process:
    """What plays in this process for one command, on the event loop of dreamplay."""

    def __init__(self, place: Workplace) -> None:
        self.room = threading.Semaphore(place.jobs)
        self.worker = Worker(place)
        self.plays = 0


_lock = threading.Lock()
_processes: dict[str, _Process] = {}
_left: set[str] = set()
"""Commands that are over, or were stopped before they came here."""


def play(task: str, place: str, run: str) -> tuple[str, str]:
    """Play a task in a process of a Dask worker; what became of it, as JSON, and the address of the worker.

    Args:
        task: a `Task`, as JSON.
        place: a `Workplace`, as JSON.
        run: the command on whose behalf it is played: models and store are opened once for it in each process.
    """
    from distributed import get_worker, secede

    asked, here = Task.model_validate_json(task), get_worker().address
    process = _entered(run, Workplace.model_validate_json(place))
    if process is None:
        return Outcome(name=asked.name, state="stopped").model_dump_json(), here
    try:
        with process.room:
            secede()  # Dask's thread is free for the next, which waits here for room, or is given to another worker
            outcome = event_loop.submit(process.worker.play(asked)).result()
    finally:
        with _lock:
            process.plays -= 1
    if outcome.state == "failed":
        outcome = outcome.model_copy(update={"why": f"{outcome.why} (on {here})"})
    return outcome.model_dump_json(), here


def stop(run: str) -> None:
    """Finish the lines that are being spoken in this process for a command, and begin nothing for it any more."""
    with _lock:
        process = _processes.get(run)
        if process is None:
            _left.add(run)
    if process:
        event_loop.call(process.worker.stop)


def leave(run: str) -> None:
    """Let go of what was opened in this process for a command."""
    stop(run)
    _tidy(but="")


def _entered(run: str, place: Workplace) -> _Process | None:
    """The process as a command finds it, with one play more; None if the command is over."""
    _tidy(but=run)
    with _lock:
        if run in _left:
            return None
        process = _processes.setdefault(run, _Process(place))
        process.plays += 1
        return process


def _tidy(but: str) -> None:
    """Close what no play needs: commands end, and some without a word."""
    with _lock:
        idle = [run for run, process in _processes.items() if run != but and not process.plays]
        closing = [_processes.pop(run) for run in idle]
    for process in closing:
        event_loop.submit(process.worker.close())
