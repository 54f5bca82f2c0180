"""What is played on a server, as plain JSON, and the plan and the model that follow from it.

Whoever reaches the server sends it, and the server has no login. So it holds names and never a path: no file is read
that the server does not offer. Addresses and keys are set where the server is started.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from dreamplay import api, casting, prepare
from dreamplay import settings as reading
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import UsageError
from dreamplay.open_model import OpenModel
from dreamplay.runs.transcript import Header
from dreamplay.schema.error_messages import did_you_mean, listed, sentence
from dreamplay.schema.story import Length

_PLAYS = 8
"""Plays of which the server keeps the plan. To read a story takes a second, and every step needs it."""


@dataclass(frozen=True)
class Choices:
    """What is played: the context of the graph. A thread keeps what it began with."""

    __pydantic_config__ = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    story: str | None = None
    """The name of a story that the server has. Default: the one that it draws."""
    swaps: dict[str, str] = field(default_factory=dict)
    """Role to the name of a persona that the server has, or to another role."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """Of all random choices. Default: drawn."""
    model: str | None = None
    """Who speaks: `scripted`, `embedded`, or a model at the server's address. Default: what is set on the server."""
    length: Length | None = None
    """How many turns a scene has: `short` or `full`."""
    beats: tuple[str, ...] = ()
    """The beats that are played. Default: all."""
    visitor: str | None = None
    """The name of somebody who takes part: you. The play then asks you by interrupts."""
    every_line: bool = False
    """Whether the visitor is asked after every line."""


@dataclass(frozen=True)
class Played:
    """A plan, and the model it is played on."""

    plan: RunConfig
    model: OpenModel

    @property
    def header(self) -> Header:
        """The header of its transcript."""
        settings = prepare.recorded(self.model.spec) | self.plan.recorded(self.model.model)
        return self.plan.header(self.model.name, settings)


_CHOICES = TypeAdapter(Choices)


def resolved(given: Choices | None) -> Choices:
    """What is to be played, with what is set on the server in place of what was not chosen, and with a seed.

    Raises:
        UsageError: a value cannot be used.
    """
    chosen = checked(plain(given or Choices()))
    settings = reading.load(seed=chosen.seed, length=chosen.length)
    return replace(
        chosen,
        story=chosen.story or settings.story,
        model=chosen.model or settings.model,
        length=settings.length,
        seed=random.SystemRandom().randrange(10_000) if settings.seed is None else settings.seed,
    )


def checked(values: dict[str, Any]) -> Choices:
    """What was chosen, from JSON.

    Raises:
        UsageError: a value cannot be used.
    """
    try:
        return _CHOICES.validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"context: {where[:80]}: {sentence(first)}") from None


def plain(choices: Choices) -> dict[str, Any]:
    """What was chosen, as JSON."""
    made: dict[str, Any] = _CHOICES.dump_python(choices, mode="json")
    return made


def played(choices: Choices) -> Played:
    """The plan and the model of what was chosen.

    Raises:
        DreamplayError: it cannot be played.
    """
    return _played(json.dumps(plain(choices)))


@lru_cache(maxsize=_PLAYS)
def _played(choices: str) -> Played:
    chosen = _CHOICES.validate_json(choices)
    _check_names(chosen)
    model = _open(chosen.model)
    settings = reading.load(story=chosen.story, seed=chosen.seed, length=chosen.length)
    _, plan, _ = prepare.planned(
        settings, chosen.swaps, model, beats=chosen.beats, guest=chosen.visitor, every_line=chosen.every_line
    )
    return Played(plan, model)


def _check_names(chosen: Choices) -> None:
    """Refuse a name that the server does not offer, since it could be the path of any file.

    Raises:
        UsageError: there is one; or there is nobody to ask after every line.
    """
    own = reading.load()
    _offered("story", chosen.story, [*casting.offered("stories"), own.story])
    personas = casting.offered("personas")
    if chosen.swaps:
        roles = casting.load_story(chosen.story or own.story).cast
        for role, name in chosen.swaps.items():
            _offered(f"swaps.{role}", name, [*personas, *roles])
    if chosen.visitor and chosen.visitor.lower().endswith((".yaml", ".yml")):
        _offered("visitor", chosen.visitor, personas)
    if chosen.model and chosen.model.lower().endswith(".gguf") and chosen.model != own.model:
        raise UsageError("context: model: a file is named where the server is started, with DREAMPLAY_MODEL")
    if chosen.every_line and not chosen.visitor:
        raise UsageError("context: every_line: there is nobody to ask; name a `visitor`")


_opening = threading.Lock()


def _open(name: str | None) -> OpenModel:
    """A model, opened once for all threads of the server."""
    with _opening:
        return _opened(name)


@cache
def _opened(name: str | None) -> OpenModel:
    return api.get_model(name)


def _offered(what: str, name: str | None, known: Iterable[str]) -> None:
    """Refuse a name that the server does not offer, which could be the path of any file.

    Raises:
        UsageError: see above.
    """
    names = list(dict.fromkeys(each.removesuffix(".yaml") for each in known))
    if name is not None and name.removesuffix(".yaml") not in names:
        raise UsageError(
            f"context: {what}: nothing is called {name[:60]!r}{did_you_mean(name, names)}; there are {listed(names)}"
        )
