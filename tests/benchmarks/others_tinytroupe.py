"""Plays for `others.py` with TinyTroupe (from its repository), as its README does: a TinyWorld of TinyPersons who act
in parallel, or in turn. A process can begin one of its simulations at a time, but worlds without the cache of
simulations can be run side by side in threads, if everybody in them has a name of their own.

What costs time and can be switched off is off: its waiting before each call, its limit of calls at once, logs, display,
and what needs embeddings from the network (consolidation of memories and their retrieval).
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from others_play import Order, measure, told

SETTINGS = """
[OpenAI]
API_TYPE=openai
MODEL=fake
MAX_COMPLETION_TOKENS=1000
WAITING_TIME=0
MAX_CONCURRENT_MODEL_CALLS=NONE
CACHE_API_CALLS=False

[Cognition]
ENABLE_MEMORY_CONSOLIDATION=False
ENABLE_CONTINUOUS_CONTEXTUAL_SEMANTIC_MEMORY_RETRIEVAL=False

[Logging]
LOGLEVEL=CRITICAL
LOGLEVEL_CONSOLE=CRITICAL
LOGLEVEL_FILE=NONE
"""
PARALLEL = "in parallel"


def main() -> None:
    """Play as asked for."""
    order = told()
    with tempfile.TemporaryDirectory(prefix="tinytroupe-bench-") as home:
        (Path(home) / "config.ini").write_text(SETTINGS, encoding="utf-8")
        os.chdir(home)  # where it looks for its settings
        os.environ |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": order.base_url}
        _without_network()

        def play(seeds: range) -> int:
            with ThreadPoolExecutor(order.jobs) as pool:
                return sum(pool.map(lambda seed: _one(order, f"{len(seeds)}-{seed}"), seeds))

        measure("tinytroupe", play)


def _without_network() -> None:
    """Let tiktoken, with which TinyTroupe counts tokens for its log, find its table where llama-index has one."""
    import importlib.util

    found = importlib.util.find_spec("llama_index.core")
    if found and found.origin:
        os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(found.origin).parent / "_static" / "tiktoken_cache")


def _one(order: Order, mark: str) -> int:
    from tinytroupe.agent import TinyPerson
    from tinytroupe.environment import TinyWorld

    TinyPerson.communication_display = TinyWorld.communication_display = False
    TinyPerson.MAX_ACTION_SIMILARITY = None  # the fake's lines are alike, and would be taken for repetitions
    agents = []
    for each in order.people:
        person = TinyPerson(f"{each.name} {mark}")
        person.define("occupation", {"title": each.who})
        person.define("style", each.voice)
        person.define("beliefs", [each.belief])
        person.define("memories", list(each.memories))
        person.internalize_goal(each.aim)
        agents.append(person)
    world = TinyWorld(f"quay {mark}", agents)
    world.make_everyone_accessible()
    world.broadcast(f"{order.premise} {order.opening}")
    steps = world.run(order.turns // len(agents), return_actions=True, parallelize=order.way == PARALLEL)
    done = [taken["action"] for step in steps for taken_by in step.values() for taken in taken_by]
    return sum(action["type"] == "TALK" for action in done)


if __name__ == "__main__":
    main()
