"""The constants of the shipped director. A run records them, and `compare` shows where two runs differ."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dreamplay.schema.base import FrozenModel

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class DirectorConfig(FrozenModel):
    """Who speaks, how often pressures come, and what cues are drawn from. All values were tuned by hand on the shipped
    stories with the embedded model; none comes from the literature."""

    boredom: float = Field(default=1.6, ge=1.0, le=10.0)
    """The factor by which a role's weight in the draw grows with each turn of silence. It is large enough that silence
    outweighs talkativeness."""
    silence_cap: int = Field(default=12, ge=1, le=100)
    """Turns of silence after which the weight grows no more, so that it stays a finite number."""
    duet: int = Field(default=3, ge=2, le=100)
    """Turns that two characters have to themselves once one of them speaks to the other."""
    goes_on: Share = 0.5
    """Share of the turns after that in which the two go on."""
    duets: int = Field(default=7, ge=2, le=100)
    """Turns that two characters may talk to each other before somebody else must speak."""
    interrupts: Share = 0.25
    """Share of the turns in which somebody interrupts two others once everything has happened that raises the heat of
    a scene; in proportion less before."""
    topic_lines: int = Field(default=8, ge=2, le=100)
    """Lines after which a topic is left, even if more could be said of it."""
    returns: Share = 0.5
    """Share of the turns at the end of a topic in which an earlier one is taken up that was left with an open
    question, rather than a new one opened."""
    decides_in: int = Field(default=4, ge=1, le=100)
    """Turns before the end of a scene from which moves are preferred that decide its outcome, if nothing has."""
    topics_ahead: int = Field(default=2, ge=1, le=100)
    """Topics from which the next one is drawn: the first so many, in the author's order, that can be opened."""
    joining: Share = 0.35
    """Share of turns in which somebody joins who has not been asked, while somebody else could answer."""
    of_persona: float = Field(default=5000.0, ge=1.0, le=1e6)
    """How strongly the persona decides which of several moves is made, and which act is suggested: the base of a
    weight whose exponent is the cosine of the move and the persona. Two moves that differ by a tenth are then made in
    a ratio of two to one."""
    waits: int = Field(default=2, ge=0, le=100)
    """Turns that something waits to happen while somebody owes an answer, and after which they owe it no more."""
    of_regard: float = Field(default=3.0, ge=1.0, le=1e3)
    """How strongly what a speaker thinks of the other decides the act that is suggested: by how much the kind acts
    become likelier, and the unkind ones less likely, towards somebody whom they think most highly of."""
    of_heat: float = Field(default=1.6, ge=1.0, le=1e3)
    """The same for what has happened in the scene: by how much acts that bring things to a head become likelier once
    everything has happened that raises the heat."""
    things: int = Field(default=3, ge=1, le=20)
    """Things at hand that a speaker is shown."""
    matter_lines: int = Field(default=5, ge=1, le=100)
    """Lines that answer each other in a scene without topics before somebody brings up something new."""
    of_the_moment: Share = 0.35
    """Share of cues that begin with what the scene gives the speaker, as long as it does, rather than with what the
    persona brings."""
    at_hand: int = Field(default=6, ge=1, le=100)
    """Topics drawn at random, of which the one closest to what was just heard becomes the cue. With a larger number,
    the same line gets the same answer whatever the seed."""
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
    """Turns after which a topic may come up again. The shipped stories have fewer. In a longer play, which uses up its
    topics, it bounds the cost of a turn."""
    warm: float = Field(default=1.0, ge=-1.0, le=1.0)
    """Attitude from which somebody is spoken to warmly. Models tend to give high marks, and a tone that most cues have
    would make everybody sound alike, so only the highest mark counts."""
    cold: float = Field(default=-0.6, ge=-1.0, le=1.0)
    """Attitude down to which somebody is spoken to coldly."""
    of_attitude: Share = 0.5
    """Share of cues to somebody at such an extreme that have its tone instead of the speaker's own way."""
