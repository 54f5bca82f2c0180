"""`dreamplay` itself, with one thing added: it prints a line when the model speaks its first token, and ends
after that reply. It is a program of its own, since the clock runs from the start of the process and every
import counts.
"""

from __future__ import annotations

import os
from typing import Any

from dreamplay.cli import main
from dreamplay.models import registry
from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.prompt import Prompt

_open = registry.open_model


async def _opened(*arguments: Any) -> Model:
    model = await _open(*arguments)
    complete = model.complete

    async def stamped(prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        said = False

        def stamp(piece: str) -> None:
            nonlocal said
            if piece.strip() and not said:
                said = True
                print("token", flush=True)
            if on_token:
                on_token(piece)

        await complete(prompt, seed=seed, on_token=stamp)
        # By now the engine's prompt state is saved, and the rest of the story is not asked for.
        os._exit(0)

    model.complete = stamped  # type: ignore[method-assign]
    return model


if __name__ == "__main__":
    registry.open_model = _opened  # type: ignore[assignment]
    main.main()
