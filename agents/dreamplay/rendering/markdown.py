"""A transcript as Markdown for readers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from dreamplay.rendering.event_words import InlineGestures, played_by
from dreamplay.runs import transcript
from dreamplay.runs.transcript import Header, Resumed, RunLog
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import (
    PROLOGUE,
    PROLOGUE_TITLE,
    ActionEvent,
    ControlEvent,
    DreamEvent,
    EntranceEvent,
    EventBase,
    ExitEvent,
    FearEvent,
    LineEvent,
    NarrationEvent,
    OutcomeEvent,
    RecapEvent,
    ReflectionEvent,
    SilenceEvent,
    StanceEvent,
    ThoughtEvent,
)


class Markdown:
    """A page for readers: title, cast, scenes, what each thinks after them, and the cost."""

    suffix = ".md"

    def write(self, log: RunLog) -> str:
        """The page."""
        return render(log)


def render(record: RunLog) -> str:
    """The page: title, cast, beats and scenes, dreams set apart, stances in a table, colophon."""
    return "\n\n".join(_page(record)) + "\n"


def _page(record: RunLog) -> Iterator[str]:
    story, cast = record.header.story, record.cast
    yield f"# {plain(story.title)}"
    yield f"*{plain(cast.fill(story.premise))}*"
    yield "\n".join(f"- **{plain(p.name)}**, {plain(cast.fill(p.who))}" for p in cast.personas.values())
    scenes = {scene.id: scene for _, scene in story.scenes}
    titles = {beat.id: beat.title for beat in story.beats}
    beat = scene = None
    stances: list[StanceEvent] = []
    for event, gesture in chain.from_iterable(map(InlineGestures().take, record.script)):
        if stances and not isinstance(event, StanceEvent):
            yield _table(stances, record)
            stances = []
        if event.beat != beat:
            beat = event.beat
            yield f"## {PROLOGUE_TITLE if beat == PROLOGUE else plain(cast.fill(titles[beat]))}"
        if event.scene != scene:
            scene = event.scene
            if scene != PROLOGUE:
                yield f"### {plain(cast.fill(scenes[scene].place))}"
        if isinstance(event, StanceEvent):
            stances.append(event)
        elif isinstance(event, LineEvent):
            yield _line(event, cast, gesture)
        elif told := TOLD[type(event)](event, cast):
            yield told
    if stances:
        yield _table(stances, record)
    yield "---"
    yield _colophon(record)


def _name(event: EventBase, cast: Cast) -> str:
    return plain(f"{cast.name(event.speaker)}{played_by(event, cast)}") if event.speaker else ""


def _line(event: LineEvent, cast: Cast, gesture: str = "") -> str:
    whispers = f"whispers to {cast.listed(event.hears)}" if event.hears else ""
    if manner := "; ".join(filter(None, [gesture, whispers])):
        return f"**{_name(event, cast)}** *({plain(manner)}).* {plain(event.text)}"
    return f"**{_name(event, cast)}.** {plain(event.text)}"


def _silence(event: SilenceEvent, cast: Cast) -> str:
    return f"*{_name(event, cast)} says nothing*" if event.chosen else ""


def _nothing(event: EventBase, cast: Cast) -> str:
    """Empty, for an event that is silent, repeats others, or is not part of the story."""
    return ""


def _narrated(event: EventBase, cast: Cast) -> str:
    return f"*{plain(event.text)}*"


TOLD: Mapping[type[EventBase], Callable[[Any, Cast], str]] = {
    NarrationEvent: _narrated,
    LineEvent: _line,
    ActionEvent: lambda event, cast: f"*{_name(event, cast)} {plain(event.text)}*",
    SilenceEvent: _silence,
    ThoughtEvent: _nothing,
    OutcomeEvent: _narrated,
    DreamEvent: lambda event, cast: f"> {plain(event.text)}",
    ReflectionEvent: lambda event, cast: (
        "" if event.failed else f"*({_name(event, cast)} thinks: {plain(event.text)})*"
    ),
    StanceEvent: _nothing,  # all stances of a scene are in one table
    RecapEvent: _nothing,
    EntranceEvent: _narrated,
    ExitEvent: _narrated,
    FearEvent: _nothing,
    ControlEvent: _nothing,
}
"""The Markdown of each kind of event; empty for kinds that the page leaves out."""


def _table(stances: list[StanceEvent], record: RunLog) -> str:
    choices = {choice.id: record.cast.fill(choice.text) for choice in record.header.story.choices}
    rows = [
        f"| {cell(who)} | {cell(choices[s.choice])} | {cell(s.text)} |"
        for s in stances
        for who in [f"{record.cast.name(s.speaker)}{played_by(s, record.cast)}"]
    ]
    return "\n".join(["| | chooses to | because |", "|---|---|---|", *rows])


def _colophon(record: RunLog) -> str:
    header, usage = record.header, transcript.total(record.script)
    state = "" if record.end else " The run was stopped before its end."
    return (
        f"Played by {plain(', then '.join(_players(record)))}, seed {header.seed}, length {header.settings['length']}. "
        f"{usage.calls} calls; {usage.prompt:,} prompt tokens, {usage.evaluated:,} of them read anew; "
        f"{usage.output:,} tokens spoken; {usage.seconds:.0f} seconds of the model's time.{state}"
    )


def _players(record: RunLog) -> list[str]:
    """The models that played, in order, each with its adapter if it had one."""
    parts: list[Header | Resumed] = [record.header, *record.resumptions]
    played = [(each.model, each.settings.get("adapter")) for each in parts]
    return list(dict.fromkeys(f"{model} with {adapter['name']}" if adapter else model for model, adapter in played))


def cell(text: str) -> str:
    """Untrusted text, escaped for a table cell."""
    return plain(text).replace("|", r"\|")


def plain(text: str) -> str:
    """Untrusted text with its markup escaped."""
    text = " ".join(text.split())
    text = re.sub(r"([\\`*_\[\]<>#~&])", r"\\\1", text)
    return re.sub(r"^([-+=]|\d+(?=\.))", lambda hit: f"{hit[0]}\\" if hit[0].isdigit() else f"\\{hit[0]}", text)
