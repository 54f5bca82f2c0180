"""The form of a branch: what is to be otherwise from a line on, as `Run.branch` and `dreamplay.live` take it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, UploadFile

import dreamplay as dp
from dreamplay.errors import UsageError
from dreamplay.web import model_fields

MOST = 10
"""Runs that one request begins, at most."""
CARD = 2 * 1024 * 1024
"""Bytes of a character card, at most."""
_SEED = 2**31 - 1
"""The largest seed."""


@dataclass(frozen=True)
class BranchForm:
    """What somebody has filled in."""

    form: FormData
    run: dp.Run

    def settings(self) -> dict[str, str]:
        """What `dreamplay.live` takes besides the branch.

        Raises:
            UsageError: it names no model.
        """
        direction = self._text("direction")
        return model_fields.chosen(self.form) | ({"direction": direction} if direction else {})

    def branches(self, at: int) -> list[dp.Branched]:
        """The branches: one for each seed, and, if it was asked for, as many without the change.

        Raises:
            DreamplayError: something does not fit the run.
        """
        changes: dict[str, Any] = {
            "swap": self._swaps(), "say": self._said(), "drop": self.form.getlist("drop"), "story_edit": self._edited(),
            **self._visit(),
        }  # fmt: skip
        seeds, own = self._seeds(), {None, self.run.header.seed}
        changed = not self.run.branch(at=at, **changes).branch.twin
        if not changed and not self.settings() and set(seeds) <= own:
            raise UsageError("nothing is changed: change something here, or ask for another seed")
        twins = [seed for seed in seeds if seed not in own] if changed and self._text("twins") else []
        if len(seeds) + len(twins) > MOST:
            raise UsageError(f"`seed`: that is {len(seeds) + len(twins)} runs; {MOST} can begin at once")
        made = [self.run.branch(at=at, seed=seed, **changes) for seed in seeds]
        return made + [self.run.branch(at=at, seed=seed) for seed in twins]

    def _visit(self) -> dict[str, Any]:
        """That the visitor of the run takes part anew; empty if what they did is repeated, or if there is none."""
        visit, visitor = self.run.visit, self.run.record.cast.visitor
        if visit is None or visitor is None or self._text("visit") != "live":
            return {}
        return {"visitor": self.run.name(visitor), "every_line": visit.every_line}

    def _swaps(self) -> dict[str, str | dp.Persona]:
        """Role to who plays it: a card that was given, one of the personas that are offered, or another role.

        Raises:
            UsageError: nobody of that name is offered, or a card is too large.
            LibraryError: a file is no card.
        """
        found: dict[str, str | dp.Persona] = {}
        cast = self.run.record.cast
        for role in cast.characters:
            name, card = self._text(f"swap_{role}"), self.form.get(f"card_{role}")
            if isinstance(card, UploadFile) and card.filename:
                data = card.file.read(CARD + 1)
                if len(data) > CARD:
                    raise UsageError(
                        f"`swap`: the card is larger than {CARD >> 20} MB; give one with a smaller picture"
                    )
                found[role] = dp.load_persona(data)
            elif name in (*cast.characters, *dp.list_personas()):
                found[role] = name
            elif name:
                raise UsageError(f"`swap={name[:40]}`: nobody of that name is offered; choose from the list")
        return found

    def _said(self) -> list[tuple[str, str]]:
        """The line that is said at the point, if there is one.

        Raises:
            UsageError: it has a speaker and no words, or the other way round.
        """
        speaker, words = self._text("speaker"), " ".join(self._text("words").split())
        if bool(speaker) != bool(words):
            raise UsageError("`say` needs both: who speaks, and the words")
        return [(speaker, words)] if words else []

    def _edited(self) -> dp.Story | None:
        """The story in the text area; None if it says what it said before.

        Raises:
            LibraryError: it is not valid.
        """
        story, text = self.run.header.story, self._text("story").replace("\r\n", "\n")
        if text in ("", dp.dump_story(story).strip()):
            return None
        edited = dp.parse_story(text)
        return None if edited == story else edited

    def _seeds(self) -> list[int | None]:
        """The seeds, such as "3, 5, 8"; that of the run if there are none.

        Raises:
            UsageError: something is no seed.
        """
        parts = re.findall(r"[^\s,;]+", self._text("seeds"))
        if wrong := next((each for each in parts if not re.fullmatch("[0-9]{1,10}", each) or int(each) > _SEED), None):
            raise UsageError(f"`seed={wrong[:20]}`: a seed is a number from 0 to {_SEED}; commas separate several")
        return list(dict.fromkeys(map(int, parts))) or [None]

    def _text(self, name: str) -> str:
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""
