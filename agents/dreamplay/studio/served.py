"""What `langgraph dev` serves, as langgraph.json names it. To import it reads the settings, and draws their story.

It is a graph and no function that makes one: LangGraph would call that at every request, on its event loop.
"""

import os

from dreamplay import casting
from dreamplay import settings as reading
from dreamplay.schema.scene import VISITOR
from dreamplay.storage.opening import open_store
from dreamplay.studio.graph import build

RUNS = "DREAMPLAY_STUDIO_RUNS"
"""The variable that names the store in which threads are kept as runs. Nothing is written if it is empty."""

graph = build(
    [*casting.load_story(reading.load().story).cast, VISITOR],
    open_store(os.environ[RUNS]) if os.environ.get(RUNS) else None,
)
