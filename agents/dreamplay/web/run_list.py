"""Home as values: which of the runs are asked for, and the rows that show them as trees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

import dreamplay as dp

SHOWN = 50
"""Rows on the page, until more are asked for."""
_MOST = 100_000


class Choice(BaseModel):
    """Which runs are asked for. All of it stands in the address of the page."""

    model_config = ConfigDict(frozen=True)

    q: str = Field(default="", max_length=200)
    """Words that are all searched for."""
    state: Literal["", "finished", "stopped", "playing", "damaged"] = ""
    story: str = Field(default="", max_length=200)
    starred: bool = False
    """Whether only favourites are asked for."""
    shown: int = Field(default=SHOWN, ge=1, le=_MOST)
    """How many rows at most."""
    run: tuple[str, ...] = Field(default=(), max_length=_MOST)
    """The names of those that are chosen for a comparison: they are shown in any case."""

    def query(self, shown: int | None = None) -> str:
        """The choice as the query of an address, without the runs, which the page itself knows.

        Args:
            shown: how many rows instead.
        """
        given = self.model_dump(exclude={"run"}, exclude_defaults=True)
        return urlencode(given | ({"shown": shown} if shown else {}))

    def fits(self, run: dp.RunSummary) -> bool:
        """Whether a run is asked for."""
        return (
            (not self.state or run.state == self.state)
            and (not self.story or run.story == self.story)
            and (not self.starred or run.label.favourite)
            and all(word in _text(run) for word in self.q.casefold().split())
        )


@dataclass(frozen=True)
class Row:
    """A run on the page."""

    run: dp.RunSummary
    depth: int
    """How many of its ancestors are above it."""
    parent: dp.RunSummary | None
    """What it branched off, if that is here."""
    fits: bool
    """Whether it was asked for, and is not only there because of its branches."""

    @property
    def title(self) -> str:
        """What it is called: by whoever labelled it, or else by its story."""
        return self.run.label.title or self.run.title or self.run.name

    @property
    def called(self) -> str:
        """What it is called where nothing stands beside it."""
        return _called(self.run)

    @property
    def parent_called(self) -> str:
        """What the run is called that it branched off; empty if that is not here."""
        return _called(self.parent) if self.parent else ""

    @property
    def change(self) -> str:
        """What is otherwise than in the run that it branched off, or in the story."""
        return self.run.own_changes(self.parent.changes if self.parent else ())

    @property
    def place(self) -> str:
        """Where it stands."""
        names = dict.fromkeys(name.replace("_", " ") for name in (self.run.beat, self.run.scene) if name)
        return ", ".join([*names, *([f"turn {self.run.turn}"] if self.run.turn else [])])


@dataclass(frozen=True)
class RunList:
    """The runs that are asked for, as rows: each followed by its branches, and those of the newest trees first."""

    choice: Choice
    rows: tuple[Row, ...]
    fitting: int
    """How many runs are asked for."""
    total: int
    """How many runs there are."""
    stories: dict[str, str]
    """The stories that were played: each with its title."""
    unread: int
    """How many runs are told at a first look."""

    @classmethod
    def of(cls, runs: Sequence[dp.RunSummary], choice: Choice) -> RunList:
        """Make the rows of some runs."""
        shown: list[Row] = []
        for tree in _trees(runs):
            # A run is kept for its branches: from the end, each that is shown keeps its ancestors.
            needed, kept = set[str](), []
            for row in reversed(list(_rows(tree, choice))):
                if row.fits or row.run.name in choice.run or row.run.name in needed:
                    kept.append(row)
                    needed |= {row.parent.name} if row.parent else set()
            shown += reversed(kept)
        stories = {run.story: run.title for run in runs if run.story}
        return cls(
            choice, tuple(shown), sum(row.fits for row in shown), len(runs), dict(sorted(stories.items())),
            sum(not run.whole for run in runs),
        )  # fmt: skip


def _called(run: dp.RunSummary) -> str:
    """What a run is called where nothing stands beside it: the titles of the run and of its story, and its name."""
    titles = ", ".join(filter(None, (run.label.title, run.title)))
    return f"{titles} ({run.name})" if titles else run.name


def _trees(runs: Sequence[dp.RunSummary]) -> list[dp.Lineage]:
    """Trees of all runs, the one with the newest run first. A damaged run is a tree of its own."""
    broken = [dp.Lineage(run, ()) for run in runs if run.state == "damaged"]

    def newest(tree: dp.Lineage) -> tuple[datetime, str]:
        return max((run.when, run.name) for run in tree)

    return sorted([*dp.run_trees(runs), *broken], key=newest, reverse=True)


def _rows(tree: dp.Lineage, choice: Choice) -> Iterator[Row]:
    left: list[tuple[dp.Lineage, int, dp.RunSummary | None]] = [(tree, 0, None)]
    while left:
        here, depth, parent = left.pop()
        yield Row(here.run, depth, parent, choice.fits(here.run))
        left += [(child, depth + 1, here.run) for child in reversed(here.children)]


def _text(run: dp.RunSummary) -> str:
    """What is searched."""
    told = (run.name, run.label.title, run.label.note, run.why, run.story, run.title)
    seed = () if run.seed is None else (f"seed {run.seed}",)
    return "\n".join((*told, *run.cast, *run.models, *run.changes, *seed)).casefold()
