"""What a queue says of its jobs: the listings are those of Grid Engine 8.1.9, Debian 12."""

from __future__ import annotations

from pathlib import Path

import pytest
from dreamplay.studies.engines.queues import QUEUES, Listing, Queue

_LISTED = """\
job-ID  prior   name       user         state submit/start at     queue                          slots ja-task-ID 
-----------------------------------------------------------------------------------------------------------------
     75 0.75000 run        player       s     11/28/2026 03:08:06 all.q@gridhost.cluster             2        
     33 0.50000 dreamplay  player       r     11/28/2026 02:38:21 all.q@gridhost.cluster             1        
     34 0.29500 dreamplay  player       dr    11/28/2026 02:39:51 all.q@gridhost.cluster             1        
     76 0.25000 arr        player       qw    11/28/2026 03:08:03                                    1 3      
     24 0.50000 eqw        player       Eqw   11/28/2026 02:33:16                                    1        
     77 0.25000 Exp        player       qw    11/28/2026 03:08:03                                    1        
     72 0.00000 held       player       hqw   11/28/2026 03:08:02                                    1        
"""  # noqa: W291
_DETAILS = """\
==============================================================
job_number:                 {job}
binding:                    NONE
job_type:                   NONE
error reason          1:      11/28/2026 02:33:21 [1001:29360]: error: can't open output file "/nosuch/x": No such file or directory
scheduling info:            Job is in error state
"""  # noqa: E501


@pytest.fixture
def grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    """A Grid Engine of which `qstat` is on the path."""
    program = tmp_path / "qstat"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    program.write_text(f"#!/bin/sh\ncase $1 in -u) cat <<E\n{_LISTED}E\n;; -j) cat <<E\n{_DETAILS}E\n;; esac\n")
    program.chmod(0o755)
    return QUEUES["sge"]


async def test_a_job_in_an_error_state_is_none_that_waits(grid: Queue) -> None:
    assert await grid.listed() == Listing({"75", "33", "34", "76", "77", "72"}, {"24"})


async def test_a_queue_says_why_it_could_not_start_a_job(grid: Queue) -> None:
    assert await grid.why("24") == 'can\'t open output file "/nosuch/x": No such file or directory'
