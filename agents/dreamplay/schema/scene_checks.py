"""What a scene must fit: the cast of its story, its own turns, and the scenes before it."""

from __future__ import annotations

from dreamplay.schema.base import MisplacedError
from dreamplay.schema.scene import Scene, moved

Place = tuple[int | str, ...]
"""Where something stands in a story, as keys and indices."""


def known(role: str, roles: set[str], where: str, *at: int | str) -> None:
    """Refuse a role that is not in the cast."""
    if role not in roles:
        raise MisplacedError(f"{where} names {role!r}, who is not in the cast ({', '.join(sorted(roles))})", *at)


def check_scene(scene: Scene, roles: set[str], where: str, at: Place) -> None:
    """Refuse a scene that cannot be played.

    Raises:
        MisplacedError: it names somebody who is not there, or has too few turns.
    """
    for n, role in enumerate(scene.present):
        known(role, roles, where, *at, "present", n)
    if len(set(scene.present)) < len(scene.present):
        raise MisplacedError(f"{where} lists somebody twice among those present", *at, "present")
    _check_moves(scene, roles, where, at)
    _check_asides(scene, roles, where, at)
    everybody = {*scene.present, *(move.role for move in scene.moves)}
    needed = len(scene.asides) + len(everybody - {aside.role for aside in scene.asides})
    if scene.kind == "epilogue" and scene.turns.max:
        wrong = f"{where} is an epilogue, in which nobody talks; its turns are {{min: 0, max: 0}}"
        raise MisplacedError(wrong, *at, "turns", "max")
    if scene.kind != "epilogue" and scene.turns.max < needed:
        whispered = f" and {len(scene.asides)} asides" if scene.asides else ""
        raise MisplacedError(
            f"{where} has {scene.turns.max} turns at most for {len(everybody)} present{whispered}; "
            "everybody must be able to speak", *at, "turns", "max",
        )  # fmt: skip


def _check_moves(scene: Scene, roles: set[str], where: str, at: Place) -> None:
    if scene.kind == "epilogue" and (scene.moves or scene.asides):
        raise MisplacedError(
            f"{where} is an epilogue, which is told whole; it can have no moves and no asides",
            *at, "moves" if scene.moves else "asides",
        )  # fmt: skip
    here = scene.present
    for move in scene.ordered_moves:
        place = (*at, "moves", scene.moves.index(move))
        known(move.role, roles, f"a move in {where}", *place, "role")
        what = f"{where}: the {move.kind} of {move.role!r} after turn {move.after}"
        if (move.role in here) == move.comes:
            there = "there already" if move.role in here else "not there"
            raise MisplacedError(f"{what} is of somebody who is {there}", *place)
        if move.after > scene.turns.max - move.comes:
            raise MisplacedError(f"{what} is too late: the scene has {scene.turns.max} turns at most", *place, "after")
        here = moved(here, move.role, move.comes)
        if not here:
            raise MisplacedError(f"{what} leaves nobody there", *place)


def _check_asides(scene: Scene, roles: set[str], where: str, at: Place) -> None:
    turn = 0
    for aside in scene.ordered_asides:
        place = (*at, "asides", scene.asides.index(aside))
        turn = max(aside.after, turn)  # one aside takes one turn, and the next has to wait for it
        what = f"{where}: the aside of {aside.role!r} after turn {aside.after}"
        here = scene.there(turn)
        for role in (aside.role, *aside.to):
            known(role, roles, f"an aside in {where}", *place)
            if role not in here:
                raise MisplacedError(f"{what} needs {role!r}, who is not there then", *place)
        if aside.role in aside.to or len(set(aside.to)) < len(aside.to):
            raise MisplacedError(f"{what} is whispered to somebody twice, or to its own speaker", *place, "to")
        if {aside.role, *aside.to} == set(here):
            raise MisplacedError(f"{what} is whispered to everybody there; leave it to an open line", *place, "to")
        if turn >= scene.turns.max:
            raise MisplacedError(f"{what} is too late: the scene has {scene.turns.max} turns at most", *place, "after")
        turn += 1
