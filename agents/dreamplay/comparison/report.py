"""A comparison as a person reads it, in the terminal or as Markdown. The same sections in both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dreamplay.comparison.beside import Pair, Row, Said
from dreamplay.comparison.chance import shown
from dreamplay.comparison.compare import Comparison, Side
from dreamplay.comparison.deltas import Delta
from dreamplay.comparison.relations import Learned
from dreamplay.comparison.stances import Count, Stance
from dreamplay.record import markdown
from dreamplay.scorecard import score
from dreamplay.scorecard.measures import mean

_ROWS = 12
"""So many rows of the two texts are printed in a terminal."""


@dataclass(frozen=True)
class Section:
    """A table, and in a sentence how it is read."""

    title: str
    note: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def show(made: Comparison) -> None:
    """Print the comparison: tables, then the beginning of what differs in the first pair."""
    console = score.screen()
    console.print(Text(made.title.upper(), style="bold"))
    for line in heading(made):
        console.print(line)
    console.print()
    for finding in made.findings:
        console.print(f"- {finding}")
    for section in sections(made):
        console.print(Text(f"\n{section.title}", style="bold"))
        console.print(Text(section.note, style="dim"))
        table = score.grid(console, section.heads[1:], left=section.heads)
        for row in section.rows:
            table.add_row(*map(Text, row))
        console.print(table)
    _show_text(console, made)


def render(made: Comparison) -> str:
    """The comparison as a page of Markdown, with the whole text of the first pair that differs."""
    return "\n\n".join(_page(made)) + "\n"


def heading(made: Comparison) -> list[str]:
    """What is compared: who plays, on which model, with which seeds; and what was changed."""
    lines = []
    for word, side in (("base", made.base), ("changed", made.changed)):
        number = f"{len(side.seeds)} run{'s' * (len(side.seeds) > 1)}"
        lines.append(f"{word}: {number} on {side.model}, seed{'s' * (len(side.seeds) > 1)} {seeds(side.seeds)}")
        lines += [f"  {swap.base if side is made.base else swap.changed}" for swap in made.swaps]
    if made.spare:
        lines.append(f"seeds that one group alone has count for the noise between seeds only: {seeds(made.spare)}")
    return lines


def sections(made: Comparison) -> Iterator[Section]:
    """Every table there is something to put in."""
    names, beats = made.names, made.beats
    if made.stances:
        yield Section(
            "Stances", "In how many runs a choice was taken, with the 95% interval of its share. "
            + "; ".join(f"{choice}: {text}" for choice, text in made.choices.items()) + ".",
            ("", "choice", "base", "changed", "turned", "p"),
            tuple((names[each.role] if i == 0 else "", choice, count(each.base[choice], made.base),
                   count(each.changed[choice], made.changed), turned(each) if i == 0 else "",
                   shown(each.p) if i == 0 else "")
                  for each in made.stances for i, choice in enumerate(made.choices)),
        )  # fmt: skip
    if made.talk:
        yield Section(
            "Talk", "How far apart two runs are, from 0 to 1. The talk moved if «other group» beats «other seed».",
            ("", "same seed", "other seed", "other group", "p"),
            tuple((names.get(each.id, beats.get(each.id, each.id)), _spread(each.same_seed), _spread(each.noise),
                   _spread(each.between), chance(each.p)) for each in made.talk),
        )  # fmt: skip
    if made.relations:
        yield Section(
            "Relations", "What each thinks of each other in the end, from -1 to 1.",
            ("", "of", "base", "changed", "p"),
            tuple((names[each.role], names[each.other], f"{each.base_end:+.2f}", f"{each.changed_end:+.2f}",
                   chance(each.p)) for each in made.relations),
        )  # fmt: skip
    if made.learned:
        known = {(each.role, each.whose): each for each in made.learned}
        owners = [role for role in names if any(whose == role for _, whose in known)]
        yield Section(
            "Hidden fears", "In which beat, at the earliest, somebody learned what another is afraid of, and in how "
            "many runs; after an arrow, in the changed ones, if it is otherwise.",
            ("", *(f"{names[role]}'s" for role in owners)),
            tuple((names[role], *(_learned(known.get((role, whose)), made) for whose in owners))
                  for role in names if any(who == role for who, _ in known)),
        )  # fmt: skip
    if made.scores:
        still = ", ".join(each.label for each in made.scores if each.still)
        yield Section(
            "Scorecard", "Means over the runs of each group; the range is that of single runs of the base."
            + f" The same throughout: {still}." * bool(still),
            ("", "base", "changed", "range", "p", ""),
            tuple((f"{each.group}: {each.label}", figure(each, each.base), figure(each, each.changed),
                   f"{figure(each, each.low)} to {figure(each, each.high)}", chance(each.p), verdict(each))
                  for each in made.scores if not each.still),
        )  # fmt: skip


def phrase(said: Said, side: Side, choices: dict[str, str]) -> tuple[str, str]:
    """An event in two parts: whose it is or what, and its words."""
    who = side.names.get(said.speaker, said.speaker) if said.speaker else ""
    match said.kind:
        case "stance":
            return f"{who} chooses to {choices.get(said.choice or '', said.choice)}", said.text
        case "silence":
            return who, "says nothing"
        case "dream" | "recap":
            return said.kind.capitalize(), said.text
        case "reflection":
            return (f"{who} thinks", said.text) if said.text else (who, "has no thought that could stand")
        case _:
            return who, said.text


def differing(made: Comparison) -> Pair | None:
    """The first pair in which anything differs."""
    return next((pair for pair in made.pairs if pair.first), None)


def place(made: Comparison, said: Said) -> str:
    """Beat and scene of an event, in words."""
    where = made.scenes.get(said.scene, "")
    return f"{made.beats.get(said.beat, said.beat)}{': ' * bool(where)}{where}"


def by_scene(made: Comparison, pair: Pair) -> Iterator[tuple[str, list[Row]]]:
    """The rows of a pair, scene by scene, under the name of the place."""

    def where(row: Row) -> str:
        said = row.base or row.changed
        return place(made, said) if said else ""

    return ((name, list(rows)) for name, rows in groupby(pair.rows, key=where))


def seeds(numbers: Sequence[int]) -> str:
    """Seeds in words, short if they follow one another."""
    ordered = sorted(numbers)
    if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]} to {ordered[-1]}"
    return ", ".join(map(str, ordered))


def turned(stance: Stance) -> str:
    """In how many pairs the choices differ."""
    return f"{stance.turned} of {len(stance.taken)} pairs" if stance.taken else "-"


def figure(delta: Delta, value: float) -> str:
    """A figure of the scorecard as a person reads it."""
    return score.shown(value, "share" if delta.share else "plain")


def verdict(delta: Delta) -> str:
    """Which way a figure went, if it went there beyond chance."""
    return "" if not delta.beyond or delta.better is None else "better" if delta.better else "worse"


def chance(p: float | None) -> str:
    """A p, or that there is none."""
    return "-" if p is None else shown(p)


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
        console.print(f"\n{len(pair.rows) - _ROWS} rows more; --html FILE puts all of it side by side")


def _page(made: Comparison) -> Iterator[str]:
    plain, cell = markdown.plain, markdown.cell
    yield f"# {plain(made.title)}: two groups of runs"
    yield "\n".join(f"- {plain(line.strip())}" for line in heading(made))
    yield "## In short"
    yield "\n".join(f"- {plain(finding)}" for finding in made.findings)
    for section in sections(made):
        yield f"## {section.title}"
        yield plain(section.note)
        yield _table(section.heads, [[cell(text) for text in row] for row in section.rows])
    pair = differing(made)
    if pair is not None:
        yield f"## Side by side, from the first difference on (seed {pair.base_seed})"
        for where, rows in by_scene(made, pair):
            yield f"### {plain(where)}"
            yield _table(("base", "changed"), [
                (cell(_line(row.base, made.base, made)),
                 "*the same*" if row.same else cell(_line(row.changed, made.changed, made)))
                for row in rows
            ])  # fmt: skip


def _table(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *cells])


def _line(said: Said | None, side: Side, made: Comparison) -> str:
    if said is None:
        return "(nothing)"
    who, words = phrase(said, side, made.choices)
    return f"{who}: {words}" if who else words


def count(found: Count, side: Side) -> str:
    """A count out of a group's runs, with its interval."""
    return f"{found.runs} of {len(side.seeds)} ({found.low:.0%} to {found.high:.0%})"


def _spread(distances: Sequence[float]) -> str:
    return f"{mean(distances):.2f} ({min(distances):.2f} to {max(distances):.2f})" if distances else "-"


def _learned(found: Learned | None, made: Comparison) -> str:
    if found is None:
        return "-"
    was, became = (f"{made.beats.get(beat, beat)} ({runs})" if beat else "never"
                   for beat, runs in ((found.base_beat, found.base), (found.changed_beat, found.changed)))  # fmt: skip
    return f"{was} \N{RIGHTWARDS ARROW} {became}" if found.otherwise else was
