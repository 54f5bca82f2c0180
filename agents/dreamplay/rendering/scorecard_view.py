"""The output of `dreamplay score`: the scorecard, and the marks of a judge."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table

from dreamplay.rendering import console
from dreamplay.scoring.judge import SCALES, Judgement
from dreamplay.scoring.score import ROWS, Scorecard, counted


def show_scorecard(made: Scorecard) -> None:
    """Print the scorecard: a table in a terminal, plain columns in a pipe."""
    out = console.stdout()
    for number, column in enumerate(made.runs, start=1):
        out.print(f"{number}  {column.run}: {column.story}, {column.model}, seed {column.seed}")
    several = len(made.runs) > 1
    heads = [*(str(number) for number in range(1, len(made.runs) + 1)), *(["all"] if several else []), "bar", "kept"]
    table = _grid(out, heads, left=("bar", "kept"))
    columns = [*(column.scores for column in made.runs), *([made.pooled] if several else [])]
    for group, rows in groupby([*ROWS, *counted(made.pooled)], key=lambda row: row.group):
        table.add_row(f"-- {group}", style="dim")
        for row in rows:
            kept = row.kept(made.pooled)
            said, style = ("", None) if kept is None else ("yes", "green") if kept else ("no", "red")
            table.add_row(row.label, *(row.shown(each) for each in columns), row.bound, said, style=style)
    out.print(table)
    missed = [row.label.strip() for row in ROWS if row.kept(made.pooled) is False]
    kept_bars = sum(bar.kept is True for bar in made.bars)
    out.print(f"bars kept: {kept_bars} of {len(made.bars)}" + (f"; not: {', '.join(missed)}" if missed else ""))


def show_judgement(made: Judgement) -> None:
    """Print the mean marks of each run."""
    out = console.stdout()
    out.print(f"\njudged by {made.model}: {made.caution}")
    table = _grid(out, [str(number) for number in range(1, len(made.runs) + 1)])
    for dimension, (low, high) in SCALES.items():
        marks = (made.mean(run, dimension) for run in made.runs)
        table.add_row(f"{dimension} ({low} to {high})", *("-" if mark is None else f"{mark:g}" for mark in marks))
    out.print(table)


def _grid(out: Console, heads: Sequence[str], *, left: Sequence[str] = ()) -> Table:
    """A table with labels in the first column and right-aligned figures in the others, except those in `left`."""
    table = console.table(out)
    table.add_column("", no_wrap=True)
    for head in heads:
        table.add_column(head, justify="left" if head in left else "right", no_wrap=True)
    return table
