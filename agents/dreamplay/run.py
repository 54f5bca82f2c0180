"""A run in Python: what was played, as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamplay.argument_types import checked_names, checked_number
from dreamplay.errors import UsageError
from dreamplay.runs import home, labels, run_index, transcript
from dreamplay.runs.transcript import Header, RunLog
from dreamplay.schema.event import PROLOGUE, Event, EventBase, StanceEvent
from dreamplay.storage.folders import FolderPlace, at, folder_of
from dreamplay.storage.store import Place, Store

if TYPE_CHECKING:
    from dreamplay.analysis.explain import Explanation
    from dreamplay.analysis.knowledge import Knowledge
    from dreamplay.branched import Branched
    from dreamplay.participants.visit import Visit
    from dreamplay.runs.labels import Label
    from dreamplay.schema.cast import Persona
    from dreamplay.schema.story import Story
    from dreamplay.threads.thread import Thread


@dataclass(frozen=True, repr=False)
class Run:
    """One playing of a story, finished or stopped, as it is kept."""

    place: Place
    """Where it is kept: in a folder, or in another store."""
    record: RunLog

    @classmethod
    def read(cls, where: Place | Path) -> Run:
        """Read a run from its place, or its folder.

        Raises:
            RecordError: there is none, or it is damaged; the message says where.
        """
        return cls(at(where), transcript.read(where))

    @classmethod
    def find(cls, reference: str | None = None, store: Store | str | Path | None = None) -> Run:
        """Read a run by its folder, its transcript, or its name in a store; the newest there if None.

        Args:
            reference: which run.
            store: the folder of the runs, or the address of another store; None: the one that is set, else
                `transcripts/`.

        Raises:
            RecordError: there is none, or it is damaged; the message says where.
        """
        place = run_index.find(reference, home.opened(store))
        if isinstance(place, FolderPlace) and place.path.is_file():  # a transcript of another name
            return cls(FolderPlace(place.path.parent), transcript.read(place.path))
        return cls.read(place)

    @property
    def folder(self) -> Path:
        """Its folder.

        Raises:
            UsageError: it is kept in another store.
        """
        return folder_of(self.place)

    @property
    def header(self) -> Header:
        """What was chosen: story, cast, model, settings, seed, and the run that it branched off."""
        return self.record.header

    @property
    def finished(self) -> bool:
        """Whether the run was played to its end."""
        return self.record.end is not None

    @property
    def played_by(self) -> str | None:
        """Who plays it at this moment, in words: a process, which may be this one. None if nobody does."""
        return self.place.holder()

    @property
    def visit(self) -> Visit | None:
        """How a visitor takes part; None if there is none."""
        from dreamplay.participants.visit import Visit

        kept = self.header.settings.get("visit")
        return None if kept is None else Visit.model_validate(kept)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Everything that happened, in order; `event.id` is the index. Speakers and witnesses are roles."""
        return tuple(self.record.script)

    @cached_property
    def lines(self) -> tuple[Event, ...]:
        """The spoken lines, without the prologue."""
        return tuple(event for event in self.events if event.kind == "line" and event.beat != PROLOGUE)

    @property
    def label(self) -> Label:
        """What somebody noted about it; `dreamplay.label_run` changes it."""
        return labels.read(self.place)[0]

    @property
    def stances(self) -> dict[str, str]:
        """Role to the id of what they chose at the crossroads; at the last one, if there are several."""
        return {event.speaker: event.choice for event in self.record.script.of_kind(StanceEvent)}

    def __repr__(self) -> str:
        header, state = self.header, "finished" if self.finished else f"stopped after event {len(self.events)}"
        changes = "".join(f", {change}" for change in header.changes)
        return (
            f"<Run {self.place.name}: {header.story.title!r} on {header.model}, seed {header.seed}{changes}, "
            f"{len(self.lines)} lines, {state}>"
        )

    def name(self, role: str) -> str:
        """The name of whoever played a role.

        Raises:
            KeyError: there is no such role.
        """
        return self.record.cast.name(role)

    def why(self, event: int | Event) -> Explanation:
        """What made an event: cue, what it took up, witnessed events, memories, rejected candidates, the prompt and the
        cost.

        Args:
            event: the event, or its id.

        Raises:
            UsageError: there is no such event, or an author wrote it; the message names those nearest to it.
            TypeError: it is no event and no id.
        """
        from dreamplay.analysis import explain
        from dreamplay.runs import prompt_reader

        number = event.id if isinstance(event, EventBase) else event
        checked_number("event", number, "an event, or its id")
        return explain.why(self.record, number, lambda digest: prompt_reader.find(self.place, digest))

    def knows(self, role: str, at: int | None = None) -> Knowledge:
        """What a role, given by itself or by a name, knows after an event, or at the end if None.

        Raises:
            UsageError: no such role or event; the message says which there are.
            TypeError: `at` is no number.
        """
        from dreamplay.analysis import knowledge

        if at is not None:
            checked_number("at", at, "the id of an event")
        return knowledge.knows(self.record, role, at)

    def seen_by(self, *roles: str) -> tuple[Event, ...]:
        """What somebody perceived, in order: the same that prompts are made from. Of several roles, what any of them
        perceived, which is what a person knows who plays them all.

        Raises:
            UsageError: no such role; the message says which there are.
        """
        from dreamplay.analysis.references import role_in

        return self.record.script.joint_view([role_in(self.record, role) for role in roles], ()).events

    def threads(self, role: str | Sequence[str] | None = None, at: int | None = None) -> tuple[Thread, ...]:
        """Questions, requests, accusations, offers, promises and told secrets, with what became of each, in the order
        in which they began.

        Args:
            role: whose: of a role those that it witnessed, of several those that any of them did; None: everybody's.
            at: as they stood after an event; None: at the end.

        Raises:
            UsageError: no such role or event; the message says which there are.
            TypeError: `at` is no number.
        """
        from dreamplay.analysis import open_threads

        if at is not None:
            checked_number("at", at, "the id of an event")
        roles = [role] if isinstance(role, str) else role or []
        return open_threads.threads(self.record, *roles, at=at)

    def to_records(self) -> list[dict[str, Any]]:
        """One flat dictionary for each event, for `pandas.DataFrame(run.to_records())`.

        Its keys are the columns of the formats `csv`, `jsonl` and `parquet`, thoughts and whispers included; see
        docs/exports.md. Those that do not apply are None.
        """
        from dreamplay.exports import table

        return table.records(self.record)

    def export(
        self, to: str, *, view: str | None = None, secrets: bool = False, author: str | None = None
    ) -> str | bytes:
        """The run in another format. `dreamplay.export` also writes files, and several runs at once.

        Args:
            to: the format; `dreamplay.list_formats` says which there are.
            view: what is in it: `reader`, `author`, or a role; None: what the format uses by itself.
            secrets: with the author's view also private sheets, what was pooled into dreams, and prompts; with a
                role's its own, if the format is for that.
            author: whoever it is said to be by, in the formats that have a place for it; None: nobody is named.

        Raises:
            PluginError: there is no such format, or it cannot be used.
            UsageError: something has to be installed first, or the view or the author does not fit.
        """
        from dreamplay import formats

        return formats.write(to, [self.record], view=view, secrets=secrets, author=author, places=[self.place]).main

    def branch(
        self,
        *,
        at: str | int | None = None,
        swap: Mapping[str, str | Path | Persona] | None = None,
        say: Sequence[tuple[str, str]] = (),
        drop: Sequence[str] = (),
        story_edit: str | Path | Story | None = None,
        seed: int | None = None,
        visitor: str | Path | Persona | None = None,
        every_line: bool = False,
    ) -> Branched:
        """Make a branch: the same run up to a point, with something changed from there on. The run itself does not
        change; `dreamplay.play` plays the branch.

        Args:
            at: a beat, a scene, or the number of an event; None: from the very start.
            swap: role to persona: a name, a file, a character card, a `Persona`, or another role. A role for itself has
                the shipped persona again that the story names.
            say: role and words, each a line that is spoken at the point.
            drop: roles that leave at the point and stay away.
            story_edit: the story as it goes on, or its file. `dump_story` and `parse_story` edit that of a run.
            seed: of the dice from there on, from 0 to 2**31 - 1; None: the run's own.
            visitor: the name, the persona file or the `Persona` of somebody who steps in at the point, and knows
                nothing of what came before it; of a run that has a visitor, their name: they take part anew, and what
                they did after the point is not repeated. They speak by `LivePlay.say`, see `dreamplay.live`.
            every_line: ask the visitor after every line.

        Raises:
            UsageError: the point or a change does not fit the run.
            LibraryError: the visitor has no name that fits the cast.
            TypeError: `say` or `drop` is no list, or `seed` is no number.
        """
        from dreamplay.branched import Branched
        from dreamplay.branching import branch as whatif

        checked_names("drop", drop)
        if seed is not None:
            checked_number("seed", seed, "a whole number")
        if isinstance(say, str) or not all(isinstance(line, tuple | list) and len(line) == 2 for line in say):
            raise TypeError(f"`say` is a list of pairs, each a role and its words, not {say!r}")
        if every_line and visitor is None:
            raise UsageError("`every_line` needs a `visitor`")
        edited = Path(story_edit) if isinstance(story_edit, str) else story_edit
        guest = str(visitor) if isinstance(visitor, Path) else visitor
        changes = whatif.Changes(swap or {}, say, drop, edited, guest, every_line)
        point = None if at is None else str(at)
        return Branched(self, whatif.branch(self.record, self.place.name, point, changes, seed))
