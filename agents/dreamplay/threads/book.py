"""A ledger while it is written, event by event: what opens a thread, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dreamplay.languages.language import Language
from dreamplay.schema.cast import Cast
from dreamplay.schema.conditions import come
from dreamplay.schema.event import (
    PROLOGUE,
    ActionEvent,
    Event,
    LineEvent,
    OutcomeEvent,
    ReflectionEvent,
    SilenceEvent,
)
from dreamplay.schema.made_move import Topics, made_of
from dreamplay.schema.topic import TopicMove
from dreamplay.threads import signs
from dreamplay.threads.thread import Thread, ThreadKind, ThreadState

PATIENCE = 4
"""Further lines of whoever asked after which they no longer wait for an answer."""


@dataclass
class Book:
    """A ledger that is being written."""

    cast: Cast
    language: Language
    topics: Topics
    """Of the story: what comes out in the moves of its scenes, and with what their promises are kept or broken."""
    read: tuple[Event, ...] = ()
    threads: list[Thread] = field(default_factory=list)
    _lively: list[int] = field(default_factory=list)
    """The indices of the open threads."""
    _thought: set[int] = field(default_factory=set)
    """The indices of the promises that no line made, as somebody thinks of them."""
    _patience: dict[int, int] = field(default_factory=dict)
    """The lines that whoever asked has said since, by index."""
    _evaded: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    """What was evaded, by the scene and whoever was asked: for each of those who asked, the index of the last thing
    they asked, if it was."""
    _last: dict[str, LineEvent] = field(default_factory=dict)
    """The last line, by scene."""
    _fates: dict[int, TopicMove] = field(default_factory=dict)
    """The moves that say with what a promise is kept or broken, by index."""
    _begun: set[str] = field(default_factory=set)
    """The scenes that have begun."""
    _answers: dict[str, str] = field(default_factory=dict)
    """The answers that the outcomes of scenes have, by scene."""

    def add(self, event: Event) -> None:
        """Read the next event. The lines of the prologue are examples, and open nothing."""
        if event.beat == PROLOGUE:
            return
        match event:
            case LineEvent():
                self._line(event)
            case SilenceEvent(chosen=True):
                self._close(event, self._put_to(event.speaker, event.scene), "dodged")
            case ActionEvent():
                self._close(event, self._done(event), "kept")
            case OutcomeEvent():
                self._outcome(event)
            case ReflectionEvent():
                self._reflection(event)
            case _:
                pass
        if event.scene not in self._begun or isinstance(event, OutcomeEvent):
            self._begun.add(event.scene)
            self._settle(event)

    def _settle(self, event: Event) -> None:
        """Close the promises that the story says are kept or broken by now."""
        for number in [number for number in self._lively if number in self._fates]:
            move = self._fates[number]
            if come(move.kept, self._begun, self._answers.get):
                self._close(event, [number], "kept")
            elif come(move.broken, self._begun, self._answers.get):
                self._close(event, [number], "broken")

    def _line(self, event: LineEvent) -> None:
        speaker, last = event.speaker, self._last.get(event.scene)
        able = [role for role in event.witnesses if role != speaker]
        to = signs.addressee(self.cast, event.text, event.cue, last.speaker if last else None, able)
        self._answer(event, to)
        self._keep(event)
        self._tire(event)
        move = made_of(self.topics.get(event.scene, ()), event)
        puts = signs.puts(event.text, event.cue, self.language)
        of_author = event.cue is not None and not event.cue.written
        if move and move.has_fate and of_author and not any(put.kind == "promise" for put in puts):
            puts.append(signs.Put("promise", (event.text,)))
        for put in puts:
            for role, words in signs.put_to(self.cast, event.text, put, event.cue, to, able).items():
                self._open(event, put.kind, role, words, move=move if of_author else None)
        if move and move.reveals:
            self._open(event, "secret", to, event.text, "told")
        self._last[event.scene] = event

    def _answer(self, event: LineEvent, to: str | None) -> None:
        """Close what the line answers, and what its speaker had to answer and does not. It answers nobody who does not
        perceive it. Right after a question, any word of the line that asked it is taken up. A line that answers a
        promise takes it up, and leaves it open."""
        self._answer_late(event, to)
        if not self._lively:
            return
        last, cue = self._last.get(event.scene), signs.led(event.cue)
        said = signs.bare(self.cast, event.text)
        given = cue and signs.shares(signs.bare(self.cast, self.cast.fill(cue.material)), said, self.language)
        meant = cue.answers if cue and given else None
        dodging = cue is not None and cue.act in signs.DODGES
        for number in list(self._lively):
            thread = self.threads[number]
            takes = thread.since == meant
            if event.speaker == thread.by or thread.by not in event.witnesses:
                continue
            if thread.demands and event.speaker == thread.to and (takes or thread.scene == event.scene):
                asked = signs.bare(self.cast, last.text) if last and last.id == thread.since else self._bare(number)
                to_them = self._spoken_to(event, thread.by, to)
                takes = takes or signs.takes_up(asked, said, self.language, to_them=to_them)
                self._change(number, "answered" if takes and not dodging else "dodged", event.id if takes else None)
            elif takes:
                self._change(number, "answered" if thread.demands and not thread.to else "open", event.id)

    def _answer_late(self, event: LineEvent, to: str | None) -> None:
        """Close what the speaker has evaded, if they were free to and now speak to whoever asked it."""
        for by, number in list(self._evaded.get((event.scene, event.speaker), {}).items()):
            if by in event.witnesses and signs.replies(self._spoken_to(event, by, to), self.language):
                self._change(number, "answered", event.id)

    def _spoken_to(self, event: LineEvent, role: str, to: str | None) -> list[str]:
        """What of a line is spoken to a role, without names, by a speaker who was free to say anything. Where somebody
        is called by name, what comes before is spoken to whoever spoke before as well."""
        if signs.led(event.cue):
            return []
        last, able = self._last.get(event.scene), [each for each in event.witnesses if each != event.speaker]
        turned = last is not None and last.speaker == role and bool(signs.calls(self.cast, event.text, able))
        first = turned or role in (to, event.cue.to if event.cue else None)
        told = signs.said_to(self.cast, event.text, role, able, first=first)
        return [signs.bare(self.cast, said) for said in told]

    def _keep(self, event: LineEvent) -> None:
        """Close the promises that a line says were kept or broken, and what its speaker no longer wants."""
        if not self._lively:
            return
        text = signs.bare(self.cast, event.text)
        words, mine = self.language, [n for n in self._lively if self.threads[n].creditor == event.speaker]
        promises = [n for n in mine if self.threads[n].kind == "promise"]
        own = [n for n in self._lively if self.threads[n].kind == "promise" and self.threads[n].by == event.speaker]
        if promises and words.broken_word.search(text):
            self._close(event, self._meant(promises, text), "broken")
        elif (promises or own) and words.kept_word.search(text):
            self._close(event, self._meant([*own, *promises], text), "kept")
        elif (later := signs.lets_go(text, words)) is not None:
            here = [n for n in mine if self.threads[n].scene == event.scene or signs.shares(self._bare(n), text, words)]
            wanted = [n for n in here if not signs.shares(self._bare(n), later, words)]
            self._close(event, self._meant(wanted, text), "let_go")

    def _done(self, event: ActionEvent) -> list[int]:
        """The promises of somebody that are about what they do."""
        does = signs.bare(self.cast, event.text)
        own = [n for n in self._lively if self.threads[n].kind == "promise" and self.threads[n].by == event.speaker]
        return [n for n in own if signs.about(self._bare(n), does, self.language)]

    def _meant(self, numbers: Sequence[int], text: str) -> list[int]:
        """Which of several threads a text is about: the newest with a word of it, else the newest."""
        shared = [n for n in numbers if signs.shares(self._bare(n), text, self.language)]
        return (shared or list(numbers))[-1:]

    def _tire(self, event: LineEvent) -> None:
        """Let go what the speaker asked so long ago that they no longer wait for it."""
        for number in [n for n in self._lively if self.threads[n].demands and self.threads[n].by == event.speaker]:
            self._patience[number] = self._patience.get(number, 0) + 1
            if self._patience[number] >= PATIENCE:
                self._close(event, [number], "let_go", by_it=False)

    def _outcome(self, event: OutcomeEvent) -> None:
        """Answer the questions, requests and offers of the scene that are about what has been decided."""
        self._answers[event.scene] = event.answer
        decided = signs.bare(self.cast, event.text)
        about = [
            n for n in self._lively
            if self.threads[n].scene == event.scene and self.threads[n].kind in ("question", "request", "offer")
            and signs.about(self._bare(n), decided, self.language)
        ]  # fmt: skip
        self._close(event, about, "answered")

    def _reflection(self, event: ReflectionEvent) -> None:
        """Keep what somebody thinks that they promised or were promised. What is in the ledger already is taken up."""
        own = [(event.speaker, role, words) for role, words in event.promised.items()]
        others = [(role, event.speaker, words) for role, words in event.was_promised.items()]
        for by, to, words in own + others:
            known = self._promised(by, to, words, event.scene)
            if known is None:
                self._thought.add(len(self.threads))
                self._open(event, "promise", to, words, by=by)
                continue
            thread = self.threads[known]
            new = tuple(role for role in event.witnesses if role not in thread.witnesses)
            fuller = known in self._thought and signs.covers(
                signs.bare(self.cast, words), self._bare(known), self.language
            )
            self.threads[known] = thread.model_copy(
                update={"witnesses": thread.witnesses + new, "words": words if fuller else thread.words}
            )
            self._change(known, thread.state, event.id)

    def _promised(self, by: str, to: str, words: str, scene: str) -> int | None:
        """The newest promise of one to another that is about the same, and is open or was made in a scene."""
        said = signs.bare(self.cast, words)
        for number in reversed(range(len(self.threads))):
            each = self.threads[number]
            same = each.kind == "promise" and (each.by, each.to) == (by, to) and (each.open or each.scene == scene)
            if same and signs.about(self._bare(number), said, self.language):
                return number
        return None

    def _open(
        self,
        event: LineEvent | ReflectionEvent,
        kind: ThreadKind,
        to: str | None,
        words: str,
        state: ThreadState = "open",
        by: str | None = None,
        move: TopicMove | None = None,
    ) -> None:
        if kind == "promise" and (fate := self._fate(event.scene, by or event.speaker, words, move)):
            self._fates[len(self.threads)] = fate
        self.threads.append(
            Thread(
                kind=kind, by=by or event.speaker, to=to, words=words, since=event.id, beat=event.beat,
                scene=event.scene, state=state, witnesses=event.witnesses,
            )
        )  # fmt: skip
        if to and self.threads[-1].demands:
            self._evaded.get((event.scene, to), {}).pop(by or event.speaker, None)
        if state == "open":
            self._lively.append(len(self.threads) - 1)

    def _fate(self, scene: str, role: str, words: str, move: TopicMove | None) -> TopicMove | None:
        """The move of the story that says what becomes of a promise: the one that was said, or, of somebody who
        was led to none or has said it in words of their own, the first of theirs in the scene that is about the same.
        """
        if move:
            return move if move.has_fate else None
        theirs = (each for topic in self.topics.get(scene, ()) for each in topic.moves if each.role == role)
        said = signs.bare(self.cast, words)
        return next(
            (
                each for each in theirs
                if each.has_fate and signs.about(signs.bare(self.cast, self.cast.fill(each.does)), said, self.language)
            ),
            None,
        )  # fmt: skip

    def _bare(self, number: int) -> str:
        return signs.bare(self.cast, self.threads[number].words)

    def _put_to(self, role: str, scene: str) -> list[int]:
        """The open questions, accusations and offers of a scene that are put to a role."""
        return [
            n for n in self._lively
            if (each := self.threads[n]).demands and each.scene == scene and each.to == role
        ]  # fmt: skip

    def _close(self, event: Event, numbers: Iterable[int], state: ThreadState, *, by_it: bool = True) -> None:
        for number in list(numbers):
            self._change(number, state, event.id if by_it else None)

    def _change(self, number: int, state: ThreadState, event: int | None) -> None:
        thread = self.threads[number]
        taken_up = thread.taken_up if event is None else (*thread.taken_up, event)
        self.threads[number] = thread.model_copy(update={"state": state, "taken_up": taken_up})
        if state != "open" and number in self._lively:
            self._lively.remove(number)
        if thread.demands and thread.to:
            evaded = self._evaded.setdefault((thread.scene, thread.to), {})
            if state == "dodged":
                evaded[thread.by] = number
            elif evaded.get(thread.by) == number:
                del evaded[thread.by]
