"""A study in Python: its tasks, how far they are, what they will cost, and their playing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dreamplay import statistics
from dreamplay.branching import batch
from dreamplay.errors import ModelError, UsageError
from dreamplay.models.profile import ModelProfile
from dreamplay.runs import home
from dreamplay.schema.address import Address
from dreamplay.settings import Settings
from dreamplay.statistics.reach import Reach
from dreamplay.statistics.report import StudyReport
from dreamplay.statistics.table import Table
from dreamplay.storage import opening
from dreamplay.storage.store import Store
from dreamplay.studies import planning, study
from dreamplay.studies.costs import StudyEstimate, costs
from dreamplay.studies.engines.base import Engine
from dreamplay.studies.plan import Plan
from dreamplay.studies.play import StudyPlay
from dreamplay.studies.status import StudyStatus, status
from dreamplay.studies.study import Study
from dreamplay.studies.tasks import Task

LOCAL = ("embedded", "gguf")
"""Models that run in the process that plays: two of them on the cores of one crawl."""
_AGAIN = "the same command again"
"""The next step, which some reasons name already."""


@dataclass(frozen=True, repr=False)
class LoadedStudy:
    """A study that was read and checked, with where its plays are kept."""

    study: Study
    settings: Settings
    store_address: str
    addresses: tuple[Address, ...] = ()
    """Of the model, as the user named them; empty: those of the study, or what the settings say."""

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """Every phrasing of every condition, read and checked."""
        return planning.plans(self.study, self.settings)

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """All plays, in the order in which they begin."""
        return planning.tasks_of(self.study, self.plans)

    @property
    def reach(self) -> Reach:
        """What a study of this size can tell at the very best. Phrasings that branch off the same wording of the
        baseline count as one, as they do in its tests."""
        units: dict[str, list[str]] = {}
        for plan in self.plans:
            units.setdefault(plan.condition, []).append(plan.before.phrasing if plan.before else plan.phrasing)
        phrasings = {name: len(set(each)) for name, each in units.items()}
        return statistics.reach(
            base=phrasings.pop(self.study.baseline), conditions=phrasings, seeds=len(self.study.seeds),
            measures=len(self.study.measures), placebo=self.study.placebo, controls=len(self.study.control),
            written={name: len(each) for name, each in units.items()},
        )  # fmt: skip

    @cached_property
    def store(self) -> Store:
        """Where its plays are kept."""
        return opening.open_store(self.store_address)

    @property
    def local(self) -> bool:
        """Whether a model runs in the process that plays."""
        return any(plan.spec.kind in LOCAL for plan in self.plans)

    @property
    def models(self) -> tuple[str, ...]:
        """What plays, at which addresses, and why, in words."""
        others = "".join(f" and at {address}" for address in (self.addresses or self._own)[1:])
        names = (f"{plan.spec}{others if plan.spec.kind == 'endpoint' else ''}" for plan in self.plans)
        return tuple(dict.fromkeys(names))

    def status(self) -> StudyStatus:
        """How far it is."""
        return status(self.tasks, self.store)

    def table(self) -> Table:
        """One row for each play: its condition, phrasing and seed, and what the study measures. It can be written as
        CSV or JSON; `dreamplay.statistics` reads both.

        Raises:
            RecordError: a play is damaged.
        """
        from dreamplay.studies import table

        return table.table(self.study, self.tasks, self.store)

    def report(self, table: Table | None = None, *, file: str = "results.csv") -> StudyReport:
        """What the study has found: controls first, and each number with how it was made.

        Args:
            table: its table; None: read now.
            file: what the exported table is called in the calls that make a number again.

        Raises:
            RecordError: a play is damaged.
            UsageError: the study asks for no measure.
        """
        from dreamplay.studies import report

        return report.report(self.study, table or self.table(), file=file)

    def estimate(self, jobs: int | None = None) -> StudyEstimate:
        """What the plays that are not finished will cost, about, with so many plays at once."""
        return costs(self.study, self.plans, self.status(), self.jobs(jobs))

    def jobs(self, asked: int | None = None) -> int:
        """How many plays are played at once: as many as are asked for, or as suit the model.

        Raises:
            UsageError: a local model has no room for so many.
        """
        profiles = [ModelProfile.model_validate(plan.header.settings["profile"]) for plan in self.plans]
        most = min((profile.max_jobs for profile in profiles if profile.max_jobs), default=None)
        if asked and most and asked > most:
            raise UsageError(f"`jobs={asked}`: a local model has room for {most} runs at once; ask for fewer")
        return asked or min(profile.jobs for profile in profiles)

    def prepare(
        self, jobs: int | None = None, processes: int | None = None, cluster: str | Path | None = None
    ) -> StudyPlay:
        """The playing of what is not finished.

        Args:
            jobs: plays at once, in all processes together; None: as many as suit the model.
            processes: how many processes play; None: one for each core, or this one if the model is a local one.
            cluster: the address of a Dask scheduler, or the file of a cluster to start; None: this machine plays.

        Raises:
            UsageError: so many plays or processes are not possible, or the cluster cannot be used.
        """
        from dreamplay.studies.engines.here import Here
        from dreamplay.studies.engines.processes import Processes, cores
        from dreamplay.studies.worker import Workplace

        missing = self.status().missing
        tasks = [task for task in self.tasks if task.name in missing]
        at_once = self.jobs(jobs)
        if processes and cluster:
            raise UsageError(f"`processes={processes}`: a cluster has its own; leave it out")
        if self.local and processes and processes > 1:
            raise UsageError(f"`processes={processes}`: a local model plays in one process; leave it out")
        number = 1 if self.local else min(processes or cores(), at_once, max(len(tasks), 1))
        named = bool(self.addresses)
        place = Workplace(
            store=self.store_address, addresses=self.addresses or self._own, trusted=named, jobs=at_once,
            all_jobs=at_once, limits=self.study.limits, timeout=self.settings.timeout,
        )  # fmt: skip
        if cluster:
            from dreamplay.studies.engines.dask import Dask

            return StudyPlay(Dask(str(cluster), place), tasks)
        batch.check(-(-min(at_once, len(tasks)) // number), max(len(plan.header.cast) for plan in self.plans))
        engine: Engine = Here(place) if number == 1 else Processes(place, number)
        return StudyPlay(engine, tasks)

    @property
    def _own(self) -> tuple[Address, ...]:
        """The addresses that the study names, unless something else was named instead."""
        used = self.plans[0].spec.address_source
        return tuple(map(Address.parse, self.study.base_url)) if used and used.kind == "study" else ()

    def run(
        self, *, jobs: int | None = None, processes: int | None = None, cluster: str | Path | None = None
    ) -> StudyStatus:
        """Play what is not finished, and say how far it is then. The same call goes on with what was broken off.

        Args:
            jobs: plays at once; None: as many as suit the model.
            processes: how many processes play; None: one for each core.
            cluster: the address of a Dask scheduler, or the file of a cluster to start; None: this machine plays.

        Raises:
            ModelError: some of the plays failed; the others were played.
            UsageError: so many plays or processes are not possible.
            KeyboardInterrupt: Ctrl-C. The lines that were being spoken are finished and kept.
        """
        from dreamplay import event_loop
        from dreamplay.studies.engines.base import Unwatched

        playing = self.prepare(jobs, processes, cluster)
        event_loop.wait(playing.play(Unwatched()), playing.stop)
        check(playing)
        return self.status()

    def __repr__(self) -> str:
        return f"<Study {self.study.name}: {self.study.title!r}, {len(self.tasks)} plays in {self.store}>"


def load_study(
    file: str | Path, *, store: str | Path | None = None, model: str | None = None, base_url: str | Sequence[str] = (),
    timeout: float | None = None,
) -> LoadedStudy:  # fmt: skip
    """Read the file of a study, and check all that it names. `LoadedStudy.run` plays it.

    Args:
        file: of the study.
        store: where its plays are kept: a folder, or an address postgresql://...; None: what the settings say, else a
            folder in `transcripts/` that is called like the file.
        model: in place of the study's own.
        base_url: one address of it or several, in place of those of the study. Only to these a key is sent.
        timeout: seconds; see `Settings.timeout`.

    Raises:
        UsageError: the file, or something that it names, is missing or not valid; the message names file and line.
    """
    from dreamplay import settings as reading

    urls = (base_url,) if isinstance(base_url, str) else tuple(base_url)
    kept = str(store) if store else None
    settings = reading.load(model=model, base_url=urls[0] if urls else None, timeout=timeout, store=kept)
    try:
        addresses = tuple(map(Address.parse, urls))
    except ValueError as error:
        raise UsageError(f"`base_url`: {error}") from None
    found = study.read(Path(file))
    where = home.address(settings)
    if settings.source("store") is None:
        where = str(Path(where) / found.name)
    loaded = LoadedStudy(found, settings, where, addresses)
    assert loaded.plans  # read now, so that what is wrong is said now
    return loaded


def check(played: StudyPlay) -> None:
    """See that all plays that were to be played were.

    Raises:
        ModelError: some failed; the message names the first and says how many.
    """
    if played.failed:
        name, why = next(iter(played.failed.items()))
        again = "" if _AGAIN in why else f"; {_AGAIN} plays what is missing"
        raise ModelError(f"{len(played.failed)} of {len(played.tasks)} plays failed, {name} first: {why}{again}")
