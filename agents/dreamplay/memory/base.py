"""The protocols of memory: what recalls for a role, and what turns texts into vectors."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from dreamplay import plugins
from dreamplay.errors import PluginFailedError
from dreamplay.schema import known_story
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import Event
from dreamplay.schema.plugin_choice import PluginChoice
from dreamplay.schema.provenance import RetrievedMemory
from dreamplay.schema.story import Story
from dreamplay.schema.view import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

MEMORY = PluginChoice(name="retrieval")
NO_MEMORY = PluginChoice(name="none")
EMBEDDER = PluginChoice(name="wordllama")


class Embedder(Hashable, Protocol):
    """Turns texts into vectors; the same text always into the same one. Its entry point is called without arguments,
    but for `config=` if it has a `Config`.
    """

    name: str
    width: int
    """Numbers in a vector."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """The texts as a matrix of float32, one row a text, `width` columns. Rows may have any length, they are scaled
        to 1; a row of zeros is near to nothing.
        """


class Memory(Protocol):
    """Recalls for one role. Its entry point is called once for each role with (story, cast, role, embedder), and with
    `config=` if it has a `Config`; the story has what that role knows of it, and the cast the private sheet of that
    role only.

    It need not keep anything: when a run goes on, the view is read anew from disk, and the same view has to give the
    same memories.
    """

    def recall(
        self, view: View, query: str, *, scene: str, shown: Iterable[Event] = (), limit: int
    ) -> tuple[RetrievedMemory, ...]:
        """The memories that come up, the best first.

        Args:
            view: what the role witnessed.
            query: what they are about to speak of.
            scene: the id of the scene in which they remember.
            shown: what stands in the prompt anyway, and so need not come up.
            limit: how many may.
        """


class NoMemory:
    """Recalls nothing: a role knows what stands in the prompt."""

    def __init__(self, story: Story, cast: Cast, role: str, embedder: Embedder) -> None:
        pass

    def recall(
        self, view: View, query: str, *, scene: str, shown: Iterable[Event] = (), limit: int
    ) -> tuple[RetrievedMemory, ...]:
        """Nothing."""
        return ()


def open_memory(choice: PluginChoice, story: Story, cast: Cast, role: str, embedder: Embedder) -> Memory:
    """The chosen memory, for a role.

    Raises:
        PluginError: it is not installed, or cannot be used.
    """
    known = known_story.known_to(story, role), cast.known_to(role)
    made: Memory = plugins.create(
        "memories", choice, Memory, *known, role, embedder, returns={"recall": _memories}
    )  # fmt: skip
    plugin = plugins.find("memories", choice.name)
    return made if plugin.shipped else _CheckedMemory(plugin, made)


@dataclass(frozen=True)
class _CheckedMemory:
    plugin: plugins.Plugin
    memory: Memory

    def recall(
        self, view: View, query: str, *, scene: str, shown: Iterable[Event] = (), limit: int
    ) -> tuple[RetrievedMemory, ...]:
        """What the memory recalls; see `Memory.recall`.

        Raises:
            PluginFailedError: the role did not witness it, or it is too much.
        """
        found = self.memory.recall(view, query, scene=scene, shown=shown, limit=limit)
        witnessed = {event.id for event in view.events}
        for memory in found:
            if memory.event is not None and memory.event not in witnessed:
                why = f"event {memory.event}, which the role did not witness"
                raise PluginFailedError(f"{self.plugin} failed: recall() returned {why}")
        if len(found) > limit:
            why = f"{len(found)} memories; the limit is {limit}"
            raise PluginFailedError(f"{self.plugin} failed: recall() returned {why}")
        return found


def open_embedder(choice: PluginChoice) -> Embedder:
    """The chosen embedder; the same object for the same choice.

    Raises:
        PluginError: it is not installed, or cannot be used.
    """
    return _opened(choice.model_dump_json())


def default_embedder() -> Embedder:
    """The shipped embedder."""
    return open_embedder(EMBEDDER)


def _memories(result: Any) -> tuple[RetrievedMemory, ...]:
    found = tuple(result)
    for each in found:
        if not isinstance(each, RetrievedMemory):
            raise TypeError(f"expected RetrievedMemory, found {type(each).__name__}")
    return found


@cache
def _opened(choice: str) -> Embedder:
    made: Embedder = plugins.create("embedders", PluginChoice.model_validate_json(choice), Embedder)
    return made
