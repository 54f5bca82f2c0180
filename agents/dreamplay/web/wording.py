"""How the page says what the rest of the package calls by its Python name.

Messages name settings and functions in backticks, as a Python user writes them: `model`, `at=kitchen`,
`dreamplay.play()`. On the page they become the labels of its fields, its buttons, and lines of dreamplay.toml.
"""

from __future__ import annotations

import re

from dreamplay.settings import Settings
from dreamplay.settings_file import TOML

LABELS = {
    "story": "Story", "swaps": "Cast", "swap": "Cast", "seed": "Seed", "length": "Length", "beats": "Beats",
    "direction": "Direction", "model": "Model", "base_url": "URL", "visitor": "Visitor", "every_line": "Every line",
    "author": "Author's name", "at": "the point", "say": "the line", "drop": "who leaves", "story_edit": "the story",
}  # fmt: skip
"""What the fields of the page are called, by the setting that they give."""
_DONE = {
    "dreamplay.play": "New play", "dreamplay.load_run": "Runs", "dreamplay.compare": "Compare",
    "run.events": "the play",
}  # fmt: skip
"""Where on the page one does what a function does, or sees what an attribute holds."""
_TYPED = (
    (r"/come brings you back, Enter lets them continue", "come back, or let them go on"),
    (r"you already play (.+); /hand back .+", r"you speak for \1 already"),
    (r"you do not play (.+); /who .+", r"you do not speak for \1"),
    (r"a line, /do, /whisper, /hand back, or Enter for silence", "speak, whisper or act for them, or be silent"),
    (r"type a number from 1 to \d+ and your reason, or Enter .+", "a choice is asked for now; choose and say why"),
)
"""What a visitor types in a terminal, and what it is on the page, where there are buttons for it."""
_SET_AT = re.compile(rf"DREAMPLAY_([A-Z_]+):|{re.escape(TOML)}:\d+: (\w+):")
_NAMED = re.compile(r"`([\w.]+)(?:=([^`]*)|(\([^`]*\)))?`")


def worded(message: str) -> str:
    """A message with labels in place of settings, and places in place of functions."""
    return _NAMED.sub(_said, message)


def refusal(why: str) -> str:
    """Why something cannot be done by a visitor: a sentence of the page."""
    for typed, clicked in _TYPED:
        why = re.sub(typed, clicked, why)
    return f"{why[:1].upper()}{why[1:]}{'' if why.endswith(('.', '?', '!')) else '.'}"


def field(message: str) -> str:
    """The setting that a message begins with or asks for, wherever it was set; empty if it names none."""
    if set_at := _SET_AT.match(message):
        return (set_at[1] or set_at[2]).lower()
    named = [hit[1] for hit in _NAMED.finditer(message)]
    return next((name for name in named if name in LABELS), "")


def _said(hit: re.Match[str]) -> str:
    name, value, called = hit.groups()
    if called is not None or name in _DONE:
        return _DONE.get(name, hit[0])
    if name in LABELS:
        return LABELS[name] if value is None else f"{LABELS[name]} {value}"
    if name in Settings.model_fields:
        return f"{name} in {TOML}" if value is None else f"{name} = {value} in {TOML}"
    return hit[0]
