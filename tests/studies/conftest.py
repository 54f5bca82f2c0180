"""A small study in files of its own: a story for three, two changed personas, the file of the study; a queue, and
a Kubernetes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds
from fake_kubernetes import FakeKubernetes
from fake_queue import FakeQueue

Write = Callable[..., Path]
"""Writes the study, with changes to what stands in its file, and everything that it names."""


def small() -> dict[str, Any]:
    """A study of three conditions, one of them from a point on. It has eight plays."""
    terse = {"swaps": {"ada": "terse.yaml"}}
    return {
        "title": "Would a calm Ada leave?", "story": "small/story.yaml", "length": "short", "seeds": "2",
        "model": "scripted", "baseline": "base",
        "conditions": {
            "base": {},
            "calm": {"swaps": {"ada": "calm.yaml"}, "phrasings": {"plain": {}, "terse": terse}},
            "told": {"at": "night", "say": [{"bo": "I am off."}]},
        },
    }  # fmt: skip


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(change: Callable[[dict[str, Any]], object] = lambda data: None) -> Path:
        worlds.write(tmp_path / "small", roles=3)
        for name, voice in (("calm", "Calm and slow."), ("terse", "Slow, calm.")):
            worlds.dump(tmp_path / f"{name}.yaml", worlds.persona() | {"voice": voice})
        data = small()
        change(data)
        return worlds.dump(tmp_path / "ada.yaml", data)

    return written


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeQueue:
    """A Slurm on the path; see `FakeQueue.make`."""
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    return FakeQueue(tmp_path, monkeypatch)


@pytest.fixture
def kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKubernetes:
    """A Kubernetes that can be imported; see `FakeKubernetes.make`."""
    pytest.importorskip("dask", reason="the extra `dask` is not installed")
    return FakeKubernetes(tmp_path, monkeypatch)
