"""Runs as a game for Twine, in Twee 3: a run and its branches, with a choice where they part.

The markup is the little that Harlowe and SugarCube have in common. Harlowe is named in the file: every Twine has it,
and it takes the words of a link for words, where SugarCube tries them as a script first. Words of strangers are
protected by character references, which all story formats put back. Nothing can be escaped in the target of a link, so
that names of passages have none of the characters that mean something there.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator

from dreamplay.exports.story_tree import Segment, StoryTree, told
from dreamplay.formats import Format, Source

_WORKS = uuid.UUID("c8f7a7a1-0f0e-5b43-9f3c-6a1e3b1f6d10")
"""The namespace of the ids that are derived from stories."""
_FORMAT = ("Harlowe", "3.3.9")
_GRID = 150
"""Pixels between two passages on Twine's map."""
_MARKUP = re.compile(
    r"""[\[\]{}<>$_*/`~^=\\|@#&%]"""  # markup of some story format wherever it stands
    r"""|''+|^'|'$|""+|--+|\((?=[\w-]+:)|\?(?=\w)|(?<=\w):(?=\S|$)"""  # or beside something else
)
"""No words of strangers begin a line, so that the marks of headings and lists mean nothing in them."""
_QUOTES = str.maketrans("\"'", "\u201d\u2019")


class Twee(Format):
    """A game for Twine, in Twee 3: a run and its branches, with a choice where they part."""

    suffix = ".twee"
    several = True

    def write(self, source: Source) -> str:
        """The passages, one for each scene or part of a scene, after those that name the story."""
        tree = StoryTree.of(source)
        names = [_name(each) for each in tree.segments]
        body = "\n\n".join(_passages(tree, names))
        data = {
            "ifid": str(uuid.uuid5(_WORKS, f"{tree.title}\n{body}")).upper(),
            "format": _FORMAT[0], "format-version": _FORMAT[1], "start": names[0],
        }  # fmt: skip
        title = re.sub("^(?=::)", " ", " ".join(tree.title.split()))  # which would begin a passage
        head = f":: StoryTitle\n{title}\n\n:: StoryData\n{json.dumps(data, ensure_ascii=False, indent=2)}"
        return f"{head}\n\n{body}\n"


def escaped(text: str) -> str:
    """Untrusted text on one line, with its markup as character references."""
    text = " ".join(text.split())
    return _MARKUP.sub(lambda hit: "".join(f"&#{ord(char)};" for char in hit[0]), text)


def _name(segment: Segment) -> str:
    """The name of a passage: its number, so that it is unique and none that means something to Twine, and the place."""
    words = re.sub(r"[^\w ,.'-]+", " ", segment.place or " ".join(segment.headings))
    return " ".join(f"{segment.number} {words}".split())[:60].strip()


def _passages(tree: StoryTree, names: list[str]) -> Iterator[str]:
    for segment, name, (x, y) in zip(tree.segments, names, _map(tree), strict=True):
        position = json.dumps({"position": f"{x * _GRID},{y * _GRID}", "size": "100,100"}, separators=(",", ":"))
        yield "\n\n".join([f":: {name} {position}\n{_opening(tree, segment)}".strip(), *_body(segment, names)])


def _opening(tree: StoryTree, segment: Segment) -> str:
    marks = ("h2", "h3")[-len(segment.headings) :]
    parts = [f"<{mark}>{escaped(each)}</{mark}>" for mark, each in zip(marks, segment.headings, strict=False)]
    if segment.number == 1:
        people = [f"''{escaped(name)}'', {escaped(who)}" for name, who in tree.cast]
        parts = [f"<h1>{escaped(tree.title)}</h1>", f"//{escaped(tree.premise)}//", *people, *parts]
    return "\n\n".join(parts)


def _body(segment: Segment, names: list[str]) -> Iterator[str]:
    yield from (told(each, escaped, strong="''", soft="//") for each in segment.passages)
    if segment.ways:
        yield "\n".join(f"[[{_label(way.label)}->{names[way.to - 1]}]]" for way in segment.ways)
    else:
        yield "//The end.//" if segment.finished else "//It was not played any further.//"


def _label(text: str) -> str:
    """The words of a link. Without straight quotes they are no script to SugarCube, whatever is in them."""
    return escaped(text.translate(_QUOTES))


def _map(tree: StoryTree) -> list[tuple[int, int]]:
    """Where each passage stands on the map: the story goes down, and each choice but the first goes to the right."""
    places = {1: (0, 0)}
    right = 0
    for segment in tree.segments:
        x, y = places[segment.number]
        for number, way in enumerate(segment.ways):
            places[way.to] = (x, y + 1) if number == 0 else (right := right + 1, y + 1)
    return [places[segment.number] for segment in tree.segments]
