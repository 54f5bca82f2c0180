"""Commands for what plug-ins add: plugins, export."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dreamplay.cli.options import JsonFlag, StoreFlag
from dreamplay.errors import PluginError, UsageError
from dreamplay.rendering.output import dumps, echo, say

if TYPE_CHECKING:
    from dreamplay.formats import FormatInfo


def plugins(as_json: JsonFlag = False) -> None:
    """List the plug-ins that can be chosen by name.

    Shows which package each comes from, and why one cannot be imported.

    Example: dreamplay plugins
    """
    from dreamplay import plugins as found

    rows: list[dict[str, str | None]] = []
    for plugin in (each for group in found.GROUPS for each in found.installed(group)):
        description, failure = "", None
        try:
            description = found.described(plugin)
        except PluginError as error:
            failure = str(error)
        rows.append({
            "group": plugin.group, "name": plugin.name, "distribution": plugin.distribution, "version": plugin.version,
            "description": description, "error": failure,
        })  # fmt: skip
    if as_json:
        echo(dumps(rows))
        return
    for group in found.GROUPS:
        echo(group)
        for each in (row for row in rows if row["group"] == group):
            source = f"{each['distribution']} {each['version']}"
            echo(f"  {each['name']:16} {source:24} {each['error'] or each['description']}".rstrip())


def export(
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN...", help="Names of runs, or their folders."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="FORMAT", help="The format; see --list. Default: by the suffix of --out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The file to write. Default: print the result.")
    ] = None,
    view: Annotated[
        str | None,
        typer.Option(
            "--view", metavar="VIEW",
            help="Whose view it has: reader (what was said and done, dreams, stances), author (everything), or a role "
            "(what it perceived, and its own thoughts). Default: what the format uses.",
        ),
    ] = None,
    secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Include private sheets, what was pooled into dreams, and prompts.")
    ] = False,
    author: Annotated[
        str | None,
        typer.Option("--author", metavar="NAME", help="The author's name, in the formats that have a place for it."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that exists.")] = False,
    show_list: Annotated[bool, typer.Option("--list", help="List the formats.")] = False,
    store: StoreFlag = None,
    as_json: JsonFlag = False,
) -> None:  # fmt: skip
    """Write runs in another format.

    Examples:

      dreamplay export --list

      dreamplay export mindsync-20450101-220000-7 --to csv

      dreamplay export mindsync-20450101-220000-7 --out story.md --view leo

      dreamplay export mindsync-20450101-220000-7 --out story.epub --author "Noor Weber"
    """
    import dreamplay as dp
    from dreamplay import formats

    if show_list:
        _show_formats(dp.list_formats(), as_json)
        return
    if not references:
        raise UsageError("name a run: dreamplay export RUN; dreamplay runs lists them")
    if to is None:
        to = _by_suffix(out, formats.suffixes())
    runs = [dp.Run.find(each, store) for each in references]
    made = dp.export(runs, to, out, view=view, secrets=secrets, author=author, replace=replace)
    if out:
        for path in made.named(out):
            say(f"written: {path}")
    elif isinstance(made.main, bytes):
        raise UsageError(f"format {to!r} is not a text; add --out FILE")
    else:
        echo(made.main.removesuffix("\n"))


def _show_formats(known: Sequence[FormatInfo], as_json: bool) -> None:
    if as_json:
        echo(dumps([each.model_dump() for each in known]))
        return
    for each in known:
        echo(f"{each.name:14} {each.suffix:12} {each.holds}")
        if each.missing:
            echo(f"{'':28}needs {each.missing}")


def _by_suffix(out: Path | None, known: dict[str, str]) -> str:
    """The format of a file, by its suffix.

    Raises:
        UsageError: there is no file, or no format has that suffix.
    """
    if out is None:
        raise UsageError("add --to FORMAT, or --out FILE; --list has the formats")
    if out.suffix not in known:
        raise UsageError(f"--out {out}: no format writes {out.suffix or 'files without a suffix'}; add --to FORMAT; "
                         "--list has the formats")  # fmt: skip
    return known[out.suffix]
