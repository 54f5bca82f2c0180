"""A queueing system that is three programs: what a study on Slurm or Grid Engine asks, without them."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import pytest

ENDS = "echo $$ >>jobs; echo Submitted batch job $$"
"""Lines of shell for `sbatch`: the job is there, and nothing ever runs."""
GRID_ENDS = """echo $$ >>jobs; echo "Your job $$ (\\"dreamplay\\") has been submitted\""""
"""The same for `qsub`."""
RUNS = 'cp "$1" "$$.sh"; setsid sh "$$.sh" >>log 2>&1 & echo $! >>jobs; echo Submitted batch job $!'
"""The job runs, as a process of this machine."""
LISTS_ALL = "cat jobs"
"""Lines of shell for `squeue`: all jobs are there for ever."""
LISTS_ONCE = "cat jobs; : >jobs"
"""Each job has ended when it is asked for again."""
_PROGRAMS = {"slurm": ("sbatch", "scancel", "squeue"), "sge": ("qsub", "qdel", "qstat")}
"""What submits jobs, takes them back, and lists them."""


class FakeQueue:
    """Puts a queue on the path, and knows what it was asked to do."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file = folder / "cluster.yaml"
        """The file of a cluster of two jobs."""
        self._folder = folder
        self._programs = folder / "bin"
        self._programs.mkdir()
        monkeypatch.setenv("PATH", f"{self._programs}{os.pathsep}{os.environ['PATH']}")
        import dask
        import dask_jobqueue  # noqa: F401  # its import adds the section that is kept as it was

        monkeypatch.setitem(dask.config.config, "jobqueue", copy.deepcopy(dask.config.config["jobqueue"]))

    def make(
        self, submits: str, lists: str = "exit 1", *, processes: int = 2, more: str = "", queue: str = "slurm"
    ) -> str:
        """Write the programs and the file, and return where that is.

        Args:
            submits: lines of shell for the program that submits a job.
            lists: the same for the one that lists them.
            processes: of each job.
            more: lines of the section.
            queue: the name of the section.
        """
        noting = "echo $(basename $0) >>told\n"
        bodies = noting + submits, noting + 'kill -- "-$1"', lists
        for name, body in zip(_PROGRAMS[queue], bodies, strict=True):
            program = self._programs / name
            program.write_text(f'#!/bin/sh\ncd "{self._folder}"\n{body}\n')
            program.chmod(0o755)
        self.file.write_text(
            f"workers: 2\n{queue}:\n  cores: 2\n  processes: {processes}\n  memory: 2GB\n"
            f"  scheduler-options: {{dashboard_address: '127.0.0.1:0', host: 127.0.0.1}}\n{more}"
        )
        return str(self.file)

    @property
    def told(self) -> list[str]:
        """The programs that changed something, in the order in which they were called."""
        return (self._folder / "told").read_text().split()
