"""Every prompt of a run, in `prompts.jsonl` beside the transcript. Parts that prompts share are stored once.

A transcript names prompts by their digest; this file has their text. There are three kinds of record, one in each line:
a `system` message, which stays the same for the whole run; a `script`, stored as what it adds to the first characters
of an earlier one; and a `prompt`, which names its system and script and holds the rest. So the file grows linearly with
the play.

The file is only appended to, and a prompt is in it before it is answered. It is not forced to disk as the transcript
is: after a power cut the last prompts may be missing, and `dreamplay why` says so.

Only `dreamplay why` and some exports need it. So damage to it never keeps a run from being resumed: records that cannot
be read are skipped, and a prompt is checked against the digest in the transcript before it is shown.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter

from dreamplay.errors import RecordError
from dreamplay.models.base import Model, OnToken, Reply
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.schema.base import FrozenModel
from dreamplay.storage import disk
from dreamplay.storage.folders import at
from dreamplay.storage.store import Journal, Place

FILE = "prompts.jsonl"
_LOST = (errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.ENOTSUP)
"""Errors that keep prompts from being stored but do not stop the run: something else has the name of the file."""
_HEADS = 16
"""Earlier scripts that a new one is compared with: one for each group that meets again, and some to spare."""


class _Piece(FrozenModel):
    model_config = ConfigDict(str_strip_whitespace=False)


class _System(_Piece):
    record: Literal["system"] = "system"
    hash: str
    text: str

    @property
    def name(self) -> str:
        """What it is called in other records."""
        return self.hash


class _Script(_Piece):
    """The first `keep` characters of an earlier script, and then `text`."""

    record: Literal["script"] = "script"
    hash: str
    after: str | None
    keep: int = Field(ge=0)
    text: str

    @property
    def name(self) -> str:
        """What it is called in other records."""
        return self.hash


class _Asked(_Piece):
    """A prompt: the hashes of its system and script, and the rest of it as it is."""

    record: Literal["prompt"] = "prompt"
    digest: str
    system: str
    script: str
    rest: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called in a transcript."""
        return self.digest


_Record = _System | _Script | _Asked
_RECORD: TypeAdapter[_Record] = TypeAdapter(Annotated[_Record, Field(discriminator="record")])


class PromptLog:
    """Stores the prompts of a run, and continues where the file ends. If the file cannot be written, it stores nothing,
    and `complaint` has the reason.

    Raises:
        RecordError: the disk is full, or too many files are open.
    """

    def __init__(self, where: Place | Path) -> None:
        place = at(where)
        self._known = set[str]()
        self._heads = deque[tuple[str, str]](maxlen=_HEADS)
        """Hash and text, the newest last."""
        self._journal: Journal | None = None
        try:
            self._journal = place.journal(FILE, forced=False, anew=True)
            self._known |= {record.name for _, record in _records(place) if record}
        except OSError as error:
            if error.errno not in _LOST:
                raise disk.cannot("write to", place.called(FILE), error) from error

    def keep(self, prompt: Prompt) -> None:
        """Write a prompt to disk, unless it is there already."""
        digest = prompt.digest
        if self._journal is None or digest in self._known:
            return
        system, script = _hash(prompt.system), _hash(prompt.script)
        pieces: list[_Piece] = []
        if system not in self._known:
            pieces.append(_System(hash=system, text=prompt.system))
        if script not in self._known:
            pieces.append(self._grown(script, prompt.script))
        rest = prompt.model_dump(mode="json", exclude={"system", "script"})
        pieces.append(_Asked(digest=digest, system=system, script=script, rest=rest))
        self._journal.append("".join(f"{piece.model_dump_json()}\n" for piece in pieces).encode())
        self._known |= {digest, system, script}

    def _grown(self, name: str, text: str) -> _Script:
        """The script, stored as what it adds to the earlier one with the longest common beginning."""
        common = {head: _common(head[1], text) for head in self._heads}
        best = max(common, key=common.__getitem__, default=("", ""))
        keep = common.get(best, 0)
        if keep == len(best[1]) and keep:
            self._heads.remove(best)  # it lives on as the beginning of this one
        self._heads.append((name, text))
        return _Script(hash=name, after=best[0] if keep else None, keep=keep, text=text[keep:])

    def __enter__(self) -> PromptLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._journal:
            self._journal.close()


class RecordingModel:
    """Wraps a model, and stores every prompt before it is answered.

    Args:
        model: who answers.
        archive: where prompts are stored.
        settled: waits until all that was played before is durable. It is, before anything is asked.
    """

    def __init__(self, model: Model, archive: PromptLog, settled: Callable[[], Awaitable[None]]) -> None:
        self.name = model.name
        self._model, self._archive, self._settled = model, archive, settled

    @property
    def profile(self) -> ModelProfile:
        """See `Model.profile`."""
        return self._model.profile

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Store the prompt and answer it; see `Model.complete`.

        Raises:
            RecordError: the prompt, or what was played before, cannot be kept.
        """
        self._archive.keep(prompt)
        await self._settled()
        return await self._model.complete(prompt, seed=seed, on_token=on_token)

    async def warm_cache(self, prompt: Prompt) -> None:
        """Store nothing, since this is only the beginning of later prompts; see `Model.warm_cache`."""
        await self._model.warm_cache(prompt)

    async def close(self) -> None:
        """Close the model; see `Model.close`."""
        await self._model.close()


def find(where: Place | Path, digest: str) -> Prompt | None:
    """The prompt with a digest; None if the run did not keep it.

    Raises:
        RecordError: it was kept, and what is there is not that prompt.
    """
    place = at(where)
    systems: dict[str, _System] = {}
    scripts: dict[str, _Script] = {}
    asked: _Asked | None = None
    line = broken = 0
    try:
        for number, record in _records(place):
            match record:
                case _System():
                    systems.setdefault(record.hash, record)
                case _Script():
                    scripts.setdefault(record.hash, record)
                case _Asked() if record.digest == digest:
                    asked, line = record, number
                case None:
                    broken = broken or number
    except OSError:
        return None
    if asked is None and not broken:
        return None
    try:
        if asked is None:
            raise LookupError(digest)
        prompt = Prompt(system=systems[asked.system].text, script=_whole(scripts, asked.script), **asked.rest)
        if prompt.digest != digest:
            raise ValueError(digest)
    except (LookupError, ValueError, TypeError, RecursionError):
        raise RecordError(f"{place.called(FILE)}:{line or broken}: damaged, or changed since") from None
    return prompt


def every(where: Place | Path) -> dict[str, Prompt]:
    """All prompts that a run kept, by digest. What cannot be read, or is not what was kept, is left out."""
    texts: dict[str, str] = {}
    found: dict[str, Prompt] = {}
    with contextlib.suppress(OSError):
        for _, record in _records(at(where)):
            match record:
                case _System():
                    texts.setdefault(record.hash, record.text)
                case _Script() if record.after is None or record.after in texts:
                    before = texts[record.after] if record.after else ""
                    texts.setdefault(record.hash, before[: record.keep] + record.text)
                case _Asked() if record.system in texts and record.script in texts:
                    with contextlib.suppress(ValueError, TypeError, RecursionError):
                        prompt = Prompt(system=texts[record.system], script=texts[record.script], **record.rest)
                        found |= {record.digest: prompt} if prompt.digest == record.digest else {}
    return found


def complaint(where: Place | Path) -> str | None:
    """What is wrong with the stored prompts of a run, in words for whoever resumes it; None if nothing is."""
    place = at(where)
    called = place.called(FILE)
    try:
        match place.hindrance(FILE):
            case "sealed":
                return f"{called} cannot be written to; prompts are not kept, and the play goes on without"
            case "foreign":
                return f"{called} is no file, and is begun anew"
        broken = [number for number, record in _records(place) if record is None]
    except OSError:
        return None
    if not broken:
        return None
    many = f"{len(broken)} records" if len(broken) > 1 else "a record"
    return f"{called}:{broken[0]}: {many} of prompts cannot be read; the play goes on without"


def _records(place: Place) -> Iterator[tuple[int, _Record | None]]:
    """The records with their lines, counted from 1; None for one that cannot be understood.

    Raises:
        OSError: the file cannot be read.
    """
    for number, line in enumerate(place.lines(FILE), start=1):
        try:
            yield number, _RECORD.validate_json(line)
        except ValueError:
            yield number, None


def _whole(scripts: dict[str, _Script], name: str) -> str:
    """A script, put together from its parts.

    Raises:
        LookupError: a part of it is not there.
        ValueError: it is not the text that was kept.
    """
    parts: list[str] = []
    after: str | None = name
    upto: int | None = None
    passed = set[str]()
    while after is not None:
        if after in passed:  # somebody has tied it into a ring
            raise ValueError(name)
        passed.add(after)
        piece = scripts[after]
        if upto is None or upto > piece.keep:
            parts.append(piece.text[: None if upto is None else upto - piece.keep])
            upto = piece.keep
        after = piece.after if upto else None
    text = "".join(reversed(parts))
    if _hash(text) != name:
        raise ValueError(name)
    return text


def _common(one: str, other: str) -> int:
    """The length of the common beginning, by bisection: comparing whole strings is faster than comparing characters."""
    if other.startswith(one):
        return len(one)
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
