"""What may be shown of a reply while it is generated: the words that are spoken, and nothing that is thought."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dreamplay.models.base import OnToken
from dreamplay.participants.reply import THOUGHT

_OPEN = re.compile(r"<|&lt;|\(|\uff08|\{|\[|```|^\s*\*")
"""What may begin something else than speech."""
_ASIDE = re.compile(r"\([^()]*\)|\uff08[^\uff08\uff09]*\uff09|^\s*\*{1,3}[^*]+\*{1,3}")


@dataclass
class SpokenTokens:
    """Takes the pieces of a reply and passes on those that are spoken. A thought and what stands in parentheses are
    held back: at its end the turn tells what stands.
    """

    on_token: OnToken
    thinks: bool
    """Whether the reply begins with a thought. Then nothing is passed on before that is over."""
    _reply: str = ""
    _passed: str = ""

    def __call__(self, piece: str) -> None:
        """Take the next piece; an empty one makes the earlier ones void, as in `OnToken`."""
        if not piece:
            self._reply = self._passed = ""
            self.on_token("")
            return
        self._reply += piece
        spoken = spoken_so_far(self._reply, thinks=self.thinks)
        if not spoken.startswith(self._passed):
            self.on_token("")
            self._passed = ""
        if new := spoken[len(self._passed) :]:
            self.on_token(new)
        self._passed = spoken


def spoken_so_far(reply: str, *, thinks: bool) -> str:
    """The words of the beginning of a reply that are spoken for certain, whatever follows."""
    if thinks and not THOUGHT.search(reply):
        return ""
    said = _ASIDE.sub("", THOUGHT.sub("", reply))
    if opened := _OPEN.search(said):
        said = said[: opened.start()]
    return said.lstrip()
