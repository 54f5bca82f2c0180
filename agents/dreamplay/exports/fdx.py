"""A run as a script for Final Draft: XML of version 5. There is no public schema; other programs read the same."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from dreamplay.exports.playscript import Playscript
from dreamplay.exports.screenplay import Element, elements, one_line
from dreamplay.formats import Format, Source

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>'


class FinalDraft(Format):
    """A screenplay in FDX, for Final Draft and the programs that import from it."""

    suffix = ".fdx"
    bylined = True

    def write(self, source: Source) -> str:
        """The script, in which the title of a beat is a centred paragraph, and the title page."""
        text = Playscript.of(source.log, source.viewpoint(source.log), source.author)
        root = ElementTree.Element("FinalDraft", DocumentType="Script", Template="No", Version="5")
        content = ElementTree.SubElement(root, "Content")
        for kind, words in (pair for each in elements(text) for pair in _paragraphs(each)):
            _add(content, kind, words, **({"Alignment": "Center"} if kind == "General" else {}))
        title = ElementTree.SubElement(ElementTree.SubElement(root, "TitlePage"), "Content")
        cast = (f"{name}, {who}" for name, who in text.cast)
        for words in (text.title, text.author or ", then ".join(text.models), text.premise, *cast, text.colophon):
            _add(title, "General", one_line(words), Alignment="Center")
        ElementTree.indent(root)
        return f"{_DECLARATION}\n{ElementTree.tostring(root, encoding='unicode')}\n"


def _add(content: ElementTree.Element, kind: str, words: str, **looks: str) -> None:
    paragraph = ElementTree.SubElement(content, "Paragraph", looks | {"Type": kind})
    ElementTree.SubElement(paragraph, "Text").text = words


def _paragraphs(each: Element) -> Iterator[tuple[str, str]]:
    """The type and the text of each paragraph of an element."""
    match each.kind:
        case "section":
            yield "General", each.text
        case "heading":
            yield "Scene Heading", each.text
        case "action":
            yield "Action", each.text
        case "speech":
            yield "Character", f"{each.speaker} ({each.extension})" if each.extension else each.speaker
            if each.manner:
                yield "Parenthetical", f"({each.manner})"
            if each.text:
                yield "Dialogue", each.text
