"""What a study will about cost, and how long it will take, without playing it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dreamplay.engine import estimate
from dreamplay.models.profile import ModelProfile
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.provenance import Usage
from dreamplay.studies.plan import Plan
from dreamplay.studies.status import StudyStatus
from dreamplay.studies.study import Study

_MILLION = 1_000_000


class StudyEstimate(FrozenModel):
    """What is still to be played will cost about so much, if every answer can stand. Some are asked for again, which
    is not counted."""

    plays: int
    """Plays that are not finished. One that was begun is counted as a whole."""
    calls: int
    prompt: int
    """Tokens of all prompts together. An engine that keeps what it has read reads much less."""
    output: int
    """Tokens of all answers, without what a reasoning model thinks before them."""
    money: float | None
    """By the prices of the study; None if it has none."""
    currency: str = ""
    seconds: float | None
    """How long it takes with so many plays at once, by the plays that are finished and the limits of the study. None:
    neither tells."""


def costs(study: Study, plans: Sequence[Plan], stands: StudyStatus, jobs: int) -> StudyEstimate:
    """What the plays of a study that are not finished will cost, `jobs` at once."""
    plays, longest, total = 0, 0, Usage()
    for plan in plans:
        left = sum(
            each.state != "finished" for each in stands.tasks
            if (each.condition, each.phrasing) == (plan.condition, plan.phrasing)
        )  # fmt: skip
        if left:
            profile = ModelProfile.model_validate(plan.header.settings["profile"])
            one = estimate.estimate(plan.run, profile, plan.turn.at if plan.turn else None)
            plays, longest = plays + left, max(longest, one.calls)
            total += Usage(calls=one.calls * left, prompt=one.prompt * left, output=one.output * left)
    money = None
    if study.prices:
        money = (total.prompt * study.prices.prompt + total.output * study.prices.output) / _MILLION
    return StudyEstimate(
        plays=plays, calls=total.calls, prompt=total.prompt, output=total.output, money=money,
        currency=study.prices.currency if study.prices else "",
        seconds=_seconds(study, stands, total, longest, jobs),
    )  # fmt: skip


def _seconds(study: Study, stands: StudyStatus, total: Usage, longest: int, jobs: int) -> float | None:
    known = []
    done = sum((each.usage for each in stands.tasks if each.state == "finished"), Usage())
    if done.calls and done.seconds:
        known.append(done.seconds / done.calls * max(total.calls / jobs, longest if total.calls else 0))
    addresses = max(len(study.base_url), 1)
    for asked, limit in (
        (total.calls, study.limits.requests_per_minute),
        (total.prompt + total.output, study.limits.tokens_per_minute),
    ):
        if limit:
            known.append(asked / limit / addresses * 60)
    return math.ceil(max(known)) if known else None
