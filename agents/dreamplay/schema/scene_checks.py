"""What a scene must fit: the cast of its story, its own turns, and the scenes before it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product

from dreamplay.schema.base import MisplacedError
from dreamplay.schema.conditions import holds
from dreamplay.schema.scene import Aside, Move, Scene, after, moved

_BRACED = re.compile(r"(?<!\{)\{( *[^\W\d][\w -]*)\}(?!\})")
"""Whatever an author may have meant as a role: {Rosa} and { rosa } would be played as they are written."""
Place = tuple[int | str, ...]
"""Where something stands in a story, as keys and indices."""

_COURSES = 4096
"""Courses of the story, at most, in which the moves of a scene are tried. The director passes over what then cannot
happen."""


def known(role: str, roles: set[str], where: str, *at: int | str) -> None:
    """Refuse a role that is not in the cast."""
    if role not in roles:
        raise MisplacedError(f"{where} names {role!r}, who is not in the cast ({', '.join(sorted(roles))})", *at)


def check_braces(value: object, roles: set[str], *at: int | str) -> None:
    """Refuse a role in braces, in any text of a value, that is not in the cast."""
    if isinstance(value, str):
        for word in _BRACED.findall(value):
            known(word, roles, f"{value[:60]!r}", *at)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            check_braces(item, roles, *at, key)
    elif isinstance(value, tuple | list):
        for n, item in enumerate(value):
            check_braces(item, roles, *at, n)


def unique(ids: Mapping[Place, str], what: str) -> None:
    """Refuse two parts with one id; `ids` are by the place of each."""
    seen: set[str] = set()
    for at, name in ids.items():
        if name in seen:
            raise MisplacedError(f"two {what} are called {name!r}", *at)
        seen.add(name)


def check_scene(scene: Scene, roles: set[str], outcomes: Mapping[str, Sequence[str]], where: str, at: Place) -> None:
    """Refuse a scene that cannot be played.

    Args:
        scene: the scene, whose conditions were checked.
        roles: the cast.
        outcomes: the answers that the outcome of each scene can have, by scene.
        where: the scene in words.
        at: its place in the story.

    Raises:
        MisplacedError: it names somebody who is not there, or has too few turns.
    """
    for n, role in enumerate(scene.present):
        known(role, roles, where, *at, "present", n)
    if len(set(scene.present)) < len(scene.present):
        raise MisplacedError(f"{where} lists somebody twice among those present", *at, "present")
    for n, move in enumerate(scene.moves):
        known(move.role, roles, f"a move in {where}", *at, "moves", n, "role")
    if scene.kind == "epilogue" and (scene.moves or scene.asides):
        raise MisplacedError(
            f"{where} is an epilogue, which is told whole; it can have no moves and no asides",
            *at, "moves" if scene.moves else "asides",
        )  # fmt: skip
    courses = _courses(scene, outcomes)
    _check_moves(scene, courses, where, at)
    _check_asides(scene, courses, roles, where, at)
    needed = len(scene.asides) + len(set(scene.everybody) - {aside.role for aside in scene.asides})
    if scene.kind == "epilogue" and scene.turns.max:
        wrong = f"{where} is an epilogue, in which nobody talks; its turns are {{min: 0, max: 0}}"
        raise MisplacedError(wrong, *at, "turns", "max")
    if scene.kind != "epilogue" and scene.turns.max < needed:
        whispered = f" and {len(scene.asides)} asides" if scene.asides else ""
        raise MisplacedError(
            f"{where} has {scene.turns.max} turns at most for {len(scene.everybody)} present{whispered}; "
            "everybody must be able to speak", *at, "turns", "max",
        )  # fmt: skip


def _courses(scene: Scene, outcomes: Mapping[str, Sequence[str]]) -> list[list[Move]]:
    """The moves that are made, in order, for each course that the story can have taken before: one course if no move
    has a condition."""
    asked = {each.scene for move in scene.moves for each in move.when}
    named = {each.answer for move in scene.moves for each in move.when}
    found: dict[str, list[str | None]] = {}
    for name in sorted(asked):
        own: list[str | None] = [answer for answer in outcomes[name] if answer in named]
        other = next((answer for answer in outcomes[name] if answer not in named), None)
        # The scene's own outcome may still be open.
        found[name] = [*own, *([other] if other else []), *([None] if name == scene.id else [])]
    made = []
    for answers in islice(product(*found.values()), _COURSES):
        course = dict(zip(found, answers, strict=True))
        made.append([move for move in scene.ordered_moves if holds(move.when, course.get)])
    return made


def _check_moves(scene: Scene, courses: Iterable[Sequence[Move]], where: str, at: Place) -> None:
    """Refuse a move that never can be made, whatever came before, and one that can leave nobody."""
    faults: dict[int, str] = {}
    fine: set[int] = set()
    for course in courses:
        here = scene.present
        for move in course:
            number = next(n for n, other in enumerate(scene.moves) if other is move)
            what = f"{where}: the {move.kind} of {move.role!r} after turn {move.after}"
            if move.after > scene.turns.max - move.comes:
                most = f"the scene has {scene.turns.max} turns at most"
                raise MisplacedError(f"{what} is too late: {most}", *at, "moves", number, "after")
            if (move.role in here) == move.comes:
                there = "there already" if move.role in here else "not there"
                faults[number] = f"{what} is of somebody who is {there}"
                continue
            here = moved(here, move.role, move.comes)
            if not here:
                because = " and ".join(dict.fromkeys(str(each) for other in course for each in other.when))
                wrong = f"{what} leaves nobody there{f', if {because}' if because else ''}"
                raise MisplacedError(wrong, *at, "moves", number)
            fine.add(number)
    for number, wrong in sorted(faults.items()):
        if number not in fine:
            either = ", whatever comes before" if any(move.when for move in scene.moves) else ""
            raise MisplacedError(f"{wrong}{either}", *at, "moves", number)


def _check_asides(scene: Scene, courses: Sequence[Sequence[Move]], roles: set[str], where: str, at: Place) -> None:
    turn = 0
    for aside in scene.ordered_asides:
        place = (*at, "asides", scene.asides.index(aside))
        for role in (aside.role, *aside.to):
            known(role, roles, f"an aside in {where}", *place)
        turn = max(aside.after, turn)  # one aside takes one turn, and the next has to wait for it
        what = f"{where}: the aside of {aside.role!r} after turn {aside.after}"
        if aside.role in aside.to or len(set(aside.to)) < len(aside.to):
            raise MisplacedError(f"{what} is whispered to somebody twice, or to its own speaker", *place, "to")
        faults = [_unheard(aside, after(scene.present, course, turn)) for course in courses]
        if all(faults):
            wrong, key = faults[0] or ("", ())
            raise MisplacedError(f"{what} {wrong}", *place, *key)
        if turn >= scene.turns.max:
            raise MisplacedError(f"{what} is too late: the scene has {scene.turns.max} turns at most", *place, "after")
        turn += 1


def _unheard(aside: Aside, here: Sequence[str]) -> tuple[str, Place] | None:
    """Why an aside cannot be whispered before those who are there, and where that stands; None if it can."""
    for role in (aside.role, *aside.to):
        if role not in here:
            return f"needs {role!r}, who is not there then", ()
    if {aside.role, *aside.to} == set(here):
        return "is whispered to everybody there; leave it to an open line", ("to",)
    return None
