"""A plug-in by name, with its options, as it stands in dreamplay.toml and in the header of a transcript."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from dreamplay.schema.base import FrozenModel

Plain = bool | Annotated[int, Field(ge=-(2**63), lt=2**63)] | Annotated[float, Field(allow_inf_nan=False)] | str | None
Setting = Plain | tuple[Plain, ...] | dict[str, Plain | tuple[Plain, ...]]


class PluginChoice(FrozenModel):
    """A plug-in by name; every other key is an option of it. A plain string is a name without options."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Setting] = Field(init=False)

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^\S+$")]
    """As its entry point has it."""

    @property
    def options(self) -> dict[str, Any]:
        """The options, as plain values."""
        return self.model_dump(exclude={"name"})

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value
