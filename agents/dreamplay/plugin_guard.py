"""The guard around plug-ins: whatever a stranger's object raises or returns wrongly becomes one line that names it."""

from __future__ import annotations

import contextlib
import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamplay.errors import DreamplayError, PluginError, PluginFailedError

if TYPE_CHECKING:
    from dreamplay.plugins import Plugin

FAILURES = (Exception, SystemExit)
"""What a plug-in may raise. It may not end the process by itself."""
_LONGEST = 200
"""Characters of a stranger's error message that are quoted."""


def guarded(
    plugin: Plugin, thing: Any, returns: Mapping[str, Callable[[Any], Any]] | None = None,
    plain: Set[str] = frozenset(), awaited: Set[str] = frozenset(),
) -> Any:  # fmt: skip
    """A stand-in for an object, or a function, of a plug-in. An exception in any of its methods, plain or async,
    becomes a `PluginFailedError`; an error of dreamplay's own passes as it is. What is shipped is returned as it is.

    Args:
        plugin: whose it is.
        thing: the object.
        returns: method name to a function that returns the method's result if it is right, converted if need be, and
            raises ValueError or TypeError if not. The name of a call of the object itself is "__call__".
        plain: the methods that must not be async.
        awaited: the methods that must be async.
    """
    return thing if plugin.shipped else _Guarded(plugin, thing, returns or {}, plain, awaited)


def one_of(*types: type) -> Callable[[Any], Any]:
    """A check for `guarded`: that a result is of one of the types."""

    def check(result: Any) -> Any:
        if not isinstance(result, types):
            raise TypeError(f"expected {' or '.join(each.__name__ for each in types)}, found {type(result).__name__}")
        return result

    return check


@contextlib.contextmanager
def guard(plugin: Plugin) -> Iterator[None]:
    """Turn what a plug-in raises meanwhile into a `PluginFailedError`.

    Raises:
        PluginFailedError: an exception that is no DreamplayError.
    """
    try:
        yield
    except DreamplayError:
        raise
    except FAILURES as error:
        raise PluginFailedError(f"{plugin} failed: {reason(error)}") from error


def wrong_type(plugin: Plugin, found: object, wanted: str, why: str = "") -> PluginError:
    """The error for a plug-in that is, or makes, something else than it should."""
    given = f"the class {found.__name__}" if isinstance(found, type) else f"{_a(type(found).__name__)}"
    return PluginError(f"{plugin}: expected {_a(wanted)}, found {given}{why}; see docs/plugins/{plugin.group}.md")


def reason(error: BaseException) -> str:
    """What a stranger's exception says, in one line, with the file and line that raised it."""
    said = " ".join(str(error).split())[:_LONGEST]
    here = (__file__, str(Path(__file__).with_name("plugins.py")))
    ours = ("<", *here, str(Path(inspect.__file__).with_name("importlib")))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(ours)]
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{f': {said}' if said else ''}{where}"


class _Guarded:
    """Passes everything on to an object of a plug-in; see `guarded`."""

    def __init__(
        self,
        plugin: Plugin,
        thing: Any,
        returns: Mapping[str, Callable[[Any], Any]],
        plain: Set[str],
        awaited: Set[str],
    ) -> None:
        self.__dict__.update(_plugin=plugin, _thing=thing, _returns=returns, _plain=plain, _awaited=awaited)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or inspect.getattr_static(self._thing, name, None) is None:
            return getattr(self._thing, name)  # a member that is not there is no failure
        with guard(self._plugin):
            found = getattr(self._thing, name)
        return self._wrapped(name, found) if callable(found) else found

    def __setattr__(self, name: str, value: Any) -> None:
        with guard(self._plugin):
            setattr(self._thing, name, value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._wrapped("__call__", self._thing)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self._plugin}>"

    def _wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            with guard(self._plugin):
                result = function(*args, **kwargs)
            if not inspect.isawaitable(result):
                if name in self._awaited:
                    raise PluginFailedError(f"{self._plugin} failed: {name}() must be async")
                return self._checked(name, result)
            if name not in self._plain:
                return finish(result)
            if inspect.iscoroutine(result):
                result.close()
            raise PluginFailedError(f"{self._plugin} failed: {name}() must not be async")

        async def finish(waiting: Any) -> Any:
            with guard(self._plugin):
                result = await waiting
            return self._checked(name, result)

        return call

    def _checked(self, name: str, result: Any) -> Any:
        check = self._returns.get(name)
        try:
            return check(result) if check else result
        except (TypeError, ValueError) as error:
            called = "it" if name == "__call__" else f"{name}()"
            said = " ".join(str(error).split())[:_LONGEST]
            raise PluginFailedError(f"{self._plugin} failed: {called} returned the wrong type: {said}") from error


def _a(noun: str) -> str:
    return noun if " " in noun else f"{'an' if noun[:1].lower() in 'aeio' else 'a'} {noun}"
