"""Runs as a game in Ink: a run and its branches, with a choice where they part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dreamplay.exports.story_tree import Segment, StoryTree, told
from dreamplay.formats import Format, Source

_MARKUP = re.compile(
    r"[\\{}|#<>~\[\]/]|(?<=/)\*|-(?=>)"  # read as Ink wherever it stands
    r"|^[*+=-]|^(?:TODO|VAR|CONST|LIST|INCLUDE|EXTERNAL)\b"  # or at the beginning of a line
)


class Ink(Format):
    """A game in Ink, which many game engines play: a run and its branches, with a choice where they part."""

    suffix = ".ink"
    several = True
    bylined = True

    def write(self, source: Source) -> str:
        """A knot for each scene or part of a scene, with diverts from one to the next."""
        tree = StoryTree.of(source)
        knots = [_knot(each) for each in tree.segments]
        author = [f"# author: {escaped(source.author)}"] if source.author else []
        head = "\n".join([f"# title: {escaped(tree.title)}", *author, f"-> {knots[0]}"])
        return "\n\n".join([head, *("\n".join(_lines(tree, each, knots)) for each in tree.segments)]) + "\n"


def escaped(text: str) -> str:
    """Untrusted text on one line, with a backslash before whatever Ink reads as its own."""
    return _MARKUP.sub(lambda hit: f"\\{hit[0]}", " ".join(text.split()))


def _knot(segment: Segment) -> str:
    """The name of a knot: the place in the letters that every reader of Ink takes, and the number."""
    words = (segment.place or " ".join(segment.headings)).casefold()
    return f"k{segment.number}_{re.sub('[^a-z0-9]+', '_', words)[:40]}".rstrip("_")


def _lines(tree: StoryTree, segment: Segment, knots: list[str]) -> Iterator[str]:
    yield f"=== {knots[segment.number - 1]} ==="
    if segment.number == 1:
        yield escaped(tree.title)
        yield escaped(tree.premise)
        yield from (escaped(f"{name}, {who}") for name, who in tree.cast)
    yield from map(escaped, segment.headings)
    yield from (told(each, escaped) for each in segment.passages)
    yield from (f"* [{escaped(way.label)}] -> {knots[way.to - 1]}" for way in segment.ways)
    if not segment.ways:
        yield "The end." if segment.finished else "It was not played any further."
        yield "-> END"
