"""What of a study is refused though all that it names can be read: it would be played for nothing."""

from __future__ import annotations

from collections.abc import Sequence

from dreamplay.errors import UsageError
from dreamplay.models import adapter
from dreamplay.schema.scene import Scene
from dreamplay.schema.story import Beat
from dreamplay.studies import measures
from dreamplay.studies.measures import Measure
from dreamplay.studies.plan import Plan, by_flag, scene_at
from dreamplay.studies.study import Study
from dreamplay.studies.tasks import asked


def check(study: Study, found: Sequence[Plan]) -> None:
    """See that each of the plans asks for something of its own, and that what is asked of the plays can tell something.

    Args:
        study: as it was read.
        found: its plans, the baseline first.

    Raises:
        UsageError: one does not; the message names file and line.
    """
    _adapter(study, found)
    _different(study, found)
    _measures(study, found)


def _adapter(study: Study, found: Sequence[Plan]) -> None:
    """See that something is played with the adapter, or could be, if a study is tried out on another model.

    Raises:
        UsageError: no model of the study takes one, or it cannot be used; the message names file and line.
    """
    if study.adapter in (None, adapter.NONE) or any(plan.spec.adapter for plan in found):
        return
    if not by_flag(found[0].settings, "model"):
        wrong = "only the embedded model and .gguf files take an adapter; leave it out, or choose another model"
        raise UsageError(f"{study.place('adapter')}: {study.adapter}: {wrong}")
    try:
        adapter.named(study.adapter)
    except UsageError as error:
        raise study.wrong(error, "adapter") from None


def _different(study: Study, found: Sequence[Plan]) -> None:
    """See that every phrasing asks for plays of its own.

    Raises:
        UsageError: one asks for those of another; the message names file and line.
    """
    known: dict[tuple[str, str], Plan] = {}
    for plan in found:
        written = study.conditions[plan.condition].phrasings
        place = study.place("conditions", plan.condition, *(("phrasings", plan.phrasing) if written else ()))
        if plan.before and _alike(plan, plan.before):
            raise UsageError(f"{place}: nothing is changed at {plan.turn and plan.turn.at}; say what, or remove it")
        before = plan.before.phrasing if plan.before else ""
        other = known.setdefault((plan.asked, before), plan)
        if other is plan:
            continue
        if other.condition == study.baseline != plan.condition:
            raise UsageError(f"{place}: nothing is changed, so that it is the baseline again; say what, or remove it")
        shown = (
            f"{other.condition}, {other.phrasing}" if study.conditions[other.condition].phrasings else other.condition
        )
        raise UsageError(f"{place}: the same is asked for by {shown}; say what is different, or remove one")


def _alike(plan: Plan, before: Plan) -> bool:
    """Whether a branch would go on as what it branches off."""
    turn = plan.turn
    assert turn
    own = dict(plan.header.cast) | {role: each.persona for role, each in turn.swaps.items()}
    changed = turn.say or turn.drop or own != plan.header.cast or turn.story not in (None, plan.header.story)
    return not changed and asked(plan.header, None) == before.asked


def _measures(study: Study, found: Sequence[Plan]) -> None:
    """See that what is asked of every play can be measured, and could come out otherwise.

    Raises:
        UsageError: it cannot; the message names file and line.
    """
    story = found[0].run.story
    for key, names in (("measures", study.measures), ("control", study.control)):
        try:
            measures.check(names, story)
        except UsageError as error:
            raise study.wrong(error, key) from None
    if twice := [name for name in study.control if name in study.measures]:
        wrong = "is a measure, too; what is a control cannot have changed, so it is no question of the study"
        raise UsageError(f"{study.place('control')}: {twice[0]} {wrong}")
    whole = found[0].run
    others = [plan.turn for plan in found if plan.condition != study.baseline]
    first, at = min((scene_at(whole, turn.at), turn.at) if turn else (0, "") for turn in others)
    for key, names in (("measures", study.measures), ("control", study.control)):
        for name in names:
            if _last(whole.scenes, measures.parse(name)) < first:
                wrong = (
                    f"{name} looks at what comes before {at}, where the first condition begins; that is the same play "
                    "in all of them, so that it can never move: remove it"
                )
                raise UsageError(f"{study.place(key)}: {wrong}")


def _last(scenes: Sequence[tuple[Beat, Scene]], measure: Measure) -> int:
    """The number of the last scene that a measure looks at; if it looks at none of those that are played, of the
    last."""
    if measure.place:
        seen = [measure.place in (beat.id, scene.id) for beat, scene in scenes]
    elif measure.kind == "outcome":
        seen = [scene.id == measure.of[0] for _, scene in scenes]
    elif measure.kind == "stance":
        seen = [scene.kind == "crossroads" for _, scene in scenes]
    else:
        seen = []
    return max((number for number, looks in enumerate(seen) if looks), default=len(scenes) - 1)
