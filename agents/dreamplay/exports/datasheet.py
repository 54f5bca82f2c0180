"""A datasheet: what a file of training material holds, where it came from, and what was left out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dreamplay.exports.episode import ROOM
from dreamplay.formats import Source
from dreamplay.rendering.markdown_text import cell, plain
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import AUTHOR, READER
from dreamplay.schema.event import LineEvent

_WHOSE = {
    AUTHOR: "every character, each row with what that one character witnessed",
    READER: "every character, each row with what that one character witnessed, without thoughts",
}


@dataclass(frozen=True)
class Datasheet:
    """What is in a file, counted while it is written. As a text it is Markdown."""

    source: Source
    holds: str
    """What a row is, in a sentence."""
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rows by run and role."""
    faults: Counter[str] = field(default_factory=Counter)
    """Refused candidates by the check, or the reason, that refused them."""
    skipped: Counter[str] = field(default_factory=Counter)
    """What was left out, in words."""

    def __str__(self) -> str:
        return "\n\n".join(self._parts()) + "\n"

    def _parts(self) -> Iterator[str]:
        titles = dict.fromkeys(log.header.story.title for log in self.source.logs)
        yield f"# Datasheet: {plain(', '.join(titles))}"
        yield " ".join(self.holds.split())
        yield self._table(("", ""), {
            "rows": str(self.rows.total()),
            "view": _WHOSE.get(self.source.view, f"{self.source.view}: what this character witnessed"),
            "private sheets": "in it, each to its own character" if self.source.secrets else "not in it",
            "language": ", ".join(dict.fromkeys(log.header.story.language for log in self.source.logs)),
            "made by": ", ".join(dict.fromkeys(_program(log) for log in self.source.logs)),
        })  # fmt: skip
        yield f"## What is told\n\n{self._told()}"
        yield "## Rows\n\n" + self._table(("run", "rows of each character"), self._by_run())
        yield "## Runs\n\n" + self._table(("run", "how it was played"), {
            log.name or str(number): _played(log, author=self.source.view == AUTHOR)
            for number, log in enumerate(self.source.logs)
        })  # fmt: skip
        if self.faults:
            yield "## Why candidates were refused\n\n" + self._table(("check, or reason", "rows"), self.faults)
        yield "## What was left out\n\n" + self._table(("what", "how many"), self.skipped)
        yield f"## Words of people\n\n{self._people()}"
        yield f"## Licence\n\n{self._licence()}"

    @staticmethod
    def _table(head: tuple[str, str], rows: Mapping[str, object]) -> str:
        lines = [f"| {cell(name)} | {cell(str(value))} |" for name, value in rows.items()]
        return "\n".join([f"| {head[0]} | {head[1]} |", "|---|---|", *lines]) if lines else "Nothing."

    def _told(self) -> str:
        shown = (
            "In each row: the premise, who everybody is, and the character's own private sheet. Prompts are those that "
            "the model answered, with the director's notes to this character. Nothing private of anybody else is in it."
            if self.source.secrets
            else "In each row: the premise, who everybody is, and what the character perceived; before a single line "
            f"the newest {ROOM} tokens of it, by estimate. No private sheets, and no notes of the director."
        )
        return (
            f"{shown} Own thoughts stand between `<private>` and `</private>`, what somebody does in parentheses. What "
            "a character did not witness, such as whispers to others and scenes without them, is in no row of theirs."
        )

    def _by_run(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for (run, role), count in self.rows.items():
            found[run] = "; ".join(filter(None, [found.get(run), f"{role}: {count}"]))
        return found

    def _people(self) -> str:
        typed = sum(
            isinstance(event, LineEvent) and event.provenance.by == "person" and self.source.viewpoint(log).sees(event)
            for log in self.source.logs
            for event in log.script
        )
        if not typed:
            return "No line was said by a person."
        return (
            f"{typed} lines of these runs were said by a person. They are context, and never what is to be learnt. "
            "Ask whoever said them before you pass this file on."
        )

    def _licence(self) -> str:
        models = dict.fromkeys(name for log in self.source.logs for name in log.models)
        return (
            "The story and its people belong to whoever wrote them (those that are shipped with dreamplay: MIT). The "
            f"lines were written by {plain(', '.join(models))}: see in the licence or the terms of that model whether "
            "other models may be trained with what it writes. dreamplay claims nothing."
        )


def _program(log: RunLog) -> str:
    return f"dreamplay {log.header.versions.get('dreamplay', '')}".strip()


def _played(log: RunLog, *, author: bool) -> str:
    """How a run was played, in words.

    Args:
        log: the run.
        author: whether what was changed in a branch may be told, which quotes what somebody was made to say.
    """
    header = log.header
    words = [
        f"story {header.story_id}, seed {header.seed}, model {', then '.join(log.models)}",
        f"length {header.settings['length']}" if "length" in header.settings else "",
        "" if log.end else "not played to its end",
        f"a branch of {header.parent}, with which it shares events 0 to {header.point - 1}"
        if header.parent and header.point
        else f"a branch of {header.parent}" if header.parent else "",
        *(header.changes if author else ()),
    ]  # fmt: skip
    return "; ".join(filter(None, words))
