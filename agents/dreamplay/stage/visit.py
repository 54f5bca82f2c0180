"""A visit: what a person does in a play, and when. Her acts, and the file of interventions in which they can stand.

Every act leaves one event in the script, so that what she has done can be read off it again: a live visit leaves its
interventions behind, and a visit from a file goes on, after a stop, with what has not been done yet.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, model_validator

from dreamplay import authored, library
from dreamplay.errors import LibraryError, RecordError
from dreamplay.script import TURNS, Event, Script, in_hand, present, turns
from dreamplay.story import VISITOR, Cast, Persona, Role, Scene, Story, Text, Value

FILE = "interventions.yaml"
"""Where a live visit leaves what was done, in the run's folder."""

_AS_OTHERS = frozenset({"say", "whisper", "do", "hand_back", "stance"})
"""What is done in the turn of somebody she plays."""
_WHEN = re.compile(r"(?P<who>.+?) mentions (?P<what>.+)", re.DOTALL)


Words = Annotated[Text, AfterValidator(lambda text: " ".join(text.split()))]
"""What is said or done, on one line."""


class Whisper(Value):
    """Words for one person's ear."""

    to: Text
    """A name, or a role."""
    text: Words


class Taken(Value):
    """A stance at the crossroads."""

    choice: Role
    """The id of one of the story's choices."""
    because: Words


class Act(Value):
    """What the visitor does when she is asked: one of these, or, with none of them, she listens on."""

    say: Words | None = None
    whisper: Whisper | None = None
    do: Words | None = None
    """What everybody sees her do, in words that can follow her name: «puts the clock on the table»."""
    fear: Words | None = None
    """Her hidden fear: the next shared dream pools it, and nobody is told."""
    go: bool = False
    come: bool = False
    play: Text | None = None
    """Whom she speaks for from here on: a name, or a role."""
    hand_back: Text | None = None
    """Who speaks for himself again."""
    stance: Taken | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What is done, without when."""
        return {name: value for name in Act.model_fields if (value := getattr(self, name))}

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.said) > 1:
            raise ValueError(f"one thing at a time, and here are {' and '.join(self.said)}")
        return self


class Intervention(Act):
    """An act, and when it is done: after so many turns of the cast, or once somebody has mentioned something."""

    beat: Role | None = None
    scene: Role | None = None
    """One of the beat's; the first that fits if not given."""
    turn: int = Field(default=0, ge=0)
    """Turns of the cast that come before it in the scene."""
    when: Text | None = None
    """«Leo mentions the clock»: in this scene, in any line that she hears."""
    playing: Text | None = None
    """Whom she speaks for, if not for herself."""

    @model_validator(mode="after")
    def _whole(self, info: ValidationInfo) -> Self:
        if not self.said:
            raise ValueError(f"nothing is done; there are {', '.join(Act.model_fields)}")
        if not self.beat and not self.when:
            raise ValueError("say when: a beat (and a turn), or when: Leo mentions the clock")
        if self.when and not _WHEN.fullmatch(self.when):
            raise ValueError(f"when: {self.when!r} is not of the form «Leo mentions the clock»")
        if self.playing and set(self.said) - _AS_OTHERS:
            raise ValueError(f"as {self.playing[:40]} she can {', '.join(sorted(_AS_OTHERS))}, and nothing else")
        if info.context:
            self._fits(info.context["story"], info.context["cast"])
        return self

    def _fits(self, story: Story, cast: Cast) -> None:
        scenes = {beat.id: [scene.id for scene in beat.scenes] for beat in story.beats}
        if self.beat and self.beat not in scenes:
            raise ValueError(f"no beat {self.beat!r} in this story; it has {', '.join(scenes)}")
        known = [scene for beat, here in scenes.items() for scene in here if self.beat in (None, beat)]
        if self.scene and self.scene not in known:
            raise ValueError(f"no scene {self.scene!r} there; there are {', '.join(known)}")
        who = _WHEN.fullmatch(self.when)["who"] if self.when else None  # type: ignore[index]  # checked above
        heard = self.whisper.to if self.whisper else None
        for word in filter(None, (who, heard, self.play, self.hand_back, self.playing)):
            if cast.role_of(word) in (None, VISITOR):
                others = [cast.name(role) for role in cast.roles if role != VISITOR]
                raise ValueError(f"nobody else is called {word[:40]!r}; there are {', '.join(others)}")
        choices = [choice.id for choice in story.choices]
        if self.stance and self.stance.choice not in choices:
            raise ValueError(f"no choice {self.stance.choice!r}; there are {', '.join(choices)}")

    def __str__(self) -> str:
        place = "/".join(filter(None, (self.beat, self.scene)))
        when = " ".join(filter(None, (place, f"turn {self.turn}" if self.turn else "", self.when)))
        return f"{when}: {', '.join(self.said)}"

    def due(self, script: Script, beat: str, scene: Scene, cast: Cast) -> bool:
        """Whether its time has come: in its scene, after its turn and the words it waits for, with those there whom
        it needs.
        """
        if self.beat not in (None, beat) or self.scene not in (None, scene.id):
            return False
        if len(turns(script, scene)) < self.turn or not self._possible(script, scene, cast):
            return False
        if not self.when:
            return True
        hit = _WHEN.fullmatch(self.when)
        assert hit
        who, what = cast.role_of(hit["who"]), hit["what"].casefold()
        heard = [event for event in script.visible_to(VISITOR) if event.scene == scene.id and event.kind == "line"]
        return any(event.speaker == who and what in event.text.casefold() for event in heard)

    def _possible(self, script: Script, scene: Scene, cast: Cast) -> bool:
        here = present(script, scene)
        if self.come:
            return VISITOR not in here
        if self.play or self.hand_back:
            return (cast.role_of(self.play or self.hand_back or "") in in_hand(script)) == bool(self.hand_back)
        if self.whisper and cast.role_of(self.whisper.to) not in here:
            return False
        return VISITOR in here or bool(self.playing) or not (self.say or self.whisper or self.do or self.go)


class Interventions(Value):
    """The file: what she does, in the order in which it is done where several things are due."""

    interventions: tuple[Intervention, ...] = Field(min_length=1)


class Visit(Value):
    """What was chosen about a visit; the header of a run keeps it."""

    every_line: bool = False
    """Whether she is asked after every line."""
    interventions: tuple[Intervention, ...] | None = None
    """None: she is there herself."""


def read(path: Path, story: Story, cast: Cast) -> tuple[Intervention, ...]:
    """Read a file of interventions for a story and a cast; its people are called by their roles from here on.

    Raises:
        LibraryError: it cannot be read, or says something that this story and cast do not have; with file and line.
    """
    return tuple(
        _by_role(each, cast) for each in authored.read(path, Interventions, story=story, cast=cast).interventions
    )


def again(visit: Visit, script: Script, cast: Cast) -> Visit:
    """The visit as it can be repeated without her: what was given for it, or what she has done."""
    if visit.interventions is not None:
        return visit
    return visit.model_copy(update={"interventions": tuple(_by_role(each, cast) for each in read_off(script, cast))})


def last(script: Script) -> Event | None:
    """What a person did last."""
    return next((event for event in reversed(list(script)) if event.provenance.by == "person"), None)


def write(folder: Path, script: Script, cast: Cast) -> None:
    """Leave what the visitor has done in a run's folder, as a file that can be played again.

    Raises:
        RecordError: it cannot be written.
    """
    from ruamel.yaml import YAML

    order = sorted(Intervention.model_fields, key=lambda name: name in Act.model_fields)  # when, then what
    acts = [each.model_dump(exclude_defaults=True) for each in read_off(script, cast)]
    done = [{name: act[name] for name in order if name in act} for act in acts]
    if not done:
        (folder / FILE).unlink(missing_ok=True)
        return
    yaml = YAML(typ="rt")
    yaml.width = 5000  # a line stays on one line
    try:
        with (folder / FILE).open("w", encoding="utf-8") as file:
            yaml.dump({"interventions": done}, file)
    except OSError as error:
        raise RecordError(f"cannot write {folder / FILE}: {error.strerror}; make room there") from error


def read_off(script: Script, cast: Cast) -> Iterator[Intervention]:
    """What the visitor has done in a script, as the interventions that would do it again. A line that a what-if put
    into somebody's mouth is no act of hers.
    """
    taken: Counter[str] = Counter()
    held: set[str | None] = {VISITOR}
    for event in script:
        if event.provenance.by == "person" and (event.kind == "hand" or event.speaker in held):
            hers = event.speaker == VISITOR or (event.kind == "hand" and not event.turn)
            playing = None if hers else cast.name(event.speaker or "")
            if act := _act(event, cast):
                yield Intervention.model_validate(
                    act | {"beat": event.beat, "scene": event.scene, "turn": taken[event.scene], "playing": playing}
                )
        if event.kind == "hand":
            held = held | {event.speaker} if event.text == VISITOR else held - {event.speaker}
        if event.kind in TURNS and event.speaker != VISITOR:
            taken[event.scene] += 1


def _act(event: Event, cast: Cast) -> dict[str, Any] | None:
    """The act that left an event; None for a turn of somebody played in which nothing was said."""
    match event.kind:
        case "line" if event.cue and event.cue.to:
            return {"whisper": {"to": cast.name(event.cue.to), "text": event.text}}
        case "line":
            return {"say": event.text}
        case "action":
            return {"do": event.text}
        case "fear":
            return {"fear": event.text}
        case "exit":
            return {"go": True}
        case "entrance":
            return {"come": True}
        case "hand":
            return {"play" if event.text == VISITOR else "hand_back": cast.name(event.speaker or "")}
        case "stance":
            return {"stance": {"choice": event.choice, "because": event.text}}
        case _:
            return None


def left(interventions: tuple[Intervention, ...], script: Script, cast: Cast) -> list[Intervention]:
    """The interventions that have not been done, in their order."""
    done = Counter(_key(each, cast) for each in read_off(script, cast))
    rest = []
    for each in interventions:
        if done[_key(each, cast)]:
            done[_key(each, cast)] -= 1
        else:
            rest.append(each)
    return rest


def _by_role(each: Intervention, cast: Cast) -> Intervention:
    """An intervention in which everybody is called by the role, whatever name it goes by."""

    def role(word: str | None) -> str | None:
        return word and (cast.role_of(word) or word)

    hit = _WHEN.fullmatch(each.when) if each.when else None
    changed: dict[str, Any] = {
        "play": role(each.play), "hand_back": role(each.hand_back), "playing": role(each.playing),
        "whisper": each.whisper and each.whisper.model_copy(update={"to": role(each.whisper.to)}),
        "when": f"{role(hit['who'])} mentions {hit['what']}" if hit else None,
    }  # fmt: skip
    return each.model_copy(update=changed)


def _key(each: Intervention, cast: Cast) -> str:
    """What is done and as whom, however its people are called."""
    known = _by_role(each, cast)
    done = known.model_dump(include=set(Act.model_fields), exclude_defaults=True)
    playing = None if known.hand_back else known.playing
    return repr((playing, done))


def next_due(
    interventions: tuple[Intervention, ...], script: Script, beat: str, scene: Scene, cast: Cast, role: str
) -> Intervention | None:
    """What is done now, by the visitor herself or in the turn of whom she plays; None if nothing is due."""
    for each in left(interventions, script, cast):
        if each.stance or _whose(each, cast) != role:
            continue
        if each.due(script, beat, scene, cast):
            return each
    return None


def stance_due(
    interventions: tuple[Intervention, ...], beat: str, scene: Scene, cast: Cast, role: str
) -> Intervention | None:
    """The stance that is taken at this crossroads, by the visitor or by whom she plays; None if there is none."""
    fitting = [each for each in interventions if each.stance and _whose(each, cast) == role]
    fitting = [each for each in fitting if each.beat in (None, beat)]
    return next((each for each in fitting if each.scene in (None, scene.id)), None)


def _whose(each: Intervention, cast: Cast) -> str | None:
    """As whom it is done."""
    return cast.role_of(each.playing) if each.playing else VISITOR


def persona(reference: str, others: Cast) -> Persona:
    """The visitor's sheet: a name, or a file with a sheet of her own.

    Raises:
        LibraryError: no such file, no valid name, or one to which somebody of the cast would answer, too.
    """
    if reference.lower().endswith((".yaml", ".yml")):
        sheet = library.persona(reference)
    else:
        public = authored.read(library.prompts() / "visitor.yaml", Persona)
        try:
            sheet = Persona.model_validate(public.model_dump() | {"name": reference})
        except ValidationError:
            raise LibraryError(
                f"--as {reference[:40]!r}: no name; at most 40 characters, a letter first, and no : [ ] {{ }} * < >"
            ) from None
    for role in others.roles:
        if set(others.name(role).casefold().split()) & set(sheet.name.casefold().split()):
            raise LibraryError(f"--as {sheet.name!r}: {others.name(role)} is in the cast already; choose another name")
    return sheet
