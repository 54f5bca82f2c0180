"""The arguments of the Python functions: checked, and made into a play that can begin."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dreamplay import prepare
from dreamplay import settings as reading
from dreamplay.argument_types import checked_names
from dreamplay.branched import Branched
from dreamplay.errors import UsageError
from dreamplay.keywords import ModelKeywords, PlayKeywords, PluginKeywords, TraceKeywords
from dreamplay.open_model import OpenModel
from dreamplay.prepare import Prepared
from dreamplay.run import Run
from dreamplay.schema.error_messages import did_you_mean
from dreamplay.schema.story import Story

if TYPE_CHECKING:
    from dreamplay.engine.run_config import RunConfig
    from dreamplay.models.base import Model
    from dreamplay.models.profile import ModelProfile

Playable: TypeAlias = "str | Path | Story | Branched | Run"
"""A story by name, by file or as a value, a branch, or a run that was stopped."""
AnyModel: TypeAlias = "str | Path | OpenModel | Model"
"""A model by name or file, one that was opened by `get_model`, or one of your own."""


def preparation(
    caller: Callable[..., object], story: Playable | None, model: AnyModel | None, own: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> Callable[[], Coroutine[None, None, Prepared]]:  # fmt: skip
    """What prepares a play once it is to begin; what no play could use is refused at once."""
    _check(caller, story, model, own, settings)
    named, opened = _named_or_open(model)
    given: dict[str, Any] = {**settings, "seed": own["seed"], "out": own["out"], "model": named}

    async def prepared() -> Prepared:
        match story:
            case Run():
                return await prepare.resume(story.place, reading.load(**given), opened)
            case Branched():
                return await prepare.branch(story, reading.load(**given), opened)
        told, value = (None, story) if isinstance(story, Story) else (story and str(story), None)
        guest, file = own["visitor"], own["interventions"]
        return await prepare.begin(
            reading.load(**given, story=told), own["swaps"] or {}, opened, value,
            beats=own["beats"], guest=str(guest) if isinstance(guest, Path) else guest,
            interventions=None if file is None else Path(file), every_line=bool(own.get("every_line")),
        )  # fmt: skip

    return prepared


def planned(
    caller: Callable[..., object], story: str | Path | Story | None, model: AnyModel | None, own: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> tuple[RunConfig, ModelProfile]:  # fmt: skip
    """What a new play is to be, and the profile by which its model is played as far as that is known without asking it.

    Raises:
        DreamplayError: it cannot be played.
    """
    _check(caller, story, model, own, settings)
    named, opened = _named_or_open(model)
    told, value = (None, story) if isinstance(story, Story) else (story and str(story), None)
    _, plan, profile = prepare.planned(
        reading.load(**settings, model=named, story=told), own["swaps"] or {}, opened, value, beats=own["beats"]
    )
    return plan, profile


def _named_or_open(model: AnyModel | None) -> tuple[str | None, OpenModel | None]:
    """A model as the name that settings have for it, or as one that is open already."""
    if isinstance(model, str | Path):
        return str(model), None
    return None, model if isinstance(model, OpenModel | None) else OpenModel(model)


def known(function: Callable[..., object], settings: Mapping[str, object], keywords: type) -> None:
    """Refuse a keyword that there is not.

    Raises:
        TypeError: there is one; the message names the nearest.
    """
    if unknown := sorted(set(settings) - set(keywords.__annotations__)):
        there = [*keywords.__annotations__, *inspect.signature(function).parameters]
        close = did_you_mean(unknown[0], there)
        raise TypeError(f"{function.__name__}() got an unexpected keyword argument {unknown[0]!r}{close}")


def _check(
    caller: Callable[..., object], story: object, model: object, own: Mapping[str, object],
    settings: Mapping[str, object],
) -> None:  # fmt: skip
    """Refuse what no play could use, and what would be passed over.

    Raises:
        UsageError: see `stream`.
        TypeError: see `stream`.
    """
    known(caller, settings, PlayKeywords)
    if not isinstance(story, str | Path | Story | Branched | Run | None):
        raise TypeError(f"a story is a name, a file, a Story, a branch or a run, not {type(story).__name__}")
    if not (isinstance(model, str | Path | OpenModel | None) or hasattr(model, "complete")):
        raise TypeError(f"`model` is a name, a file or a model, not {type(model).__name__}")
    if not isinstance(own["swaps"], Mapping | None):
        raise TypeError(f"`swaps` is a dictionary, role to persona, not {own['swaps']!r}")
    checked_names("beats", own["beats"])
    if settings.get("no_check") is not None:
        checked_names("no_check", settings["no_check"])
    given = {name for name, value in {**own, **settings}.items() if value not in (None, (), [], {})}
    asked = given & ModelKeywords.__annotations__.keys()
    fixed = given - asked - TraceKeywords.__annotations__.keys()
    if isinstance(story, Run):
        fixed -= PluginKeywords.__annotations__.keys()
    if isinstance(story, Run | Branched) and fixed:
        raise UsageError(f"`{min(fixed)}` cannot be changed in a run that goes on; give it to a branch or a new play")
    if model is not None and not isinstance(model, str | Path) and asked:
        raise UsageError(f"`{min(asked)}` is of a model that is open already; give it where the model is opened")
