"""What the tests of the formats have: the run that comes with dreamplay, and one of strangers who write in marks."""

from __future__ import annotations

from pathlib import Path

import marked as marked_words
import pytest
from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog

EXAMPLE = Path(__file__).parents[2] / "transcripts" / "example"


@pytest.fixture(scope="session")
def example() -> RunLog:
    """The run that comes with dreamplay."""
    return transcript.read(EXAMPLE)


@pytest.fixture(scope="session")
def marked() -> RunLog:
    """A run in which names and all words have marks of formats in them."""
    return marked_words.said_by_all(*marked_words.MARKS)
