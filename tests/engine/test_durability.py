"""What was played outlives a power cut before anybody is asked for more."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import worlds
from dreamplay.engine.runner import Runner
from dreamplay.errors import RecordError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.participants.base import Outcome
from dreamplay.participants.visit import InterventionPlayer
from dreamplay.runs.transcript import FILE
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View


class Disk:
    """Knows of each file how much of it was forced to the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._forced: dict[int, int] = {}
        self.full_at = 0
        """The call that finds the disk full; 0: none."""
        self.calls = 0
        force = os.fsync

        def forced(descriptor: int) -> None:
            self.calls += 1
            if self.calls == self.full_at:
                raise OSError(28, "No space left on device")
            stands = os.fstat(descriptor)
            force(descriptor)
            self._forced[stands.st_ino] = max(stands.st_size, self._forced.get(stands.st_ino, 0))

        monkeypatch.setattr(os, "fsync", forced)

    def durable(self, path: Path) -> bool:
        """Whether all of a file was forced to the disk."""
        stands = path.stat()
        return self._forced.get(stands.st_ino) == stands.st_size


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk that is written to."""
    return Disk(monkeypatch)


async def test_no_model_and_no_visitor_is_asked_before_it_is_durable(small: Path, tmp_path: Path, disk: Disk) -> None:
    transcript = tmp_path / "run" / FILE
    asked: list[str] = []

    def look(who: str) -> None:
        asked.append(who)
        assert disk.durable(transcript)

    class Looking(ScriptedModel):
        async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
            look(prompt.kind)
            return await super().complete(prompt, seed=seed, on_token=on_token)

    class Guest(InterventionPlayer):
        async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome:
            look("visitor")
            return await super().take_turn(turn, view, on_token)

    done = worlds.dump(tmp_path / "done.yaml", {"interventions": [{"beat": "day", "say": "Hm."}]})
    plan = replace(worlds.plan(small, guest="Noor", interventions=done), reflect=True)
    assert plan.visit
    visitor = Guest(plan.visit.interventions or ())
    await Runner(plan, Looking(), tmp_path / "run", {}, visitor=visitor).play(lambda seen: None)
    assert {"line", "stance", "reflection", "visitor"} <= set(asked)
    assert disk.durable(transcript)


@pytest.mark.parametrize("call", [5, 12, 20])
async def test_a_disk_that_is_found_full_later_stops_the_play_and_nothing_is_played_twice(
    call: int, small: Path, tmp_path: Path, disk: Disk
) -> None:
    await worlds.play(small, tmp_path / "whole")
    disk.calls, disk.full_at = 0, call
    model = ScriptedModel()
    with pytest.raises(RecordError, match=r"No space left on device; what was played before is kept; make room"):
        await worlds.play(small, tmp_path / "run", model)
    again = Runner(worlds.plan(small), model, tmp_path / "run", {}, goes_on=True)
    await again.play(lambda seen: None)
    assert (tmp_path / "run" / FILE).read_bytes() == (tmp_path / "whole" / FILE).read_bytes()
