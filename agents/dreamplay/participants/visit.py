"""A visit: the file of interventions, which of them were done and which are due, and the settings of the visitor.

Every action leaves one event in the script, so actions can be reconstructed from events. A live visit leaves a file of
its interventions, and a visit from a file continues after a stop with what has not been done.
"""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from dreamplay.library import yaml_loader
from dreamplay.models.base import OnToken
from dreamplay.participants.actions import Action, left_by
from dreamplay.participants.base import Outcome, Stance
from dreamplay.participants.interventions import Intervention
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import ControlEvent, Event, TurnEvent
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View
from dreamplay.storage import disk
from dreamplay.storage.folders import at
from dreamplay.storage.store import Place

FILE = "interventions.yaml"
"""The file of a run in which a live visit is kept."""


class Interventions(FrozenModel):
    """The content of a file: what the visitor does. If several interventions are due at once, they are done in this
    order."""

    interventions: tuple[Intervention, ...] = Field(min_length=1)


class Visit(FrozenModel):
    """The settings of a visit. The header of a run records them."""

    every_line: bool = False
    """Whether the visitor is asked after every line."""
    interventions: tuple[Intervention, ...] | None = None
    """None if a person takes part live."""


def read(path: Path, story: Story, cast: Cast) -> tuple[Intervention, ...]:
    """Read a file of interventions for a story and a cast; its people are called by their roles from here on.

    Raises:
        LibraryError: it cannot be read, or says something that this story and cast do not have; with file and line.
    """
    found = yaml_loader.read(path, Interventions, story=story, cast=cast, role_of=cast.role_of)
    return tuple(each.by_role(cast) for each in found.interventions)


def again(visit: Visit, script: Script) -> Visit:
    """The visit as a file can repeat it: the interventions that were given, or those reconstructed from the script."""
    if visit.interventions is not None:
        return visit
    return visit.model_copy(update={"interventions": tuple(read_off(script))})


def acts(events: Iterable[Event]) -> list[Event]:
    """What the visitor did, as themself or for a role that they played. Lines that a what-if inserted are not
    included."""
    found: list[Event] = []
    held: set[str | None] = set()
    for event in events:
        hers = isinstance(event, ControlEvent) or event.by_visitor or event.speaker in held
        if event.provenance.by == "person" and hers:
            found.append(event)
        if isinstance(event, ControlEvent):
            held = held | {event.speaker} if event.controller == "visitor" else held - {event.speaker}
    return found


def own(event: Event) -> bool:
    """Whether the visitor did it as themself, and not in the turn of a role that they play."""
    return event.by_visitor or (isinstance(event, ControlEvent) and not event.turn)


def write(where: Place | Path, script: Script, cast: Cast) -> None:
    """Keep what the visitor has done beside the transcript, as a file that can be played again.

    Raises:
        RecordError: it cannot be written.
    """
    from ruamel.yaml import YAML

    place = at(where)
    order = sorted(Intervention.model_fields, key=lambda name: name in Action.model_fields)  # when, then what
    acts = [each.by_name(cast).model_dump(exclude_defaults=True) for each in read_off(script)]
    done = [{name: act[name] for name in order if name in act} for act in acts]
    if not done:
        with contextlib.suppress(OSError):  # a folder of that name is none of ours
            place.remove(FILE)
        return
    yaml = YAML(typ="rt")
    yaml.width = 5000  # a line stays on one line
    page = io.BytesIO()
    yaml.dump({"interventions": done}, page)
    try:
        place.replace(FILE, page.getvalue())
    except OSError as error:
        raise disk.cannot("write", place.called(FILE), error) from error


def read_off(script: Iterable[Event]) -> Iterator[Intervention]:
    """What the visitor has done in a script, or in the part of it that they may read, as interventions that would do it
    again, with roles in place of names."""
    taken: Counter[str] = Counter()
    events = list(script)
    hers = {event.id for event in acts(events)}
    for event in events:
        if event.id in hers and (done := again_by(event, taken[event.scene])):
            yield done
        if isinstance(event, TurnEvent) and not event.by_visitor:
            taken[event.scene] += 1


def again_by(event: Event, turn: int) -> Intervention | None:
    """The intervention that would repeat what the visitor did; None for a turn in which they said nothing.

    Args:
        event: what they did.
        turn: turns of the cast that come before it in its scene.

    Raises:
        ValidationError: nobody could have done it.
    """
    playing = None if own(event) else event.speaker
    when = {"beat": event.beat, "scene": event.scene, "turn": turn, "playing": playing}
    act = left_by(event)
    return Intervention.model_validate(act | when) if act else None


def left(interventions: tuple[Intervention, ...], script: Iterable[Event]) -> list[Intervention]:
    """The interventions that have not been done yet, in order."""
    done = Counter(each.key for each in read_off(script))
    rest = []
    for each in interventions:
        if done[each.key]:
            done[each.key] -= 1
        else:
            rest.append(each)
    return rest


@dataclass(frozen=True)
class InterventionPlayer:
    """A participant that does what a file of interventions says, when it is due, and otherwise listens. What has been
    done follows from the script, so a resumed run continues correctly."""

    interventions: tuple[Intervention, ...]

    async def take_turn(self, turn: Turn, view: View, on_token: OnToken) -> Outcome:
        """See `Participant.take_turn`."""
        if turn.task == "stance":
            found = next((each for each in self.interventions if each.stance and self._own(each, turn)), None)
            taken = found.stance if found else None
            made = Provenance(by="person")
            return Stance(taken.choice, taken.because, made) if taken else Stance(None, "", made)
        return self._due(turn, view) or Action()

    def wants_turn(self, turn: Turn, view: View) -> bool:
        """See `Participant.wants_turn`."""
        return self._due(turn, view) is not None

    def _due(self, turn: Turn, view: View) -> Intervention | None:
        open_yet = [each for each in left(self.interventions, view.events) if not each.stance]
        return next((each for each in open_yet if self._own(each, turn) and each.due(turn, view)), None)

    @staticmethod
    def _own(each: Intervention, turn: Turn) -> bool:
        return each.whose == turn.speaker and each.fits(turn)
