"""A run as a group chat for SillyTavern: the chat as JSON lines, and beside it the group that it belongs to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from dreamplay.exports.playscript import Passage, Playscript
from dreamplay.formats import Files, Format, Source
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.scene import VISITOR
from dreamplay.storage import disk

NARRATOR = "Narrator"
"""Who tells what nobody says. SillyTavern marks such a message by its kind and not by its name."""
_BEGUN = datetime(2000, 1, 1, tzinfo=UTC)
"""When the first message was sent: messages need a time, a run has none, and the same run has to give the same file."""
_NO_FILE = re.compile(r"[/?<>\\:*|\x22\x00-\x1f]")
"""Characters that the names of files may not have."""
_MARKUP = re.compile(r"[\\`*_~\[\]{}]|^[#>+-]|(?<=^\d)\.|(?<=^\d\d)\.")
"""What SillyTavern reads as Markdown or as the beginning of a macro."""


class SillyTavern(Format):
    """A group chat for SillyTavern with the cast as its members, and beside it the group."""

    suffix = ".jsonl"

    def write(self, source: Source) -> Files:
        """The chat, and the group as `.group.json`. A visitor's messages are those of the user."""
        log = source.log
        messages = [
            _sent(each, number) for number, each in enumerate(_messages(Playscript.of(log, source.viewpoint(log))))
        ]
        head = {"user_name": "unused", "character_name": "unused", "create_date": _time(0), "chat_metadata": {}}
        lines = [json.dumps(each, ensure_ascii=False) for each in (head, *messages)]
        group = json.dumps(_group(log), ensure_ascii=False, indent=4)
        return Files("\n".join(lines) + "\n", {".group.json": f"{group}\n"})


def avatar(name: str) -> str:
    """The picture that SillyTavern gives to a card of that name; it is what a group calls its members."""
    return f"{_NO_FILE.sub('', name).strip(' .')}.png"


def _messages(text: Playscript) -> Iterator[dict[str, Any]]:
    for each in text.passages:
        if heading := ", ".join(filter(None, [each.beat, each.place])):
            yield _told(f"**{_escaped(heading)}**")
        yield _said(each) if each.speaker and each.kind not in ("entrance", "exit") else _told(_escaped(each.text))


def _told(words: str) -> dict[str, Any]:
    return {
        "name": NARRATOR, "is_user": False, "is_system": False, "mes": words,
        "extra": {"type": "narrator"}, "force_avatar": "img/five.png",
    }  # fmt: skip


def _said(each: Passage) -> dict[str, Any]:
    by_user = each.role == VISITOR
    picture = avatar(each.speaker)
    shown = {"original_avatar": picture, "force_avatar": f"/thumbnail?type=avatar&file={quote(picture)}"}
    return {"name": each.speaker, "is_user": by_user, "is_system": False, "mes": _words(each), "extra": {}} | (
        {} if by_user else shown
    )


def _words(each: Passage) -> str:
    """A passage as players write it: what is said as it is, and what is done between asterisks."""
    text = _escaped(each.text)
    match each.kind:
        case "line":
            return f"*{_escaped(each.manner)}* {text}" if each.manner else text
        case "silence":
            return "*says nothing*"
        case "reflection" | "thought":
            return f"*thinks: {text}*"
        case "stance":
            return f"*chooses to {_escaped(each.choice)}* {text}".rstrip()
        case _:
            return f"*{text}*"


def _sent(message: dict[str, Any], number: int) -> dict[str, Any]:
    return message | {"send_date": _time(number)}


def _time(minutes: int) -> str:
    return f"{(_BEGUN + timedelta(minutes=minutes)).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def _group(log: RunLog) -> dict[str, Any]:
    """The group: the cast without the visitor, who is the user."""
    name = log.name or disk.named(log.header.story_id)
    members = [avatar(log.cast.name(role)) for role in log.cast.characters]
    return {
        "id": name, "name": log.header.story.title, "members": members, "avatar_url": "", "allow_self_responses": False,
        "activation_strategy": 0, "generation_mode": 0, "disabled_members": [], "chat_metadata": {}, "fav": False,
        "chat_id": name, "chats": [name], "auto_mode_delay": 5, "generation_mode_join_prefix": "",
        "generation_mode_join_suffix": "",
    }  # fmt: skip


def _escaped(text: str) -> str:
    """Untrusted text on one line that is neither Markdown nor HTML nor a macro."""
    text = _MARKUP.sub(lambda hit: f"\\{hit[0]}", " ".join(text.split()))
    return text.replace("&", "&amp;").replace("<", "&lt;")
