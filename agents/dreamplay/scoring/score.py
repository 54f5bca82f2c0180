"""The scorecard: all measures of several runs, with a column for each run, one for all of them, and the targets.

The column of a run measures that run alone. The last column pools all lines; the targets apply to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel
from dreamplay.scoring import conversation_metrics, line_errors, metrics, voice_metrics
from dreamplay.scoring.conversation_metrics import Conversation
from dreamplay.scoring.line_errors import LineErrors, Secrets
from dreamplay.scoring.metrics import Contract, Cost, Echo, LineLength, Runs
from dreamplay.scoring.voice_metrics import CueUse, Loops, Voice, VoiceLikeness


class Scores(FrozenModel):
    """All measures of a pool of runs; None where there was nothing to measure."""

    lines: int
    contract: Contract
    faults: LineErrors
    words: LineLength | None
    echo: Echo | None
    loops: Loops
    conversation: Conversation
    voice: Voice | None
    likeness: VoiceLikeness
    cues: CueUse | None
    secrets: Secrets
    stances: dict[str, int]
    cost: Cost


class Column(FrozenModel):
    """One run, with its own scores."""

    run: str
    story: str
    model: str
    seed: int
    scores: Scores


class Bar(FrozenModel):
    """The target of a measure, for the embedded model and five seeds of the whole story."""

    measure: str
    least: float | None
    most: float | None
    value: float | None
    kept: bool | None
    """None where there was nothing to measure."""


class Scorecard(FrozenModel):
    """The whole scorecard."""

    runs: tuple[Column, ...]
    pooled: Scores
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class ScoreRow:
    """One line of the table."""

    group: str
    label: str
    measure: str
    """The path of the figure in `Scores`."""
    form: Literal["plain", "share"] = "plain"
    least: float | None = None
    most: float | None = None
    out_of: str = ""
    """The path of the total that the figure is a part of."""

    def value(self, scores: Scores) -> float | None:
        """The figure; None where there was nothing to measure."""
        figure: float | None = _at(scores, self.measure)
        return figure

    def shown(self, scores: Scores) -> str:
        """The formatted figure."""
        whole = f"/{_at(scores, self.out_of)}" if self.out_of else ""
        return shown(self.value(scores), self.form) + whole

    @property
    def bound(self) -> str:
        """The target as text; empty if there is none."""
        least, most = (None if bound is None else shown(bound, self.form) for bound in (self.least, self.most))
        if least and most:
            return f"{least} to {most}"
        return f"at least {least}" if least else f"at most {most}" if most else ""

    def kept(self, scores: Scores) -> bool | None:
        """Whether the target is met; None if there is no target or no figure."""
        value = self.value(scores)
        if value is None or not self.bound:
            return None
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def bar(self, scores: Scores) -> Bar:
        """The target as a value."""
        return Bar(measure=self.measure, least=self.least, most=self.most, value=self.value(scores),
                   kept=self.kept(scores))  # fmt: skip


ROWS: tuple[ScoreRow, ...] = (
    ScoreRow("the play", "lines", "lines"),
    ScoreRow("the play", "runs played to their end", "contract.ended"),
    ScoreRow("the play", "beats reached", "contract.beats", out_of="contract.beats_planned"),
    ScoreRow("the play", "scenes that kept their contract", "contract.scenes", out_of="contract.scenes_planned"),
    ScoreRow("the play", "silent turns", "contract.silent", "share", most=0.03),
    ScoreRow("role", "refusals", "faults.refusals", most=0),
    ScoreRow("role", "talk of being a model", "faults.model_talk", most=0),
    ScoreRow("role", "wrong speaker", "faults.wrong_speaker", most=0),
    ScoreRow("role", "narrates", "faults.narrates"),
    ScoreRow("role", "own name in own mouth", "faults.own_name"),
    ScoreRow("role", "unfinished lines", "faults.unfinished", most=0),
    ScoreRow("role", "other faults", "faults.other"),
    ScoreRow("wording", "words per line, median", "words.median", least=8, most=25),
    ScoreRow("wording", "  lower quartile", "words.low"),
    ScoreRow("wording", "  upper quartile", "words.high"),
    ScoreRow("wording", "3-grams said before, by self", "echo.by_self", "share"),
    ScoreRow("wording", "3-grams said before, by others", "echo.by_others", "share"),
    ScoreRow("wording", "lines over 40% said before", "echo.copies", "share", most=0.02),
    ScoreRow("wording", "distinct-2", "echo.distinct", "share"),
    ScoreRow("wording", "longest run that moves nothing", "loops.longest"),
    ScoreRow("wording", "turns that move nothing", "loops.share", "share"),
    ScoreRow("conversation", "words in a row from its note, median", "conversation.recited", most=3),
    ScoreRow("conversation", "questions taken up", "conversation.answered", "share", least=0.7),
    ScoreRow("conversation", "  with lines shuffled", "conversation.dealt_anew", "share"),
    ScoreRow("conversation", "  questions", "conversation.questions"),
    ScoreRow("conversation", "scenes that changed something", "conversation.moved", "share", least=1.0),
    ScoreRow("conversation", "  kinds of change in a scene", "conversation.changes"),
    ScoreRow("voices", "voice separation", "voice.separation", "share", least=0.55),
    ScoreRow("voices", "  by chance", "voice.chance", "share"),
    ScoreRow("voices", "  with twins left in", "voice.twins_left_in", "share"),
    ScoreRow("voices", "  without the cue's words", "voice.without_cue", "share"),
    ScoreRow("voices", "  first half", "voice.first_half", "share"),
    ScoreRow("voices", "  second half", "voice.second_half", "share"),
    ScoreRow("voices", "  second half by first", "voice.kept", least=0.9),
    ScoreRow("voices", "likeness, last beat less first", "likeness.change"),
    ScoreRow("cues", "cue followed", "cues.followed", "share", least=0.8),
    ScoreRow("cues", "  by chance", "cues.chance", "share"),
    ScoreRow("secrets", "own, told before its dream", "secrets.own"),
    ScoreRow("secrets", "another's, told before its dream", "secrets.others"),
    ScoreRow("secrets", "  lines at risk", "secrets.at_risk"),
    ScoreRow("cost", "calls", "cost.calls"),
    ScoreRow("cost", "calls per line", "cost.calls_a_line", most=1.6),
    ScoreRow("cost", "prompt tokens", "cost.prompt"),
    ScoreRow("cost", "  of them cached", "cost.cached", "share"),
    ScoreRow("cost", "  evaluated per line, median", "cost.evaluated", most=60),
    ScoreRow("cost", "output tokens", "cost.output"),
    ScoreRow("cost", "seconds of the model", "cost.seconds"),
    ScoreRow("cost", "seconds per line, median", "cost.seconds_a_line"),
    ScoreRow("cost", "candidates rejected per turn", "cost.refused"),
)
"""The rows of the scorecard, each with its target."""


def scores(runs: Runs) -> Scores:
    """Measure several runs as one pool."""
    return Scores(
        lines=sum(1 for run in runs for _ in metrics.lines(run)),
        contract=metrics.contract(runs),
        faults=line_errors.faults(runs),
        words=metrics.length(runs),
        echo=metrics.echo(runs),
        loops=voice_metrics.loops(runs),
        conversation=conversation_metrics.conversation(runs),
        voice=voice_metrics.voice(runs),
        likeness=voice_metrics.likeness(runs),
        cues=voice_metrics.cues(runs),
        secrets=line_errors.secrets(runs),
        stances=metrics.stances(runs),
        cost=metrics.cost(runs),
    )


def card(runs: Mapping[str, RunLog]) -> Scorecard:
    """The scorecard of several runs, by the names that it gives them."""
    pooled = scores(list(runs.values()))
    columns = [
        Column(
            run=name, story=run.header.story_id, model=", ".join(run.models), seed=run.header.seed, scores=scores([run])
        )
        for name, run in runs.items()
    ]
    return Scorecard(runs=tuple(columns), pooled=pooled, bars=tuple(row.bar(pooled) for row in ROWS if row.bound))


def counted(pooled: Scores) -> list[ScoreRow]:
    """A row for each beat and each choice of the story."""
    beats = [ScoreRow("likeness of the characters", beat, f"likeness.beats.{beat}") for beat in pooled.likeness.beats]
    return [*beats, *(ScoreRow("stances", choice, f"stances.{choice}") for choice in pooled.stances)]


def _at(scores: Scores, path: str) -> Any:
    """The figure at a path of fields and keys."""
    found: Any = scores
    for name in path.split("."):
        if found is None:
            return None
        found = found.get(name) if isinstance(found, Mapping) else getattr(found, name)
    return found


def shown(value: float | None, form: str) -> str:
    """A formatted figure."""
    if value is None:
        return "-"
    if form == "share":
        return f"{value:.1%}".replace(".0%", "%")
    if isinstance(value, int) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
