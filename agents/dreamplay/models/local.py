"""A model in this process: an `Endpoint` whose engine is loaded in the background and remembers its prefixes.

The engine loads while the opening is told. The state of the prompt cache after the first reply is saved to a file,
so that the next run of the same story on the same model does not read premise, cast and prologue again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dreamplay.errors import DreamplayError
from dreamplay.models import embedded
from dreamplay.models.embedded import Engine
from dreamplay.models.endpoint import Endpoint, open_endpoint
from dreamplay.models.model import OnToken, Reply
from dreamplay.prompting.prompt import Prompt
from dreamplay.prompting.window import WINDOW

SAMPLING: dict[str, Any] = {"temperature": 0.8}
ENGINE: dict[str, Any] = {"min_p": 0.05, "cache_prompt": True, "id_slot": 0}
_KEPT_SLOTS = 8  # files of about 15 MB


class LocalModel:
    """The embedded model, or a .gguf file of the user's; starts loading as soon as it is made."""

    sheets = False
    tries = 4
    rolls = 2
    engine = ENGINE

    def __init__(
        self,
        gguf: Path | None = None,
        *,
        timeout: float,
        sampling: dict[str, Any],
        candidates: int = 1,
        window: int = WINDOW,
        jobs: int = 1,
        load: bool = True,
    ) -> None:
        self.name = gguf.stem if gguf else embedded.NAME
        self.sampling = SAMPLING | sampling
        self.candidates = candidates
        self.window = window
        self._timeout = timeout
        self._gguf, self._jobs = gguf, jobs
        self._starting: Future[Engine] | None = self._start() if load else None
        self._endpoint: Endpoint | None = None
        self._first = asyncio.Lock()
        self._alone = asyncio.Lock()

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt; see `Model.complete`. The first call waits until the engine has loaded."""
        async with self._first:
            if self._endpoint is None:
                return await self._begin(prompt, seed, on_token)
        if self._jobs > 1:  # the engine itself finds the slots
            return await self._endpoint.complete(prompt, seed=seed, on_token=on_token)
        async with self._alone:  # all who ask want the same slot
            return await self._endpoint.complete(prompt, seed=seed, on_token=on_token)

    async def read(self, prompt: Prompt) -> None:
        """Read a prompt in the slot of the one run that is played, while somebody thinks; see `Model.read`."""
        if self._jobs == 1:
            with contextlib.suppress(DreamplayError):  # whoever asks in earnest is told
                await self.complete(prompt, seed=0)

    async def close(self) -> None:
        """Close the client; see `Model.close`. The engine ends with its process."""
        if self._endpoint:
            await self._endpoint.close()

    def _start(self) -> Future[Engine]:
        pool = ThreadPoolExecutor(1, thread_name_prefix="engine")
        starting = pool.submit(
            embedded.start, self._gguf, window=self.window, candidates=self.candidates, jobs=self._jobs
        )
        pool.shutdown(wait=False)
        return starting

    async def _begin(self, prompt: Prompt, seed: int, on_token: OnToken | None) -> Reply:
        self._starting = self._starting or self._start()
        engine = await asyncio.wrap_future(self._starting)
        client = open_endpoint(f"{engine.root}/v1", engine.api_key, timeout=self._timeout)
        endpoint = Endpoint(
            self.name, client, "the embedded engine", sampling=self.sampling, engine=self.engine, prefill=True,
            sheets=self.sheets, tries=self.tries, rolls=self.rolls, candidates=self.candidates, window=self.window,
        )  # fmt: skip
        slot = _slot_name(engine, self.window, prompt)
        known = (embedded.slots() / slot).is_file() and await _slot(endpoint, engine, "restore", slot)
        reply = await endpoint.complete(prompt, seed=seed, on_token=on_token)
        if not known:
            await _slot(endpoint, engine, "save", slot)
            await asyncio.to_thread(_forget_old)
        if self._jobs > 1:  # the engine itself finds the slot that has read most of a prompt
            endpoint.engine = {name: value for name, value in self.engine.items() if name != "id_slot"}
        self._endpoint = endpoint
        return reply


async def _slot(endpoint: Endpoint, engine: Engine, action: str, name: str) -> bool:
    """Save or restore the prompt cache, and say whether it was done. It only saves time: what cannot be restored, since
    another version of the engine wrote it, is read and saved anew.
    """
    import openai

    try:
        await endpoint.client.post(f"{engine.root}/slots/0?action={action}", body={"filename": name}, cast_to=object)
    except openai.APIError:
        return False
    return True


def _slot_name(engine: Engine, window: int, prompt: Prompt) -> str:
    """One file for each model file, window and beginning of a prompt."""
    stat = engine.model.stat()
    key = "\0".join([engine.model.name, str(stat.st_size), str(stat.st_mtime_ns), str(window),
                     prompt.system, prompt.script])  # fmt: skip
    return f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.slot"


def _forget_old() -> None:
    """Keep the newest few slot files."""
    files = sorted(embedded.slots().glob("*.slot"), key=lambda path: path.stat().st_mtime)
    for path in files[:-_KEPT_SLOTS]:
        path.unlink(missing_ok=True)
