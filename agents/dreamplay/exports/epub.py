"""A run as an e-book: EPUB 3, with a chapter for each beat."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from dreamplay.exports import archive, play_text
from dreamplay.exports.playscript import Playscript
from dreamplay.formats import Format, Source

_MIMETYPE = "mimetype"
_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""


class Epub(Format):
    """An e-book in EPUB 3, with a chapter for each beat."""

    suffix = ".epub"
    bylined = True

    def write(self, source: Source) -> bytes:
        """The book: title page, cast, chapters, and a table of contents with the places of the scenes."""
        text = Playscript.of(source.log, source.viewpoint(source.log), source.author)
        pages = dict(_pages(text))
        book = uuid.uuid5(uuid.NAMESPACE_OID, "".join(pages.values()))
        package = play_text.fill("epub_package.opf.jinja", text=text, pages=list(pages), book=book)
        inner = {"package.opf": package, "nav.xhtml": play_text.fill("epub_nav.xhtml.jinja", text=text)} | pages
        inner["play.css"] = (play_text.TEMPLATES / "epub.css").read_text(encoding="utf-8")
        files = {_MIMETYPE: "application/epub+zip", "META-INF/container.xml": _CONTAINER}
        files |= {f"EPUB/{name}": content for name, content in inner.items()}
        return archive.zipped(files, stored=_MIMETYPE)


def _pages(text: Playscript) -> Iterator[tuple[str, str]]:
    """The pages in the order of reading, by name."""
    for name in ("title.xhtml", "cast.xhtml"):
        yield name, play_text.fill(f"epub_{name}.jinja", text=text)
    for number, part in enumerate(text.parts, 1):
        yield f"part-{number}.xhtml", play_text.fill("epub_part.xhtml.jinja", text=text, part=part)
