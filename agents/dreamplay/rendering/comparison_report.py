"""A comparison as a report with the same sections in the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from dreamplay.comparison.alignment import AlignedRow, Pair
from dreamplay.comparison.compare import Comparison, Side
from dreamplay.comparison.event_view import EventView
from dreamplay.comparison.persona_changes import Swap
from dreamplay.rendering import markdown_text
from dreamplay.rendering.comparison_origins import origins
from dreamplay.rendering.comparison_sections import Section, choices, sections
from dreamplay.rendering.console import stdout
from dreamplay.rendering.event_phrase import phrase
from dreamplay.rendering.output import worded

_ROWS = 12
"""Maximum number of rows of the two texts that are printed in a terminal."""
_WIDEST = 50
"""Characters of a column, at most: in a pipe nothing else sets a limit, and somebody may read what comes out of it."""


def show(made: Comparison) -> None:
    """Print the comparison: tables, and the first differing rows of the first pair. Of a single pair these come first,
    after who chose what: its figures tell little.
    """
    console = stdout()
    _show_findings(console, made)
    alone = len(made.pairs) == 1
    if alone:
        _show_choices(console, made)
        _show_text(console, made)
    for section in sections(made):
        _show_section(console, section)
    if not alone:
        _show_text(console, made)
    console.print(Text("\nMethods", style="bold"))
    console.print(Text(made.methods))
    for title, entries in _lists(made):
        console.print(Text(f"\n{title}", style="bold"))
        for term, meaning in entries:
            console.print(Text.assemble((term, "bold"), f": {meaning}"))


def show_briefly(made: Comparison) -> None:
    """Print what was found between two runs, and who chose what: figures of one pair tell little."""
    console = stdout()
    _show_findings(console, made)
    _show_choices(console, made)


def _show_choices(console: Console, made: Comparison) -> None:
    if chosen := choices(made):
        _show_section(console, chosen)


def _show_findings(console: Console, made: Comparison) -> None:
    console.print(Text(made.title.upper(), style="bold"))
    for line in heading(made):
        console.print(line)
    console.print()
    for finding in made.findings:
        console.print(f"- {finding}")


def _show_section(console: Console, section: Section) -> None:
    console.print(Text(f"\n{section.title}", style="bold"))
    if section.note:
        console.print(Text(section.note, style="dim"))
    if section.rows:
        # Cells wrap in a narrow terminal: a truncated figure would be a wrong figure.
        columns = [Column(head, max_width=_WIDEST, overflow="fold") for head in section.heads]
        table = Table(*columns, box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
        for row in section.rows:
            table.add_row(*map(Text, row))
        console.print(table)


def render(made: Comparison) -> str:
    """The comparison as a page of Markdown, with the whole text of the first pair that differs."""
    return "\n\n".join(_page(made)) + "\n"


def heading(made: Comparison) -> list[str]:
    """What is compared: casts, models and seeds, and the changes between them."""
    lines = []
    for word, side in (("base", made.base), ("changed", made.changed)):
        number = f"{len(side.seeds)} run{'s' * (len(side.seeds) > 1)}"
        lines.append(f"{word}: {number} on {side.model}, seed{'s' * (len(side.seeds) > 1)} {seeds(side.seeds)}")
        lines += [f"  {who(made, swap, side)}" for swap in made.swaps]
    if made.spare:
        lines.append(f"seeds that one group alone has count for the noise between seeds only: {seeds(made.spare)}")
    return lines


def who(made: Comparison, swap: Swap, side: Side) -> str:
    """The persona of a role in a group if it differs from that of the other group, and which fields were edited."""
    public = swap.base if side is made.base else swap.changed
    if not public:
        return f"{made.names[swap.role]} is not there"
    return f"{public} (edited: {swap.fields})" if swap.edited and side is made.changed else public


def differing(made: Comparison) -> Pair | None:
    """The first pair with a difference."""
    return next((pair for pair in made.pairs if pair.first), None)


def place(made: Comparison, said: EventView) -> str:
    """Beat and scene of an event as text."""
    where = made.scenes.get(said.scene, "")
    return f"{made.beats.get(said.beat, said.beat)}{': ' * bool(where)}{where}"


def by_scene(made: Comparison, pair: Pair) -> Iterator[tuple[str, list[AlignedRow]]]:
    """The rows of a pair by scene, with the place as heading."""

    def where(row: AlignedRow) -> str:
        said = row.base or row.changed
        return place(made, said) if said else ""

    return ((name, list(rows)) for name, rows in groupby(pair.rows, key=where))


def seeds(numbers: Sequence[int]) -> str:
    """Seeds as text; consecutive seeds are shown as a range."""
    ordered = sorted(numbers)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]} to {ordered[-1]}"
    return ", ".join(map(str, ordered))


def _show_text(console: Console, made: Comparison) -> None:
    pair = differing(made)
    if pair is None:
        return
    console.print(Text(f"\nFrom the first difference on, seed {pair.base_seed}", style="bold"))
    left = _ROWS
    for where, rows in by_scene(made, pair):
        if left <= 0:
            break
        console.print(Text(f"\n{where}", style="bold dim"))
        grid = Table.grid(padding=(0, 1))
        for row in rows[:left]:
            parts = [("both", row.base)] if row.same else [("base", row.base), ("changed", row.changed)]
            for word, said in parts:
                told = Text(_line(said, made.base if word != "changed" else made.changed, made))
                grid.add_row(Text(word, style="cyan" if word == "changed" else "dim"), told)
        console.print(grid)
        left -= len(rows)
    if len(pair.rows) > _ROWS:
        rest = worded("`html=FILE` puts all of it side by side")
        console.print(f"\n{len(pair.rows) - _ROWS} rows more; {rest}")


def _page(made: Comparison) -> Iterator[str]:
    plain, cell = markdown_text.plain, markdown_text.cell
    yield from markdown_text.opening(f"{made.title}: two groups of runs", heading(made), made.findings, sections(made))
    pair = differing(made)
    if pair is not None:
        yield f"## Side by side, from the first difference on (seed {pair.base_seed})"
        for where, rows in by_scene(made, pair):
            yield f"### {plain(where)}"
            yield markdown_text.table(("base", "changed"), [
                (cell(_line(row.base, made.base, made)),
                 "*the same*" if row.same else cell(_line(row.changed, made.changed, made)))
                for row in rows
            ])  # fmt: skip
    yield "## Methods"
    yield plain(made.methods)
    for title, entries in _lists(made):
        yield f"## {title}"
        yield markdown_text.explained(entries)


def _lists(made: Comparison) -> tuple[tuple[str, list[tuple[str, str]]], ...]:
    """The glossary at the end: title, then term and meaning."""
    return ("Glossary", list(made.glossary.items())), ("Provenance", origins(made.provenance))


def _line(said: EventView | None, side: Side, made: Comparison) -> str:
    if said is None:
        return "(nothing)"
    return " ".join(part for part in phrase(said, side.names, made.choices) if part)
