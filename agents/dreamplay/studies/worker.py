"""What plays the tasks of a study within one process, many of them at once on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

from dreamplay import prepare
from dreamplay import settings as reading
from dreamplay.branching import batch, branch
from dreamplay.branching.batch import Job
from dreamplay.branching.branch import Branch
from dreamplay.engine import run_config
from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.runner import Runner
from dreamplay.errors import DreamplayError, ModelError, RecordError, UsageError
from dreamplay.models import model_choice, registry
from dreamplay.models.addresses import Addresses
from dreamplay.models.base import Model
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.model_choice import ModelSpec
from dreamplay.models.profile import ModelProfile
from dreamplay.models.rate_limit import RateLimit
from dreamplay.runs import transcript
from dreamplay.runs.records import End, Header, RunLog
from dreamplay.runs.run_settings import comparable
from dreamplay.schema.address import Address
from dreamplay.schema.base import FrozenModel
from dreamplay.settings import Settings
from dreamplay.settings_source import Source
from dreamplay.storage import opening
from dreamplay.storage.store import SOMEBODY, Store
from dreamplay.studies.engines.base import Outcome
from dreamplay.studies.study import Limits
from dreamplay.studies.tasks import Task


class Workplace(FrozenModel):
    """Where and how a worker plays, as plain JSON. It holds no key: a worker reads those of its own environment."""

    store: str
    """The address of the store."""
    addresses: tuple[Address, ...] = ()
    """Of the model; empty: the one that the worker's own settings say."""
    trusted: bool = False
    """Whether the user named the addresses themselves, so that a key is sent there."""
    jobs: int
    """Plays at once in this process, at most."""
    all_jobs: int
    """Plays at once in all processes together, at most."""
    limits: Limits = Limits()
    timeout: float | None = None
    """See `Settings.timeout`."""


class Worker:
    """Plays tasks, on one event loop. Models are opened when the first task needs them."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.stopping = False
        self._playing: dict[str, Runner] = {}
        self._models: dict[str, tuple[Addresses, ModelSpec]] = {}
        self._limits: Sequence[RateLimit] = ()
        self._plans: dict[tuple[str, ...], RunConfig] = {}
        self._opening = asyncio.Lock()

    @cached_property
    def _store(self) -> Store:
        return opening.open_store(self.place.store)

    def stop(self) -> None:
        """Finish the lines that are being spoken, and no more. Whatever `play` is asked from now on is stopped."""
        self.stopping = True
        for run in self._playing.values():
            run.stop()

    async def close(self) -> None:
        """Let go of the models."""
        for addresses, _ in self._models.values():
            await addresses.close()
        self._models = {}

    async def play(self, task: Task) -> Outcome:
        """Play a task, from its beginning or from where it was stopped. What goes wrong is its outcome; nothing is
        raised."""
        if self.stopping:
            return Outcome(name=task.name, state="stopped")
        try:
            _check_version(task)
            return await self._play(task)
        except DreamplayError as error:
            return self._failed(task, error)
        except Exception as error:  # a bug, which is that task's, and no reason to break off the others
            return self._failed(task, batch.bug(error))

    def _failed(self, task: Task, error: DreamplayError) -> Outcome:
        holder = None
        if isinstance(error, RecordError):
            with contextlib.suppress(DreamplayError):  # the store may be gone
                holder = self._store.place(task.name).holder()
        if holder:
            return Outcome(name=task.name, state="elsewhere", why=holder)
        return Outcome(name=task.name, state="failed", why=str(error))

    async def _play(self, task: Task) -> Outcome:
        addresses, spec = await self._opened(task)
        fallen: list[Model] = []
        while True:
            with addresses.lend(task.seed, fallen) as model:
                try:
                    return await self._on(model, spec, task)
                except ModelError:  # the same model at another address may still answer
                    fallen.append(model)
                    if len(self.place.addresses) < 2 or len(fallen) == len(addresses.models) or self.stopping:
                        raise

    async def _on(self, model: Model, spec: ModelSpec, task: Task) -> Outcome:
        kept = prepare.recorded(spec)
        found = self._branch(task)
        header = found.plan.header(model.name, kept | found.plan.recorded(model))
        _check_alike(task, header)
        job = Job(found, header, self._store.place(task.name))
        before = job.found()
        if before and before.end:
            return _outcome(task, "finished", before.end)
        run = job.run(model, kept, watched=False)
        self._playing[task.name] = run
        try:
            if self.stopping:
                run.stop()
            await run.play(lambda seen: None)
        except (RecordError, UsageError):
            # Another worker may have had it since we looked, and is done with it.
            if run.kept or _length(job.found()) == _length(before):
                raise
            return Outcome(name=task.name, state="elsewhere", why=SOMEBODY)
        finally:
            del self._playing[task.name]
        return _outcome(task, "stopped" if run.stopped else "finished", transcript.ended(run.script))

    def _branch(self, task: Task) -> Branch:
        if task.turn is None:
            return Branch(self._plan(task), (), twin=False)
        parent = transcript.read(self._store.place(task.turn.parent))
        return branch.branch(parent, task.turn.parent, task.turn.at, task.turn.changes(), task.seed)

    def _plan(self, task: Task) -> RunConfig:
        """The plan of a task, which shares its cast with all that have the same."""
        header = task.header
        key = (header.story_hash, str(header.persona_hashes), str(header.settings))
        if key not in self._plans:
            self._plans[key] = run_config.from_header(header)
        return replace(self._plans[key], seed=header.seed, changes=header.changes, story_id=header.story_id)

    async def _opened(self, task: Task) -> tuple[Addresses, ModelSpec]:
        """The model of a task, at every address."""
        recorded = task.header.settings["profile"]
        key = f"{task.model} {task.adapter} {recorded}"
        async with self._opening:
            if key not in self._models:
                self._models[key] = await self._open(task, ModelProfile.model_validate(recorded))
            return self._models[key]

    async def _open(self, task: Task, profile: ModelProfile) -> tuple[Addresses, ModelSpec]:
        batch.check(self.place.jobs, len(task.header.cast))
        found: list[Model] = []
        for address in self.place.addresses or (None,):
            settings = self._settings(task, profile, address)
            spec = model_choice.choose(settings)
            # Also for one play at a time: whole replies cost less, and nobody watches.
            lanes = await registry.open_models(
                spec, settings, jobs=max(self.place.jobs, 2), load=False, recorded=profile
            )
            found += list({id(lane): lane for lane in lanes}.values())
            if spec.kind != "endpoint":
                return Addresses(found), spec
        return Addresses(found, self._limited(found)), spec

    def _limited(self, models: Sequence[Model]) -> Sequence[RateLimit]:
        """The limit of each address, whichever model is asked for there."""
        limits = self.place.limits
        if not (limits.requests_per_minute or limits.tokens_per_minute):
            return ()
        share = len(models) / self.place.all_jobs
        per_play = [rate and rate * share for rate in (limits.requests_per_minute, limits.tokens_per_minute)]
        self._limits = self._limits or [RateLimit(*per_play) for _ in models]
        for model, limit in zip(models, self._limits, strict=True):
            assert isinstance(model, Endpoint)
            model.limit = limit
        return self._limits

    def _settings(self, task: Task, profile: ModelProfile, address: Address | None) -> Settings:
        """What a task is played with, whatever the environment of this worker sets besides."""
        named = address if self.place.trusted else None
        settings = reading.load(model=task.model, adapter=task.adapter, timeout=self.place.timeout, base_url=named)
        source = Source("study", "the study")
        return settings.over(
            source, base_url=None if named else address, profile=profile.recorded(), window=profile.context_window,
            headroom=profile.thinking_tokens, temperature=profile.temperature, candidates=profile.candidates,
            direction=profile.direction, think=profile.think,
        )  # fmt: skip


def _outcome(task: Task, state: Literal["finished", "stopped"], end: End) -> Outcome:
    return Outcome(name=task.name, state=state, lines=end.lines, usage=end.usage)


def _length(found: RunLog | None) -> int:
    """How far a run is: its events, and its end; -1 if it was not begun."""
    return -1 if found is None else len(found.script) + (found.end is not None)


def _check_version(task: Task) -> None:
    """Refuse to play what another version of dreamplay has planned.

    Raises:
        UsageError: it has.
    """
    planned, own = task.header.versions.get("dreamplay"), run_config.versions().get("dreamplay")
    if planned != own:
        raise UsageError(f"the study was planned by dreamplay {planned}, and this worker has {own}; install the same")


def _check_alike(task: Task, header: Header) -> None:
    """See that it will be played as it was planned: another machine may have other settings and plug-ins.

    Raises:
        UsageError: it would be played otherwise.
    """
    asked, found = _flat(comparable(task.header.settings)), _flat(comparable(header.settings))
    other = [name for name in sorted(asked.keys() | found.keys()) if asked.get(name) != found.get(name)]
    if other:
        name = other[0]
        raise UsageError(
            f"this worker would play with {name} {found.get(name)!r:.60}, and the study was planned with "
            f"{asked.get(name)!r:.60}; give it the same environment and plug-ins"
        )


def _flat(settings: Mapping[str, Any], *above: str) -> dict[str, Any]:
    """Settings without levels: "profile.temperature"."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        at = (*above, name)
        found |= _flat(value, *at) if isinstance(value, Mapping) else {".".join(at): value}
    return found
