"""What the conditions of a story must fit: the outcomes of the scenes before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from dreamplay.schema.base import MisplacedError
from dreamplay.schema.conditions import Begun, Condition, Once, When
from dreamplay.schema.error_messages import did_you_mean, listed
from dreamplay.schema.scene import Scene
from dreamplay.schema.scene_checks import Place
from dreamplay.schema.topic_checks import opened, waits


def check_conditions(scenes: Mapping[Place, Scene]) -> None:
    """Refuse conditions that can never be tested, or never hold.

    Args:
        scenes: all scenes of a story in the order of play, by the place of each.

    Raises:
        MisplacedError: a condition names what is not there or comes later, waits for itself, or contradicts itself.
    """
    known = {scene.id: scene for scene in scenes.values()}
    order = list(known)
    for at, scene in scenes.items():
        for when, place in scene.conditions:
            for condition in when:
                where = (*at, *place)
                other = _asked(condition, known, where)
                if order.index(other.id) > order.index(scene.id):
                    wrong = f"{condition}: scene {other.id!r} comes later than {scene.id!r}, so nothing is decided yet"
                    raise MisplacedError(wrong, *where)
                if other is scene and place[0] == "openings":
                    wrong = f"{condition}: a scene begins before anything is decided in it; name an earlier scene"
                    raise MisplacedError(wrong, *where)
            _check_contradiction(when, known, (*at, *place))
        _check_circles(scene, at)
        for t, topic in enumerate(scene.topics):
            for m, move in enumerate(topic.moves):
                for key, once in (("kept", move.kept), ("broken", move.broken)):
                    where = (*at, "topics", t, "moves", m, key)
                    _check_fate(once, known, order[order.index(scene.id) :], where)


def _check_fate(once: Once, known: Mapping[str, Scene], rest: list[str], where: Place) -> None:
    """Refuse what can never settle a promise. `rest` are the scene in which it is made and all later ones."""
    for each in once:
        if not isinstance(each, Begun):
            _asked(each, known, where)
        elif each.scene not in known:
            _unknown("scene", each.scene, list(known), where)
        elif each.scene not in rest[1:]:
            wrong = f"scene {each.scene!r} does not come after the promise; name a later one, or an outcome"
            raise MisplacedError(wrong, *where)
    if once and not any(each.scene in rest for each in once):
        wrong = f"{' and '.join(map(str, once))}: it is decided before the promise is made; name a later scene"
        raise MisplacedError(wrong, *where)


def _asked(condition: Condition, known: Mapping[str, Scene], where: Place) -> Scene:
    """The scene whose outcome a condition is about."""
    scene = known.get(condition.scene)
    if scene is None:
        _unknown("scene", condition.scene, [name for name, each in known.items() if each.outcome], where)
    if scene.outcome is None:
        raise MisplacedError(f"{condition}: scene {scene.id!r} has no outcome; give it one", *where)
    if scene.outcome.id != condition.outcome:
        _unknown(f"outcome of scene {scene.id!r}", condition.outcome, [scene.outcome.id], where)
    if condition.answer not in scene.outcome.answers:
        _unknown(f"answer to {scene.id}.{scene.outcome.id}", condition.answer, list(scene.outcome.answers), where)
    return scene


def _unknown(what: str, name: str, among: list[str], where: Place) -> NoReturn:
    raise MisplacedError(f"there is no {what} called {name!r}{did_you_mean(name, among)}; there are {listed(among)}",
                         *where)  # fmt: skip


def _check_contradiction(when: When, known: Mapping[str, Scene], where: Place) -> None:
    for name in {condition.scene for condition in when}:
        outcome = known[name].outcome
        own = [condition for condition in when if condition.scene == name]
        if outcome and not any(all((a == c.answer) == c.equal for c in own) for a in outcome.answers):
            raise MisplacedError(f"no answer to {name}.{outcome.id} can be {' and '.join(map(str, own))}", *where)


def _check_circles(scene: Scene, at: Place) -> None:
    """Refuse a move that decides the outcome of its scene and waits for it."""
    for t, topic in enumerate(scene.topics):
        late = not opened(scene, topic)
        for m, move in enumerate(topic.moves):
            if move.decides and (late or waits(scene, move.when)):
                wrong = f"a circle of conditions: the move decides {scene.id!r}, and is not said before it is decided"
                raise MisplacedError(wrong, *at, "topics", t, "moves", m, "decides" if late else "when")
