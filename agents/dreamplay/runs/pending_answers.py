"""Answers that were given and are not recorded yet, in `pending.jsonl` beside the transcript.

At the end of a scene everybody present is asked at once. Their stances or reflections are recorded together, in a fixed
order, after the last answer. If a run is stopped in between, the answers that were paid for are found here. The
transcript is the truth: an answer that does not fit it is dropped, and asked for again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from dreamplay.errors import RecordError
from dreamplay.runs import upgrade
from dreamplay.runs.continuity import Continuity
from dreamplay.schema.base import FrozenModel, Words
from dreamplay.schema.event import AnswerEvent, validate_event
from dreamplay.schema.provenance import Place as EventNumber
from dreamplay.schema.provenance import Provenance, Usage
from dreamplay.schema.scene import Scene
from dreamplay.schema.script import Script, present
from dreamplay.schema.story import Beat
from dreamplay.storage import disk, syncing
from dreamplay.storage.folders import at
from dreamplay.storage.store import Journal, Place

FILE = "pending.jsonl"


class PendingAnswer(FrozenModel):
    """What somebody answered at the end of a scene."""

    kind: Literal["stance", "reflection"]
    scene: str
    speaker: str
    """The role."""
    text: Words = ""
    choice: str | None = None
    """Of a stance: the id of the choice. None if whoever plays the role leaves the decision to the model."""
    said: EventNumber | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of a stance: see `StanceEvent`."""
    attitudes: dict[str, Annotated[float, Field(ge=-1, le=1)]] = Field(default_factory=dict)
    """Of a reflection, as all that follows: see `ReflectionEvent`."""
    why: dict[str, Words] = Field(default_factory=dict)
    wants: Words = ""
    promised: dict[str, Words] = Field(default_factory=dict)
    was_promised: dict[str, Words] = Field(default_factory=dict)
    provenance: Provenance

    @property
    def counts(self) -> bool:
        """Whether it is an answer, and not a refusal to decide."""
        return self.kind == "reflection" or self.choice is not None

    def event(self) -> dict[str, Any]:
        """The fields of the event that it becomes. Nobody else learns of a reflection, and of one that failed nobody
        at all; a stance is witnessed by everyone present.
        """
        own = {"choice", "attitudes", "why", "wants", "promised", "was_promised"}
        fields = {name: value for name, value in self.model_dump().items() if value or name not in own}
        if self.kind == "stance":
            return fields
        return fields | {"failed": not self.text, "witnesses": (self.speaker,) if self.text else ()}


class _Kept(FrozenModel):
    after: int
    """Length of the script when the question was asked."""
    answer: PendingAnswer


class Judged(FrozenModel):
    """That a model was asked what came of a scene, and found it open."""

    scene: str
    turns: int
    """How many turns the cast had taken in the scene."""
    last: bool = False
    """Whether that was at its end, and the answer was none."""
    usage: Usage = Usage()
    """What was asked so far in the scene cost."""


V = TypeVar("V", bound=FrozenModel)


def _asked_after(script: Script, scene: str) -> int:
    """How many events came before the questions at the end of a scene, of whose answers some may be recorded."""
    last = takewhile(lambda event: isinstance(event, AnswerEvent), reversed(script.in_scene(scene)))
    return len(script) - len(list(last))


class PendingAnswers:
    """Keeps the answers of a run until they are recorded."""

    def __init__(self, where: Place | Path) -> None:
        self._place = at(where)
        self._journal: Journal | None = None
        """Open from the first answer of a scene until all are recorded."""
        self._none = False
        """Whether it is known that nothing is kept."""

    def keep(self, answer: PendingAnswer, script: Script) -> None:
        """Keep an answer. It becomes durable beside.

        Raises:
            RecordError: the disk is full, or the file cannot be written.
        """
        self._append(_Kept(after=_asked_after(script, answer.scene), answer=answer))

    def read(self, script: Script, beat: Beat, scene: Scene, continuity: Continuity) -> list[PendingAnswer]:
        """The answers of the current scene that are not recorded yet, as far as they can be recorded."""
        asked = _asked_after(script, scene.id)
        kind = "stance" if scene.kind == "crossroads" else "reflection"
        people = {*scene.present, *(move.role for move in scene.moves)}

        def fits(kept: _Kept) -> bool:
            answer = kept.answer
            if (kept.after, answer.scene, answer.kind) != (asked, scene.id, kind):
                return False
            if not {answer.speaker, *answer.attitudes, *answer.why, *answer.promised, *answer.was_promised} <= people:
                return False
            try:
                if answer.counts:
                    event = {"id": len(script), "beat": beat.id, "witnesses": present(script, scene)} | answer.event()
                    continuity.check(validate_event(event), script)
            except ValueError:
                return False
            return True

        return [kept.answer for kept in self._read(_Kept) if fits(kept)]

    def keep_judged(self, judged: Judged) -> None:
        """Keep that a model was asked for the outcome of a scene and found it open, so that it is not asked
        again after a stop.

        Raises:
            RecordError: the disk is full, or the file cannot be written.
        """
        self._append(judged)

    def judged(self, scene: Scene) -> Judged | None:
        """When a model was last asked for the outcome of a scene, and found it open; None if it was not."""
        found = [each for each in self._read(Judged) if each.scene == scene.id]
        return found[-1] if found else None

    async def clear(self) -> None:
        """Delete the answers: they are recorded, or undone."""
        if not self._none:
            await syncing.aside(self._clear)
            self._none = True

    def _clear(self) -> None:
        with contextlib.suppress(RecordError):
            self.close()
        with contextlib.suppress(OSError):  # what stays behind fits no later question
            self._place.remove(FILE)

    async def settled(self) -> None:
        """Wait until all that was kept is durable.

        Raises:
            RecordError: it cannot be made durable.
        """
        if self._journal:
            await self._journal.settled()

    def close(self) -> None:
        """Make durable what is not yet, and close the file.

        Raises:
            RecordError: see `settled`.
        """
        journal, self._journal = self._journal, None
        if journal:
            journal.close()

    def _append(self, value: FrozenModel) -> None:
        self._none = False
        try:
            self._journal = self._journal or self._place.journal(FILE, forced=True)
        except OSError as error:
            raise disk.cannot("write to", self._place.called(FILE), error) from error
        self._journal.append(value.model_dump_json().encode() + b"\n")

    def _read(self, kind: type[V]) -> Iterator[V]:
        """The lines of one kind."""
        with contextlib.suppress(OSError):
            for line in self._place.lines(FILE):
                with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
                    fields = json.loads(line)
                    if "answer" in fields:
                        fields["answer"] = upgrade.pending_answer(fields["answer"])
                    yield kind.model_validate(fields)
