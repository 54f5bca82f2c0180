"""What is left of what a scene tells without some roles: how it begins, what happens and what comes of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from dreamplay.branching import left_out
from dreamplay.library import templates
from dreamplay.schema.cast import Cast
from dreamplay.schema.scene import Outcome, Pressure, Scene
from dreamplay.sentences import sentences

_EDIT = "(`story_edit` can put something else there)"


@dataclass(frozen=True)
class Telling:
    """Tells a scene without somebody absent, and notes what it leaves out."""

    cast: Cast
    where: str
    """The scene in words."""
    notes: list[str]
    """What is left out, in words. It grows."""

    def openings(self, scene: Scene, absent: Collection[str]) -> dict[str, object]:
        """The fields that tell how the scene begins."""
        opening, cut = self._without(scene.opening, absent, owning=False)
        others = []
        for each in scene.openings:
            text, more = self._without(each.text, absent, owning=False)
            others.append(each.model_copy(update={"text": text or scene.place}))
            cut += more
        self._note("the opening of", cut)
        return {"opening": opening or scene.place, "openings": tuple(others)}

    def pressures(self, scene: Scene, absent: Collection[str], told: Collection[str]) -> tuple[Pressure, ...]:
        """What happens in the scene, with what has happened already."""
        out = [
            each
            for each in scene.pressures
            if self.cast.fill(each.text) not in told and names(self.cast, each.text, absent)
        ]
        self._note("something that happens in", [self.cast.fill(each.text) for each in out])
        return tuple(each for each in scene.pressures if not any(each is other for other in out))

    def outcome(self, scene: Scene, absent: Collection[str]) -> Outcome | None:
        """What comes of the scene; None if no answer can be told of those who are left."""
        if scene.outcome is None:
            return None
        told = {name: self._without(text, absent) for name, text in scene.outcome.answers.items()}
        if not any(text for text, _ in told.values()):
            self.notes.append(
                f"what comes of {self.where} is about somebody absent; left out of it: {scene.outcome.question}"
                f"{left_out.noted(scene.outcome)}"
            )
            return None
        self._note("what comes of", [sentence for _, cut in told.values() for sentence in cut])
        nothing = templates.render("nothing_comes.jinja")
        return scene.outcome.model_copy(update={"answers": {name: text or nothing for name, (text, _) in told.items()}})

    def _note(self, what: str, cut: Collection[str]) -> None:
        if cut:
            self.notes.append(f"{what} {self.where} speaks of somebody absent; left out of it: {' '.join(cut)} {_EDIT}")

    def _without(self, text: str, absent: Collection[str], *, owning: bool = True) -> tuple[str, list[str]]:
        """A text without the sentences that name somebody absent, and these."""
        told = sentences(text)
        cut = [sentence for sentence in told if names(self.cast, sentence, absent, owning=owning)]
        return " ".join(sentence for sentence in told if sentence not in cut), cut


def names(cast: Cast, text: str, roles: Collection[str], *, owning: bool = True) -> bool:
    """Whether a text names one of these; unless `owning` counts, "Elara's kitchen" names nobody."""
    told = cast.fill(text)
    if not owning:
        told = re.sub(r"\w+['\u2019]s\b", "", told)
    return bool(set(cast.mentioned(told)) & set(roles))
