"""A model in this process: an `Endpoint` whose engine is loaded in the background and remembers its prefixes.

The engine loads while the opening is told. The state of the prompt cache after the first reply is saved to a file,
so that the next run of the same story on the same model does not read premise, cast and prologue again.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dreamplay.errors import DreamplayError
from dreamplay.models import model_store
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.endpoint import Endpoint, open_endpoint
from dreamplay.models.model_store import LocalServer
from dreamplay.models.prompt import Prompt
from dreamplay.prompting.context_window import WINDOW

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
        self.name = gguf.stem if gguf else model_store.NAME
        self.sampling = SAMPLING | sampling
        self.candidates = candidates
        self.window = window
        self._timeout = timeout
        self._gguf, self._jobs = gguf, jobs
        self._engine = functools.cache(self._start)
        if load:
            self._engine()
        self._endpoint: Endpoint | None = None
        # For its further candidates a call takes the lowest slots that are free, whatever has been read in them.
        self._slot = (candidates - 1) * jobs if jobs > 1 else 0
        self._first = asyncio.Lock()
        self._alone = asyncio.Lock()

    def lanes(self) -> list[LocalModel]:
        """This model once for each of the runs at once. All are served by one engine, each in a slot of its own: a slot
        has to read again whatever another has read.
        """
        lanes = [self, *(copy.copy(self) for _ in range(1, self._jobs))]
        for number, lane in enumerate(lanes[1:], start=1):
            lane._slot = self._slot + number
            lane._alone = asyncio.Lock()
        return lanes

    @property
    def learnt(self) -> dict[str, Any]:
        """See `Model.learnt`: what it takes is known."""
        return {}

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt; see `Model.complete`. The first call waits until the engine has loaded."""
        async with self._first:
            if self._endpoint is None:
                return await self._begin(prompt, seed, on_token)
        async with self._alone:  # all who ask want the same slot
            return await self._endpoint.complete(prompt, seed=seed, on_token=on_token)

    async def read(self, prompt: Prompt) -> None:
        """Read a prompt, while somebody thinks; see `Model.read`."""
        with contextlib.suppress(DreamplayError):  # whoever asks in earnest is told
            await self.complete(prompt, seed=0)

    async def close(self) -> None:
        """Close the client; see `Model.close`. The engine ends with its process."""
        if self._endpoint:
            await self._endpoint.close()

    def _start(self) -> Future[LocalServer]:
        pool = ThreadPoolExecutor(1, thread_name_prefix="engine")
        starting = pool.submit(
            model_store.start, self._gguf, window=self.window, candidates=self.candidates, jobs=self._jobs
        )
        pool.shutdown(wait=False)
        return starting

    async def _begin(self, prompt: Prompt, seed: int, on_token: OnToken | None) -> Reply:
        engine = await asyncio.wrap_future(self._engine())
        client = open_endpoint(f"{engine.root}/v1", engine.api_key, timeout=self._timeout)
        own = {"id_slot": self._slot} if self._jobs > 1 else {}
        endpoint = Endpoint(
            self.name, client, "the embedded engine", sampling=self.sampling, engine=self.engine | own, prefill=True,
            sheets=self.sheets, tries=self.tries, rolls=self.rolls, candidates=self.candidates, window=self.window,
            patience=self._timeout,
        )  # fmt: skip
        file = _file(engine, self.window, prompt)
        slot = f"{engine.root}/slots/{self._slot}"
        known = (model_store.slots() / file).is_file() and await _state(endpoint, slot, "restore", file)
        reply = await endpoint.complete(prompt, seed=seed, on_token=on_token)
        if not known:
            if await _state(endpoint, slot, "save", file):
                with contextlib.suppress(OSError):
                    (model_store.slots() / file).chmod(0o600)
            await asyncio.to_thread(_forget_old)
        self._endpoint = endpoint
        return reply


async def _state(endpoint: Endpoint, slot: str, action: str, file: str) -> bool:
    """Save or restore the state of a slot, and say whether it was done. It only saves time: what cannot be restored,
    since another version of the engine wrote it, is read and saved anew.
    """
    import openai

    try:
        await endpoint.client.post(f"{slot}?action={action}", body={"filename": file}, cast_to=object)
    except openai.APIError:
        return False
    return True


def _file(engine: LocalServer, window: int, prompt: Prompt) -> str:
    """One file for each model file, window and beginning of a prompt."""
    stat = engine.model.stat()
    key = "\0".join([engine.model.name, str(stat.st_size), str(stat.st_mtime_ns), str(window),
                     prompt.system, prompt.script])  # fmt: skip
    return f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.slot"


def _forget_old() -> None:
    """Keep the newest few slot files."""
    files = sorted(model_store.slots().glob("*.slot"), key=lambda path: path.stat().st_mtime)
    for path in files[:-_KEPT_SLOTS]:
        path.unlink(missing_ok=True)
