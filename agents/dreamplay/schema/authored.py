"""The base of what has a file of its own: stories and personas."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pydantic import PrivateAttr

from dreamplay.schema.base import FrozenModel


@dataclass(frozen=True)
class Origin:
    """Where a value was read from. All are equal: values that say the same are equal wherever they come from."""

    path: Path | None = field(default=None, compare=False)


class Authored(FrozenModel):
    """A value that knows which file it was read from. The file is no field: it is not compared, and not written."""

    _origin: Origin = PrivateAttr(default=Origin())

    @property
    def path(self) -> Path | None:
        """The file that it was read from; None if it was made otherwise."""
        return self._origin.path

    def read_from(self, path: Path | None) -> Self:
        """The same value, with the file that it was read from."""
        made = self.model_copy()
        made._origin = Origin(path)
        return made
