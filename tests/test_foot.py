from __future__ import annotations

import io

import pytest
from dreamplay.cli.foot import Foot
from rich.console import Console


@pytest.mark.parametrize(
    ("terminal", "wanted", "lively"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_only_a_terminal_is_drawn_on_if_that_is_wanted(terminal: bool, wanted: bool, lively: bool) -> None:
    out = io.StringIO()
    with Foot(Console(file=out, force_terminal=terminal), wanted=wanted) as foot:
        assert foot.lively == lively
        for words in ("one line", "another line"):
            foot.draw(words)
    assert ("another line" in out.getvalue()) == lively
    assert bool(out.getvalue()) == lively
