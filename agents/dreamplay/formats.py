"""Output formats: runs as a file of another kind. What can be written is found by entry point; see `plugins`."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import TypeAdapter, ValidationError

from dreamplay import plugin_guard, plugins
from dreamplay.errors import PluginError, UsageError
from dreamplay.runs.viewpoint import AUTHOR, READER, Viewpoint
from dreamplay.schema.base import Byline, FrozenModel
from dreamplay.schema.error_messages import sentence
from dreamplay.storage import disk
from dreamplay.storage.folders import at

if TYPE_CHECKING:
    from dreamplay.runs.transcript import RunLog
    from dreamplay.storage.store import Place

PAGE = "transcript.md"
"""The file of a run that people read."""
_PAGE_FORMAT = "markdown"
_BYLINE: TypeAdapter[str] = TypeAdapter(Byline)


@dataclass(frozen=True)
class Source:
    """What is to be written: runs, and what of them may be told."""

    logs: tuple[RunLog, ...]
    """The runs; one, unless the format takes several."""
    view: str = READER
    """Through whose eyes: `reader`, `author`, or a role."""
    secrets: bool = False
    """Whether private sheets, what was pooled into dreams, and prompts may be told; only with the author's view, or of
    a role to itself, if the format has `own_secrets`."""
    places: tuple[Place, ...] = ()
    """Where each run is kept, and its prompts are; empty if the runs are kept nowhere."""
    author: str = ""
    """Whoever the play is said to be by; empty if nobody was named, and always if the format is not `bylined`."""

    @property
    def log(self) -> RunLog:
        """The first run."""
        return self.logs[0]

    def viewpoint(self, log: RunLog) -> Viewpoint:
        """The view, in one of the runs. What it sees is all of the run that a format may tell.

        Raises:
            UsageError: nobody in that run has the role.
        """
        return Viewpoint.of(self.view, log.cast, log.script)


@dataclass(frozen=True)
class Files:
    """What a format writes that needs more than one file."""

    main: str | bytes
    """The file that was asked for."""
    beside: Mapping[str, str | bytes] = field(default_factory=dict)
    """The files beside it, by suffix: ".datasheet.md" of leo.jsonl is leo.datasheet.md."""

    def named(self, out: Path) -> dict[Path, str | bytes]:
        """All of them, by path, if the file that was asked for has a path."""
        return {out: self.main} | {out.with_suffix(suffix): text for suffix, text in self.beside.items()}


class Format(Protocol):
    """Writes runs. Inherit from it: what a class does not say is as below. Its entry point is called without arguments.
    The first sentence of its docstring describes it in `dreamplay export --list`.
    """

    suffix: str
    """Of the files, with the dot: ".md"."""
    view: str = READER
    """The view that is used if nobody asks for another."""
    several: bool = False
    """Whether it takes several runs at once."""
    own_secrets: bool = False
    """Whether `secrets` may also be asked for with a role's view. It then tells of the secrets only those of the role.
    """

    bylined: bool = False
    """Whether it has a place for the author's name."""

    def missing(self) -> str:
        """What is not installed on this machine that it needs, with the command that installs it; empty if nothing."""
        return ""

    def write(self, source: Source) -> str | bytes | Files:
        """The whole file, or files. A str is encoded as UTF-8.

        Raises:
            UsageError: the runs cannot be written so; the message says why.
        """


class FormatInfo(FrozenModel):
    """A format."""

    name: str
    suffix: str
    """Of the files, with the dot: ".md"."""
    holds: str
    """What stands in a file, in a sentence."""
    view: str
    """The view that is used if nobody asks for another: `reader` or `author`, or empty if one has to be chosen."""
    several: bool
    """Whether it takes several runs at once."""
    bylined: bool
    """Whether it has a place for the author's name."""
    missing: str
    """What has to be installed before it can be used; empty if nothing."""


def open_format(name: str) -> Format:
    """The format of a name.

    Raises:
        PluginError: there is none, or it cannot be used.
    """
    plugins.find("formats", name)  # a name of any kind is refused in words
    returns = {"write": plugin_guard.one_of(str, bytes, Files), "missing": plugin_guard.one_of(str)}
    made: Format = plugins.create("formats", name, Format, returns=returns)
    return made


def known() -> list[FormatInfo]:
    """The formats. One that fails to load is left out."""
    found = []
    for name in plugins.names("formats"):
        with contextlib.suppress(PluginError):
            each = open_format(name)
            holds = plugins.described(plugins.find("formats", name))
            found.append(FormatInfo(
                name=name, suffix=each.suffix, holds=holds, view=each.view, several=each.several, bylined=each.bylined,
                missing=each.missing(),
            ))  # fmt: skip
    return found


def named(word: str) -> str:
    """The name of the format that is meant: by its own name, or by the suffix of its files, such as md."""
    return word if word in plugins.names("formats") else suffixes().get(f".{word}", word)


def suffixes() -> dict[str, str]:
    """The formats, by the suffix of their files."""
    return {each.suffix: each.name for each in reversed(known())}


def byline(author: str) -> str:
    """Whoever a play is said to be by, as it is written: tidy, and on one line.

    Raises:
        UsageError: it is no name.
    """
    try:
        return _BYLINE.validate_python(author)
    except ValidationError as error:
        raise UsageError(f"`author`: {sentence(error.errors()[0])}") from None


def write(
    name: str, logs: Sequence[RunLog], *, view: str | None = None, secrets: bool = False, author: str | None = None,
    places: Sequence[Place] = (),
) -> Files:  # fmt: skip
    """Write runs in the format of a name.

    Args:
        name: the format.
        logs: the runs.
        view: `reader`, `author` or a role; None: what the format uses by itself.
        secrets: also tell private sheets, what was pooled into dreams, and prompts, if the format has a place for them.
        author: whoever the play is said to be by; None: nobody is named.
        places: where each run is kept, and its prompts are.

    Raises:
        PluginError: there is no such format, or it cannot be used.
        UsageError: something has to be installed first; it takes one run, or needs a view; a run has no such role; or
            the author's name is none, or has no place there.
    """
    chosen = open_format(name)
    if lacking := chosen.missing():
        raise UsageError(f"format {name!r} needs {lacking}")
    if len(logs) != 1 and not (chosen.several and logs):
        raise UsageError(f"format {name!r} takes one run, not {len(logs)}; name one")
    seen_by = chosen.view if view is None else view
    if not seen_by and view is None:
        raise UsageError(f"format {name!r} is somebody's view; add `view`: {', '.join(logs[0].cast.roles)}")
    if secrets and seen_by != AUTHOR and not (chosen.own_secrets and seen_by != READER):
        raise UsageError(f"`secrets` needs the author's view, not {seen_by!r}: nobody else may read them")
    if author is not None and not chosen.bylined:
        raise UsageError(f"format {name!r} has no place for the name of an author; leave out `author`")
    source = Source(tuple(logs), seen_by, secrets, tuple(places), "" if author is None else byline(author))
    for log in logs:
        source.viewpoint(log)  # an unknown role is said before anything is written
    made = chosen.write(source)
    return made if isinstance(made, Files) else Files(made)


def save(made: Files, out: Path, *, replace: bool = False) -> None:
    """Write what a format made, each file whole or not at all.

    Raises:
        UsageError: a file exists, and is not to be replaced; nothing was written.
        RecordError: a file cannot be written.
    """
    parts = made.named(out)
    for path in parts:
        see_free(path, replace=replace)
    for path, text in parts.items():
        try:
            disk.replace(disk.linked(path), text.encode() if isinstance(text, str) else text)  # a link stays one
        except OSError as error:
            raise disk.cannot("write", path, error) from error


def see_free(path: Path, *, replace: bool) -> None:
    """See that a file can be written, and without harm to another.

    Raises:
        UsageError: it exists, and is not to be replaced; it is something else than a file; or nothing of that name can
            be written there.
        RecordError: the system does not let us look.
    """
    if disk.there(path) and not path.is_file():
        raise UsageError(f"{disk.short(path)} is no file that can be replaced; choose another `out`")
    if not replace and disk.there(path):
        raise UsageError(f"{disk.short(path)} exists; choose another file, or add `replace`")
    disk.check_file(path)


def write_page(where: Place | Path, log: RunLog) -> None:
    """Write `transcript.md` beside the transcript of a run, as an audience has it: a thought in front of every line
    would give away what the line keeps back.

    Raises:
        RecordError: the page cannot be written.
    """
    place = at(where)
    page: Any = open_format(_PAGE_FORMAT).write(Source((log,), READER))
    try:
        place.replace(PAGE, page.encode())
    except OSError as error:
        with contextlib.suppress(OSError):  # an older page would pass for this one
            place.remove(PAGE)
        raise disk.cannot("write", place.called(PAGE), error) from error
