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
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakValueDictionary

from dreamplay.errors import DreamplayError
from dreamplay.models import model_store, profile_table
from dreamplay.models.adapter import Adapter
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.client import open_client
from dreamplay.models.endpoint import Endpoint
from dreamplay.models.model_store import LocalServer
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt

_KEPT_SLOTS = 8  # files of about 15 MB


@dataclass(frozen=True, eq=False)
class _Engine:
    """An engine of this process."""

    starting: Future[LocalServer]
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever uses its only slot."""


_engines: WeakValueDictionary[tuple[object, ...], _Engine] = WeakValueDictionary()
"""The engines that play one run at a time, by event loop and by what they were started with, for as long as a model
plays on them. Models that differ in nothing that an engine knows share one: it takes a gigabyte of memory."""


class LocalModel:
    """The embedded model, or a .gguf file of the user's, with or without an adapter; starts loading as soon as it is
    made.
    """

    def __init__(
        self,
        gguf: Path | None = None,
        *,
        timeout: float,
        profile: ModelProfile | None = None,
        jobs: int = 1,
        load: bool = True,
        adapter: Adapter | None = None,
    ) -> None:
        self.name = gguf.stem if gguf else model_store.NAME
        plays_with = adapter.name if adapter else ""
        self.profile = profile or profile_table.look_up("gguf" if gguf else "embedded", self.name, plays_with)
        self._second = bool(adapter and adapter.second)
        if not self._second:  # an adapter of the user's may have the name of the shipped one
            self.profile = self.profile.refined({"second_adapter": ()})
        self._timeout = timeout
        self._gguf, self._adapter, self._jobs = gguf, adapter, jobs
        self._endpoint: Endpoint | None = None
        # For its further candidates a call takes the lowest slots that are free, whatever has been read in them.
        self._slot = (self.profile.candidates - 1) * jobs
        self._first = asyncio.Lock()
        self._alone = asyncio.Lock()
        self._engine = functools.cache(self._start)
        if load:
            self._engine()

    def lanes(self) -> list[LocalModel]:
        """This model once for each of the runs at once. All are served by one engine, each in slots of its own: a slot
        has to read again whatever another has read.
        """
        lanes = [self, *(copy.copy(self) for _ in range(1, self._jobs))]
        for number, lane in enumerate(lanes[1:], start=1):
            lane._slot = self._slot + number
            lane._alone = asyncio.Lock()
        return lanes

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt; see `Model.complete`. The first call waits until the engine has loaded."""
        async with self._first:
            if self._endpoint is None:
                return await self._begin(prompt, seed, on_token)
        async with self._alone:  # all who ask want the same slot
            return await self._endpoint.complete(prompt, seed=seed, on_token=on_token)

    async def warm_cache(self, prompt: Prompt) -> None:
        """Process a prompt while a person is typing; see `Model.warm_cache`."""
        with contextlib.suppress(DreamplayError):  # the next call that needs a reply reports it
            await self.complete(prompt, seed=0)

    async def close(self) -> None:
        """Close the client; see `Model.close`. The engine ends with its process."""
        if self._endpoint:
            await self._endpoint.close()

    def _start(self) -> _Engine:
        adapters = self._adapter.files if self._adapter else ()
        window, candidates = self.profile.context_window, self.profile.candidates
        alike = (_running_loop(), self._gguf, adapters, window, candidates)
        engine = _engines.get(alike) if self._jobs == 1 else None
        if engine is None or (engine.starting.done() and engine.starting.exception()):
            pool = ThreadPoolExecutor(1, thread_name_prefix="engine")
            engine = _Engine(pool.submit(
                model_store.start, self._gguf, adapters=adapters, window=window, candidates=candidates, jobs=self._jobs
            ))  # fmt: skip
            pool.shutdown(wait=False)
        if self._jobs == 1:
            _engines[alike], self._alone = engine, engine.alone
        return engine

    async def _begin(self, prompt: Prompt, seed: int, on_token: OnToken | None) -> Reply:
        engine = await asyncio.wrap_future(self._engine().starting)
        async with self._alone:
            endpoint = self._connect(engine)
            file = _file(engine, self._adapter, self.profile.context_window, prompt)
            slot = f"{engine.root}/slots/{self._slot}"
            shared = prompt.kind == "line"  # what was read with another adapter, or with none, is no use to the lines
            known = shared and (model_store.slots() / file).is_file() and await _state(endpoint, slot, "restore", file)
            reply = await endpoint.complete(prompt, seed=seed, on_token=on_token)
            if shared and not known:
                if await _state(endpoint, slot, "save", file):
                    with contextlib.suppress(OSError):
                        (model_store.slots() / file).chmod(0o600)
                await asyncio.to_thread(_forget_old)
        self._endpoint = endpoint
        return reply

    def _connect(self, engine: LocalServer) -> Endpoint:
        client = open_client(f"{engine.root}/v1", engine.api_key, timeout=self._timeout)
        second = self._slot + self._jobs if self._second else None  # above those of all the runs
        return Endpoint(
            self.name, client, "the embedded engine",
            profile=self.profile, slot=self._slot, second_slot=second, patience=self._timeout,
        )  # fmt: skip


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


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


def _file(engine: LocalServer, adapter: Adapter | None, window: int, prompt: Prompt) -> str:
    """One file for each model file, adapter, window and beginning of a prompt."""
    stat = engine.model.stat()
    key = "\0".join([engine.model.name, str(stat.st_size), str(stat.st_mtime_ns),
                     adapter.sha256 if adapter else "", str(window),
                     prompt.system, prompt.script])  # fmt: skip
    return f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.slot"


def _forget_old() -> None:
    """Keep the newest few slot files."""
    files = sorted(model_store.slots().glob("*.slot"), key=lambda path: path.stat().st_mtime)
    for path in files[:-_KEPT_SLOTS]:
        path.unlink(missing_ok=True)
