"""Reads prompts back from the records of a run. A prompt is checked against the digest in the transcript before it is
shown, and what cannot be read is skipped.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from dreamplay.errors import RecordError
from dreamplay.models.prompt import Prompt
from dreamplay.runs.prompt_records import FILE, PromptRecord, ScriptRecord, SystemRecord, hashed, records
from dreamplay.storage.folders import at
from dreamplay.storage.store import Place


def find(where: Place | Path, digest: str) -> Prompt | None:
    """The prompt with a digest; None if the run did not keep it.

    Raises:
        RecordError: it was kept, and what is there is not that prompt.
    """
    place = at(where)
    systems: dict[str, SystemRecord] = {}
    scripts: dict[str, ScriptRecord] = {}
    asked: PromptRecord | None = None
    line = broken = 0
    try:
        for number, record in records(place):
            match record:
                case SystemRecord():
                    systems.setdefault(record.hash, record)
                case ScriptRecord():
                    scripts.setdefault(record.hash, record)
                case PromptRecord() if record.digest == digest:
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
        for _, record in records(at(where)):
            match record:
                case SystemRecord():
                    texts.setdefault(record.hash, record.text)
                case ScriptRecord() if record.after is None or record.after in texts:
                    before = texts[record.after] if record.after else ""
                    texts.setdefault(record.hash, before[: record.keep] + record.text)
                case PromptRecord() if record.system in texts and record.script in texts:
                    with contextlib.suppress(ValueError, TypeError, RecursionError):
                        prompt = Prompt(system=texts[record.system], script=texts[record.script], **record.rest)
                        found |= {record.digest: prompt} if prompt.digest == record.digest else {}
    return found


def _whole(scripts: dict[str, ScriptRecord], name: str) -> str:
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
    if hashed(text) != name:
        raise ValueError(name)
    return text
