"""The tables of good and bad lines: what the checks of a large and of a small model make of each.

`uv run python tests/benchmarks/false_refusals.py` prints the figures by check.
"""

from __future__ import annotations

from collections.abc import Collection

import line_tables
import pytest
from line_tables import PROFILES, Line

GOOD = tuple(line_tables.read("good"))
BAD = tuple(line_tables.read("bad"))
WRONG_ON_ANY_MODEL = {"model_talk", "unfinished", "empty"}
"""The checks that may cost a large model a good line; a line that is somebody else's whole is "empty"."""
MOST_REFUSED = 0.01
"""Share of the good lines that any profile may reject."""
LEFT_SMALL = 0.025
"""Share of the good lines of which a small model's cleaning may take something that is not marked as cut."""


def _rejected(lines: Collection[Line], profile: str) -> dict[str, str]:
    fates = {line.text: line_tables.fate(line, profile) for line in lines}
    return {text: fate.check for text, fate in fates.items() if fate.text is None}


@pytest.mark.parametrize("profile", PROFILES)
def test_hardly_a_good_line_is_refused(profile: str) -> None:
    refused = _rejected(GOOD, profile)
    assert len(GOOD) >= 300
    assert len(refused) <= MOST_REFUSED * len(GOOD), refused


def test_of_a_large_model_no_good_line_is_refused_but_for_what_is_wrong_on_any() -> None:
    refused = _rejected(GOOD, "large")
    assert set(refused.values()) <= WRONG_ON_ANY_MODEL, refused


def test_no_good_line_of_a_large_model_is_changed_and_few_of_a_small_one() -> None:
    for profile, most in (("large", 0.0), ("small", LEFT_SMALL)):
        fates = {line.text: (line_tables.fate(line, profile).text, line.clean) for line in GOOD}
        changed = {text: left for text, (left, clean) in fates.items() if left not in (None, clean)}
        assert len(changed) <= most * len(GOOD), changed


@pytest.mark.parametrize("profile", PROFILES)
def test_every_bad_line_is_caught(profile: str) -> None:
    """A line that only a small model may not say, and what no check knew when the table was made, apart."""
    for line in BAD:
        if line.fields.get("gap") or (profile == "large" and line.fields.get("small_only")):
            continue
        fate = line_tables.fate(line, profile)
        assert fate.check, f"passes: {line.text!r}"
        if not (line.fields.get("fallback") or line.fields.get("small_only")):
            assert fate.text is None, f"may be used: {line.text!r} ({fate.check})"
