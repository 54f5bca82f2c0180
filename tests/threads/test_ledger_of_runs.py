"""The ledger of whole runs: it is the same after a kill, a branch has no later threads of its parent, and nobody has
what they did not witness."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import worlds
from dreamplay.analysis import explain, open_threads
from dreamplay.branching import batch, branch
from dreamplay.branching.branch import Changes
from dreamplay.engine import run_config
from dreamplay.engine.runner import Runner
from dreamplay.errors import UsageError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import transcript
from dreamplay.runs.transcript import FILE, RunLog
from dreamplay.threads.ledger import Ledger, Ledgers

LINES = (
    "Where is key {1}, {0}?", "I'll wake you at {1}, {0}.", "You lied to me {1} times, {0}.", "Never mind the {1}.",
    "No, {0}, not {1}.",
)  # fmt: skip


class Asking(ScriptedModel):
    """Asks, promises and accuses, each line with the seed of its call, so that no two are alike."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        said = LINES[seed % len(LINES)].format(worlds.NAMES[seed % 3], seed)
        return replace(reply, text=said) if prompt.kind == "line" else reply


def _ledger(record: RunLog, role: str | None = None) -> Ledger:
    return record.ledger(record.script.visible_to(role) if role else record.script)


@pytest.fixture
async def whole(staged: Path, tmp_path: Path) -> RunLog:
    return await worlds.play(staged, tmp_path / "whole", Asking())


async def test_a_run_that_goes_on_after_a_kill_has_the_same_ledger(whole: RunLog, tmp_path: Path) -> None:
    raw = (tmp_path / "whole" / FILE).read_bytes()
    ends = [hit.end() for hit in re.finditer(b"\n", raw)]
    for stood in range(3, len(ends) - 1, 6):
        folder = tmp_path / f"{stood}"
        shutil.copytree(tmp_path / "whole", folder)
        (folder / FILE).write_bytes(raw[: ends[stood]])
        stopped = transcript.read(folder)
        ledgers = Ledgers(stopped.cast, story=stopped.header.story)
        assert ledgers.of(tuple(stopped.script)) == _ledger(stopped)
        plan = run_config.from_header(stopped.header)
        await Runner(plan, Asking(), folder, {}, goes_on=True).play(lambda seen: None)
        record = transcript.read(folder)
        assert ledgers.of(tuple(record.script)) == _ledger(record) == _ledger(whole)


async def test_a_branch_never_knows_the_later_threads_of_its_parent(whole: RunLog, tmp_path: Path) -> None:
    point = whole.script.in_scene("attic")[0].id
    made = branch.branch(whole, "whole", "attic", Changes(say=[("bo", "Ada, who has the lamp?")]), seed=8)
    job = batch.job(made, Asking(), {}, tmp_path)
    await job.run(Asking(), {}).play(lambda seen: None)
    child = job.record()
    assert child.ledger(list(child.script)[:point]) == whole.ledger(list(whole.script)[:point])
    begun, later = ({each.words for each in _ledger(run).threads if each.since >= point} for run in (child, whole))
    assert "Ada, who has the lamp?" in begun
    assert later
    assert begun & later == set()


async def test_nobody_s_ledger_has_what_they_did_not_witness(whole: RunLog) -> None:
    assert len({len(_ledger(whole, role).threads) for role in whole.cast.roles}) > 1
    for role in whole.cast.roles:
        known = {event.id for event in whole.script.visible_to(role)}
        for thread in _ledger(whole, role).threads:
            assert role in thread.witnesses
            assert {thread.since, *thread.taken_up} <= known


async def test_threads_and_why_of_a_run(whole: RunLog) -> None:
    threads = open_threads.threads(whole)
    assert threads == _ledger(whole).threads
    assert open_threads.threads(whole, "ada") == _ledger(whole, "ada").threads
    taken = next(each for each in threads if each.taken_up)
    made = explain.why(whole, taken.taken_up[0], lambda digest: None)
    assert (taken.kind, taken.since, taken.words) in [(each.kind, each.since, each.words) for each in made.took_up]
    with pytest.raises(UsageError, match="no role 'zed' in this run; it has ada, bo, cyrus"):
        open_threads.threads(whole, "zed")
