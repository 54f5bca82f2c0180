"""The changes of a run as a header tells them, for readers."""

from __future__ import annotations

import re

_SAID = re.compile(
    r"\bsay (\w+): (.+?)(?=; (?:swap \w+=|say \w+: |drop \w+(?:;|,|$)|story-edit |step in )|$)", re.DOTALL
)


def quoted(change: str) -> str:
    """A change with what somebody was made to say in quotation marks, so that its full stop ends nothing else. A
    header has it without, and branches are named by their headers.
    """
    return _SAID.sub(r"say \1: “\2”", change)
