"""What the command line gives out of a comparison: the report or JSON, and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dreamplay.cli.options import write
from dreamplay.rendering.output import dumps, echo, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dreamplay.runs.transcript import RunLog


def compared(
    base: Sequence[RunLog], changed: Sequence[RunLog], as_json: bool, as_markdown: Path | None, as_html: Path | None, *,
    quiet: bool = False, rest: str = "",
) -> None:  # fmt: skip
    """Compare two groups of runs: print the report, or JSON, and write the files that were asked for. With `rest`, the
    command that prints all of it, only what matters of two runs is printed."""
    from dreamplay.comparison import compare
    from dreamplay.rendering import comparison_report

    made = compare.compare(base, changed)
    if as_json:
        echo(dumps(made.model_dump()))
    elif not quiet and rest:
        comparison_report.show_briefly(made)
        say(f"texts, measures and methods: {rest}")
    elif not quiet:
        comparison_report.show(made)
    if as_markdown:
        write(as_markdown, comparison_report.render(made), quiet=quiet)
    if as_html:
        from dreamplay.rendering import comparison_page

        write(as_html, comparison_page.render(made), quiet=quiet)
