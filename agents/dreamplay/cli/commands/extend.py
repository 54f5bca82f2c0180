"""Commands for what plug-ins add: plugins, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dreamplay.cli.options import JsonFlag, RunArgument, write
from dreamplay.errors import PluginError, UsageError
from dreamplay.rendering.output import dumps, echo


def plugins(as_json: JsonFlag = False) -> None:
    """List the plug-ins that can be chosen by name.

    Each has the package that it comes from. What cannot be imported has the reason.

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
    reference: RunArgument,
    format_name: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="A format; dreamplay plugins lists them. Default: by the file."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The file to write. Default: print the result.")
    ] = None,
) -> None:
    """Write a run in another format.

    Examples:

      dreamplay export mindsync-20450101-220000-7 --format csv

      dreamplay export mindsync-20450101-220000-7 --out story.md
    """
    from dreamplay import formats
    from dreamplay.run import Run

    if format_name is None:
        format_name = _by_suffix(out, formats.suffixes())
    chosen = formats.open_format(format_name)
    result = chosen.write(Run.find(reference).record)
    if out:
        write(out, result)
    elif isinstance(result, bytes):
        raise UsageError(f"format {format_name!r} is no text; add --out FILE")
    else:
        echo(result.removesuffix("\n"))


def _by_suffix(out: Path | None, known: dict[str, str]) -> str:
    """The format of a file, by its suffix.

    Raises:
        UsageError: there is no file, or no format has that suffix.
    """
    if out is None:
        raise UsageError(f"add --format NAME: {', '.join(sorted(known.values()))}; or --out FILE")
    if out.suffix not in known:
        raise UsageError(f"--out {out}: no format writes {out.suffix or 'files without a suffix'}; add --format NAME: "
                         f"{', '.join(sorted(known.values()))}")  # fmt: skip
    return known[out.suffix]
