"""The tables of good and of bad lines in tests/validation, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreamplay import languages
from dreamplay.models.base import Reply
from dreamplay.schema.provenance import Usage
from dreamplay.validation.check import CheckContext, Heard
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.pipeline import build
from ruamel.yaml import YAML

FOLDER = Path(__file__).resolve().parents[1] / "validation"
PROFILES = {"large": "standard", "small": "strict"}
"""By profile: the checks that it names."""


@dataclass(frozen=True)
class Line:
    """A line of a table, with what it is checked against."""

    about: str
    text: str
    clean: str
    finished: bool
    context: CheckContext
    fields: dict[str, Any]
    """All that the table says of it: kind, why, gap, small_only, fallback."""


@dataclass(frozen=True)
class Fate:
    """What became of a line."""

    text: str | None
    """None: it was rejected."""
    check: str
    """The check that found a fault; empty if none did."""


def read(name: str) -> Iterator[Line]:
    """The lines of a table, "good" or "bad"."""
    for group in YAML(typ="safe").load((FOLDER / f"{name}_lines.yaml").read_text("utf-8")):
        shared = {key: value for key, value in group.items() if key not in ("lines", "about", "said")}
        told, spoken = list(group.get("said", [])), []
        for own in group["lines"]:
            fields = shared | own
            said = [*told, *spoken, *own.get("said", [])]
            texts = [(each["speaker"], each["text"]) if isinstance(each, dict) else each for each in said]
            clean = fields.get("clean", fields["text"])
            context = CheckContext(
                speaker=fields["speaker"],
                cast=fields["cast"],
                language=languages.get(fields.get("language", "en")),
                heard=Heard.of(texts, fields["speaker"]),
                setting=[text for text in told if isinstance(text, str)],
                material=fields.get("material", ""),
                to=fields.get("to"),
                hears=fields.get("hears"),
            )
            yield Line(group["about"], fields["text"], clean, fields.get("finished", True), context, fields)
            if group.get("in_order"):
                spoken.append({"speaker": fields["speaker"], "text": clean})


def fate(line: Line, profile: str) -> Fate:
    """What becomes of a line with the checks of a large or of a small model."""
    try:
        checks = build([PROFILES[profile]], line.context.language.code)
        return Fate(checks.line(Reply(line.text, line.finished, Usage()), line.context), "")
    except CandidateRejectedError as error:
        return Fate(error.fallback, error.refusal.check)
