"""The log of prompts: every prompt of a run, written to `prompts.jsonl` beside the transcript.

The file is only appended to, and a prompt is in it before it is answered. It is not forced to disk as the transcript
is: after a power cut the last prompts may be missing, and `dreamplay why` says so.

Only `dreamplay why` and some exports need it. So damage to it never keeps a run from being resumed.
"""

from __future__ import annotations

import errno
from collections import deque
from pathlib import Path
from types import TracebackType

from dreamplay.models.prompt import Prompt
from dreamplay.runs.prompt_records import FILE, PromptRecord, Record, ScriptRecord, SystemRecord, hashed, records
from dreamplay.storage import disk
from dreamplay.storage.folders import at
from dreamplay.storage.store import Journal, Place

_LOST = (errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.ENOTSUP)
"""Errors that keep prompts from being stored but do not stop the run: something else has the name of the file."""
_HEADS = 16
"""Earlier scripts that a new one is compared with: one for each group that meets again, and some to spare."""


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
            self._known |= {record.name for _, record in records(place) if record}
        except OSError as error:
            if error.errno not in _LOST:
                raise disk.cannot("write to", place.called(FILE), error) from error

    def keep(self, prompt: Prompt) -> None:
        """Write a prompt to disk, unless it is there already."""
        digest = prompt.digest
        if self._journal is None or digest in self._known:
            return
        system, script = hashed(prompt.system), hashed(prompt.script)
        pieces: list[Record] = []
        if system not in self._known:
            pieces.append(SystemRecord(hash=system, text=prompt.system))
        if script not in self._known:
            pieces.append(self._grown(script, prompt.script))
        rest = prompt.model_dump(mode="json", exclude={"system", "script"})
        pieces.append(PromptRecord(digest=digest, system=system, script=script, rest=rest))
        self._journal.append("".join(f"{piece.model_dump_json()}\n" for piece in pieces).encode())
        self._known |= {digest, system, script}

    def _grown(self, name: str, text: str) -> ScriptRecord:
        """The script, stored as what it adds to the earlier one with the longest common beginning."""
        common = {head: _common(head[1], text) for head in self._heads}
        best = max(common, key=common.__getitem__, default=("", ""))
        keep = common.get(best, 0)
        if keep == len(best[1]) and keep:
            self._heads.remove(best)  # it lives on as the beginning of this one
        self._heads.append((name, text))
        return ScriptRecord(hash=name, after=best[0] if keep else None, keep=keep, text=text[keep:])

    def __enter__(self) -> PromptLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._journal:
            self._journal.close()


def complaint(where: Place | Path) -> str | None:
    """What is wrong with the stored prompts of a run, in words for whoever resumes it; None if nothing is."""
    place = at(where)
    called = place.called(FILE)
    try:
        match place.hindrance(FILE):
            case "sealed":
                return f"{called} cannot be written to; prompts are not kept, and the play goes on without"
            case "foreign":
                return f"{called} is not a file, and is begun again"
        broken = [number for number, record in records(place) if record is None]
    except OSError:
        return None
    if not broken:
        return None
    many = f"{len(broken)} records" if len(broken) > 1 else "a record"
    return f"{called}:{broken[0]}: {many} of prompts cannot be read; the play goes on without"


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
