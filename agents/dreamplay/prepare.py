"""A play before it begins: whatever it needs is read and checked, its model is opened, and nothing is written yet.

The command line and the Python functions both begin here, so that there is one way to play.
"""

from __future__ import annotations

import random
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from dreamplay import plugins
from dreamplay.errors import SettingsError, UsageError
from dreamplay.models import adapter, model_choice, model_store, registry
from dreamplay.models.adapter import AdapterRecord
from dreamplay.models.model_choice import ModelSpec
from dreamplay.models.profile import ModelProfile
from dreamplay.open_model import OpenModel
from dreamplay.runs import home as homes
from dreamplay.runs import transcript
from dreamplay.schema.error_messages import sentence
from dreamplay.storage import disk
from dreamplay.storage.folders import FolderStore, at
from dreamplay.storage.store import Place, Store, check_free
from dreamplay.tracing import choice

if TYPE_CHECKING:
    from dreamplay.branched import Branched
    from dreamplay.engine.run_config import RunConfig
    from dreamplay.engine.runner import Runner
    from dreamplay.runs.transcript import Header, Resumed
    from dreamplay.schema.cast import Persona
    from dreamplay.schema.event import Event
    from dreamplay.schema.story import Story
    from dreamplay.settings import Settings


@dataclass(frozen=True)
class Prepared:
    """A play that can begin: everything is read and checked, and nothing is written yet."""

    player: Runner
    engine: ModelSpec | None
    """Which model was chosen, and why; None for one of the caller's own."""
    opened: bool
    """Whether the model was opened for this play, and is to be closed after it."""
    before: tuple[Event, ...] = ()
    """What was played already, of a run that goes on."""
    done: bool = False
    """Whether it was played to its end already, and there is nothing to play."""


async def begin(
    settings: Settings, swaps: Mapping[str, str | Path | Persona], given: OpenModel | None = None,
    story: Story | None = None, **chosen: Any,
) -> Prepared:  # fmt: skip
    """Prepare a play from its beginning, in a new place.

    Args:
        settings: what was set.
        swaps: role to persona; see `dreamplay.play`.
        given: the model; None: the one that the settings say is opened.
        story: None: the one that the settings name.
        chosen: what else `run_config.make_run_config` takes.

    Raises:
        DreamplayError: it cannot be played.
    """
    # The plan is checked before the model is opened, and a local model loads while the graph is imported.
    spec, plan, _ = planned(settings, swaps, given, story, **chosen)
    if settings.out:
        check_free(at(settings.out))
        if at(settings.out).has(transcript.FILE):
            raise UsageError(f"{settings.out} already holds a run; choose another `out`")
    store = None if settings.out else homes.chosen(settings)
    if folder := store.path if isinstance(store, FolderStore) else settings.out:
        disk.check_writable(folder)
    tracing = choice.chosen(settings)
    model = await _opened(spec, settings) if spec else given
    from dreamplay.engine.runner import Runner

    place = _free(plan, store) if store else settings.out
    assert model
    assert place
    reflect = model.model.profile.reflections if settings.reflect is None else settings.reflect
    player = Runner(replace(plan, reflect=reflect), model.model, place, recorded(model.spec))
    player.trace = tracing
    return Prepared(player, model.spec, given is None)


def planned(
    settings: Settings, swaps: Mapping[str, str | Path | Persona], given: OpenModel | None = None,
    story: Story | None = None, **chosen: Any,
) -> tuple[ModelSpec | None, RunConfig, ModelProfile]:  # fmt: skip
    """What is to be played, read and checked: the choice of a model, unless one is given, the plan, and the profile by
    which the model is played as far as it is known before it is opened. It takes the arguments of `begin`.

    Raises:
        DreamplayError: it cannot be played.
    """
    if given:
        spec, known = None, given.model.profile
    else:
        spec = model_choice.choose(settings)
        known = model_choice.profile(spec, settings)
    seed = random.SystemRandom().randrange(10_000) if settings.seed is None else settings.seed
    from dreamplay.engine import run_config
    from dreamplay.engine.plugin_set import SHIPPED

    plan = run_config.make_run_config(
        story or settings.story, swaps, seed=seed, length=settings.length,
        plugins=SHIPPED.chosen(settings), checks_off=settings.no_check, **chosen,
    )  # fmt: skip
    plan.pipeline(known)  # a check that is not there is said before a model is loaded
    reflect = known.reflections if settings.reflect is None else settings.reflect
    return spec, replace(plan, reflect=reflect), known


def _free(plan: RunConfig, store: Store) -> Place:
    """A place among the runs that is not there yet: several may begin in one second with the same dice."""
    name = f"{disk.named(plan.story_id)}-{datetime.now().astimezone():%Y%m%d-%H%M%S}-{plan.seed}"
    names = (f"{name}-{n}" if n > 1 else name for n in count(1))
    return next(place for place in map(store.place, names) if not place.exists())


async def resume(
    where: Place | Path,
    settings: Settings,
    given: OpenModel | None = None,
    check: Callable[[RunConfig], None] = lambda plan: None,
) -> Prepared:
    """Prepare to go on where a run was stopped. `check` may refuse its plan before a model is opened.

    Raises:
        DreamplayError: there is nothing to go on with, or another process plays it.
    """
    from dreamplay.engine import run_config

    place = at(where)
    check_free(place)
    record = transcript.unfinished(place)
    plan = run_config.from_header(record.header, record.newest)
    plan = replace(plan, plugins=plan.plugins.chosen(settings))
    check(plan)
    tracing = choice.chosen(settings)
    model = given or await _as_before(settings, record.newest)
    from dreamplay.engine.runner import Runner

    player = Runner(plan, model.model, place, recorded(model.spec), goes_on=True, trace=tracing)
    return Prepared(player, model.spec, given is None, tuple(record.script))


async def branch(
    branched: Branched, settings: Settings, given: OpenModel | None = None, home: Store | None = None
) -> Prepared:
    """Prepare a branch, to be begun or gone on with, in its place in `home`, or beside its parent.

    Raises:
        DreamplayError: it cannot be played.
    """
    from dreamplay.branching import batch

    parent = branched.parent
    tracing = choice.chosen(settings)
    model = given or await _as_before(settings, parent.record.newest)
    kept = recorded(model.spec)
    job = batch.job(branched.branch, model.model, kept, home or parent.place.home)
    if job.found() is None:  # from now on lists show it, and it outlives this process, whenever its play begins
        transcript.begin(job.place, job.header, branched.branch.events)
    player = job.run(model.model, kept, trace=tracing)
    return Prepared(player, model.spec, given is None, branched.branch.events, job.done())


async def _as_before(settings: Settings, before: Header | Resumed) -> OpenModel:
    spec, known = choose(settings, before)
    return await _opened(spec, settings, known)


async def _opened(spec: ModelSpec, settings: Settings, known: ModelProfile | None = None) -> OpenModel:
    return OpenModel(await registry.open_model(spec, settings, known), spec)


def choose(settings: Settings, before: Header | Resumed) -> tuple[ModelSpec, ModelProfile | None]:
    """The model with which a run goes on or branches off, and the profile with which it was played, if it is the same
    model with the same adapter: what is not set anew is as it was.

    Raises:
        SettingsError: model or adapter has to be named again, since a transcript keeps neither an address nor a path;
            or what was named cannot be used.
    """
    provider = before.settings.get("provider", "endpoint")
    own = {"scripted": "scripted", model_store.NAME: "embedded"}.get(before.model)
    if provider not in model_choice.SHIPPED:
        variant = before.settings.get("variant")
        own = f"{provider}:{variant}" if variant else str(provider)
        if settings.model is None and settings.base_url is None:
            plugins.find("models", str(provider))
    endpoint = own is None and provider != "gguf"
    model = settings.model
    if model is None and endpoint and settings.address():
        model = before.model
    elif model is None and settings.base_url is None:
        if own is None:
            what = f"`model={shlex.quote(before.model)}` `base_url=URL`" if endpoint else "`model=FILE.gguf`"
            raise SettingsError(f"the run was played on {before.model}; name it again, {what}, or another model")
        model = own
    same = model is not None and (model == own or before.model in (model, Path(model).stem))
    if not same:
        return model_choice.choose(settings.filled(model=model)), None
    kept = before.settings.get("adapter")
    was = AdapterRecord.model_validate(kept) if kept else None
    spec = model_choice.choose(settings.filled(model=model, adapter=settings.adapter or _adapter_again(was)))
    now = spec.adapter.record if spec.adapter else None
    if settings.model is None:
        spec = replace(spec, reason="as before")
    if now and was and now.name == was.name and now != was:
        spec = replace(spec, note="; the adapter is another version than before")
    alike = (now and now.name) == (was and was.name)
    return spec, recorded_profile(before) if alike else None


def _adapter_again(was: AdapterRecord | None) -> str:
    """The setting by which a run is played with the same adapter as before. Of the shipped one that may be another
    version.

    Raises:
        SettingsError: it was a file, which has to be named again.
    """
    if was is None:
        return adapter.NONE
    shipped = adapter.shipped()
    if shipped and shipped.name == was.name:
        return adapter.SHIPPED
    raise SettingsError(
        f"the run was played with the adapter {was.name!r}; name it again, `adapter=FILE.gguf`, or play on without it: "
        f"`adapter={adapter.NONE}`"
    )


def recorded_profile(before: Header | Resumed) -> ModelProfile | None:
    """The profile with which a run was played last; None if it keeps none.

    Raises:
        SettingsError: it has a value that cannot be used.
    """
    try:
        return ModelProfile.model_validate(before.settings["profile"]) if "profile" in before.settings else None
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(f"the earlier run: profile.{first['loc'][0]}: {sentence(first)}") from None


def recorded(spec: ModelSpec | None) -> dict[str, Any]:
    """What the header of a run keeps of the choice of a model: no address, and no path of a file."""
    if spec is None:
        return {}
    variant = {} if spec.kind in model_choice.SHIPPED or spec.model is None else {"variant": spec.model}
    plays_with = {"adapter": spec.adapter.record.model_dump(exclude_none=True)} if spec.adapter else {}
    return {"provider": spec.kind} | variant | plays_with
