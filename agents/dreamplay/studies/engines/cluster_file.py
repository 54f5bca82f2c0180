"""The file of a cluster that is started for a study: how many workers, and where they run."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from dreamplay.errors import UsageError
from dreamplay.library import yaml_document, yaml_loader
from dreamplay.schema.authored import Authored
from dreamplay.schema.base import MisplacedError
from dreamplay.schema.error_messages import did_you_mean, listed

NAME = "dreamplay"
"""Of what is started, unless somebody has named it: so that what is left of a command that was killed can be told from
what others have who use Dask."""
QUEUE_CLASSES = {
    "slurm": "SLURMCluster", "pbs": "PBSCluster", "sge": "SGECluster", "lsf": "LSFCluster", "oar": "OARCluster",
    "moab": "MoabCluster", "htcondor": "HTCondorCluster", "local": "LocalCluster",
}  # fmt: skip
"""Section to the class of dask-jobqueue that reads it."""

_Section = dict[str, Any] | None


class ClusterFile(Authored):
    """A cluster to be started. Its section is that of the configuration of dask-jobqueue or dask-kubernetes, with their
    names; what it does not set is as their own configuration has it."""

    workers: int = Field(ge=1, le=10_000)
    """How many: jobs of a queue, each with as many processes as its section says, or pods."""
    tls: bool = False
    """Whether scheduler and workers of a queue speak only to those who have a certificate that is made for this one
    command. Without it, whoever reaches the scheduler can have anything executed by its workers."""
    slurm: _Section = None
    pbs: _Section = None
    sge: _Section = None
    lsf: _Section = None
    oar: _Section = None
    moab: _Section = None
    htcondor: _Section = None
    local: _Section = None
    """Jobs that are processes of this machine, to try it out."""
    kubernetes: _Section = None

    @model_validator(mode="after")
    def _one(self) -> ClusterFile:
        if len(self.sections) != 1:
            known = ", ".join((*QUEUE_CLASSES, "kubernetes"))
            raise ValueError(f"write exactly one section that says where the workers run: {known}")
        if self.tls and self.kubernetes is not None:
            raise MisplacedError("it is for queues; keep the pods of kubernetes in a network of their own", "tls")
        return self

    def place(self, *keys: str) -> str:
        """A key for a message, with the file and line in which it stands."""
        shown = ".".join(keys)
        return f"{self.path}:{yaml_document.read(self.path).line_of(keys)}: {shown}" if self.path else shown

    @property
    def sections(self) -> dict[str, dict[str, Any]]:
        """The sections that are there, by name."""
        found = {name: getattr(self, name) for name in (*QUEUE_CLASSES, "kubernetes")}
        return {name: section for name, section in found.items() if section is not None}


def read(cluster: str) -> ClusterFile | None:
    """What the file of a cluster says; None for the address of a scheduler.

    Raises:
        LibraryError: it cannot be read, or does not fit.
    """
    return None if "://" in cluster else yaml_loader.read(Path(cluster), ClusterFile)


def configure(
    file: ClusterFile, name: str, above: str, section: dict[str, Any], known: Collection[str] | None = None
) -> None:
    """Put a section into the configuration of Dask, where whoever starts the cluster reads it.

    Args:
        file: in which the section is.
        name: of the section.
        above: where it goes.
        section: what it says.
        known: the keys that it may have. If not set: those that are there.

    Raises:
        UsageError: a key is unknown there.
    """
    import dask

    known = known or dask.config.get(above)
    for key in section:
        if key.replace("_", "-") not in {each.replace("_", "-") for each in known}:
            keys = sorted(known)
            raise UsageError(f"{file.place(name, key)}: unknown key{did_you_mean(key, keys)}; valid are {listed(keys)}")
    dask.config.set({f"{above}.{key}": value for key, value in section.items()})
