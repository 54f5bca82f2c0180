"""Makes the tasks of a study: everything that it names is read and checked before anything is played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dreamplay import casting, plugins, prepare
from dreamplay import settings as reading
from dreamplay.branching import branch, story_edit
from dreamplay.branching.branch import Changes
from dreamplay.engine import run_config
from dreamplay.engine.plugin_set import GROUPS, SHIPPED, PluginSet
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import PluginError, UsageError
from dreamplay.library import resources, yaml_loader
from dreamplay.models import model_choice
from dreamplay.models.model_choice import ModelSpec
from dreamplay.runs.records import RunLog
from dreamplay.schema.error_messages import did_you_mean
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story
from dreamplay.settings import Settings
from dreamplay.settings_source import Source
from dreamplay.studies import checks
from dreamplay.studies.plan import Plan, by_flag, scene_at
from dreamplay.studies.study import Condition, Study
from dreamplay.studies.tasks import Swap, Task, Turn

_OWN = (
    "length", "model", "adapter", "temperature", "candidates", "direction", "think", "reflect", "window", "no_check",
    "memory", "director", "embedder",
)  # fmt: skip
"""Keys of a study that are settings of a play."""


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
    found = tuple(planner.found.values())
    checks.check(study, found)
    return found


class _Planner:
    """Reads and checks what a study names."""

    def __init__(self, study: Study, settings: Settings) -> None:
        self.study = study
        self.found: dict[tuple[str, str], Plan] = {}
        self._source = Source("study", str(study.path or study.name))
        own = {name: getattr(study, name) for name in _OWN if getattr(study, name) != ()}
        self._settings = settings.over(self._source, **{name: own[name] for name in own if not by_flag(settings, name)})
        self._plugins = self._chosen()

    def add(self, condition: str, phrasing: str, change: Condition) -> None:
        """Plan one phrasing."""
        spec, settings = self._model(condition, change)
        profile = model_choice.profile(spec, settings)
        before = self._before(phrasing) if change.at else None
        if before:
            run, turn = before.run, self._turn(condition, phrasing, change, before.run)
        else:
            reflect = profile.reflections if settings.reflect is None else settings.reflect
            run, turn = replace(self._run(condition, phrasing, change, settings), reflect=reflect), None
        try:
            made = {"profile": profile.recorded(), "checks": run.pipeline(profile).recorded()}
        except PluginError as error:
            raise self.study.wrong(error, "no_check") if self.study.no_check else error from None
        header = run.header(spec.name or spec.kind, prepare.recorded(spec) | made)
        self.found[condition, phrasing] = Plan(condition, phrasing, run, header, spec, settings, turn, before)

    def _chosen(self) -> PluginSet:
        """The plug-ins of all plays."""
        for name, group in GROUPS.items():
            named = getattr(self._settings, name)
            if named and self._settings.source(name) == self._source:
                try:
                    plugins.completed(group, named)
                except PluginError as error:
                    raise self.study.wrong(error, name) from None
        return SHIPPED.chosen(self._settings)

    def _model(self, condition: str, change: Condition) -> tuple[ModelSpec, Settings]:
        settings = self._settings.over(self._source, model=change.model, direction=change.direction)
        if self.study.base_url and not by_flag(settings, "base_url"):
            settings = settings.over(self._source, base_url=self.study.base_url[0])
        try:
            spec = model_choice.choose(settings)
        except UsageError as error:
            if self.study.adapter and "`adapter" in str(error):
                raise self.study.wrong(error, "adapter") from None
            raise self.study.wrong(
                error, *(("conditions", condition, "model") if change.model else ("model",))
            ) from None
        if spec.kind == "endpoint" and not spec.model:
            raise UsageError(f"{self.study.place('model')}: name the model that plays, as its endpoint calls it")
        return spec, settings

    def _run(self, condition: str, phrasing: str, change: Condition, settings: Settings) -> RunConfig:
        """What is played from its start."""
        story = self._story(condition, phrasing, change)
        swaps = {role: self._persona(condition, phrasing, role, name, story) for role, name in change.swaps.items()}
        try:
            run = run_config.make_run_config(
                story, swaps, seed=0, length=self.study.length, beats=self.study.beats,
                plugins=self._plugins, checks_off=settings.no_check,
            )  # fmt: skip
        except UsageError as error:
            beats = not set(self.study.beats) <= {beat.id for beat in story.beats}
            keys = ("beats",) if beats else self._keys(condition, phrasing, "swaps" if swaps else "")
            raise self.study.wrong(error, *keys) from None
        if not change.drop:
            return run
        for role in change.drop:
            self._check_role(role, story, "conditions", condition, "drop")
        whole = RunLog(run.header("", {}), Script(), None)
        try:
            reduced = branch.branch(whole, "", None, Changes(drop=change.drop)).plan
        except UsageError as error:
            raise self.study.wrong(error, "conditions", condition, "drop") from None
        return replace(reduced, parent=None, point=None)

    def _story(self, condition: str, phrasing: str, change: Condition) -> Story:
        """The story of a play from its start: that of the study, or an edited one with the same roles."""
        keys = self._keys(condition, phrasing, "story_edit") if change.story_edit else ("story",)
        try:
            file = resources.find("stories", change.story_edit or self.study.story, self.study.beside)
            story = yaml_loader.read(file, Story)
        except UsageError as error:
            raise self.study.wrong(error, *keys) from None
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
        self._check_there(condition, phrasing, change, before)
        edited = self._story(condition, phrasing, change) if change.story_edit else None
        swaps = {}
        for role, name in change.swaps.items():
            given = self._persona(condition, phrasing, role, name, story)
            try:
                made = casting.swapped(before.cast, {role: given}, known=True, named=story.cast)
                casting.check_swaps(edited or story, made, [role])
            except UsageError as error:
                raise self.study.wrong(error, *self._keys(condition, phrasing, "swaps", role)) from None
            swaps[role] = Swap(persona=made.personas[role], file=Path(given).name)
        if edited:
            try:
                story_edit.edited(before, (), before.scenes[scene_at(before, at)][1], False, edited)
            except UsageError as error:
                raise self.study.wrong(error, *self._keys(condition, phrasing, "story_edit")) from None
        return Turn(
            parent="", at=at, swaps=swaps, drop=change.drop,
            say=tuple(pair for line in change.say for pair in line.items()),
            story=edited, story_file=edited.path.name if edited and edited.path else "",
        )  # fmt: skip

    def _check_there(self, condition: str, phrasing: str, change: Condition, before: RunConfig) -> None:
        """See that whoever says a line is there, and that somebody is left."""
        rest = before.scenes[scene_at(before, change.at or "") :]
        speaks = [role for line in change.say for role in line]
        for number, (beat, scene) in enumerate(rest):
            absent = set(change.drop).difference(() if number else speaks)  # who speaks there leaves after it
            if not set(scene.present) - absent:
                wrong = f"nobody would be left in {beat.id}/{scene.id}; keep one of them"
                raise UsageError(f"{self.study.place('conditions', condition, 'drop')}: {wrong}")
        beat, scene = rest[0]
        if speaks and scene.kind == "epilogue":
            wrong = f"nobody can speak in {beat.id}/{scene.id}, where the end is told; begin before it"
            raise UsageError(f"{self.study.place('conditions', condition, 'at')}: {wrong}")
        for role in speaks:
            if role not in scene.present:
                wrong = f"{role} is not in {beat.id}/{scene.id}, where it is said; there are {', '.join(scene.present)}"
                raise UsageError(f"{self.study.place(*self._keys(condition, phrasing, 'say'))}: {wrong}")

    def _persona(self, condition: str, phrasing: str, role: str, name: str, story: Story) -> str | Path:
        """Whom a swap names: another role, or a file."""
        keys = self._keys(condition, phrasing, "swaps", role)
        self._check_role(role, story, *keys)
        if name in story.cast:
            return name
        try:
            return resources.find("personas", name, self.study.beside)
        except UsageError as error:
            raise self.study.wrong(error, *keys) from None

    def _check_role(self, role: str, story: Story, *keys: str) -> None:
        if role not in story.cast:
            known = f"{did_you_mean(role, story.cast)}; it has {', '.join(story.cast)}"
            raise UsageError(f"{self.study.place(*keys)}: no role {role!r} in this story{known}")

    def _keys(self, condition: str, phrasing: str, *last: str) -> tuple[str, ...]:
        """Where something stands in the file: in the phrasing, if that has it, else in the condition."""
        found: object = self.study.conditions[condition].phrasings.get(phrasing)
        own = found is not None and (not last[0] or bool(getattr(found, last[0])))
        if own and len(last) > 1:
            own = last[1] in getattr(found, last[0])
        words = tuple(filter(None, last))
        return ("conditions", condition, *(("phrasings", phrasing) if own else ()), *words)
