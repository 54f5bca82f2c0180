"""How messages read on the page."""

from __future__ import annotations

import pytest
from dreamplay.live_state import Moment
from dreamplay.web import wording
from dreamplay.web.standing import Standing


@pytest.mark.parametrize(
    ("message", "said", "field"),
    [
        ("`seed`: a number from 0", "Seed: a number from 0", "seed"),
        ("`model=x`: did you mean embedded? A model of that name needs a `base_url`",
         "Model x: did you mean embedded? A model of that name needs a URL", "model"),
        ("it holds 4096 tokens; set `window=4096`", "it holds 4096 tokens; set window = 4096 in dreamplay.toml", ""),
        ("it waits; see `timeout`", "it waits; see timeout in dreamplay.toml", ""),
        ("no runs in transcripts; play one with: `dreamplay.play()`",
         "no runs in transcripts; play one with: New play", ""),
        ("look at it with: `dreamplay.load_run('transcripts/a')`", "look at it with: Runs", ""),
        ("(`run.events` shows all)", "(the play shows all)", ""),
        ("a stranger's `words` and `rm -rf`", "a stranger's `words` and `rm -rf`", ""),
    ],
)  # fmt: skip
def test_settings_are_called_by_their_labels_and_functions_by_their_places(message: str, said: str, field: str) -> None:
    assert wording.worded(message) == said
    assert wording.field(message) == field


def test_a_play_that_fails_says_why_in_the_words_of_the_page() -> None:
    failed = Moment("failed", "it is gone; choose another `model`")
    assert Standing.now(failed).words == "It cannot go on: it is gone; choose another Model"
