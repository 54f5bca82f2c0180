"""Programs of others that read what dreamplay exports, run by Node. Where they are not installed, a test is skipped."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent / "exports" / "node"


def node(script: str, text: str) -> Any:
    """What a script in tests/exports/node reads in a text."""
    program = shutil.which("node")
    if not program or not (_HERE / "node_modules").is_dir():
        pytest.skip("no foreign reader: run npm install --no-package-lock in tests/exports/node")
    done = subprocess.run([program, script], cwd=_HERE, input=text, capture_output=True, encoding="utf-8", timeout=60)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)
