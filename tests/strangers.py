"""Plug-ins of strangers for the tests: a module and a distribution's metadata, written into a folder of the path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from dreamplay import plugins


def install(
    folder: Path, entry_points: str, *, distribution: str = "stranger", version: str = "1.0", **modules: str
) -> Path:
    """Install a distribution without pip: its modules by name, and `entry_points` as in entry_points.txt. Put the
    folder on PYTHONPATH of a subprocess, or use `visible`.
    """
    metadata = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {distribution}\nVersion: {version}\n")
    (metadata / "entry_points.txt").write_text(entry_points)
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return folder


def visible(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let this process see what is installed in a folder until the end of the test."""
    monkeypatch.syspath_prepend(folder)
    for path in folder.glob("*.py"):
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for plug-ins anew, now and after the test."""
    monkeypatch.setattr(plugins, "_found", plugins._found.__wrapped__)
