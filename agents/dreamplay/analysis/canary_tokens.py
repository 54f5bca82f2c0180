"""Canary tokens: unique marks in every private text of a run configuration.

Each text has two, of which only the first is ever spoken or dreamt. So a text that was shown can be told from the
private sheet itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from dreamplay.engine.run_config import RunConfig
from dreamplay.schema.cast import Cast, Persona, PrivateSheet
from dreamplay.schema.scene import Outcome, Scene
from dreamplay.schema.story import Beat
from dreamplay.schema.topic import Topic

_TOKEN = re.compile(r"canary\d{5}", re.IGNORECASE)  # a line begins with a capital
_POOLED = ("fear", "wish")


@dataclass(frozen=True)
class Canary:
    """One marked text."""

    secret: str
    entitled: frozenset[str] = frozenset()
    """Roles that know it without any event."""
    pooled: str | None = None
    """Role whose fear or wish it is."""
    aloud: bool = False
    """Whether it may be said or dreamt."""
    asked: str | None = None
    """Scene of whose outcome it is the question, or an answer."""


@dataclass
class CanaryTokens:
    """All marks of a plan, by token."""

    known: dict[str, Canary] = field(default_factory=dict)

    def new(self, mark: Canary) -> str:
        """A token that stands for a mark, and is part of no other token."""
        token = f"canary{len(self.known):05}"
        self.known[token] = mark
        return token

    def around(self, text: str, mark: Canary) -> str:
        """The text with a mark at its beginning, which may be said aloud, and one at its end, which never is."""
        return f"{self.new(replace(mark, aloud=True))} {text} {self.new(mark)}"

    def behind(self, text: str, mark: Canary) -> str:
        """The text with both marks at its end: how it begins says who is spoken to, and how."""
        return f"{text} {self.new(replace(mark, aloud=True))} {self.new(mark)}"

    def plant(self, plan: RunConfig) -> RunConfig:
        """The plan with every private text marked: the sheets, what a persona talks about, and each scene, in which are
        the moves that personas bring."""
        personas = {role: self._persona(role, persona) for role, persona in plan.cast.personas.items()}
        beats = tuple(
            beat.model_copy(update={"scenes": tuple(self._scene(beat, scene) for scene in beat.scenes)})
            for beat in plan.played.beats
        )
        return replace(plan, story=plan.played.model_copy(update={"beats": beats}), cast=Cast(personas))

    def _persona(self, role: str, persona: Persona) -> Persona:
        name, mine = persona.name, frozenset({role})

        def marked(text: str, what: str, pooled: str | None = None) -> str:
            # A new sentence, so that what cuts a text short leaves the second mark away with the rest.
            return self.around(text, Canary(f"{name}'s {what}", mine, pooled)) + "."

        material = tuple(self.around(text, Canary(f"{name}'s material", mine)) for text in persona.material)
        private = persona.private
        if private is None:
            return persona.model_copy(update={"material": material, "moves": {}})
        sheet = {what: marked(getattr(private, what), what, role if what in _POOLED else None) for what in
                 ("want", "belief", *_POOLED)}  # fmt: skip
        memories = tuple(marked(text, f"memory {n}") for n, text in enumerate(private.memories, start=1))
        arc = {beat: marked(text, f"arc in {beat}") for beat, text in private.arc.items()}
        hidden = PrivateSheet(**sheet, memories=memories, arc=arc)
        return persona.model_copy(update={"private": hidden, "material": material, "moves": {}})

    def _scene(self, beat: Beat, scene: Scene) -> Scene:
        """What anyone present can bring up is known to them; what is narrated is known once it was. The things of an
        epilogue a visitor sees as well.
        """
        where = f"of scene {beat.id}/{scene.id}"
        here = frozenset(scene.everybody)
        aware = here.union(scene.with_visitor().present) if scene.kind == "epilogue" else here
        whispers = (self.around(a.material, Canary(f"a whisper {where}", frozenset({a.role}))) for a in scene.asides)
        moves = (self.around(move.text, Canary(f"a move {where}")) for move in scene.moves)
        return scene.model_copy(update={
            "opening": self.around(scene.opening, Canary(f"the opening {where}")),
            "openings": tuple(
                each.model_copy(update={"text": self.around(each.text, Canary(f"another opening {where}"))})
                for each in scene.openings
            ),
            "aims": {
                role: self.around(text, Canary(f"the aim of {role} {where}", frozenset({role})))
                for role, text in scene.aims.items()
            },
            "topics": tuple(self._topic(topic, here, where) for topic in scene.topics),
            "reveals": tuple(
                each.model_copy(update={"what": self.around(each.what, Canary(f"{each.id}, to be revealed {where}",
                                                                              frozenset(each.knows)))})
                for each in scene.reveals
            ),
            "outcome": scene.outcome and self._outcome(scene.outcome, scene.id, where),
            "pressures": tuple(
                each.model_copy(update={"text": self.around(each.text, Canary(f"a pressure {where}"))})
                for each in scene.pressures
            ),
            "material": tuple(self.around(text, Canary(f"material {where}", aware)) for text in scene.material),
            "moves": tuple(m.model_copy(update={"text": t}) for m, t in zip(scene.moves, moves, strict=True)),
            "asides": tuple(a.model_copy(update={"material": t}) for a, t in zip(scene.asides, whispers, strict=True)),
        })  # fmt: skip

    def _topic(self, topic: Topic, here: frozenset[str], where: str) -> Topic:
        """What a topic is about is known to all who are there, and the rest to whose it is."""
        of = f"of topic {topic.id} {where}"
        return topic.model_copy(update={
            "about": self.behind(topic.about, Canary(f"the matter {of}", here)),
            "settled": topic.settled and self.behind(topic.settled, Canary(f"what settles it {of}", here)),
            "knows": {
                role: self.around(text, Canary(f"what {role} knows {of}", frozenset({role})))
                for role, text in topic.knows.items()
            },
            "moves": tuple(
                move.model_copy(update={"does": self.behind(move.does, Canary(f"a move {of}", frozenset({move.role})))})
                for move in topic.moves
            ),
        })  # fmt: skip

    def _outcome(self, outcome: Outcome, scene: str, where: str) -> Outcome:
        """Nobody is told the question, and an answer once it is decided."""
        asked = Canary(f"the outcome {where}", asked=scene)
        told = {name: self.around(text, asked) for name, text in outcome.answers.items()}
        return outcome.model_copy(update={"question": self.around(outcome.question, asked), "answers": told})


def tokens(text: str) -> Iterable[str]:
    """The marks that stand in a text, each once."""
    return dict.fromkeys(map(str.lower, _TOKEN.findall(text)))
