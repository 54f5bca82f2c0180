"""The numbers by which the shipped director decides. A run records them, and `compare` shows where two runs differ."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dreamplay.schema.base import FrozenModel

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class DirectorConfig(FrozenModel):
    """Who speaks, how often the scene is disturbed, and what cues are drawn from. All values were tuned by ear on the
    shipped stories with the embedded model; none comes from the literature.
    """

    boredom: float = Field(default=1.6, ge=1.0, le=10.0)
    """How fast the wish to speak grows with each turn of silence: the factor of a role's weight in the draw. Above 1,
    so that silence outweighs talkativeness."""
    silence_cap: int = Field(default=12, ge=1, le=100)
    """Turns of silence after which the wish to speak grows no more, so that the weights stay numbers."""
    duet: int = Field(default=4, ge=2, le=100)
    """Turns that two may talk to each other before somebody else comes in."""
    turns_a_pressure: float = Field(default=3.2, gt=0.0, le=100.0)
    """Turns that a pressure is given to be answered before the next one comes."""
    of_the_moment: Share = 0.35
    """Share of cues that begin with what the scene gives the speaker, as long as it does, rather than with what the
    persona brings."""
    at_hand: int = Field(default=6, ge=1, le=100)
    """Topics drawn by the dice, of which the nearest to what was just heard becomes the cue: with more, the same is
    answered to the same whatever the seed."""
    of_the_dream: Share = 0.2
    """Share of cues after a dream in which somebody who has not yet spoken of it does; once in a scene, since everybody
    sounds alike there."""
    of_the_scene: Share = 0.5
    """Share of cues whose tactic is the scene's, where it has any, rather than the persona's own."""
    glimpse: tuple[int, int] = (2, 7)
    """Spaces, least and most, in a clause of a dream that can be spoken of: enough to see something, and too few to
    tell it over again."""
    to_visitor: Share = 0.12
    """Share of cues that are meant for a visitor who has not just spoken anyway: of a quarter of them a small model
    makes a habit, and begins every line with the visitor's name."""
    horizon: int = Field(default=200, ge=1, le=100_000)
    """Turns after which a topic may come up again: more than the shipped stories have, and a longer play, which uses up
    all there is to talk about, costs no more a turn."""
    warm: float = Field(default=1.0, ge=-1.0, le=1.0)
    """Attitude from which somebody is spoken to warmly. Models mark kindly: a tone that most cues had would make
    everybody sound alike, so nothing but the full mark is warm."""
    cold: float = Field(default=-0.6, ge=-1.0, le=1.0)
    """Attitude down to which somebody is spoken to coldly."""
    of_attitude: Share = 0.5
    """Share of cues to somebody at such an extreme that have its tone instead of the speaker's own way."""
