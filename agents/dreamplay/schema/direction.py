"""How closely a speaker is directed."""

from __future__ import annotations

from typing import Literal

Direction = Literal["free", "guided", "led"]
"""free: who they are, what they are after and what has happened; guided: also an act and things at hand, as
suggestions; led: what the line says, for models that can do no more."""
