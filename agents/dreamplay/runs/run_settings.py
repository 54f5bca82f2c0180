"""The settings in a transcript, as values: what was chosen in addition to story, cast and seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field

from dreamplay.models.adapter import AdapterRecord
from dreamplay.models.profile import LEARNT, ModelProfile
from dreamplay.participants.visit import Visit
from dreamplay.schema.base import FrozenModel, Role
from dreamplay.schema.cast import Cast
from dreamplay.schema.plugin_choice import PluginChoice, Setting
from dreamplay.schema.scene import VISITOR
from dreamplay.schema.story import Length, Story


class RunSettings(FrozenModel):
    """The settings that a reader of a transcript uses. Another version may have recorded more."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Setting] = Field(init=False)

    length: Length
    beats: tuple[Role, ...] = Field(min_length=1)
    """The beats that are played, in the story's order."""
    memory: PluginChoice | None = None
    """These three: the plug-ins by which it is played, with every option; None in a run of an older version."""
    director: PluginChoice | None = None
    embedder: PluginChoice | None = None
    recall: bool = True
    """Of an older version: whether its memory was the shipped one, or none."""
    reflect: bool = False
    no_check: tuple[str, ...] = ()
    """Names of checks that did not run, besides those that the story switches off."""
    visit: Visit | None = None
    provider: str | None = None
    """Where the model ran: "embedded", "gguf", "scripted", "endpoint", or the name of a plug-in. No address."""
    adapter: AdapterRecord | None = None
    """What a local model was played with; None: without an adapter."""
    profile: ModelProfile | None = None
    """How the model was played; the table of profiles says what is not set."""


def checked_settings(settings: Mapping[str, Any], story: Story, cast: Cast) -> RunSettings:
    """The settings of a header, checked against the story and the cast that stand beside them.

    Raises:
        ValueError: they do not fit.
    """
    # A transcript names people by their roles, and the role of one may be the name of another.
    known_as = {role: role for role in cast.roles}
    found = RunSettings.model_validate(settings, context={"story": story, "cast": cast, "role_of": known_as.get})
    known = [beat.id for beat in story.beats]
    if list(found.beats) != [beat for beat in known if beat in found.beats]:
        raise ValueError(f"settings.beats: {list(found.beats)} are not beats of the story, {known}, in its order")
    if "visit" in settings and found.visit is None:
        raise ValueError("settings.visit: it does not say how the run was visited")
    roles = [*story.cast, *([VISITOR] if found.visit else [])]
    if list(cast.roles) != roles:
        raise ValueError(f"cast: the roles are {', '.join(cast.roles)}, and the story has {', '.join(roles)}")
    return found


def comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run without how its endpoint is called. Runs that are played alike have equal ones."""
    found = {name: value for name, value in settings.items() if name != "provider"}
    if isinstance(settings.get("profile"), Mapping):
        profile = ModelProfile.model_validate(settings["profile"])
        found["profile"] = profile.model_dump(mode="json", exclude=set(LEARNT))
    return found
