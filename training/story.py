"""A written scene as a story that dreamplay can play."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dreamplay.engine.plugin_set import SHIPPED
from dreamplay.engine.run_config import RunConfig
from dreamplay.memory.base import NO_MEMORY
from dreamplay.participants.interventions import Intervention
from dreamplay.participants.visit import Visit
from dreamplay.schema.cast import Cast, Persona, PrivateSheet
from dreamplay.schema.scene import VISITOR, Scene, TurnContract
from dreamplay.schema.story import Beat, Choice, Story
from dreamplay.schema.topic import Topic, TopicMove

from training.scene import Decided, Dreamt, Ended, Happening, Item, Person, Spoken, Thought, Visited, WrittenScene

TOPIC = "scene"
"""The id of the topic whose moves are the notes of a scene."""
_BEAT = "scene"


@dataclass(frozen=True)
class Part:
    """A part of a written scene that is one scene of a story: what comes before a dream, from a dream on, before a
    decision, the epilogue."""

    kind: str
    opening: str
    items: tuple[Item, ...]


def parts(written: WrittenScene) -> tuple[Part, ...]:
    """The parts of a scene. A dream and a decision begin a part, and what happens just before begins it."""
    found: list[Part] = []
    decided = any(isinstance(item, Decided) for item in written.turns)
    opening, items = written.scene, list[Item]()
    kind = "waking"
    for item in written.turns:
        begins = isinstance(item, Dreamt | Ended) or (isinstance(item, Decided) and kind == "dream")
        if begins:
            if any(isinstance(each, Spoken | Thought | Decided) for each in items):
                last = items.pop() if isinstance(items[-1], Happening) else None
                found.append(Part(kind, opening, tuple(items)))
                opening = last.event if isinstance(last, Happening) else "Time passes."
                items = []
            kind = "dream" if isinstance(item, Dreamt) else "epilogue" if isinstance(item, Ended) else "crossroads"
            if isinstance(item, Ended):
                # What was decided is told by the engine; of what nobody decided, it knows nothing.
                opening = item.opening if decided else f"{item.ending} {item.opening}"
        elif isinstance(item, Decided) and kind == "waking":
            kind = "crossroads"
        items.append(item)
    return (*found, Part(kind, opening, tuple(items)))


def role(person: Person, written: WrittenScene) -> str:
    """The role that a person has in the story of a scene."""
    if person is written.visitor:
        return VISITOR
    word = re.sub(r"[^a-z]+", "_", person.name.lower()).strip("_")
    return f"{word or 'role'}_{written.cast.index(person)}"


def plan(written: WrittenScene, told: tuple[Part, ...]) -> RunConfig:
    """The scene as a story that can be played."""
    roles = {person.name: role(person, written) for person in written.cast}
    here = tuple(roles[person.name] for person in written.people)
    endings = [item.ending for item in written.turns if isinstance(item, Ended)]
    choices = tuple(
        Choice(id=f"choice_{n}", text=text, ending=endings[0] if endings else "So it was done.")
        for n, text in enumerate(written.choices)
    )
    story = Story(
        title=written.place,
        premise=written.premise,
        cast={each: each for each in here},
        choices=choices,
        tie=endings[0] if endings else None,
        beats=(Beat(id=_BEAT, title=written.world, scenes=tuple(
            _scene(n, part, written, roles, here) for n, part in enumerate(told)
        )),),
    )  # fmt: skip
    cast = Cast({roles[person.name]: _persona(person) for person in written.people})
    visit = None
    if guest := written.visitor:
        cast = cast.with_visitor(_persona(guest))
        visit = Visit(interventions=tuple(_interventions(told)))
    thinks = any(isinstance(item, Thought) for item in written.turns)
    return RunConfig(
        written.id, story, cast, 0, "full", (_BEAT,), replace(SHIPPED, memory=NO_MEMORY), reflect=thinks, visit=visit
    )


def _scene(number: int, part: Part, written: WrittenScene, roles: dict[str, str], here: tuple[str, ...]) -> Scene:
    lines = [item for item in part.items if isinstance(item, Spoken)]
    moves = tuple(TopicMove(role=roles[each.speaker], does=each.does, opens=True) for each in lines)
    most = 0 if part.kind == "epilogue" else max(len(lines), len(here))
    return Scene(
        id=f"part_{number}",
        kind=part.kind,  # type: ignore[arg-type]  # one of the four
        place=written.place,
        present=here,
        opening=part.opening,
        topics=(Topic(id=TOPIC, about=written.premise, moves=moves),) if moves else (),
        material=next((item.things for item in part.items if isinstance(item, Ended)), ()),
        turns=TurnContract(min=0, max=most),
    )


def _persona(person: Person) -> Persona:
    sheet = None
    if person.hides:
        sheet = PrivateSheet(
            want=person.want or "", belief=person.belief or "", fear=person.fear or "", wish=person.wish or "",
            memories=(person.belief or "",),
        )  # fmt: skip
    return Persona(
        name=person.name, who=person.who, voice=person.voice, private=sheet,
        examples=(person.voice,), tactics=("plainly",), material=(person.who,),
    )  # fmt: skip


def _interventions(told: tuple[Part, ...]) -> Iterable[Intervention]:
    for number, part in enumerate(told):
        turns = 0
        for item in part.items:
            turns += isinstance(item, Spoken)
            if isinstance(item, Visited):
                yield Intervention(beat=_BEAT, scene=f"part_{number}", turn=turns, say=item.line)
