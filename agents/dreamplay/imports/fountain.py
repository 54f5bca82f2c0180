"""Reads a script in Fountain: title, sections, scenes, action and dialogue.

The parser is our own: what it leaves out is counted and said to the author, and it takes a file of a stranger in one
pass. See https://fountain.io for the syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dreamplay.imports.script import ImportedScene, ImportedScript, Said

_TITLE = re.compile(r"([A-Za-z][A-Za-z ]{0,30}):(.*)")
_HEADING = re.compile(r"(?:INT|EXT|EST|INT\.?/EXT|I/E)[. ]|\.(?=[^\s.])", re.IGNORECASE)
_NUMBER = re.compile(r"\s*#[^#\n]{1,20}#\s*$")
_TRANSITION = re.compile(r"[^a-z]*TO:|>.*[^<]|FADE (?:IN|OUT)[.:]")
_EXTENSION = re.compile(r"\s*\(([^()]*)\)\s*")
_UNHEARD = re.compile(r"\b(?:V\.? ?O\.?|VOICE ?-?OVER)(?:\W|$)", re.IGNORECASE)
_MARKS = re.compile(r"(?<!\\)(?:\*{1,3}|_)")


def read(text: str) -> ImportedScript:
    """The script. What cannot be read is counted and left out."""
    found = ImportedScript("script")
    lines = _without_remarks(text.replace("\r\n", "\n").replace("\r", "\n"), found).split("\n")
    start = _title_page(lines, found)
    reader = _Reader(found)
    for block in _blocks(lines[start:]):
        reader.take(block)
    found.scenes = [each for each in found.scenes if each.said or each.heading]
    return found


def _without_remarks(text: str, found: ImportedScript) -> str:
    """The text without what is cut and without notes."""
    for opening, closing, what in (("/*", "*/", "cut passage"), ("[[", "]]", "note")):
        first, *rest = text.split(opening)
        kept = [first]
        for each in rest:
            inside, end, after = each.partition(closing)
            kept.append(after if end else f"{opening}{inside}")
            found.left_out[what] += bool(end)
        text = "".join(kept)
    return text


def _title_page(lines: list[str], found: ImportedScript) -> int:
    """Read the title page, and say where the script begins."""
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if not lines or not _TITLE.fullmatch(lines[first].strip()) or _TRANSITION.fullmatch(lines[first].strip()):
        return 0
    key, number = "", first
    while number < len(lines) and lines[number].strip():
        hit = _TITLE.fullmatch(lines[number]) if lines[number][0] not in " \t" else None
        key, words = (hit[1].lower(), hit[2]) if hit else (key, lines[number])
        if key == "title":
            found.title = f"{found.title} {_plain(words)}".strip()
        elif key == "notes":
            found.premise = f"{found.premise} {_plain(words)}".strip()
        number += 1
    return number


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Lines between empty ones. A line of two blanks is not empty: it goes on with a speech."""
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip() or (block and line == "  "):
            block.append(line.strip())
        elif block:
            yield block
            block = []


class _Reader:
    """Takes one block after the other."""

    def __init__(self, found: ImportedScript) -> None:
        self._found = found
        self._beat = ""

    def take(self, block: list[str]) -> None:
        """Read a block into the script. What stands on a line by itself may be followed by more."""
        rest = block
        while rest and self._heading(rest[0]):
            rest = rest[1:]
        if len(rest) > 1 and (name := _character(rest[0])):
            self._speak(name, rest[0], rest[1:])
        elif rest:
            self._tell(" ".join(rest))

    def _heading(self, line: str) -> bool:
        """Read a line that stands by itself, if it is one."""
        if line.startswith("#"):
            self._beat = _plain(line.lstrip("#"))
        elif line.startswith("===") or _TRANSITION.fullmatch(line):
            self._found.left_out["transition"] += 1
        elif line.startswith("="):
            self._found.premise = self._found.premise or _plain(line[1:])
        elif _HEADING.match(line):
            heading = _plain(_NUMBER.sub("", line.removeprefix(".")))
            self._found.scenes.append(ImportedScene(heading, self._beat))
            self._beat = ""
        else:
            return False
        return True

    def _tell(self, words: str) -> None:
        centred = words.startswith(">") and words.endswith("<")
        if text := _plain(words[1:-1] if centred else words.removeprefix("!").removeprefix("~")):
            self._found.scenes[-1].said.append(Said("", text))

    def _speak(self, name: str, first: str, lines: list[str]) -> None:
        if any(_UNHEARD.search(each) for each in _EXTENSION.findall(first)):
            self._found.left_out["voice-over"] += 1
            return
        spoken = [line.removeprefix("~") for line in lines if not (line.startswith("(") and line.endswith(")"))]
        if len(spoken) < len(lines):
            self._found.left_out["parenthetical"] += len(lines) - len(spoken)
        if text := _plain(" ".join(spoken)):
            self._found.scenes[-1].said.append(Said(name, text))


def _character(line: str) -> str:
    """The name of who speaks, if a line says one."""
    name = _EXTENSION.sub(" ", line.rstrip("^ ")).strip()
    if name.startswith("@"):
        return _plain(name[1:])
    if name == name.upper() and name != name.lower() and len(name) <= 40 and not name.startswith("!"):
        return _plain(name).title()
    return ""


def _plain(words: str) -> str:
    """Words on one line, without marks of emphasis."""
    return " ".join(re.sub(r"\\([*_])", r"\1", _MARKS.sub("", words)).split())
