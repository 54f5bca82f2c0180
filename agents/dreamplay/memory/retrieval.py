"""The shipped memory: a view over what a role witnessed and over its formative memories, never a second store.

    score = recency x importance x relevance

after Generative Agents (Park et al. 2023, arXiv 2304.03442, section 4.1), which adds the three up, weighted 1, 1, 1,
each stretched between the least and the most of the moment. That fits a prompt with room for thirty memories. Here
one has room, and in a sum something recent and important comes up that has nothing to do with the matter. A product
needs all three. None of its factors can be 0, so that no single one hides a memory; and no scale counts in a product,
so that nothing is stretched, and a score means the same in every line that keeps it.

- recency: `decay` to the power of how many newer memories they have, from 1 down to `oldest`; formative memories are
  the oldest. What has come up is held back, not refreshed.
- importance: by the kind of event, without a model call.
- relevance: cosine of the sentence vectors; below `floor` nothing comes up, and nothing that has less than `heard` to
  do with what was just said or done, however close it is to the matter.

Nothing comes up twice in one scene, and what came up least often goes first. Both are read off the script, so that
the same script gives the same memories in any process.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from dreamplay.memory.base import Embedder
from dreamplay.memory.excerpt import excerpt
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import (
    PROLOGUE,
    PROLOGUE_TITLE,
    Event,
    Kind,
    LineEvent,
    MoveEvent,
    ReflectionEvent,
    StanceEvent,
    ToldEvent,
    sanitize,
)
from dreamplay.schema.provenance import RetrievedMemory
from dreamplay.schema.scene import moved
from dreamplay.schema.story import Story
from dreamplay.schema.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dreamplay.memory.base import Matrix

_IMPORTANCE: dict[Kind, float] = {
    "dream": 1.0,  # what each of them hides, seen by all who dreamt it
    "stance": 0.8,
    "reflection": 0.8,  # drawn already from what happened
    "outcome": 0.7,
    "recap": 0.5,
    "line": 0.4,
    "action": 0.4,
    "entrance": 0.3,
    "exit": 0.3,
    "narration": 0.3,
}
Weight = Annotated[float, Field(gt=0.0, le=1.0)]


class RetrievalConfig(FrozenModel):
    """The constants of retrieval. Weights are in (0, 1]; the names in `importance` are kinds of event."""

    decay: Weight = 0.995
    """Recency of a memory, for each newer one. The figure is that of arXiv 2304.03442, section 4.1, which counts hours
    since the last retrieval; a play has no hours."""
    oldest: Weight = 0.3
    """What recency falls to: a dream of the first night still beats a remark of just now that is half as near."""
    floor: Weight = 0.3
    """Least relevance: texts on one matter have 0.25 to 0.68, others up to 0.13, and a wrong memory costs more than
    none. With it, on the scripted model, 28 lines in 100 of the one shipped story have a memory, and 16 of the other;
    with 0.25, 47 and 27, so that the median line of a small model would be paid for with one.
    """
    importance: dict[Kind, Weight] = Field(default_factory=lambda: dict(_IMPORTANCE))
    """By kind of event; a kind that is not here is no memory. The paper asks a model for it; this costs no call."""
    change_of_mind: Weight = 0.9
    """Importance of a stance other than the last one of the same character."""
    to_few: Weight = 0.8
    """Importance of what was said to fewer than are in the scene: what few know is worth the more."""
    formative: Weight = 0.7
    """Importance of a formative memory of the private sheet."""
    addressed: Weight = 0.6
    """Importance of a line that calls the role by name."""
    own: Weight = 0.2
    """Importance of what they said themselves: recalled, it invites them to say it again."""
    heard: Weight = 0.15
    """Least relevance to the last two things that were said or happened, whatever the matter is."""
    tokens: int = Field(default=80, ge=10, le=1000)
    """Length of a memory in the prompt. Of a longer one, those whole sentences are told that are closest to the matter.
    A single sentence that is longer stands whole up to twice as many tokens."""


class RetrievalMemory:
    """What the role witnessed, by recency, importance and relevance. The memory keeps vectors,
    so that only what is new is embedded, and no knowledge of its own."""

    Config = RetrievalConfig

    def __init__(
        self, story: Story, cast: Cast, role: str, embedder: Embedder, config: RetrievalConfig | None = None
    ) -> None:
        self._cast, self._role, self._embedder = cast, role, embedder
        self._config = config or RetrievalConfig()
        self._scenes = {scene.id: scene for _, scene in story.scenes}
        private = cast.personas[role].private
        self._formative = [cast.fill(text) for text in private.memories] if private else []
        self._begin()

    def recall(
        self, view: View, query: str, *, scene: str, shown: Iterable[Event] = (), limit: int
    ) -> tuple[RetrievedMemory, ...]:
        """The memories that come up, the best first.

        Args:
            view: what the role may read.
            query: what they are about to speak of.
            scene: the id of the scene in which they remember.
            shown: what stands in the prompt anyway, and so need not come up.
            limit: how many may.

        Raises:
            EmbeddingError: the sentence vectors cannot be loaded.
        """
        import numpy as np

        from dreamplay.memory.embeddings import STEPS

        self._read(view)
        count = len(self._events)
        asked = self._vector(query)
        near = self._matrix[:count] @ asked
        able = near >= self._config.floor * STEPS**2
        able[[row for event in shown if (row := self._row_of.get(event.id)) is not None]] = False
        able[list(self._came_up.get(scene, ()))] = False
        if not able.any():  # as for most lines; what was just heard is then of no account
            return ()
        if heard := _just_heard(view):
            able &= self._matrix[:count] @ self._vector(heard) >= self._config.heard * STEPS**2
        rows, oldest = np.flatnonzero(able), self._config.oldest
        recency: Any = oldest + (1 - oldest) * self._config.decay ** (count - 1 - rows)
        relevance = np.minimum(near[rows] / np.float64(STEPS**2), 1.0)
        score = (recency * self._importance[rows] * relevance).round(4)
        rank = 2 * self._often[rows] - score  # a score is 1 at most, so how often comes first
        best = np.arange(len(rows))
        if len(rows) > limit:  # sorting thousands would take longer than all the rest
            best = np.flatnonzero(rank <= np.partition(rank, limit - 1)[limit - 1])
        best = best[np.lexsort((-rows[best], rank[best]))][:limit]
        return tuple(
            RetrievedMemory(
                event=event.id if (event := self._events[rows[n]]) else None,
                when=self._when(event, scene),
                text=self._worded(rows[n], asked),
                recency=round(float(recency[n]), 3),
                importance=float(self._importance[rows[n]]),
                relevance=round(float(relevance[n]), 3),
                score=float(score[n]),
            )
            for n in best.tolist()
        )

    def _begin(self) -> None:
        """Know nothing but the formative memories."""
        import numpy as np

        self._seen: tuple[Event, ...] = ()
        self._events: list[Event | None] = []
        self._row_of: dict[int, int] = {}
        """Of an event's number."""
        self._came_up: dict[str, set[int]] = {}
        """Scene to the rows that were recalled in it."""
        self._often = np.zeros(0)
        self._chose: dict[str | None, str | None] = {}
        self._there = {scene.id: scene.present for scene in self._scenes.values()}
        """Who is in a scene, as far as its events have been read."""
        self._importance = np.zeros(0)
        self._matrix: Matrix = np.zeros((0, self._embedder.width), dtype=np.float32)
        self._add([None] * len(self._formative), self._formative, [self._config.formative] * len(self._formative))

    def _read(self, view: View) -> None:
        """Read on after what was read last; the view of another script is read from its beginning."""
        known = view.events
        if self._seen and (len(known) < len(self._seen) or known[len(self._seen) - 1] is not self._seen[-1]):
            self._begin()
        new, self._seen = known[len(self._seen) :], known
        kept = [event for event in new if event.text and event.kind in self._config.importance]
        self._row_of |= {event.id: row for row, event in enumerate(kept, start=len(self._events))}
        self._add(kept, [event.text for event in kept], [self._weighed(event) for event in kept])
        for event in new:
            if event.speaker == self._role:
                for memory in event.provenance.recalled:
                    row = self._own(memory.text) if memory.event is None else self._row_of.get(memory.event)
                    if row is not None:  # the role may have been another persona's then, with another past
                        self._came_up.setdefault(event.scene, set()).add(row)
                        self._often[row] += 1

    def _add(self, events: Sequence[Event | None], texts: Sequence[str], importance: Sequence[float]) -> None:
        """Append rows; the arrays grow by doubling, so that a long play is not copied at every turn."""
        start, end = len(self._events), len(self._events) + len(events)
        if end > len(self._matrix):
            self._matrix = _grown(self._matrix, 2 * end)
            self._importance, self._often = _grown(self._importance, 2 * end), _grown(self._often, 2 * end)
        self._events += events
        for row, text in enumerate(texts, start):
            self._matrix[row] = self._vector(text)
        self._importance[start:end] = importance

    def _vector(self, text: str) -> NDArray[np.float32]:
        """A text as a row, without names: a name is in every other line, and would make them all alike."""
        from dreamplay.memory.embeddings import quantized

        return quantized(self._embedder, self._cast.nameless(text))

    def _weighed(self, event: Event) -> float:
        """The importance of an event."""
        table = self._config
        if event.kind == "stance":
            before = self._chose.get(event.speaker)
            self._chose[event.speaker] = event.choice
            return table.importance["stance"] if before in (None, event.choice) else table.change_of_mind
        if event.kind in ("line", "action"):
            if event.speaker == self._role:
                return table.own
            heard = len(event.witnesses) - event.witnesses.count(self._cast.visitor or "")
            if heard < len(self._there.get(event.scene, ())):
                return table.to_few
            if self._role in self._cast.mentioned(event.text):
                return table.addressed
        if isinstance(event, MoveEvent) and not event.by_visitor and event.scene in self._there:
            self._there[event.scene] = moved(self._there[event.scene], event.speaker, event.kind == "entrance")
        return table.importance[event.kind]

    def _when(self, event: Event | None, scene: str) -> str:
        """When it was, in words that follow "from"."""
        if event is None:
            return "long ago"
        if event.scene == PROLOGUE:
            return PROLOGUE_TITLE[:1].lower() + PROLOGUE_TITLE[1:]
        if event.scene == scene:
            return "a moment ago"
        if event.scene not in self._scenes:  # an edited story no longer has them in it
            return "some time ago"
        place = self._cast.fill(self._scenes[event.scene].place)
        return place[0].lower() + place[1:] if place.startswith(("The ", "A ", "An ")) else place

    def _own(self, text: str) -> int | None:
        """The row of the formative memory that these words are of; None if they are of none."""
        return next((row for row, whole in enumerate(self._formative) if text in sanitize(whole)), None)

    def _worded(self, row: int, asked: NDArray[np.float32]) -> str:
        """The memory in their words, without brackets, so that it cannot pass for a note of the prompt.

        Args:
            row: the number of the memory.
            asked: the vector of the matter.
        """
        event = self._events[row]
        text = excerpt(
            sanitize(event.text if event else self._formative[row]),
            self._config.tokens,
            lambda parts: [float(self._vector(part) @ asked) for part in parts],
        )
        if event is None or isinstance(event, ToldEvent | ReflectionEvent | MoveEvent):
            return text
        who = "I" if event.speaker == self._role else self._cast.name(event.speaker)
        match event:
            case LineEvent():
                return f'{who} said "{text}"'
            case StanceEvent():
                return f"{who} decided: {event.quoting(text)}"
            case _:
                return f"{self._cast.name(event.speaker)} {text}"


def _grown(array: NDArray[Any], rows: int) -> NDArray[Any]:
    """An array with zeros below it."""
    import numpy as np

    whole = np.zeros((rows, *array.shape[1:]), dtype=array.dtype)
    whole[: len(array)] = array
    return whole


def _just_heard(view: View) -> str:
    """The last two things that were said or happened."""
    last = islice((event.text for event in reversed(view.events) if event.text and event.happens), 2)
    return " ".join(last)
