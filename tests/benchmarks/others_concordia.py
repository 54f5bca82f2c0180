"""Plays for `others.py` with Concordia (pip install "gdm-concordia[openai]"), as its cheat sheet does: the dialogic
game master with a fixed order of speakers, the sequential engine, simulations side by side by `concurrency.run_tasks`.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Any

from others_play import Order, measure, told


def main() -> None:
    """Play as asked for."""
    from concordia.contrib.language_models.openai.gpt_model import GptLanguageModel
    from concordia.utils import concurrency

    order = told()
    model = GptLanguageModel("fake", api_key="none", api_base=order.base_url)

    def play(seeds: range) -> int:
        tasks = {str(seed): functools.partial(_one, order, model) for seed in seeds}
        return sum(concurrency.run_tasks(tasks, max_workers=order.jobs).values())

    measure("gdm-concordia", play)


def _one(order: Order, model: Any) -> int:
    from concordia.prefabs import entity, game_master
    from concordia.prefabs.simulation import generic
    from concordia.typing import prefab
    from concordia.utils import helper_functions

    rules = {
        "name": "conversation rules",
        "next_game_master_name": "conversation rules",
        "acting_order": "fixed",
        "can_terminate_simulation": False,
    }
    people = [
        prefab.InstanceConfig(prefab=order.way, role=prefab.Role.ENTITY, params={"name": each.name, "goal": each.aim})
        for each in order.people
    ]
    config = prefab.Config(
        default_premise=order.opening,
        default_max_steps=order.turns,
        prefabs=helper_functions.get_package_classes(entity) | helper_functions.get_package_classes(game_master),
        instances=[
            *people,
            prefab.InstanceConfig(prefab="dialogic__GameMaster", role=prefab.Role.GAME_MASTER, params=rules),
        ],
    )
    simulation = generic.Simulation(config=config, model=model, embedder=_embed)
    for each, agent in zip(order.people, simulation.get_entities(), strict=True):
        for told_before in (order.premise, f"{each.name} is {each.who}.", each.voice, each.belief, *each.memories):
            agent.observe(told_before)
    log: list[Any] = []
    simulation.play(raw_log=log)
    return len(log)


def _embed(text: str) -> Any:
    """A vector that is the same for the same text, in place of a sentence transformer."""
    import numpy as np

    return np.frombuffer(hashlib.shake_256(text.encode()).digest(384), dtype=np.uint8) / 255


if __name__ == "__main__":
    main()
