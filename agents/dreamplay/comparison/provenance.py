"""The provenance of a comparison: version, date, and runs."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import PlainSerializer

from dreamplay.comparison import model_settings
from dreamplay.comparison.alignment import Pairing
from dreamplay.comparison.model_settings import CHECKS
from dreamplay.errors import UsageError
from dreamplay.memory.base import MEMORY, NO_MEMORY
from dreamplay.runs.run_settings import comparable
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.base import FrozenModel, Words
from dreamplay.statistics.permutation import DRAWN, PermutationTest
from dreamplay.validation.config import CheckConfig

PLUGINS = ("memory", "director", "embedder")
"""The settings that choose plug-ins."""
_GROUPS = ("checks", "profile")
"""The other settings that every run records, but for those of older versions."""
_OF_MODEL = ("profile", "sampling")
"""Groups whose settings are called by their own names."""
_CALLED = {"checks names": CHECKS}
"""Settings that are called otherwise than they are recorded."""
_DIGITS = 12
"""Of the SHA-256 of an adapter, where it is shown."""
_CLOCK = "SOURCE_DATE_EPOCH"
"""The environment variable by which reproducible builds fix the time (reproducible-builds.org/specs)."""


class Origin(FrozenModel):
    """The runs of one group."""

    runs: tuple[Words, ...]
    """The names of the run folders."""
    seeds: tuple[int, ...]
    model: str
    settings: dict[str, str]
    """Length, beats, plug-ins and the other settings, without what comes with the model."""
    versions: dict[str, str]
    """The versions of dreamplay that played them."""


class Origins(FrozenModel):
    """The information that is needed to reproduce a comparison."""

    dreamplay: str
    """The version that compared the runs."""
    made: Annotated[date, PlainSerializer(date.isoformat)]
    story: str
    story_hashes: tuple[str, ...]
    """SHA-256 of the story, or of both stories if a branch plays an edited one."""
    base: Origin
    changed: Origin
    pairs: int
    """Number of pairs; 0 if the runs are not paired."""
    deals: int
    """Ways of dealing the runs that were looked at, besides the true one if they were drawn."""
    ways: int
    """Ways that there are; as many as deals where all were looked at."""
    measures: int
    """Number of measures that were tested together."""


def today() -> date:
    """The date in UTC, or the one that `SOURCE_DATE_EPOCH` sets, so that a page can be made again byte for byte.

    Raises:
        UsageError: that variable is set to something else than seconds since 1970.
    """
    fixed = os.environ.get(_CLOCK)
    if not fixed:
        return datetime.now(UTC).date()
    try:
        return datetime.fromtimestamp(int(fixed), UTC).date()
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"{_CLOCK}={fixed[:40]!r} is no time; set it to seconds since 1970, or unset it") from None


def provenance(matched: Pairing, deals: PermutationTest, measures: int, made: date) -> Origins:
    """The provenance of these runs, and of the test."""
    groups = matched.base, matched.changed
    return Origins(
        dreamplay=importlib.metadata.version("dreamplay"),
        made=made,
        story=matched.base[0].header.story.title,
        story_hashes=tuple(dict.fromkeys(run.header.story_hash for group in groups for run in group)),
        base=_source(matched.base),
        changed=_source(matched.changed),
        pairs=len(matched.base) if matched.paired else 0,
        deals=deals.ways if deals.exact else DRAWN,
        ways=deals.ways,
        measures=measures,
    )


def model(run: RunLog) -> str:
    """On which model a run was played, or, where another took over, on which ones."""
    return ", then ".join(run.models)


def settings(run: RunLog, like: RunLog | None = None) -> dict[str, str]:
    """What was set for a run, each in a word or two; of a plug-in its name.

    Args:
        run: the run.
        like: a run to compare it with. What only one of the two can have recorded is left out.
    """
    found = _named(run)
    return dict(_flat(found if like is None else _shared(found, _named(like))))


def plugin_options(run: RunLog, like: RunLog) -> dict[str, str]:
    """The options of those plug-ins of a run that have the same name in the other, by plug-in and option."""
    mine, theirs = _choices(run.header.settings), _choices(like.header.settings)
    same = [name for name in mine if name in theirs and mine[name].get("name") == theirs[name].get("name")]
    return dict(_flat({name: {k: v for k, v in mine[name].items() if k != "name"} for name in same}))


def _unusual(run: RunLog) -> dict[str, str]:
    """The settings without what comes with the model, and what the checks have by themselves."""
    found = settings(run)
    usual = model_settings.usual(run) - {name for name in run.header.settings if name not in _GROUPS}
    usual |= {name for name, value in _flat({"checks": CheckConfig().model_dump()}) if found.get(name) == value}
    return {name: value for name, value in found.items() if name not in usual}


def _source(runs: Sequence[RunLog]) -> Origin:
    first = runs[0]
    return Origin(
        runs=tuple(run.name for run in runs), seeds=tuple(run.header.seed for run in runs), model=model(first),
        settings=_unusual(first), versions=first.header.versions,
    )  # fmt: skip


def _named(run: RunLog) -> dict[str, Any]:
    """The settings of a run, with a plug-in, an adapter and a visit in a word or two."""
    found = _visit(comparable(run.header.settings))
    if "recall" in found:  # an older version knew one memory, or none
        known = found.pop("recall")
        found.setdefault("memory", {"name": (MEMORY if known else NO_MEMORY).name})
    if adapter := found.pop("adapter", None):
        digests = [adapter[each][:_DIGITS] for each in ("sha256", "second") if adapter.get(each)]
        found["adapter"] = f"{adapter['name']} ({', '.join(digests)})"
    others = {name: value for name, value in found.items() if name not in PLUGINS}
    return others | {name: choice.get("name", "") for name, choice in _choices(found).items()}


def _choices(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The plug-ins in settings, which may name one without its options."""
    return {n: {"name": found[n]} if isinstance(found[n], str) else found[n] for n in PLUGINS if found.get(n)}


def _shared(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """My settings, without what the other run does not say of the groups that every newer run records."""
    found = dict(mine)
    for name in (*PLUGINS, *_GROUPS):
        if name not in theirs:
            found.pop(name, None)
        elif isinstance(found.get(name), Mapping) and isinstance(theirs[name], Mapping):
            found[name] = {key: value for key, value in found[name].items() if key in theirs[name]}
    return found


def _visit(found: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, with a visit in a word or two."""
    if "visit" not in found:
        return dict(found)
    done = found["visit"].get("interventions")
    return {**found, "visit": "live" if done is None else f"{len(done)} interventions"}


def _flat(found: Mapping[str, Any], group: str = "") -> Iterator[tuple[str, str]]:
    """Settings by group and name, as in `memory floor`. Those of the model have no group: `temperature`."""
    for key, value in found.items():
        name = _CALLED.get(f"{group}{key}", f"{group}{key}")
        if isinstance(value, Mapping):
            yield from _flat(value, "" if name in _OF_MODEL else f"{name} ")
        else:
            yield name, ", ".join(map(_word, value)) or "none" if isinstance(value, list | tuple) else _word(value)


def _word(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
