"""Untrusted text in Markdown: escaped, in tables, and as the beginning of a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dreamplay.rendering.comparison_sections import Section


def cell(text: str) -> str:
    """Untrusted text, escaped for a table cell."""
    return plain(text).replace("|", r"\|")


def plain(text: str) -> str:
    """Untrusted text with its markup escaped."""
    text = " ".join(text.split())
    text = re.sub(r"([\\`*_\[\]<>#~&])", r"\\\1", text)
    return re.sub(r"^([-+=]|\d+(?=\.))", lambda hit: f"{hit[0]}\\" if hit[0].isdigit() else f"\\{hit[0]}", text)


def table(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """A table from cells that are escaped already."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *cells])


def listed(texts: Iterable[str]) -> str:
    """Untrusted texts as a list."""
    return "\n".join(f"- {plain(text)}" for text in texts)


def explained(entries: Iterable[tuple[str, str]]) -> str:
    """Terms, each with what it means, as a list."""
    return "\n".join(f"- **{plain(term)}**: {plain(meaning)}" for term, meaning in entries)


def opening(title: str, heading: Iterable[str], findings: Iterable[str], sections: Iterable[Section]) -> Iterator[str]:
    """The paragraphs with which a report begins: what it is of, what was found, and the tables."""
    yield f"# {plain(title)}"
    yield listed(heading)
    yield "## In short"
    yield listed(findings)
    for section in sections:
        yield f"## {section.title}"
        yield plain(section.note)
        if section.rows:
            yield table(section.heads, [list(map(cell, row)) for row in section.rows])
