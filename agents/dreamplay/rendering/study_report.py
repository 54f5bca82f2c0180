"""The report of a study in the terminal and as Markdown, with the same sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from dreamplay.rendering import console as consoles
from dreamplay.rendering import markdown_text
from dreamplay.rendering.comparison_report import seeds
from dreamplay.rendering.comparison_sections import Section
from dreamplay.statistics.findings import amount, detectable, gap
from dreamplay.statistics.permutation import shown
from dreamplay.statistics.report import Line, StudyReport

_HEADS = (
    "condition", "measure", "units permuted", "base", "changed", "difference", "Cliff's delta", "p",
    "smallest possible p", "adjusted p", "detectable with 80% power",
)  # fmt: skip


def show(made: StudyReport) -> None:
    """Print the report. How to make each number again stands in the files and in JSON."""
    console = consoles.stdout()
    console.print(Text(made.asked.title.upper(), style="bold"))
    for line in heading(made):
        console.print(Text(line))
    console.print()
    for finding in made.findings:
        console.print(Text(f"- {finding}"))
    for section in sections(made):
        console.print(Text(f"\n{section.title}", style="bold"))
        console.print(Text(section.note, style="dim"))
        table = consoles.table(console)
        for head in section.heads:
            table.add_column(head, overflow="fold")  # a figure that is cut off would be a wrong figure
        for row in section.rows:
            table.add_row(*map(Text, row))
        console.print(table)
    console.print(Text("\nMethods", style="bold"))
    for term, text in made.methods:
        console.print(Text.assemble((term, "bold"), f": {text}"))


def render(made: StudyReport) -> str:
    """The report as a page of Markdown, with the references, and the calls that make every number again."""
    return "\n\n".join(_page(made)) + "\n"


def heading(made: StudyReport) -> list[str]:
    """How much was played of what."""
    lines = []
    for each in made.runs:
        word = {made.asked.base: ", the baseline", made.asked.placebo: ", the placebo"}.get(each.condition, "")
        number = len(each.phrasings)
        lines.append(
            f"{each.condition}{word}: {number} phrasing{'s' * (number != 1)}, {each.finished} of {each.planned} runs"
        )
    lines.append(f"seeds {seeds(made.seeds)}")
    return lines


def sections(made: StudyReport) -> Iterator[Section]:
    """The tables: controls first."""
    parts = (
        ("Placebo and controls", "What cannot have changed. If it has moved, nothing is concluded.", made.controls),
        ("Conditions and measures", "Means, the difference with its 95% interval, and the p of each test alone and "
         "after Holm's correction for all of them.", made.tests),
    )  # fmt: skip
    for title, note, lines in parts:
        if lines:
            yield Section(title, note, _HEADS, tuple(map(row, lines)))


def row(line: Line) -> tuple[str, ...]:
    """The cells of one test."""
    found, ahead = line.tested.difference, line.outlook
    permuted = f"{found.base_units} and {found.changed_units} phrasings" if found.unit == "phrasings" else (
        f"{found.base_units} pairs of seeds"
    )  # fmt: skip
    return (
        found.changed, found.measure, permuted, amount(found, found.base_mean), amount(found, found.changed_mean),
        gap(found), "-" if found.dominance is None else f"{found.dominance:+.2f}", shown(found.p),
        shown(found.least) if found.p is not None else "-", shown(line.tested.adjusted),
        (detectable(found, ahead) if ahead else None) or "-",
    )  # fmt: skip


def calls(made: StudyReport) -> Iterator[tuple[str, list[str]]]:
    """For each test the calls that make its numbers again, without doubles: what they are of, and the calls."""
    for line in (*made.controls, *made.tests):
        bare = dict.fromkeys(figure.call.rpartition(".")[0] for figure in line.figures.values())
        found = line.tested.difference
        yield f"{found.measure} in {found.changed}", list(bare)


def _page(made: StudyReport) -> Iterator[str]:
    yield from markdown_text.opening(made.asked.title, heading(made), made.findings, sections(made))
    yield "## Methods"
    yield markdown_text.explained(made.methods)
    yield "## How to make every number again"
    yield (
        f"Each call reads {markdown_text.plain(made.table)}, the exported table, and needs "
        "`import dreamplay.statistics`. What it gives has the numbers by name: base_mean, changed_mean, difference, "
        "low, high, dominance, p and least of a comparison; adjusted; detectable, phrasings and seeds of an outlook."
    )
    yield "```python\n" + "\n".join(_code(made)) + "\n```"
    yield "## References"
    yield markdown_text.listed(made.references)


def _code(made: StudyReport) -> Sequence[str]:
    lines = ["import dreamplay.statistics"]
    for what, made_again in calls(made):
        lines += ["", f"# {' '.join(what.split())}", *made_again]
    return lines
