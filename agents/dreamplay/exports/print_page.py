"""An HTML page printed as a PDF by the browser that is installed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from dreamplay.errors import UsageError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 120
"""How long a browser may take; it needs one or two seconds for a play of a hundred lines."""
_SWITCHES = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip
_PREFIX = "dreamplay-print-"
_OTHERWISE = "export the play as html, and print that"
_DATE = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}")


def _tidy() -> None:
    """Take away what a process has left that was killed while it printed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, or taken away meanwhile
            if left.stat().st_mtime < time.time() - 2 * _SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def browser() -> str | None:
    """The path of a browser that can print; None if none is installed."""
    return next((path for path in map(shutil.which, _NAMES) if path), None)


def pdf(page: str) -> bytes:
    """A page as a PDF. The same page and the same browser give the same bytes: the time of day is taken out.

    Raises:
        UsageError: there is no browser, or it failed.
    """
    program = browser()
    if program is None:
        raise UsageError(f"no browser is installed that could print; {_OTHERWISE}")
    _tidy()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as scratch:
        source, made = Path(scratch, "page.html"), Path(scratch, "page.pdf")
        source.write_text(page, encoding="utf-8")
        # As root, as in a container, Chromium starts only without its sandbox. The page may run and load nothing.
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        places = [f"--user-data-dir={Path(scratch, 'profile')}", f"--print-to-pdf={made}", source.as_uri()]
        command = [program, *_SWITCHES, *root, *places]
        try:
            subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603
            printed = made.read_bytes()
        except subprocess.TimeoutExpired:
            raise UsageError(f"{program} did not print the page within {_SECONDS} seconds; {_OTHERWISE}") from None
        except subprocess.CalledProcessError as error:
            raise UsageError(f"{program} printed nothing (code {error.returncode}); {_OTHERWISE}") from None
        except OSError as error:
            raise UsageError(f"{program} printed nothing ({error.strerror}); {_OTHERWISE}") from None
    return _DATE.sub(rb"\g<1>20000101000000", printed)
