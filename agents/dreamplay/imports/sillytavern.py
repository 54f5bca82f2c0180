"""Reads a chat of SillyTavern, of one character or of a group. The older ones have no header."""

from __future__ import annotations

import html
import json
import re
from pathlib import PurePosixPath
from typing import Any

from dreamplay.imports.script import ImportedScene, ImportedScript, Said

_HEADING = re.compile(r"\*\*([^*]+)\*\*")
_DONE = re.compile(r"(?<!\\)\*+((?:\\.|[^*\\])+)\*+", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\`*_~\[\]{}#>+.-])")
_MACRO = re.compile(r"\{\{(user|char)\}\}", re.IGNORECASE)


def read(text: str) -> ImportedScript:
    """The chat. What cannot be read is counted and left out."""
    found = ImportedScript("chat")
    for line in text.split("\n"):
        if line.strip():
            _take(_message(line), found)
    if not found.scenes[0].said and len(found.scenes) > 1:
        del found.scenes[0]
    return found


def _message(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _take(message: Any, found: ImportedScript) -> None:
    if isinstance(message, dict) and "mes" not in message and {"user_name", "chat_metadata"} & message.keys():
        return  # the header
    if not isinstance(message, dict) or not isinstance(words := message.get("mes"), str):
        found.left_out["unreadable line"] += 1
        return
    if message.get("is_system"):
        found.left_out["hidden message"] += 1
        return
    name = _name(message)
    if message.get("is_user") and name:
        found.users[name] = None
    words = _MACRO.sub(lambda hit: name if hit[1].lower() == "char" else next(iter(found.users), "you"), words)
    extra = message.get("extra")
    if isinstance(extra, dict) and extra.get("type") == "narrator":
        if heading := _HEADING.fullmatch(words.strip()):
            found.scenes.append(ImportedScene(heading=_plain(heading[1])))
        else:
            _add(found, "", _plain(words))
    elif not name:
        found.left_out["nameless message"] += 1
    else:
        said = _plain(_DONE.sub(" ", words))
        done = [_plain(each) for each in _DONE.findall(words)]
        _add(found, *((name, said) if said else ("", f"{name} {'; '.join(filter(None, done))}")))


def _name(message: dict[str, Any]) -> str:
    """Whose message it is: by its name, else by the picture of its card."""
    name, picture = message.get("name"), message.get("original_avatar")
    if isinstance(name, str) and name.strip():
        return " ".join(name.split())
    return PurePosixPath(picture).stem.strip() if isinstance(picture, str) else ""


def _add(found: ImportedScript, name: str, text: str) -> None:
    if text:
        found.scenes[-1].said.append(Said(name, text))


def _plain(words: str) -> str:
    """Words without Markdown, on one line, and without the quotation marks around the whole of them."""
    text = " ".join(html.unescape(_ESCAPE.sub(r"\1", words)).split())
    if len(text) > 1 and text[0] + text[-1] in ('""', "“”") and not {'"', "“", "”"} & {*text[1:-1]}:
        return text[1:-1].strip()
    return text
