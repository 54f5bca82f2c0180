"""A run as a Python user holds it: what was played, as values, and what could be played from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dreamplay.branching import branch as whatif
from dreamplay.branching.branch import Branch, Changes
from dreamplay.runs import transcript
from dreamplay.runs.transcript import Header, RunLog
from dreamplay.schema.event import PROLOGUE, Event


@dataclass(frozen=True)
class Run:
    """One playing of a story, finished or stopped, as it stands on disk."""

    folder: Path
    record: RunLog

    @classmethod
    def read(cls, folder: Path) -> Run:
        """Read a run from its folder.

        Raises:
            RecordError: there is none, or it is damaged; the message says where.
        """
        return cls(folder, transcript.read(folder))

    @property
    def header(self) -> Header:
        """What was chosen for it: story, cast, model, settings, seed, and of which run it is a branch."""
        return self.record.header

    @property
    def finished(self) -> bool:
        """Whether it was played to its end."""
        return self.record.end is not None

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Everything that happened, in order: `event.id` is the place in it. Speakers and witnesses are roles."""
        return tuple(self.record.script)

    @cached_property
    def lines(self) -> tuple[Event, ...]:
        """What was spoken in the play, without the prologue that the author wrote."""
        return tuple(event for event in self.events if event.kind == "line" and event.beat != PROLOGUE)

    @property
    def stances(self) -> dict[str, str]:
        """What each role chose at the crossroads, by the choice's id; of several crossroads the last."""
        taken = [event for event in self.events if event.kind == "stance"]
        return {event.speaker: event.choice for event in taken if event.speaker and event.choice}

    def name(self, role: str) -> str:
        """The name of whoever played a role.

        Raises:
            KeyError: there is no such role.
        """
        return self.record.cast.name(role)

    def to_records(self) -> list[dict[str, Any]]:
        """One flat dictionary an event, for `pandas.DataFrame(run.to_records())`.

        Keys: run, seed, model, id, beat, scene, turn (from 1; 0 for what is no turn), kind, role and speaker (the name;
        both None where nobody speaks), text, to (whom a line was meant for, a role), witnesses (roles, separated by
        spaces), choice, by (agent, person, narrator or author), calls, prompt_tokens, cached_tokens, output_tokens and
        seconds.
        """
        cast = self.record.cast
        same = {"run": self.folder.name, "seed": self.header.seed, "model": self.header.model}
        return [
            same
            | {
                "id": event.id,
                "beat": event.beat,
                "scene": event.scene,
                "turn": event.turn,
                "kind": event.kind,
                "role": event.speaker,
                "speaker": cast.name(event.speaker) if event.speaker else None,
                "text": event.text,
                "to": event.cue.to if event.cue else None,
                "witnesses": " ".join(event.witnesses),
                "choice": event.choice,
                "by": event.provenance.by,
                "calls": event.provenance.usage.calls,
                "prompt_tokens": event.provenance.usage.prompt,
                "cached_tokens": event.provenance.usage.cached,
                "output_tokens": event.provenance.usage.output,
                "seconds": event.provenance.usage.seconds,
            }
            for event in self.events
        ]

    def branch(
        self,
        *,
        at: str | int | None = None,
        swap: Mapping[str, str] | None = None,
        say: Sequence[tuple[str, str]] = (),
        drop: Sequence[str] = (),
        story: str | Path | None = None,
        seed: int | None = None,
    ) -> Branched:
        """What if, from some point on, something were otherwise? The run itself is not touched; `dreamplay.play` plays
        the branch.

        Args:
            at: a beat, a scene, or the number of an event; None: from the very start.
            swap: role to persona: a name, a file, or another role.
            say: role and words, each a line that is spoken at the point.
            drop: roles that leave at the point and stay away.
            story: a file with the story as it goes on.
            seed: of the dice from there on; None: the run's own.

        Raises:
            UsageError: the point or a change does not fit the run.
        """
        changes = Changes(swap or {}, say, drop, Path(story) if story else None)
        point = None if at is None else str(at)
        return Branched(self, whatif.branch(self.record, self.folder.resolve().name, point, changes, seed))


@dataclass(frozen=True)
class Branched:
    """A branch that has yet to be played, or gone on with."""

    parent: Run
    branch: Branch

    @property
    def notes(self) -> tuple[str, ...]:
        """What the change has left out of the story, in words."""
        return self.branch.notes
