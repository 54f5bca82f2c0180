from __future__ import annotations

import io

import pytest
from dreamplay.rendering.live_region import LiveRegion
from rich.console import Console


class _Out(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("terminal", "wanted", "lively"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_only_a_terminal_is_drawn_on_if_that_is_wanted(
    terminal: bool, wanted: bool, lively: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # which asks for colours, and makes no terminal of a pipe
    out = _Out(terminal)
    with LiveRegion(Console(file=out), wanted=wanted) as foot:
        assert foot.lively == lively
        for words in ("one line", "another line"):
            foot.draw(words)
    assert ("another line" in out.getvalue()) == lively
    assert bool(out.getvalue()) == lively
