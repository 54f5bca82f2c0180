"""One short play on the real embedded model: the only test that needs it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dreamplay.runs import transcript
from dreamplay.schema.event import TurnEvent

REFUSAL = re.compile(r"language model|\bAI\b|I can(no|')t assist|as an assistant", re.IGNORECASE)


@pytest.mark.embedded
@pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None,
    reason="the embedded model needs the package xllamacpp: pip install 'dreamplay[embedded]'",
)
def test_a_short_play_on_the_embedded_model() -> None:
    command = str(Path(sys.executable).with_name("dreamplay"))
    play = ["run", "--model", "embedded", "--length", "short", "--beats", "launch", "--seed", "1", "--out", "run"]
    done = subprocess.run([command, *play], capture_output=True, encoding="utf-8", timeout=580, check=False)
    assert done.returncode == 0, done.stderr
    record = transcript.read(Path("run"))
    assert record.end
    turns = [event for event in record.script if isinstance(event, TurnEvent) and event.turn]
    lines = [event for event in turns if event.kind == "line"]
    assert len(lines) >= 5  # hardly a turn is lost in silence
    assert {event.speaker for event in turns} == set(record.cast.roles)
    for event in lines:
        assert event.text.strip()
        assert not REFUSAL.search(event.text)
        usage = event.provenance.usage
        assert usage.calls >= 1
        assert usage.prompt > usage.cached >= 0
        assert usage.output > 0
        assert usage.seconds > 0
        assert event.text in done.stdout
    assert record.end.usage == transcript.total(record.script)
