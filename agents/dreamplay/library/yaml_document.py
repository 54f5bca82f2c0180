"""A YAML document with the line of every value, read within limits of size and depth.

Every scalar is text: `no`, `1984` and `2045-01-01` are words until the field that they belong to says otherwise.
Nothing here ever builds a number, a date or an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from ruamel.yaml.scanner import Scanner, ScannerError

from dreamplay.errors import LibraryError

MAX_BYTES = 1_000_000
"""The size limit. A persona or story has a few kilobytes; a megabyte takes a few seconds to read, and more is a mistake
or an attack."""
MAX_VALUES = 50_000
"""Values in a file, at most. Those of an alias count each time it is used."""
MAX_DEPTH = 20
"""Levels of nested lists and mappings, at most. A story has eight."""
_SHORT = 100_000
"""Characters up to which what was parsed is remembered. A story has 40,000."""

_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML does not allow."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
"""Unquoted texts that mean no value."""
_SAID: dict[str, str] = {
    "found character '\\t'": "a tab stands where blanks belong; indent with blanks",
    "that cannot start any token": "a value cannot begin with this character; put the text in quotes",
    "mapping values are not allowed": "a text with a colon and a blank in it needs quotes; or the indentation is wrong",
    "expected ',' or ']'": "a list that begins with [ is not closed; a text that begins with [ needs quotes",
    "expected ',' or '}'": "what begins with { is not closed; a text that begins with { needs quotes",
    "could not find expected ':'": "a key needs a colon and a blank after it; or the indentation is wrong",
    "<block end>": "this line does not go on with what stands above it: the indentation is wrong, or a text that goes "
    "on after its closing quote or brace needs quotes around the whole of it",
    "unexpected end of stream": "a quote is opened and not closed",
    "unexpected document separator": "a quote is opened and not closed",
    "undefined alias": "an alias (*) without its anchor (&) before it; a text that begins with * needs quotes",
    "escape": "a backslash in double quotes begins an escape; write \\\\, or use single quotes",
}  # fmt: skip
"""Phrases in the parser's messages, and what they mean for a person who does not know YAML."""


@dataclass(frozen=True)
class Node:
    """A value and its position."""

    value: str | list[Node] | dict[str, Node] | None
    line: int
    """Counted from 1. Of a value in a mapping it is the line of its key."""
    values: int = 1
    """How many values it holds, itself and the content of its aliases included."""
    characters: int = 0

    def plain(self) -> Any:
        """The value without its lines."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    def line_of(self, path: tuple[int | str, ...]) -> int:
        """The line of the deepest part of a path that exists in the file."""
        node = self
        for part in path:
            if isinstance(node.value, dict) and part in node.value:
                node = node.value[str(part)]
            elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
            else:
                break
        return node.line


class _FaultError(Exception):
    """A fault and its line."""

    def __init__(self, line: int, wrong: str) -> None:
        super().__init__(wrong)
        self.line = line


class _Scanner(Scanner):
    """The scanner, with line numbers for two faults that lack them. Nested brackets beyond the limit are refused where
    they open, since looking ahead through them takes time."""

    def scan_flow_scalar(self, style: Any) -> Any:
        try:
            return super().scan_flow_scalar(style)
        except (ValueError, OverflowError):  # of chr
            raise ScannerError(problem="an escape is no character", problem_mark=self.reader.get_mark()) from None

    def fetch_flow_collection_start(self, *args: Any, **rest: Any) -> None:
        if self.flow_level >= MAX_DEPTH:
            raise ScannerError(problem=_too_deep, problem_mark=self.reader.get_mark())
        super().fetch_flow_collection_start(*args, **rest)


_too_deep = f"more than {MAX_DEPTH} lists and mappings inside one another"


def read(path: Path) -> Node:
    """Read a file that is one YAML document, a mapping.

    Raises:
        LibraryError: it cannot be read, is no such document, or is too large; the message names file and line.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise LibraryError(f"{path}: {error.strerror}; check the path") from None
    return parse(data, str(path))


def parse(data: bytes, called: str) -> Node:
    """Parse one YAML document, a mapping. `called` is what messages call it.

    Raises:
        LibraryError: it is no such document, or is too large; the message names the line.
    """
    if len(data) > MAX_BYTES:
        raise LibraryError(f"{called}: larger than {MAX_BYTES // 1000} kB; a story is a few kilobytes")
    try:
        return _parsed(_decoded(data))
    except _FaultError as fault:
        raise LibraryError(f"{called}:{fault.line}: {fault}") from None


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _FaultError(line, f"not UTF-8 text (byte {error.start}); save the file as UTF-8") from None
    if hit := _UNREADABLE.search(text):
        line = text.count("\n", 0, hit.start()) + 1
        raise _FaultError(line, f"not YAML: the character {hit[0]!r} is not allowed in a file; remove it")
    return text


def _parsed(text: str) -> Node:
    return _remembered(text) if len(text) <= _SHORT else _parsed_anew(text)


def _parsed_anew(text: str) -> Node:
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Scanner
    try:
        node = _Builder(yaml.parse(text)).document()
    except MarkedYAMLError as error:
        raise _fault(error) from None
    if not isinstance(node.value, dict):
        first = "for a file to begin with: dreamplay new story, or new study"
        raise _FaultError(node.line, f"empty, or not keys and values; {first}")
    return node


_remembered = lru_cache(64)(_parsed_anew)
"""The same documents are read for each of many plays, and a story takes a tenth of a second."""


def _fault(error: MarkedYAMLError) -> _FaultError:
    """What the parser complains of, in the line that has to be mended: where a quote, a bracket or a key without its
    colon stands, and not where that is noticed. A block goes wrong where it is noticed."""
    problem = " ".join(str(error.problem or error.context).split())
    said = next((said for words, said in _SAID.items() if words in problem), problem[:200])
    noticed = error.problem_mark.line + 1 if error.problem_mark else 1
    begun = error.context_mark.line + 1 if error.context_mark else noticed
    if begun >= noticed:
        return _FaultError(noticed, f"not YAML: {said}")
    if "block" in str(error.context):
        return _FaultError(noticed, f"not YAML: {said} (what it stands in begins in line {begun})")
    return _FaultError(begun, f"not YAML: {said} (noticed in line {noticed})")


class _Builder:
    """Builds the nodes of a document from the events of the parser, and stops at the limits."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._anchors: dict[str, Node] = {}
        self._values = self._characters = 0

    def document(self) -> Node:
        """The only document there is."""
        root = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent) and root:
                raise _FaultError(self._line(event), "not YAML: a second document begins here; one file holds one")
            if isinstance(event, NodeEvent):
                root = self._node(event, 1)
        return root or Node(None, 1)

    def _node(self, event: NodeEvent, depth: int) -> Node:
        line = self._line(event)
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchors:
                raise _FaultError(line, f"not YAML: {_SAID['undefined alias']}")
            return self._counted(self._anchors[event.anchor], line)
        if tag := getattr(event, "tag", None):
            tag = str(tag).replace("tag:yaml.org,2002:", "!!")[:60]
            raise _FaultError(line, f"not YAML: the tag {tag!r} has no meaning here; leave it out")
        if depth > MAX_DEPTH:
            raise _FaultError(line, f"not YAML: {_too_deep}")
        if isinstance(event, ScalarEvent):
            node = self._scalar(event, line)
        elif isinstance(event, SequenceStartEvent):
            node = self._sequence(line, depth)
        else:
            node = self._mapping(line, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _scalar(self, event: ScalarEvent, line: int) -> Node:
        if hit := _SURROGATE.search(event.value):
            raise _FaultError(line, f"not YAML: {hit[0]!r} is half a character; write the character itself")
        nothing = event.style is None and event.value in _EMPTY
        return self._counted(Node(None if nothing else event.value, line, 1, len(event.value)), line)

    def _sequence(self, line: int, depth: int) -> Node:
        items = list(self._children(depth))
        self._counted(Node(None, line), line)
        return Node(items, line, *_sum(items))

    def _mapping(self, line: int, depth: int) -> Node:
        items: dict[str, Node] = {}
        self._counted(Node(None, line), line)
        children = self._children(depth)
        for key in children:
            name = key.value if isinstance(key.value, str) else "null" if key.value is None else None
            if name is None:
                raise _FaultError(key.line, "not YAML: a key is a word; a text that begins with { or [ needs quotes")
            if name in items:
                raise _FaultError(key.line, f"duplicate key {name[:60]!r}; line {items[name].line} has it already")
            if name == "<<":
                raise _FaultError(key.line, "merge keys (<<) are no part of YAML 1.2; write the keys themselves")
            items[name] = replace(next(children), line=key.line)
        return Node(items, line, *_sum(list(items.values())))

    def _children(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if not isinstance(event, NodeEvent):
                return
            yield self._node(event, depth + 1)

    def _counted(self, node: Node, line: int) -> Node:
        """The node, after counting it. An alias counts as much as if it were written out."""
        self._values += node.values
        self._characters += node.characters
        if self._values > MAX_VALUES:
            raise _FaultError(line, f"more than {MAX_VALUES:,} values, aliases counted wherever they stand")
        if self._characters > MAX_BYTES:
            raise _FaultError(line, f"more than {MAX_BYTES:,} characters, aliases counted wherever they stand")
        return node

    @staticmethod
    def _line(event: Event) -> int:
        return int(event.start_mark.line) + 1


def _sum(nodes: list[Node]) -> tuple[int, int]:
    return 1 + sum(node.values for node in nodes), sum(node.characters for node in nodes)
