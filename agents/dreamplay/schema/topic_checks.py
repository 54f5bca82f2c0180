"""What the topics of a scene must fit: those who are there, each other, and what comes of the scene."""

from __future__ import annotations

from dreamplay.schema.base import MisplacedError
from dreamplay.schema.conditions import When
from dreamplay.schema.error_messages import did_you_mean, listed
from dreamplay.schema.scene import Scene
from dreamplay.schema.scene_checks import Place, known, unique
from dreamplay.schema.topic import Topic


def check_talk(scene: Scene, roles: set[str], choices: list[str], where: str, at: Place) -> None:
    """Refuse aims, events, topics and an outcome that do not fit together, or with the choices of the story.

    Raises:
        MisplacedError: something names a role that is never in the scene, or a part of it that is not there.
    """

    def there(role: str, what: str, *place: int | str) -> None:
        known(role, roles, f"{what} in {where}", *at, *place)
        if role not in scene.everybody:
            came = listed(scene.everybody)
            raise MisplacedError(f"{what} in {where} names {role!r}, who is never there ({came})", *at, *place)

    for key in ("aims", "topics", "reveals", "may_break", "outcome") if scene.kind == "epilogue" else ():
        if getattr(scene, key):
            raise MisplacedError(f"{where} is an epilogue, in which nobody talks; it can have no {key}", *at, key)
    for role in scene.aims:
        there(role, "an aim", "aims", role)
    for n, role in enumerate(scene.may_break):
        there(role, "may_break", "may_break", n)
    for n, reveal in enumerate(scene.reveals):
        for k, role in enumerate(reveal.knows):
            there(role, f"what {reveal.id!r} reveals", "reveals", n, "knows", k)
    unique({(*at, "reveals", n, "id"): reveal.id for n, reveal in enumerate(scene.reveals)}, f"reveals in {where}")
    unique({(*at, "topics", n, "id"): topic.id for n, topic in enumerate(scene.topics)}, f"topics in {where}")
    topics = [topic.id for topic in scene.topics]
    for n, pressure in enumerate(scene.pressures):
        if pressure.to:
            there(pressure.to, "a pressure", "pressures", n, "to")
        if pressure.opens:
            _named(pressure.opens, topics, f"a pressure in {where} opens", "topic", *at, "pressures", n, "opens")
    for t, topic in enumerate(scene.topics):
        for role in topic.knows:
            there(role, f"topic {topic.id!r}", "topics", t, "knows", role)
        for m, move in enumerate(topic.moves):
            place = ("topics", t, "moves", m)
            what = f"a move of topic {topic.id!r}"
            there(move.role, what, *place, "role")
            if move.to:
                there(move.to, what, *place, "to")
            if move.to == move.role:
                raise MisplacedError(f"{what} in {where} is said to its own speaker", *at, *place, "to")
            if move.decides:
                answers = list(scene.outcome.answers) if scene.outcome else []
                _named(move.decides, answers, f"{what} in {where} decides", "answer", *at, *place, "decides")
            if move.favours:
                _named(move.favours, choices, f"{what} in {where} favours", "choice", *at, *place, "favours")
            if move.reveals:
                reveals = [reveal.id for reveal in scene.reveals]
                _named(move.reveals, reveals, f"{what} in {where} reveals", "id", *at, *place, "reveals")
        _check_answers(topic, roles, f"topic {topic.id!r} in {where}", (*at, "topics", t))


def _named(name: str, among: list[str], what: str, kind: str, *at: int | str) -> None:
    if name not in among:
        raise MisplacedError(f"{what} {name!r}{did_you_mean(name, among)}; there is no such {kind} ({listed(among)})",
                             *at)  # fmt: skip


def _check_answers(topic: Topic, roles: set[str], where: str, at: Place) -> None:
    """Refuse moves of one name, and an answer to what nobody else says."""
    named = {(*at, "moves", n, "id"): move.id for n, move in enumerate(topic.moves) if move.id}
    unique(named, f"moves of {where}")
    for place, name in named.items():
        if name in roles:
            raise MisplacedError(f"a move of {where} is called {name!r}, as a role is; choose another id", *place)
    for n, move in enumerate(topic.moves):
        if move.answers is None:
            continue
        place = (*at, "moves", n, "answers")
        others = [other for other in topic.moves if move.answers in (other.id, other.role)]
        if not others:
            ids = [*dict.fromkeys(word for other in topic.moves for word in (other.id, other.role) if word)]
            _named(move.answers, ids, f"a move of {where} answers", "move or role in it", *place)
        if all(other.role == move.role for other in others):
            raise MisplacedError(f"a move of {where} answers {move.answers!r}, which is its own speaker's", *place)


def check_reach(scene: Scene, where: str, at: Place) -> None:
    """Refuse an answer that nobody can bring about: no move that can be said decides it, and it is not the one that the
    outcome has otherwise. Without topics, a model may still find that it came about.

    Raises:
        MisplacedError: see above.
    """
    if scene.outcome is None or not scene.topics:
        return
    decided = {move for topic in scene.topics for move in _decided(scene, topic)}
    for answer in scene.outcome.answers:
        if answer not in decided and answer != scene.outcome.otherwise:
            raise MisplacedError(
                f"{where}: nobody can reach the answer {answer!r}: no move that can be said 'decides' it",
                *at, "outcome", "answers", answer,
            )  # fmt: skip


def waits(scene: Scene, *whens: When) -> bool:
    """Whether one of these conditions is about what comes of the scene itself."""
    return any(each.scene == scene.id for when in whens for each in when)


def opened(scene: Scene, topic: Topic) -> bool:
    """Whether a topic can begin before the outcome of the scene is decided."""
    events = [pressure for pressure in scene.pressures if pressure.opens == topic.id]
    late = bool(events) and all(waits(scene, event.when) for event in events)
    return not late and not waits(scene, topic.when)


def said(scene: Scene, topic: Topic) -> set[int]:
    """The indices of the moves of a topic that can be said before the outcome of the scene is decided: with which it
    opens, and those that answer or join."""
    able = {n for n, move in enumerate(topic.moves) if not waits(scene, move.when)} if opened(scene, topic) else set()
    found = {n for n in able if topic.moves[n].opens}
    while found:
        said = [topic.moves[n] for n in found]
        more = {
            n for n in able - found
            if (move := topic.moves[n]).joins
            or any(move.answers in (other.id, other.role) and move.role != other.role for other in said if move.answers)
        }  # fmt: skip
        if not more:
            break
        found |= more
    return found


def _decided(scene: Scene, topic: Topic) -> set[str | None]:
    return {topic.moves[n].decides for n in said(scene, topic)}
