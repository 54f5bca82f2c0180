"""What became of the lines that were said by hand where a branch begins, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dreamplay.runs.transcript import RunLog
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import LineEvent, TurnEvent

_SHOWN = 40
"""Characters of a line in a note."""


def notes(runs: Sequence[RunLog]) -> list[str]:
    """What to know of the lines that were said at the point of a branch which was played once or several times: as
    which move of the story one counts, and which ones no move has answered in any of the runs. None of a play that was
    not led: there everybody can answer anything."""
    found = [_notes(run) for run in runs]
    return [note for note in found[0] if all(note in other for other in found[1:])] if found else []


def _notes(run: RunLog) -> list[str]:
    lines = [line for line in run.script.of_kind(LineEvent) if line.placed and line.id >= (run.header.point or 0)]
    return [note for line in lines if (note := _note(run.cast, line, run.script.in_scene(line.scene, TurnEvent)))]


def _note(cast: Cast, line: LineEvent, turns: Sequence[TurnEvent]) -> str | None:
    after = [turn.cue for turn in turns if turn.id > line.id and turn.cue]
    if not any(cue.text for cue in after):
        return None
    shown = line.text if len(line.text) <= _SHOWN else f"{line.text[:_SHOWN].rsplit(' ', 1)[0].rstrip('.,;:?!')}…"
    if line.cue:
        move = f"{cast.name(line.speaker)} {cast.fill(line.cue.material)}"
        return f"“{shown}” counts as the story's move “{move}”"
    if any(cue.topic and cue.answers == line.id for cue in after):
        return None
    return (
        f"nobody in {line.scene} has a move that answers “{shown}”; a small model gives a stock reply or none. To have "
        "it answered, add moves to the story: docs/guides/what-if.md#a-line-of-your-own"
    )
