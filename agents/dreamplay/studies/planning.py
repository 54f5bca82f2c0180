"""Makes the tasks of a study: everything that it names is read and checked before anything is played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from dreamplay import casting, prepare
from dreamplay import settings as reading
from dreamplay.branching import branch
from dreamplay.branching.branch import Changes
from dreamplay.engine import run_config
from dreamplay.engine.plugin_set import SHIPPED
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import DreamplayError, UsageError
from dreamplay.library import resources, yaml_loader
from dreamplay.models import registry
from dreamplay.models.registry import ModelSpec
from dreamplay.runs.records import Header, RunLog
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story
from dreamplay.settings import Settings, Source
from dreamplay.studies import measures
from dreamplay.studies.study import Condition, Study
from dreamplay.studies.tasks import Swap, Task, Turn, asked, named

_OWN = (
    "length", "model", "adapter", "temperature", "candidates", "direction", "think", "reflect", "window", "no_check",
    "memory", "director", "embedder",
)  # fmt: skip
"""Keys of a study that are settings of a play."""


@dataclass(frozen=True)
class Plan:
    """The plays of one phrasing of a condition, without their seeds."""

    condition: str
    phrasing: str
    run: RunConfig
    """What is played; of one that branches off another, what that plays."""
    header: Header
    spec: ModelSpec
    settings: Settings
    turn: Turn | None = None
    before: Plan | None = None
    """What it branches off."""

    @cached_property
    def asked(self) -> str:
        """The hash of everything that is asked for, except the seed and what it branches off."""
        return asked(self.header, self.turn)

    def task(self, seed: int) -> Task:
        """The play with a seed."""
        turn = self.turn
        if turn and self.before:
            turn = turn.model_copy(update={"parent": self.before.task(seed).name})
        model = self.settings.model or self.spec.model or self.spec.kind
        return Task(
            name=named(self.header.story_id, self.asked, seed, turn), condition=self.condition, phrasing=self.phrasing,
            seed=seed, header=self.header.model_copy(update={"seed": seed}), model=model,
            adapter=self.settings.adapter, turn=turn,
        )  # fmt: skip


def tasks(study: Study, settings: Settings | None = None) -> tuple[Task, ...]:
    """All the plays of a study, those with the first seed first, so that the conditions fill side by side.

    Args:
        study: as it was read.
        settings: what is set besides. A flag counts more than the study, and anything else less. None: what the
            environment and dreamplay.toml say.

    Raises:
        UsageError: something that it names is missing or does not fit; the message names file and line.
    """
    return tasks_of(study, plans(study, settings))


def tasks_of(study: Study, found: Sequence[Plan]) -> tuple[Task, ...]:
    """The plays of what was planned; see `tasks`."""
    return tuple(plan.task(seed) for seed in study.seeds for plan in found)


def plans(study: Study, settings: Settings | None = None) -> tuple[Plan, ...]:
    """Every phrasing of every condition, the baseline first; see `tasks`."""
    planner = _Planner(study, settings or reading.load())
    for (condition, phrasing), change in study.worded.items():
        planner.add(condition, phrasing, change)
    _check_different(study, planner.found)
    _check_measures(study, next(iter(planner.found.values())).run.story)
    return tuple(planner.found.values())


class _Planner:
    """Reads and checks what a study names."""

    def __init__(self, study: Study, settings: Settings) -> None:
        self.study = study
        self.found: dict[tuple[str, str], Plan] = {}
        self._source = Source("study", str(study.path or study.name))
        own = {name: getattr(study, name) for name in _OWN if getattr(study, name) != ()}
        self._settings = settings.over(self._source, **{name: own[name] for name in own if not _asked(settings, name)})

    def add(self, condition: str, phrasing: str, change: Condition) -> None:
        """Plan one phrasing."""
        spec, settings = self._model(condition, change)
        profile = registry.profile(spec, settings)
        before = self._before(phrasing) if change.at else None
        if before:
            run, turn = before.run, self._turn(condition, phrasing, change, before.run)
        else:
            reflect = profile.reflections if settings.reflect is None else settings.reflect
            run, turn = replace(self._run(condition, phrasing, change, settings), reflect=reflect), None
        made = {"profile": profile.recorded(), "checks": run.pipeline(profile).recorded()}
        header = run.header(spec.name or spec.kind, prepare.recorded(spec) | made)
        self.found[condition, phrasing] = Plan(condition, phrasing, run, header, spec, settings, turn, before)

    def _model(self, condition: str, change: Condition) -> tuple[ModelSpec, Settings]:
        settings = self._settings.over(self._source, model=change.model, direction=change.direction)
        if self.study.base_url and not _asked(settings, "base_url"):
            try:
                settings = settings.over(self._source, base_url=self.study.base_url[0])
            except UsageError as error:
                raise self._wrong(error, "base_url") from None
        try:
            spec = registry.choose(settings)
        except UsageError as error:
            raise self._wrong(error, *(("conditions", condition, "model") if change.model else ("model",))) from None
        if spec.kind == "endpoint" and not spec.model:
            raise UsageError(f"{self.study.place('model')}: name the `model` that plays, as its endpoint calls it")
        return spec, settings

    def _run(self, condition: str, phrasing: str, change: Condition, settings: Settings) -> RunConfig:
        """What is played from its start."""
        story = self._story(condition, phrasing, change)
        swaps = {role: self._persona(condition, phrasing, role, name, story) for role, name in change.swaps.items()}
        try:
            run = run_config.make_run_config(
                story, swaps, seed=0, length=self.study.length, beats=self.study.beats,
                plugins=SHIPPED.chosen(settings), checks_off=settings.no_check,
            )  # fmt: skip
        except UsageError as error:
            beats = not set(self.study.beats) <= {beat.id for beat in story.beats}
            keys = ("beats",) if beats else self._keys(condition, phrasing, "swaps" if swaps else "")
            raise self._wrong(error, *keys) from None
        if not change.drop:
            return run
        whole = RunLog(run.header("", {}), Script(), None)
        try:
            reduced = branch.branch(whole, "", None, Changes(drop=change.drop)).plan
        except UsageError as error:
            raise self._wrong(error, "conditions", condition, "drop") from None
        return replace(reduced, parent=None, point=None)

    def _story(self, condition: str, phrasing: str, change: Condition) -> Story:
        """The story of a play from its start: that of the study, or an edited one with the same roles."""
        keys = self._keys(condition, phrasing, "story_edit") if change.story_edit else ("story",)
        try:
            file = resources.find("stories", change.story_edit or self.study.story, self.study.beside)
            story = yaml_loader.read(file, Story)
        except UsageError as error:
            raise self._wrong(error, *keys) from None
        others = [plan.run.story for plan in self.found.values()]
        if others and list(story.cast) != list(others[0].cast):
            raise UsageError(
                f"{self.study.place(*keys)}: {file.name} has other roles ({', '.join(story.cast)}) than the baseline "
                f"({', '.join(others[0].cast)}); edit a copy of that"
            )
        return story

    def _before(self, phrasing: str) -> Plan:
        """What a play branches off: the baseline in the same phrasing, if it has that, else in its first."""
        own = [plan for key, plan in self.found.items() if key[0] == self.study.baseline]
        return next((plan for plan in own if plan.phrasing == phrasing), own[0])

    def _turn(self, condition: str, phrasing: str, change: Condition, before: RunConfig) -> Turn:
        """The changes at a point, as far as they can be checked before what goes before them is played."""
        study, story, at = self.study, before.story, change.at or ""
        known = list(dict.fromkeys(word for beat, scene in before.scenes for word in (beat.id, scene.id)))
        if at not in known:
            raise UsageError(
                f"{study.place('conditions', condition, 'at')}: no beat or scene {at!r} is played; there are "
                f"{', '.join(known)}"
            )
        for role in change.drop:
            self._check_role(role, story, "conditions", condition, "drop")
        for line in change.say:
            self._check_role(next(iter(line)), story, *self._keys(condition, phrasing, "say"))
        swaps = {}
        for role, name in change.swaps.items():
            given = self._persona(condition, phrasing, role, name, story)
            try:
                persona = casting.swapped(before.cast, {role: given}, known=True).personas[role]
            except UsageError as error:
                raise self._wrong(error, *self._keys(condition, phrasing, "swaps", role)) from None
            swaps[role] = Swap(persona=persona, file=Path(given).name)
        edited = self._story(condition, phrasing, change) if change.story_edit else None
        return Turn(
            parent="", at=at, swaps=swaps, drop=change.drop,
            say=tuple(pair for line in change.say for pair in line.items()),
            story=edited, story_file=edited.path.name if edited and edited.path else "",
        )  # fmt: skip

    def _persona(self, condition: str, phrasing: str, role: str, name: str, story: Story) -> str | Path:
        """Whom a swap names: another role, or a file."""
        keys = self._keys(condition, phrasing, "swaps", role)
        self._check_role(role, story, *keys)
        if name in story.cast:
            return name
        try:
            return resources.find("personas", name, self.study.beside)
        except UsageError as error:
            raise self._wrong(error, *keys) from None

    def _check_role(self, role: str, story: Story, *keys: str) -> None:
        if role not in story.cast:
            known = ", ".join(story.cast)
            raise UsageError(f"{self.study.place(*keys)}: no role {role!r} in this story; it has {known}")

    def _keys(self, condition: str, phrasing: str, *last: str) -> tuple[str, ...]:
        """Where something stands in the file: in the phrasing, if that has it, else in the condition."""
        found: object = self.study.conditions[condition].phrasings.get(phrasing)
        own = found is not None and (not last[0] or bool(getattr(found, last[0])))
        if own and len(last) > 1:
            own = last[1] in getattr(found, last[0])
        words = tuple(filter(None, last))
        return ("conditions", condition, *(("phrasings", phrasing) if own else ()), *words)

    def _wrong(self, error: DreamplayError, *keys: str) -> UsageError:
        return UsageError(f"{self.study.place(*keys)}: {error}")


def _asked(settings: Settings, name: str) -> bool:
    """Whether somebody asks for a setting with this study, which counts more than what the study says."""
    source = settings.source(name)
    return source is not None and source.kind == "flag"


def _check_different(study: Study, found: Mapping[tuple[str, str], Plan]) -> None:
    """See that every phrasing asks for plays of its own.

    Raises:
        UsageError: one asks for those of another; the message names file and line.
    """
    known: dict[tuple[str, str], Plan] = {}
    for plan in found.values():
        written = study.conditions[plan.condition].phrasings
        place = study.place("conditions", plan.condition, *(("phrasings", plan.phrasing) if written else ()))
        if plan.before and _alike(plan, plan.before):
            raise UsageError(f"{place}: nothing is changed at {plan.turn and plan.turn.at}; say what, or take it out")
        before = plan.before.phrasing if plan.before else ""
        other = known.setdefault((plan.asked, before), plan)
        if other is plan:
            continue
        if other.condition == study.baseline != plan.condition:
            raise UsageError(f"{place}: nothing is changed, so that it is the baseline again; say what, or take it out")
        shown = (
            f"{other.condition}, {other.phrasing}" if study.conditions[other.condition].phrasings else other.condition
        )
        raise UsageError(f"{place}: the same is asked for by {shown}; say what is otherwise, or take one out")


def _alike(plan: Plan, before: Plan) -> bool:
    """Whether a branch would go on as what it branches off."""
    turn = plan.turn
    assert turn
    own = dict(plan.header.cast) | {role: each.persona for role, each in turn.swaps.items()}
    changed = turn.say or turn.drop or own != plan.header.cast or turn.story not in (None, plan.header.story)
    return not changed and asked(plan.header, None) == before.asked


def _check_measures(study: Study, story: Story) -> None:
    """See that what is asked of every play can be measured.

    Raises:
        UsageError: it cannot; the message names file and line.
    """
    for key, names in (("measures", study.measures), ("control", study.control)):
        try:
            measures.check(names, story)
        except UsageError as error:
            raise UsageError(f"{study.place(key)}: {error}") from None
    if twice := [name for name in study.control if name in study.measures]:
        wrong = "is a measure, too; what is a control cannot have changed, so it is no question of the study"
        raise UsageError(f"{study.place('control')}: {twice[0]} {wrong}")
