"""One model at several addresses, for many plays at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from dreamplay.models.base import Model
from dreamplay.models.rate_limit import RateLimit


@dataclass
class Addresses:
    """The same model at each of several addresses. A play stays at one, where its earlier prompts are cached."""

    models: Sequence[Model]
    limits: Sequence[RateLimit] = ()
    """Of each address, if the requests are limited."""
    _plays: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._plays = [0] * len(self.models)

    @contextmanager
    def lend(self, first: int = 0, fallen: Collection[Model] = ()) -> Iterator[Model]:
        """The model at the address with the fewest plays of this process.

        Args:
            first: a number of the play, which chooses among addresses with equally few, so that many processes with
                few plays each do not all go to the first.
            fallen: models that did not answer, and are not lent again unless that leaves none.
        """
        count = len(self.models)
        standing = [index for index in range(count) if self.models[index] not in fallen] or range(count)
        at = min(standing, key=lambda index: (self._plays[index], (index - first) % count))
        self._plays[at] += 1
        try:
            with ExitStack() as held:
                if self.limits:
                    held.enter_context(self.limits[at].play())
                yield self.models[at]
        finally:
            self._plays[at] -= 1

    async def close(self) -> None:
        """Close each of the models."""
        for model in self.models:
            await model.close()
