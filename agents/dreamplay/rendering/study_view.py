"""What is shown of a study that is not a result: how far it is, and what it will cost."""

from __future__ import annotations

from rich.text import Text

from dreamplay.rendering import console
from dreamplay.rendering.output import echo
from dreamplay.studies.costs import StudyEstimate
from dreamplay.studies.status import State, StudyStatus

_STATES: tuple[State, ...] = ("finished", "playing", "stopped", "missing", "damaged")
_SHOWN = 5
"""Damaged plays that are named, at most."""


def show_status(stands: StudyStatus) -> None:
    """Print how many plays of each condition stand where, who plays, and what is wrong."""
    screen = console.stdout()
    table = console.table(screen)
    used = [state for state in _STATES if state == "finished" or stands.count(state)]
    for title in ("condition", "phrasing", *used, "of"):
        table.add_column(title, justify="left" if title in ("condition", "phrasing") else "right")
    rows = list(dict.fromkeys((each.condition, each.phrasing) for each in stands.tasks))
    for condition, phrasing in rows:
        counts = [stands.count(state, condition, phrasing) for state in used]
        whole = sum(each.condition == condition and each.phrasing == phrasing for each in stands.tasks)
        table.add_row(Text(condition), Text(phrasing), *map(str, counts), str(whole))
    screen.print(table)
    for who, number in stands.players.items():
        echo(f"{number} played by {who}")
    damaged = [each for each in stands.tasks if each.state == "damaged"]
    for each in damaged[:_SHOWN]:
        echo(f"{each.name}: {each.why}")
    if len(damaged) > _SHOWN:
        echo(f"and {len(damaged) - _SHOWN} more that are damaged")


def told(cost: StudyEstimate, number: int, jobs: int) -> str:
    """What is still to be played and what it will cost, in a line.

    Args:
        cost: the estimate.
        number: of all plays of the study.
        jobs: plays at once.
    """
    if not cost.plays:
        return f"nothing is left to play of {number:,} plays"
    parts = [f"about {cost.calls:,} calls, {cost.prompt:,} prompt tokens and {cost.output:,} tokens of answers"]
    if cost.money is not None:
        parts.append(f"{cost.money:,.2f} {cost.currency}".strip())
    if cost.seconds is not None:
        parts.append(f"{_lasting(cost.seconds)} with {jobs} plays at once")
    else:
        parts.append("how long it takes is known once a play is finished")
    return f"{cost.plays:,} of {number:,} plays to play: {'; '.join(parts)}"


def _lasting(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
