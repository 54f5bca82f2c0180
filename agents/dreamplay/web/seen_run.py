"""A run, and whoever looks at it: what its views on the page have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import dreamplay as dp
from dreamplay.runs.viewpoint import Viewpoint
from dreamplay.web.scene_view import SceneView


@dataclass(frozen=True)
class SeenRun:
    """A run as somebody sees it."""

    run: dp.Run
    scene: SceneView
    """The names and titles of the run, and who looks."""

    @property
    def seen_by(self) -> str:
        """Through whose eyes it is seen."""
        return self.scene.viewpoint

    @cached_property
    def viewpoint(self) -> Viewpoint:
        """What they see."""
        return Viewpoint.of(self.seen_by, self.scene.cast, self.run.events)

    @property
    def eyes(self) -> frozenset[str]:
        """The roles through whose eyes it is seen; empty for author and reader."""
        return self.viewpoint.roles

    def perceives(self, event: dp.Event) -> bool:
        """Whether whoever looks has perceived an event."""
        return self.scene.shows(event, self.viewpoint)
