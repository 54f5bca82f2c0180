"""A run as a screenplay in Fountain, plain text that programs for scripts read (fountain.io/syntax)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dreamplay.exports.playscript import Playscript
from dreamplay.exports.screenplay import Element, elements, one_line
from dreamplay.formats import Format, Source

_JOINER = "\u2060"
"""Takes no space and is drawn as nothing. It keeps apart what would be a mark together, or at the start of a line."""
_NAME = str.maketrans({"(": "[", ")": "]", "^": "\u02c6"})
"""What has a meaning in the line of a name, and no escape."""
_HEADING = re.compile(r"(int|ext|est|i/e|int\.?/ext)[\s.]", re.IGNORECASE)
_MARKED = re.compile(rf"\.(?!\.)|[@!>=#~(]|fade in:|$|{_HEADING.pattern}", re.IGNORECASE)
"""A line that would be something else than what was said or done, or nothing."""


class Fountain(Format):
    """A screenplay in Fountain, for Highland, Beat, Slugline and other programs for scripts."""

    suffix = ".fountain"
    bylined = True

    def write(self, source: Source) -> str:
        """The title page, then a section for each beat with its scenes."""
        text = Playscript.of(source.log, source.viewpoint(source.log), source.author)
        return "\n\n".join([_title_page(text), *map(_written, elements(text))]) + "\n"


def _title_page(text: Playscript) -> str:
    """One line for each entry: what is said in an indented one would pass for a key, if it has a colon."""
    cast = "; ".join(f"{name}, {who}" for name, who in text.cast)
    entries = {
        "Title": text.title, "Author": text.author or ", then ".join(text.models), "Source": text.colophon,
        "Notes": text.premise, "Cast": cast,
    }  # fmt: skip
    return "\n".join(f"{key}: {_plain(one_line(value))}" for key, value in entries.items())


def _written(each: Element) -> str:
    match each.kind:
        case "section":
            return "\n\n".join([f"# {_plain(each.text)}", *([f"= {_plain(each.synopsis)}"] if each.synopsis else [])])
        case "heading":
            return _heading(each.text)
        case "action":
            loud = each.text.partition("(")[0].isupper() or each.text.lower().endswith("to:")
            return f"!{_plain(each.text)}" if loud or _MARKED.match(each.text) else _plain(each.text)
        case "speech":
            return "\n".join(_speech(each))


def _plain(text: str) -> str:
    """Text without emphasis and notes. A comment cannot begin in it either: its asterisk is escaped."""
    text = re.sub(r"([*_])", r"\\\1", text)
    return re.sub(r"([\[\]])(?=\1)", rf"\1{_JOINER}", text)


def _heading(place: str) -> str:
    """A heading. Not all programs take one without INT. or EXT. if it begins with anything but a letter of English."""
    plain = re.sub(r"#(?=[\w.-]+#$)", f"#{_JOINER}", _plain(place))  # would be the number of the scene
    if _HEADING.match(place):
        return plain
    return f".{plain}" if re.match("[a-zA-Z0-9]", place) else f"INT./EXT. {plain}"


def _speech(each: Element) -> Iterator[str]:
    extension = f" ({each.extension.translate(_NAME)})" if each.extension else ""
    yield _plain(f"@{each.speaker.translate(_NAME)}{extension}")
    if each.manner:
        yield f"({_plain(each.manner)})"
    if each.text or not each.manner:
        yield (_JOINER if _MARKED.match(each.text) else "") + _plain(each.text)
