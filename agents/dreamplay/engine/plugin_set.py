"""The plug-ins of a run: its memory, director and embedder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from dreamplay import plugins
from dreamplay.errors import PluginError
from dreamplay.memory.base import EMBEDDER, MEMORY, NO_MEMORY
from dreamplay.runs.run_settings import RunSettings
from dreamplay.schema.plugin_choice import PluginChoice
from dreamplay.settings import Settings

DIRECTOR = PluginChoice(name="standard")
GROUPS: dict[str, plugins.Group] = {"memory": "memories", "director": "directors", "embedder": "embedders"}
"""Setting to the group of plug-ins that it chooses from."""


@dataclass(frozen=True)
class PluginSet:
    """One plug-in of each kind. The default is the shipped one."""

    memory: PluginChoice = MEMORY
    director: PluginChoice = DIRECTOR
    embedder: PluginChoice = EMBEDDER

    @classmethod
    def of_run(cls, settings: RunSettings) -> Self:
        """The plug-ins of a run, from the settings in its transcript."""
        memory = settings.memory or (MEMORY if settings.recall else NO_MEMORY)
        return cls(memory, settings.director or cls.director, settings.embedder or cls.embedder)

    def chosen(self, settings: Settings) -> Self:
        """A copy in which the settings replace some of them, with every option filled in.

        Raises:
            PluginError: one is not installed, cannot be used, or has no such option; the message says what chose it.
        """
        found = {}
        for name, group in GROUPS.items():
            own: PluginChoice | None = getattr(settings, name)
            try:
                found[name] = plugins.completed(group, own or getattr(self, name))
            except PluginError as error:
                if own:
                    raise PluginError(f"{settings.source(name)}: {error}") from error
                advice = "" if getattr(self, name).name in plugins.names(group) else "; install it"
                raise PluginError(f"{error}{advice}, or choose another `{name}`") from error
        return type(self)(**found)

    def completed(self) -> Self:
        """A copy with every option filled in.

        Raises:
            PluginError: one is not installed, cannot be used, or has no such option.
        """
        return type(self)(**{name: plugins.completed(group, getattr(self, name)) for name, group in GROUPS.items()})

    def recorded(self) -> dict[str, Any]:
        """What a transcript records, by setting: the name and every option of each.

        Raises:
            PluginError: see `completed`.
        """
        every = self.completed()
        return {name: getattr(every, name).model_dump(mode="json") for name in GROUPS}

    def versions(self) -> dict[str, str]:
        """The packages of plug-ins that are not shipped, with their versions."""
        used = [plugins.find(group, getattr(self, name).name) for name, group in GROUPS.items()]
        return {plugin.distribution: plugin.version for plugin in used if not plugin.shipped}


SHIPPED = PluginSet()
"""The default."""
