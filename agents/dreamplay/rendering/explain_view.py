"""Prints the results of `dreamplay why` and `dreamplay knows`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rich.padding import Padding
from rich.text import Text

from dreamplay.analysis.explain import Explanation, Reflected
from dreamplay.analysis.knowledge import Knowledge
from dreamplay.rendering import console, threads_view
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.event import (
    EVENT_CLASSES,
    PROLOGUE,
    PROLOGUE_TITLE,
    ActionEvent,
    ControlEvent,
    Cue,
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

_WIDTH = 100
_CUT = 160
"""Maximum number of characters of a text in a list."""


def _said(name: str, text: str) -> str:
    return f"{name}: {text}" if name else text


def _narrated(name: str, text: str) -> str:
    """The text alone, which names the character who comes or goes."""
    return text


TOLD: Mapping[type[EventBase], Callable[[str, str], str]] = {
    NarrationEvent: _said,
    LineEvent: _said,
    ActionEvent: lambda name, text: f"{name} {text}",
    SilenceEvent: _said,
    ThoughtEvent: lambda name, text: f"{name} thinks: {text}",
    DreamEvent: _said,
    OutcomeEvent: _said,
    ReflectionEvent: lambda name, text: f"{name} thinks: {text}",
    StanceEvent: _said,
    RecapEvent: _said,
    EntranceEvent: _narrated,
    ExitEvent: _narrated,
    FearEvent: lambda name, text: f"{name} fears: {text}",
    ControlEvent: _said,
}
"""How each kind of event is shown in a line, from the speaker's name and the text."""


def _told(kind: str, name: str, text: str) -> str:
    return TOLD[EVENT_CLASSES[kind]](name, text)


def _directed(cue: Cue) -> Iterator[str]:
    """A cue in lines. One for a model that is not told what to say has no text, and may offer several things."""
    if cue.text:
        yield cue.text
        return
    named = {
        "topic": cue.topic, "act": cue.act, "could": "; ".join(cue.options), "at hand": "; ".join(cue.things),
    }  # fmt: skip
    yield from (f"{name}: {words}" for name, words in named.items() if words)


class ExplainView:
    """Prints views of one run, with the titles of beats and scenes from its story."""

    def __init__(self, record: RunLog) -> None:
        self._out = console.stdout(most=_WIDTH)
        story, fill = record.header.story, record.cast.fill
        self._cast = record.cast
        self._beats = {beat.id: fill(beat.title) for beat in story.beats} | {PROLOGUE: PROLOGUE_TITLE}
        self._choices = {choice.id: fill(choice.text) for choice in story.choices}
        self._places = {scene.id: fill(scene.place) for _, scene in story.scenes} | {PROLOGUE: PROLOGUE_TITLE}

    def why(self, made: Explanation) -> None:
        """Print why a line was said."""
        where = [self._beats[made.beat], self._places[made.scene], *([f"turn {made.turn}"] if made.turn else [])]
        self._head(f"Event {made.event}, {made.kind}: {'; '.join(dict.fromkeys(where))}")
        silent = f"(chooses to {self._choices[made.choice]})" if made.choice else "(says nothing)"
        self._print(_told(made.kind, made.name or "The narrator", made.text or silent))
        if made.reflected:
            self._reflected(made.name or "", made.reflected)
        for what, words in (("thinks before", made.thought), ("does meanwhile", made.gesture)):
            if words:
                self._print(f"{made.name} {what}: {words}")
        if made.by == "person":
            self._head("Said by a person")
        if made.said is not None:
            self._head(f"{made.name} chose what they had spoken for in line {made.said}; no model was asked")
        if made.cue:
            self._head("The cue")
            for line in _directed(made.cue):
                self._print(line)
        if made.took_up:
            self._head("What it takes up")
            self._table(
                ("event", "what", "words"),
                ((str(each.since), threads_view.put(each, self._cast), each.words) for each in made.took_up),
            )
        if made.ledger:
            self._head("What was pooled")
            self._table(("whose", "fear", "wish"), ((self._cast.name(p.role), p.fear, p.wish) for p in made.ledger))
        self._head(f"What {made.name or 'all who were there'} could see, and {made.unseen} earlier events not")
        rows = ((f"{s.first} to {s.last}" if s.first < s.last else f"{s.first}", self._places[s.scene])
                for s in made.saw)  # fmt: skip
        self._table(("events", "where"), rows)
        if made.said is not None:  # nothing was asked
            return
        self._head("What came up: score = recency x importance x relevance" if made.recalled else "Nothing came up")
        self._table(
            ("score", "recency", "importance", "relevance", "from", "memory"),
            (
                (f"{r.score:.3f}", f"{r.recency:.3f}", f"{r.importance:.3f}", f"{r.relevance:.3f}",
                 r.when if r.event is None else f"event {r.event}, {r.when}", r.text)
                for r in made.recalled
            ),
        )  # fmt: skip
        self._head("Refused" if made.refused else "Nothing was refused")
        self._table(("why", "what"), ((refusal.reason, refusal.text) for refusal in made.refused))
        if made.unshown:
            self._head(f"The prompt cannot be shown: {made.unshown}")
        else:
            self._head("The prompt" if made.prompt or not made.digest else "The prompt was not kept with this run")
        if made.prompt:
            for part in ("system", "script", "tail", "ask", "prefill"):
                if text := getattr(made.prompt, part):
                    self._out.print(Text(f"-- {part}", style="dim"))
                    self._print(text.rstrip("\n"))
        usage = made.usage
        self._head(f"The cost: {usage.calls} call{'' if usage.calls == 1 else 's'}, seed {made.seed}")
        self._print(
            f"{usage.prompt:,} prompt tokens, {usage.evaluated:,} of them read anew; {usage.output:,} tokens spoken; "
            f"{usage.seconds:.1f} seconds"
        )

    def knows(self, made: Knowledge) -> None:
        """Print what a character knows, since when, and which fears of others they know."""
        if own := made.own:
            self._head(f"What {made.name} has known all along")
            sheet = [("wants", own.want), ("believes", own.belief), ("fears", own.fear), ("wishes", own.wish)]
            self._table(("", ""), [*sheet, *(("remembers", text) for text in own.memories)])
        self._head(f"What {made.name} has witnessed, up to event {made.at}")
        scene = ""
        for known in made.witnessed:
            if known.scene != scene:
                scene = known.scene
                where = [self._beats[known.beat], self._places[scene]]
                self._out.print(Text(f"\n{'; '.join(dict.fromkeys(where))}", style="bold dim"))
            text = known.text if len(known.text) <= _CUT else f"{known.text[:_CUT].rsplit(' ', 1)[0]} …"
            name = self._cast.name(known.speaker) if known.speaker else ""
            words = " ".join(text.split())
            told = self._chosen(name, known.choice, words) if known.choice else _told(known.kind, name, words)
            self._print(f"{known.since:>4}  {told}")
        self._head(f"Whose fear {made.name} has dreamt" if made.secrets else f"{made.name} has dreamt nobody's fear")
        rows = ((self._cast.name(s.of), f"event {s.dreams[0]}", ", ".join(map(str, s.dreams))) for s in made.secrets)
        self._table(("whose", "since", "in the dreams"), rows)
        if made.attitudes:
            self._regards(made.name, made.attitudes, made.why)
        if made.wants:
            self._head(f"What {made.name} now wants")
            self._print(made.wants)
        self._head("Who has dreamt whose fear, beat by beat")
        roles = self._cast.roles
        beats = ((self._beats[bonds.beat], *(self._names(bonds.knows[role]) for role in roles)) for bonds in made.bonds)
        self._table(("by the end of", *map(self._cast.name, roles)), beats)

    def _chosen(self, name: str, choice: str, why: str) -> str:
        return f"{name} chooses to {self._choices.get(choice, choice)}{':' if why else '.'} {why}".rstrip()

    def _reflected(self, name: str, made: Reflected) -> None:
        if made.attitudes:
            self._regards(name, made.attitudes, made.why)
        promises = [(f"to {self._cast.name(role)}", what) for role, what in made.promised.items()]
        promises += [(f"by {self._cast.name(role)}", what) for role, what in made.was_promised.items()]
        if made.wants:
            self._head(f"What {name} now wants")
            self._print(made.wants)
        if promises:
            self._head("What was promised")
            self._table(("", ""), promises)

    def _regards(self, name: str, attitudes: Mapping[str, float], why: Mapping[str, str]) -> None:
        self._head(f"What {name} thinks of the others, from -1 to 1")
        rows = ((self._cast.name(role), f"{value:+.1f}", why.get(role, "")) for role, value in attitudes.items())
        self._table(("", "", ""), rows)

    def _names(self, roles: Sequence[str]) -> str:
        return ", ".join(map(self._cast.name, roles)) or "-"

    def _head(self, text: str) -> None:
        self._out.print(Text(f"\n{text}", style="bold"))

    def _print(self, text: str) -> None:
        self._out.print(Text(text) if console.piped(self._out) else Padding(Text(text), (0, 0, 0, 2)))

    def _table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table in a terminal, or plain columns in a pipe; nothing if there are no rows."""
        table = console.table(self._out)
        table.show_header = any(heads)
        for head in heads:
            table.add_column(head)
        for row in rows:
            table.add_row(*(Text(" ".join(cell.split())) for cell in row))
        if table.row_count:
            self._out.print(table)
