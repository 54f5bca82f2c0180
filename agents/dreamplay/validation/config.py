"""The thresholds of the checks: one frozen value, which the header of a run records."""

from __future__ import annotations

from pydantic import Field

from dreamplay.schema.base import FrozenModel
from dreamplay.validation.ngrams import NEAR_COPY


class CheckConfig(FrozenModel):
    """Thresholds of the shipped checks. Shares are from 0 to 1."""

    near_copy: float = Field(default=NEAR_COPY, ge=0, le=1)
    """Share of a line's 3-grams that were heard before, beyond which it waits for a better one. Source: the scorecard's
    measure of echo counts the same share."""
    copy_share: float = Field(default=0.6, ge=0, le=1)
    """The same share, beyond which a line is a copy. Source: tests/validation: every bad copy there has 0.72 or more,
    and a good line that takes up another's words 0.57 or less, but for oaths and orders that are read back."""
    shortest_copy: int = Field(default=6, ge=1)
    """Words below which a line is no copy: "I don't know." may be said twice. Source: tests/validation."""
    strays: float = Field(default=0.25, ge=0, le=1)
    """Share of the longer words of its cue below which a line has left it. Source: 5 of 96 lines of the embedded model
    were below it, and none of them was good."""
    strays_in_meaning: float = Field(default=0.1, ge=0, le=1)
    """Closeness of a line to its cue's matter below which it has left it, if it has few of its words as well. Source:
    `validation.relevance`."""
    retold: float = Field(default=0.5, ge=0, le=1)
    """Share of the 3-grams of a dream or an ending that may have been told before: the same fears come back in it."""
    shortest_telling: int = Field(default=30, ge=1)
    """Words below which a dream or an ending has not been told."""
    dreamers_shown: float = Field(default=0.5, ge=0, le=1)
    """Share of the dreamers whom a dream has to show."""
    shown_in_meaning: float = Field(default=0.28, ge=0, le=1)
    """Closeness of a sentence of a dream to what a dreamer hides from which on it shows them. Source: of 168 dreamers
    in written dreams (training/scenes) 62 of 100 are shown so, and of those of other dreams 6."""
    explained: int = Field(default=3, ge=1)
    """How often a dream may not speak of fearing, wishing and dreaming: then it is the list from which it was told."""
    quoted: int = Field(default=4, ge=1)
    """Words in a row by which a reason is known to speak of a choice."""
