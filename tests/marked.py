"""Strangers who write in the marks of the output formats."""

from __future__ import annotations

import worlds
from dreamplay.runs.transcript import RunLog

MARKS = (
    "# a title", "= a synopsis", "=====", ".INSIDE", "INT. HOUSE - DAY", "Est. 1900", "@Leo", "!bang", "> CUT TO:",
    "> middle <", "~ la la", "[[a note]] and [[[more]]", "/* gone */ back", "*loud* and _low_ and \\*", "CUT TO:",
    "LEO", "(aside) hm", "(only)", "two\n\nparagraphs\u2028and a line", "-> knot", "=== knot ===", "FADE IN: x",
    "<script>alert(1)</script> & &amp;", "]]> <!-- x", "\u202egnp.exe", "🙂 smiles", "...and", "{x} {{y}} |z| `q`",
    "x\ufffey",
)  # fmt: skip
"""What was said, told and done by somebody who knows the marks of the formats."""
NAMES = {"ada": 'Ada (the #1) "x" ^', "bo": "Bo | _b_ & \\'/@", "cyrus": "כוכב 🙂 ((-) ~"}


def said_by_all(*texts: str) -> RunLog:
    """A run in which each text is told, said, whispered with a gesture, done, thought, and dreamt."""
    events: list[dict[str, object]] = []
    for text in texts:
        cue = worlds.cue(hears=("bo", "cyrus"))
        events += [
            {"kind": "narration", "text": text}, worlds.said("ada", text), worlds.said("bo", text),
            {"kind": "action", "speaker": "ada", "text": text, "provenance": {"by": "agent"}},
            worlds.said("ada", text, cue=cue), {"kind": "thought", "speaker": "cyrus", "text": text},
            {"kind": "dream", "text": text}, {"kind": "stance", "speaker": "bo", "text": text, "choice": "go"},
        ]  # fmt: skip
    return worlds.record(*events, **NAMES)
