"""Prints the results of `dreamplay threads`: what is open between the characters, scene by scene."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from dreamplay.rendering import console
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.cast import Cast
from dreamplay.threads.thread import Thread

_WIDTH = 110
_STATES = {"let_go": "let go"}


def show_threads(record: RunLog, threads: Sequence[Thread]) -> None:
    """Print a table for each scene in which something began, or a sentence if there is nothing."""
    out = console.stdout(most=_WIDTH)
    if not threads:
        out.print("nobody has asked, offered, promised or told anything in this run")
        return
    cast, story = record.cast, record.header.story
    titles = {scene.id: f"{cast.fill(beat.title)}; {cast.fill(scene.place)}" for beat, scene in story.scenes}
    for scene, begun in groupby(threads, key=lambda thread: thread.scene):
        out.print(Text(f"\n{titles[scene]}", style="bold"))
        table = console.table(out)
        for head in ("event", "what", "words", "what became of it"):
            table.add_column(head)
        for thread in begun:
            cells = (str(thread.since), put(thread, cast), " ".join(thread.words.split()), became(thread))
            table.add_row(*map(Text, cells))
        out.print(table)


def put(thread: Thread, cast: Cast) -> str:
    """What it is, and who put it to whom: "question, Leo to Elara"."""
    to = f" to {cast.called(thread.to)}" if thread.to else ""
    return f"{thread.kind}, {cast.called(thread.by)}{to}"


def became(thread: Thread) -> str:
    """What became of it, and with which events: "answered by 36"."""
    state = _STATES.get(thread.state, thread.state)
    by = ", ".join(map(str, thread.taken_up))
    return f"{state}{', taken up' if thread.open else ''} by {by}" if by else state
