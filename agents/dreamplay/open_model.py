"""A model that stays open, so that several plays can share it."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from dreamplay import event_loop

if TYPE_CHECKING:
    from dreamplay.models.base import Model
    from dreamplay.models.model_choice import ModelSpec


@dataclass(frozen=True, repr=False)
class OpenModel:
    """An open model from `dreamplay.get_model`, for `dreamplay.play(..., model=model)` as often as it is wanted.

        with dreamplay.get_model("scripted") as model:
            runs = [dreamplay.play(model=model, seed=seed) for seed in range(5)]

    Plays may share it at the same time. An endpoint answers them side by side, a local model one after the other.
    """

    model: Model
    spec: ModelSpec | None = None
    """Which model was chosen, and why; None for one of your own."""

    @property
    def name(self) -> str:
        """What it is called, in the header of a run too."""
        return self.model.name

    def close(self) -> None:
        """Let go of its connections. Nothing can be played on it after that."""
        event_loop.wait(self.model.close())

    def __enter__(self) -> OpenModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"OpenModel({self.name!r})"
