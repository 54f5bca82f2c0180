"""Are the lines worth reading, and better than in the plain layout? Plays whole stories both ways and compares.

    uv run python tests/benchmarks/lines.py [--seeds 1,2,3,4,5] [--story mindsync] [--model embedded|PATH.gguf]
                                            [--length full|short] [--out FOLDER] [--ours-only]

For each seed the story is played by dreamplay with the settings that a user has, and then in the plain layout
(`layout.py`): same model, sampling and seed; what is told, dreamt and decided, and who speaks when, is taken from
the dreamplay run, together with what that cost, so that both columns hold the same in this. Five seeds of the
whole story take about forty minutes on two cores. Both are kept under --out as runs that `dreamplay score` and
`show` can read, and a run that is finished there is not played again.

The table holds the scorecard's measures, each over all runs as one pool. The bars are for dreamplay.
- The plain lines are measured as the model said them, but for their own name in front: the plain way has no editor.
  The faults are counted by the rules of dreamplay's editor, for both.
- n/a: the plain way has no such thing. Its characters never saw a cue, so none can be held against their lines, and
  no candidate of theirs is ever refused. «Without the cue's words» nothing is taken out of a plain line: that row is
  harder on dreamplay.
- better?: lower is better where a bar says «at most», higher where it says «at least»; within a bar that has two
  ends, and at drift from 1 upward (no drift at all), there is nothing to be better in. Equal figures are «same».
  Rows without a word there are no matter of better or worse.

Whether the story keeps to its four minutes is measured by `speed.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from bench import TIMEOUT, finished, fresh_start, kept, machine, options, say, table
from dreamplay import formats
from dreamplay.engine import run_config
from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.runner import Runner
from dreamplay.errors import DreamplayError
from dreamplay.models import model_store
from dreamplay.models.base import Model
from dreamplay.models.llamacpp import LocalModel
from dreamplay.runs import transcript
from dreamplay.runs.transcript import FILE, End, RunLog, Transcript
from dreamplay.scoring import score
from dreamplay.scoring.score import ROWS, ScoreRow, Scores
from layout import Plain, PlainModel, default_cache, host_cache

Way = Literal["dreamplay", "plain"]
Opening = Callable[[Way], contextlib.AbstractContextManager[Model]]
"""Opens the model for a run; what it holds is given back when the run is over."""

NOT_PLAIN = {"cues.followed", "cues.chance", "conversation.recited", "cost.refused"}
"""Measures that have no meaning in the plain layout."""
LESS = {
    "faults.narrates", "faults.own_name", "faults.other", "echo.by_self", "echo.by_others", "loops.longest",
    "loops.share", "likeness.change", "secrets.own", "secrets.others", "cost.calls", "cost.prompt", "cost.output",
    "cost.seconds", "cost.seconds_a_line",
}  # fmt: skip
"""Measures without a bar of which less is better."""
MORE = {
    "contract.ended", "contract.beats", "contract.scenes", "echo.distinct", "voice.twins_left_in",
    "voice.without_cue", "voice.first_half", "voice.second_half", "conversation.changes",
    "cost.cached",
}  # fmt: skip
"""Measures without a bar of which more is better."""
NO_DRIFT = 1.0
"""The second half as a share of the first, from which on nothing is lost."""


def main() -> None:
    """Play, and print the table."""
    parser = options("Compare dreamplay's lines with those of the plain layout.")
    parser.add_argument("--ours-only", action="store_true", help="leave the plain layout out")
    chosen = parser.parse_args()
    where = machine()
    name = chosen.model.stem if chosen.model else model_store.NAME

    @contextlib.contextmanager
    def opening(way: Way) -> Iterator[Model]:
        with fresh_start(chosen.model):
            if way == "plain":
                with host_cache(default_cache()):
                    yield PlainModel(chosen.model)
            else:
                yield LocalModel(chosen.model, timeout=TIMEOUT)

    try:
        plans = [
            run_config.make_run_config(chosen.story, {}, seed=seed, length=chosen.length, reflect=False)
            for seed in chosen.seeds
        ]
        for plan in plans if chosen.out else ():  # said now, and not when half an hour has been played
            finished(chosen.out / f"dreamplay-{plan.seed}", plan, name, {})
    except DreamplayError as error:
        parser.error(str(error))
    home = chosen.out or Path(tempfile.mkdtemp(prefix="dreamplay-lines-"))
    say(f"the runs are kept in {home}")
    pairs, failed = played(plans, home, opening, name, ours_only=chosen.ours_only)
    if pairs:
        numbers = ", ".join(str(ours.header.seed) for ours, _ in pairs)
        print(f"{where}; {name}, story {chosen.story}, length {chosen.length}, seeds {numbers}\n")
        print(report([ours for ours, _ in pairs], [plain for _, plain in pairs if plain]))
    if failed:
        sys.exit("\n".join(failed))


def played(
    plans: Sequence[RunConfig], home: Path, opening: Opening, name: str, *, ours_only: bool = False
) -> tuple[list[tuple[RunLog, RunLog | None]], list[str]]:
    """Every plan played both ways, and why some could not be: those are in neither column."""
    pairs: list[tuple[RunLog, RunLog | None]] = []
    failed: list[str] = []
    for plan in plans:
        try:
            ours = play_ours(plan, home / f"dreamplay-{plan.seed}", opening, name, {})
            plain = None if ours_only else play_plain(plan, home / f"plain-{plan.seed}", opening, name, ours)
            pairs.append((ours, plain))
        except DreamplayError as error:
            failed.append(f"seed {plan.seed} is left out: {error}")
    return pairs, failed


def play_ours(plan: RunConfig, folder: Path, opening: Opening, name: str, mark: dict[str, Any]) -> RunLog:
    """A plan as dreamplay plays it; `mark` is put into the header beside the settings.

    Raises:
        DreamplayError: it was not played to its end.
    """

    async def play(model: Model) -> None:
        await Runner(plan, model, folder, mark).play(lambda _: None)

    return finished(folder, plan, name, mark) or _played(folder, opening, "dreamplay", play)


def play_plain(plan: RunConfig, folder: Path, opening: Opening, name: str, ours: RunLog) -> RunLog:
    """The same in the plain layout, after the events of the dreamplay run.

    Raises:
        DreamplayError: it was not played to its end.
    """
    told = "".join(event.model_dump_json() for event in ours.script)
    mark = {"layout": "plain", "after": hashlib.sha256(told.encode()).hexdigest()}

    async def play(model: Model) -> None:
        with Transcript(folder, plan.header(model.name, {"profile": model.profile.recorded()} | mark)) as record:
            plain = Plain(plan, list(ours.script), model, record.append)
            await plain.play()
            spoken = sum(event.kind == "line" for event in plain.script)
            record.append(End(lines=spoken, usage=transcript.total(plain.script)))
        formats.write_page(folder, transcript.read(folder))

    return finished(folder, plan, name, mark) or _played(folder, opening, "plain", play)


def _played(folder: Path, opening: Opening, way: Way, play: Callable[[Model], Coroutine[Any, Any, None]]) -> RunLog:
    (folder / FILE).unlink(missing_ok=True)  # of a run that was cut: it is played anew
    gc.collect()  # the engine of the run before ends with its last reference; two of them would share the cores
    begun = time.monotonic()
    with opening(way) as model:
        asyncio.run(play(model))
    say(f"{folder.parent.name}/{folder.name}: {time.monotonic() - begun:.0f} s")
    return transcript.read(folder)


def report(ours: Sequence[RunLog], plain: Sequence[RunLog]) -> str:
    """The table, and below it what it comes to. Without plain runs only dreamplay is held against the bars."""
    mine, theirs = score.scores(ours), score.scores(plain) if plain else None
    rows = [(row, better(row, row.value(mine), row.value(theirs)) if theirs else "") for row in ROWS]
    shown = [
        (row.label, row.bound, "n/a" if row.measure in NOT_PLAIN else row.shown(theirs) if theirs else "-",
         row.shown(mine), _kept(row, mine), word)
        for row, word in rows
    ]  # fmt: skip
    said = [table(("measure", "bar", "plain", "dreamplay", "kept?", "better?"), shown), ""]
    missed = [row.label.strip() for row, _ in rows if row.kept(mine) is False]
    bars = sum(row.kept(mine) is not None for row, _ in rows)
    said.append(f"bars kept: {bars - len(missed)} of {bars}" + (f"; not: {', '.join(missed)}" if missed else ""))
    if theirs:
        worse = [row.label.strip() for row, word in rows if word == "NO"]
        yes, same = (sum(each == word for _, each in rows) for word in ("yes", "same"))
        said.append(f"better than plain: {yes}, same: {same}, worse: {', '.join(worse) or 'none'}")
    return "\n".join(said)


def better(row: ScoreRow, ours: float | None, plain: float | None) -> str:
    """Whether dreamplay's figure of a measure is better: yes, same, NO; empty if it cannot be said."""
    mine, theirs = (None if row.measure in NOT_PLAIN else _worth(row, each) for each in (ours, plain))
    if mine is None or theirs is None:
        return ""
    return "same" if mine == theirs else kept(mine > theirs)


def _worth(row: ScoreRow, value: float | None) -> float | None:
    """A figure turned so that more is better; None if neither is."""
    if value is None:
        return None
    if row.least is not None and row.most is not None:
        return min(0.0, value - row.least, row.most - value)
    if row.measure == "voice.kept":
        return min(value, NO_DRIFT)
    if row.most is not None or row.measure in LESS:
        return -value
    return value if row.least is not None or row.measure in MORE else None


def _kept(row: ScoreRow, scores: Scores) -> str:
    held = row.kept(scores)
    return "" if held is None else kept(held)


if __name__ == "__main__":
    main()
