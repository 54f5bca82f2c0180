"""A transcript as Markdown for readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from dreamplay.exports.playscript import Passage, Playscript
from dreamplay.formats import Format, Source
from dreamplay.rendering.markdown_text import cell, plain
from dreamplay.runs import transcript
from dreamplay.runs.transcript import Header, Resumed, RunLog


class Markdown(Format):
    """A page for readers: title, cast, scenes and the cost. The author's page also has what each thinks."""

    suffix = ".md"

    def write(self, source: Source) -> str:
        """The page: title, cast, beats and scenes, dreams set apart, stances in a table, colophon."""
        log = source.log
        return "\n\n".join(_page(Playscript.of(log, source.viewpoint(log)), log)) + "\n"


def _page(text: Playscript, log: RunLog) -> Iterator[str]:
    yield f"# {plain(text.title)}"
    yield f"*{plain(text.premise)}*"
    yield "\n".join(f"- **{plain(name)}**, {plain(who)}" for name, who in text.cast)
    for stances, group in groupby(text.passages, key=lambda each: each.kind == "stance"):
        passages = list(group)
        for each in passages:
            if each.beat:
                yield f"## {plain(each.beat)}"
            if each.place:
                yield f"### {plain(each.place)}"
            if not stances:
                yield _told(each)
        if stances:
            yield _table(passages)
    yield "---"
    yield _colophon(log)


def _told(each: Passage) -> str:
    match each.kind:
        case "line":
            if each.manner:
                return f"**{plain(each.name)}** *({plain(each.manner)}).* {plain(each.text)}"
            return f"**{plain(each.name)}.** {plain(each.text)}"
        case "silence":
            return f"*{plain(each.name)} says nothing*"
        case "action":
            return f"*{plain(each.name)} {plain(each.text)}*"
        case "dream":
            return f"> {plain(each.text)}"
        case "reflection" | "thought":
            return f"*({plain(each.name)} thinks: {plain(each.text)})*"
        case _:
            return f"*{plain(each.text)}*"


def _table(stances: Sequence[Passage]) -> str:
    rows = [f"| {cell(each.name)} | {cell(each.choice)} | {cell(each.text)} |" for each in stances]
    return "\n".join(["| | chooses to | because |", "|---|---|---|", *rows])


def _colophon(log: RunLog) -> str:
    header, usage = log.header, transcript.total(log.script)
    state = "" if log.end else " The run was stopped before its end."
    return (
        f"Played by {plain(', then '.join(_players(log)))}, seed {header.seed}, length {header.settings['length']}. "
        f"{usage.calls} calls; {usage.prompt:,} prompt tokens, {usage.evaluated:,} of them read anew; "
        f"{usage.output:,} tokens spoken; {usage.seconds:.0f} seconds of the model's time.{state}"
    )


def _players(log: RunLog) -> list[str]:
    """The models that played, in order, each with its adapter if it had one."""
    parts: list[Header | Resumed] = [log.header, *log.resumptions]
    played = [(each.model, each.settings.get("adapter")) for each in parts]
    return list(dict.fromkeys(f"{model} with {adapter['name']}" if adapter else model for model, adapter in played))
