"""Whether plays are traced, and where to, by the settings."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from dreamplay.environment import read_by
from dreamplay.errors import SettingsError
from dreamplay.settings import Settings
from dreamplay.settings_file import CONFIG

if TYPE_CHECKING:
    from dreamplay.tracing.collector import Tracing

_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.common")


def chosen(settings: Settings) -> Tracing | None:
    """How plays are traced; None if they are not.

    Raises:
        SettingsError: a package is not installed; a file that nobody said to trust sends traces to another machine, or
            has them hold what is said; or the environment does not allow it, or hinders OpenTelemetry.
    """
    if settings.trace is None:
        if settings.trace_content:
            raise SettingsError("`trace_content` says what traces hold, and no `trace` says where they go; add it")
        return None
    for name in ("trace", "trace_content"):
        source = settings.source(name)
        if source and source.kind == "file" and not settings.trace.loopback:
            raise SettingsError(
                f"{source}: {name}: nothing is sent to {settings.trace.host} because of a file; give it as an option "
                f"or as DREAMPLAY_{name.upper()}, or set {CONFIG}={source} to trust the file"
            )
    if not all(map(_there, _NEEDED)):
        raise SettingsError("`trace` needs OpenTelemetry; install it with: pip install 'dreamplay[trace]'")
    with read_by("OpenTelemetry"):
        from dreamplay.tracing import collector

    return collector.to(settings.trace, content=settings.trace_content)


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it is in
        return False
