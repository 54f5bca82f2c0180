"""What a character answers in their own words: a thought, a gesture, a line or silence, and whether they leave."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dreamplay.models.base import Reply
from dreamplay.schema.provenance import RejectedCandidate
from dreamplay.validation import names
from dreamplay.validation.check import CheckContext, Fault
from dreamplay.validation.generate import CandidateRejectedError
from dreamplay.validation.ngrams import WORD, words
from dreamplay.validation.pipeline import Pipeline
from dreamplay.validation.speaker_labels import own_words

LONGEST_GESTURE = 30
"""Words of a gesture at most."""
_TAG = r"(?:private|thought)\b"
_OPENS = rf"(?:<|&lt;)\s*{_TAG}[^<>&]{{0,40}}(?:>|&gt;)"
_CLOSES = rf"(?:<|&lt;)\s*/\s*{_TAG}\s*(?:>|&gt;)"
THOUGHT = re.compile(rf"{_OPENS}((?:(?!{_OPENS}).)*?){_CLOSES}", re.IGNORECASE | re.DOTALL)
"""A whole thought, as a prompt asks for it: <private>...</private>."""
_HALF = re.compile(rf"(?:<|&lt;)\s*/?\s*{_TAG}", re.IGNORECASE)
_OTHERWISE = re.compile(
    r"(?:^|\n)\W*(?:private|inner|thoughts?|thinks|thinking)(?: (?:thoughts?|voice|monologue))?\W{0,3}:"
    r"|[<\[]\s*/?\s*(?:private|inner|thoughts?|monologue)\b",
    re.IGNORECASE,
)
"""A thought in another form than the one that was asked for: where it ends cannot be told."""
_JSON = re.compile(r"\{\s*[\"']|\[\s*[\"{\[]")
"""Where JSON begins, which nobody speaks."""
_PARENTHESIS = re.compile(r"[()]")
_SMILEY = re.compile(r"(?<=[\s.!?])[:;=]-?[()](?!\w)")
_STARRED = re.compile(r"^\*{1,3}([^*]{3,})\*{1,3}(?! ?[a-z,;])|(?<=[.!?…\"”] )\*{1,3}([^*]{3,})\*{1,3}$")
_STRUCTURE = re.compile(r"[()\[\]{}<>|]")
_SILENCE = re.compile(r"silence|silent", re.IGNORECASE)
_LEAVES = re.compile(r"leaves(?:,.*)?", re.IGNORECASE)
_DOTS = re.compile(r"[.\s]*(?:\.\.\.|…)[.\s]*")

_Kind = Literal["gesture", "silence", "leaves", "manner", "wrong"]


@dataclass(frozen=True)
class TurnReply:
    """One turn as a character answers it."""

    thought: str = ""
    """What nobody else learns of."""
    gesture: str = ""
    """What they do, in words that follow their name."""
    text: str = ""
    """What they say; empty if they chose to say nothing."""
    leaves: bool = False
    """Whether they then go."""

    @property
    def perceived(self) -> str:
        """What others perceive of it."""
        return " ".join(filter(None, [self.gesture and f"({self.gesture})", self.text, "(leaves)" * self.leaves]))


def read(reply: Reply, pipeline: Pipeline, context: CheckContext, *, may_leave: bool) -> TurnReply:
    """The turn in a reply, its line cleaned and checked.

    Args:
        reply: as the model gave it. A reasoning model's own thinking is no part of its text.
        pipeline: checks the line.
        context: what the line is checked against.
        may_leave: whether the character can leave now.

    Raises:
        CandidateRejectedError: it cannot be used; the error holds nothing that was thought.
    """
    taken, fault = parse(reply.text, context, may_leave=may_leave)
    if taken and taken.text:
        taken = cleaned(taken, reply, pipeline, context)
    if fault:
        refusal = RejectedCandidate(text=taken.perceived if taken else "", reason=fault.reason)
        raise CandidateRejectedError(refusal, fault.advice, taken)
    assert taken
    return taken


def cleaned(taken: TurnReply, reply: Reply, pipeline: Pipeline, context: CheckContext) -> TurnReply:
    """A turn with its line cleaned and checked. A model that is led says nothing but a line: its turn is the text of
    the reply.

    Raises:
        CandidateRejectedError: the line cannot be used.
    """
    try:
        return replace(taken, text=pipeline.line(replace(reply, text=taken.text), context))
    except CandidateRejectedError as error:
        if error.fallback is not None:
            error.fallback = replace(taken, text=error.fallback)
        raise


def parse(text: str, context: CheckContext, *, may_leave: bool) -> tuple[TurnReply | None, Fault | None]:
    """The turn in a text, and what is wrong with it; None if nothing is. The turn is then without what is wrong, for
    use if nothing better comes, or None if that leaves nothing. Its line is not checked.
    """
    me = context.speaker
    thought = " ".join(" ".join(THOUGHT.findall(text)).split())
    rest = THOUGHT.sub(" ", text)
    if _HALF.search(rest):
        return None, Fault("a thought that is not closed", f"{me} ends a thought with </private> before the line.")
    if _JSON.search(rest):
        return None, Fault("JSON in place of a line", f"{me} speaks in plain words.")
    if _OTHERWISE.search(rest):
        return None, Fault("a thought in another form", f"{me} thinks between <private> and </private>, or not at all.")
    said, asides = _parted(" ".join(own_words(rest, context).split()), context)
    if asides is None:
        return None, Fault("a parenthesis without its other half", f"{me} says it without parentheses.")
    found = [part for aside in asides for part in _sorted(aside, context)]
    kinds = [kind for kind, _ in found]
    gestures = [words for kind, words in found if kind == "gesture"]
    fault = None
    if "wrong" in kinds:
        fault = Fault("a gesture in another form", f"{me} does one short thing, in words that follow the name {me}.")
    elif len(gestures) > 1:
        fault = Fault("several gestures", f"{me} makes one gesture at most.")
    elif "leaves" in kinds and not may_leave:
        fault = Fault("leaves where nobody can", f"{me} stays.")
    leaves = "leaves" in kinds and may_leave
    bare = said.strip("[]*_ .")
    silent = bool(_DOTS.fullmatch(said)) or _silent(bare, context)
    if not WORD.search(said) or silent:
        silent, said = silent or leaves or bool(gestures) or "silence" in kinds, ""
        if not silent:
            return None, fault or Fault("empty", f"{me} says or does something now.")
    return TurnReply(thought, "".join(gestures[:1]), said, leaves), fault


def _parted(text: str, context: CheckContext) -> tuple[str, Sequence[str] | None]:
    """A text without what stands in parentheses, and what stands there; None if one of a pair is missing. Smileys are
    no parentheses, and between asterisks at an edge stands a gesture, too, if it has the form of one.
    """

    def starred(found: re.Match[str]) -> str:
        inner = found[1] or found[2]
        return f"({inner})" if context.language.gesture.match(inner) else found[0]

    text = _STARRED.sub(starred, text.replace("\uff08", "(").replace("\uff09", ")"))
    smileys = {at for found in _SMILEY.finditer(text) for at in range(*found.span())}
    said, asides, depth, start = "", [""], 0, 0
    for mark in _PARENTHESIS.finditer(text):
        if mark.start() in smileys and not depth:
            continue
        between, start = text[start : mark.start()], mark.end()
        asides[-1] += between if depth else ""
        said += "" if depth else between
        depth += 1 if mark[0] == "(" else -1
        if depth < 0:
            return text, None
        if depth + (mark[0] == ")") > 1:
            asides[-1] += mark[0]
        elif mark[0] == ")":
            asides.append("")
            said += " "
    said += "" if depth else text[start:]
    said = re.sub(r" (?=[.,!?…])|^[.,;:] ", "", f"{' '.join(said.split())} ").strip()
    return said, None if depth else asides[:-1]


def _sorted(aside: str, context: CheckContext) -> list[tuple[_Kind, str]]:
    """What stands in a pair of parentheses, in one or two parts."""
    language, me = context.language, names.alone(context.speaker, context.cast)
    text = re.sub(rf"^{me} (?=\w)", "", " ".join(aside.split())).strip(" .,;:!…")
    if not text or _silent(text, context):
        return [("silence", "")] if text else []
    if _LEAVES.fullmatch(text):
        return [("leaves", "")]
    if found := language.goes_away.fullmatch(text):
        before = found["before"]
        return [*(_sorted(before, context) if before else []), ("leaves", "")]
    if not language.gesture.match(text):
        return [("wrong" if language.first_person.search(text) else "manner", text)]
    if len(words(text)) > LONGEST_GESTURE or _STRUCTURE.search(text):
        return [("wrong", text)]
    return [("gesture", text[:1].lower() + text[1:])]


def _silent(text: str, context: CheckContext) -> bool:
    """Whether a text, without its marks, says that nothing is said."""
    return bool(_SILENCE.fullmatch(text) or context.language.stays_silent.fullmatch(text))
