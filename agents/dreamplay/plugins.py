"""Plug-ins: what an installed distribution adds to dreamplay, found by entry point.

A distribution registers a name in one of the groups below; dreamplay registers what it ships the same way, in its own
pyproject.toml:

    [project.entry-points."dreamplay.memories"]
    diary = "my_package:Diary"

Nothing of a plug-in is imported before it is asked for by name. Whatever goes wrong in one ends the command in one
line that names it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from dreamplay.errors import DreamplayError, PluginError
from dreamplay.plugin_guard import FAILURES, guard, guarded, reason, wrong_type

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from dreamplay.schema.base import FrozenModel
    from dreamplay.schema.plugin_choice import PluginChoice

Group = Literal["models", "memories", "directors", "checks", "embedders", "formats"]
GROUPS: tuple[Group, ...] = get_args(Group)
NOUN: dict[Group, str] = {
    "models": "model", "memories": "memory", "directors": "director", "checks": "check", "embedders": "embedder",
    "formats": "format",
}  # fmt: skip
"""What one member of a group is called in messages."""
SHIPPED = "dreamplay"
"""The distribution whose plug-ins are part of dreamplay."""


@dataclass(frozen=True)
class Plugin:
    """One entry point. `str()` names it in messages: memory 'diary' of dreamplay-diary 0.1 (my_package:Diary)."""

    group: Group
    name: str
    target: str
    """What the entry point names, as module:object."""
    distribution: str
    version: str

    @property
    def shipped(self) -> bool:
        """Whether it is part of dreamplay."""
        return self.distribution == SHIPPED

    def __str__(self) -> str:
        return f"{NOUN[self.group]} {self.name!r} of {self.distribution} {self.version} ({self.target})"

    def load(self) -> Any:
        """Import what the entry point names.

        Raises:
            PluginError: the import fails.
        """
        from importlib.metadata import EntryPoint

        try:
            return EntryPoint(self.name, self.target, f"{SHIPPED}.{self.group}").load()
        except FAILURES as error:  # importing runs the module, which may raise anything
            raise PluginError(f"{self}: cannot be imported: {reason(error)}; correct it, or uninstall it") from error


def installed(group: Group) -> tuple[Plugin, ...]:
    """All plug-ins of a group, sorted by name. Found once in a process."""
    return _found()[group]


def names(group: Group) -> tuple[str, ...]:
    """The names in a group, sorted."""
    return tuple(dict.fromkeys(plugin.name for plugin in installed(group)))


def find(group: Group, name: str) -> Plugin:
    """The plug-in of a name; it is not imported.

    Raises:
        PluginError: there is none, or several distributions claim the name.
    """
    from dreamplay.schema.error_messages import did_you_mean, listed

    claims = [plugin for plugin in installed(group) if plugin.name == name]
    if not claims:
        known = names(group)
        raise PluginError(f"unknown {NOUN[group]} {name!r}{did_you_mean(name, known)}; installed: {listed(known)}")
    if len(claims) > 1:
        owners = " and ".join(f"{plugin.distribution} ({plugin.target})" for plugin in claims)
        extra = [plugin.distribution for plugin in claims if not plugin.shipped]
        raise PluginError(f"{NOUN[group]} {name!r} is claimed by {owners}; uninstall {' or '.join(extra)}")
    return claims[0]


def described(plugin: Plugin) -> str:
    """The first sentence of the docstring of what a plug-in names, or of its `function`; it is imported for that.

    Raises:
        PluginError: the import fails, or several distributions claim the name.
    """
    thing = load(plugin.group, plugin.name)
    if isinstance(thing, tuple):
        return f"A set of {len(thing)}."
    paragraph = (inspect.getdoc(getattr(thing, "function", thing)) or "").partition("\n\n")[0]
    sentence, end, _ = " ".join(paragraph.split()).partition(". ")
    return sentence + end.strip()


def load(group: Group, name: str) -> Any:
    """Import the plug-in of a name and return what its entry point names.

    Raises:
        PluginError: there is none, several distributions claim the name, or the import fails.
    """
    return find(group, name).load()


def completed(group: Group, choice: PluginChoice) -> PluginChoice:
    """The choice with every option of the plug-in's `Config` filled in: what a transcript keeps.

    Raises:
        PluginError: see `load`; or the plug-in has no such option, or not with such a value.
    """
    plugin = find(group, choice.name)
    config = _config(plugin, plugin.load(), choice)
    options = config.model_dump(mode="json") if config else {}
    return choice.model_validate({"name": choice.name, **options})


def create(
    group: Group,
    choice: PluginChoice | str,
    protocol: type,
    *args: Any,
    returns: Mapping[str, Callable[[Any], Any]] | None = None,
    **kwargs: Any,
) -> Any:
    """Import a plug-in, call it with the arguments, and return what it makes, guarded (see `guarded`). If it has an
    attribute `Config`, a frozen pydantic model, it is called with `config=`, the options of the choice, as well.

    Args:
        group: the group.
        choice: the name in it, with options.
        protocol: what the call has to make: a Protocol or a class, of which it has to have every public member.
        args: what the entry point is called with.
        returns: see `guarded`.
        kwargs: the same, by name.

    Raises:
        PluginError: see `load`; or what it names cannot be called so, or makes something else.
    """
    from dreamplay.schema.plugin_choice import PluginChoice

    chosen = PluginChoice(name=choice) if isinstance(choice, str) else choice
    plugin = find(group, chosen.name)
    factory = plugin.load()
    if not callable(factory):
        raise wrong_type(plugin, factory, "something to call, which makes one")
    if config := _config(plugin, factory, chosen):
        kwargs["config"] = config
    try:
        made = factory(*args, **kwargs)
    except DreamplayError:
        raise
    except FAILURES as error:
        if plugin.shipped:
            raise
        raise PluginError(f"{plugin}: cannot be made: {reason(error)}; correct it, or uninstall it") from error
    plain = {name for name, each in vars(protocol).items() if inspect.isfunction(each)}
    plain -= {name for name in plain if inspect.iscoroutinefunction(vars(protocol)[name])}
    return guarded(plugin, expect(plugin, made, protocol), returns, plain)


def expect(plugin: Plugin, made: Any, protocol: type) -> Any:
    """Return what a plug-in made, if it has all public members of a protocol.

    Raises:
        PluginError: it has not.
    """
    with guard(plugin):
        missing = [member for member in _members(protocol) if not hasattr(made, member)]
    if missing or isinstance(made, type):
        without = f", which has no {', '.join(missing)}" if missing else ""
        raise wrong_type(plugin, made, protocol.__name__, without)
    return made


def _config(plugin: Plugin, factory: Any, choice: PluginChoice) -> FrozenModel | None:
    """The options of a choice, as the plug-in's `Config`; None if it has none.

    Raises:
        PluginError: an option that it does not have, or with a value that it does not take.
    """
    from pydantic import BaseModel, ValidationError

    from dreamplay.schema.error_messages import did_you_mean, listed, sentence

    config: Any = getattr(factory, "Config", None)
    if config is None:
        if choice.options:
            raise PluginError(f"{plugin}: it takes no options; remove {listed(choice.options)}")
        return None
    if not (isinstance(config, type) and issubclass(config, BaseModel)):
        raise wrong_type(plugin, config, "a pydantic model as its Config")
    try:
        made: Any = config.model_validate(choice.options)
    except ValidationError as invalid:
        error = invalid.errors()[0]
        option = ".".join(map(str, error["loc"]))
        if error["type"] == "extra_forbidden":
            known = list(config.model_fields)
            why = f"unknown option {option!r}{did_you_mean(option, known)}; there are {listed(known)}"
        else:
            why = f"option {option}: {sentence(error)}"
        raise PluginError(f"{plugin}: {why}") from None
    return made  # type: ignore[no-any-return]


@cache
def _found() -> dict[Group, tuple[Plugin, ...]]:
    """All plug-ins, by group. One look at all distributions, of which each counts once."""
    from importlib.metadata import entry_points

    every = entry_points()
    return {
        group: tuple(sorted(map(_plugin, every.select(group=f"{SHIPPED}.{group}")), key=_order)) for group in GROUPS
    }


def _plugin(point: EntryPoint) -> Plugin:
    owner = point.dist
    group: Any = point.group.removeprefix(f"{SHIPPED}.")
    return Plugin(group, point.name, point.value, owner.name if owner else "?", owner.version if owner else "?")


def _order(plugin: Plugin) -> tuple[str, bool, str]:
    return plugin.name, not plugin.shipped, plugin.distribution


def _members(protocol: type) -> list[str]:
    """The public members of a Protocol or a class, declared and defined."""
    declared = [name for base in protocol.__mro__ for name in inspect.get_annotations(base)]
    return [name for name in dict.fromkeys([*declared, *dir(protocol)]) if not name.startswith("_")]
