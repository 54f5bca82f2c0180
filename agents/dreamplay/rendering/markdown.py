"""A transcript as Markdown, written to be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dreamplay.rendering.event_words import played_by
from dreamplay.runs import transcript
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.event import PROLOGUE, PROLOGUE_TITLE, Event, RecapEvent, StanceEvent


class Markdown:
    """A page to be read: title, cast, beats and scenes, and what it cost."""

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
    for event in record.script:
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
        elif event.text and not (event.backstage or isinstance(event, RecapEvent)):
            yield _told(event, record)
    if stances:
        yield _table(stances, record)
    yield "---"
    yield _colophon(record)


def _told(event: Event, record: RunLog) -> str:
    text = plain(event.text)
    name = plain(f"{record.cast.name(event.speaker)}{played_by(event, record.cast)}") if event.speaker else ""
    match event.kind:
        case "line" if event.hears:
            return f"**{name}** *(whispers to {plain(record.cast.listed(event.hears))}).* {text}"
        case "line":
            return f"**{name}.** {text}"
        case "reflection":
            return f"*({name} thinks: {text})*"
        case "dream":
            return f"> {text}"
        case "action":
            return f"*{name} {text}*"
        case _:
            return f"*{text}*"


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
        f"Played by {plain(', then '.join(record.models))}, seed {header.seed}, length {header.settings['length']}. "
        f"{usage.calls} calls; {usage.prompt:,} prompt tokens, {usage.evaluated:,} of them read anew; "
        f"{usage.output:,} tokens spoken; {usage.seconds:.0f} seconds of the model's time.{state}"
    )


def cell(text: str) -> str:
    """Text of strangers for a cell of a table."""
    return plain(text).replace("|", r"\|")


def plain(text: str) -> str:
    """Text of strangers as text: no markup of theirs is markup here."""
    text = " ".join(text.split())
    text = re.sub(r"([\\`*_\[\]<>#~&])", r"\\\1", text)
    return re.sub(r"^([-+=]|\d+(?=\.))", lambda hit: f"{hit[0]}\\" if hit[0].isdigit() else f"\\{hit[0]}", text)
