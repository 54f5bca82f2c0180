"""A region of the terminal that is updated during a run and erased afterwards."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live

from dreamplay.rendering.console import piped


class LiveRegion:
    """The lower end of a terminal, redrawn while the context is active. Subclasses show something in it. Without a
    terminal, nothing is drawn."""

    def __init__(self, console: Console, *, wanted: bool) -> None:
        wanted = wanted and not piped(console)
        self._live = Live(console=console, transient=True, auto_refresh=False) if wanted else None

    @property
    def lively(self) -> bool:
        """Whether anything is drawn."""
        return self._live is not None

    def draw(self, what: RenderableType) -> None:
        """Replace what was drawn last."""
        if self._live:
            self._live.update(what, refresh=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
