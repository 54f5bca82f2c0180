"""A run as one HTML page to read, and the same page printed as a PDF by a browser."""

from __future__ import annotations

from dreamplay.exports import play_text, print_page
from dreamplay.exports.playscript import Playscript
from dreamplay.formats import Format, Source


class Html(Format):
    """A page to read in a browser and to print, in one file without scripts."""

    suffix = ".html"
    bylined = True

    def write(self, source: Source) -> str:
        """The page: title, cast, beats and scenes. It loads nothing, and no script may run in it."""
        text = Playscript.of(source.log, source.viewpoint(source.log), source.author)
        return play_text.fill("play_page.html.jinja", text=text)


class Pdf(Format):
    """The page as a PDF to print, made by the Chromium of this machine."""

    suffix = ".pdf"
    bylined = True

    def missing(self) -> str:
        """A browser, if there is none."""
        return "" if print_page.browser() else "Chromium or Chrome; install it with: sudo apt install chromium"

    def write(self, source: Source) -> bytes:
        """The page in A4 with its outline."""
        return print_page.pdf(Html().write(source))
