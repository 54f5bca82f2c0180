"""The scripted model: it plays in process, and answers from the prompt alone, so that the same prompts give the same
play. It keeps what it was asked, and can be told what to answer.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from dreamplay.library import resources
from dreamplay.models import profile_table, scripted_moves
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted_moves import SpokenMove
from dreamplay.schema.provenance import Usage

_NOTE_AT_END = re.compile(
    r"\[([^\[\]]*)\]\s*(?:\n(?!\[).*)?\s*\Z"
)  # of a line; behind it, one line of what is asked at most
_CUE = re.compile(
    r"[^\[\]]+? (?:tells (?P<to>[^\Wa-z][^\s\[\]:]*(?: [^\Wa-z][^\s\[\]:]*)*)(?= (?!to ))|says)[^\[\]:]*? that "
    r"(?P<matter>[^\[\]]*)\."
)  # "tells Elara: I know that lamp" and "tells Elara to put out that lamp" are moves
_MOVE = re.compile(r"(?P<me>[^\Wa-z][^\W_]*(?: [^\Wa-z][^\W_]*)*) (?P<does>[a-z]+s\b[^\[\]]*)\.")
_BRIEF = re.compile(
    r"^For (?P<me>[^\Wa-z][^\n:]*) alone:\n(?P<told>(?:- .*\n|\n|\[.*\]\n)*)(?=Now (?P=me)\b[^\n]*(?:\n[^\n]*)?\Z)",
    re.MULTILINE,
)
_POSSIBLE = re.compile(r"^- Possible: (.*)\.$", re.MULTILINE)
_AT_HAND = re.compile(r"^- At hand[^:]*: (.*)\.$", re.MULTILINE)
_POOLED = re.compile(r"^(?:-|\d+\.) (.+)$", re.MULTILINE)
_JOINT = re.compile(r",| (?:and|but|or|until|while|because|where|when|who|which|that|so)\b")
_DEPENDS = re.compile(r"(?:and|but|or|until|while|because|where|when|who|which|that|so|if|as|since)\b", re.IGNORECASE)
_RULE = "\n---\n"
_SCHEMA = re.compile(r'\{"type": "object", .*\}')
_RANGE = re.compile(r"from (-?\d+) to (\d+)")
_NAMES = re.compile(r"^((?:[^.,:;\n]+, )*[^.,:;\n]+ and \w+) are here\b", re.MULTILINE)


class ScriptedModel:
    """A deterministic Model: no network, no clock, no state but what it has seen.

    Args:
        replies: what to answer, in order; it raises when they run out. None: answer from the prompt.
        profile: how it is to be played. None: as the table of profiles says.
    """

    name = "scripted"

    def __init__(self, replies: Sequence[str] | None = None, *, profile: ModelProfile | None = None) -> None:
        self.profile = profile or profile_table.look_up("scripted", "scripted")
        self.seen: list[Prompt] = []
        self._replies = None if replies is None else list(replies)

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        """Answer a prompt; see `Model.complete`.

        Raises:
            AssertionError: the replies it was given ran out.
        """
        self.seen.append(prompt)
        if self._replies is None:
            text = answer(prompt.script + prompt.tail, seed, prompt.json_schema)
        elif self._replies:
            text = self._replies.pop(0)
        else:
            raise AssertionError(f"the scripted replies ran out at call {len(self.seen)}")
        if on_token:
            for piece in in_pieces(text):
                on_token(piece)
        tokens = len(prompt.system + prompt.script + prompt.tail) // 4
        return Reply(text, True, Usage(calls=1, prompt=tokens, output=len(text) // 4))

    async def warm_cache(self, prompt: Prompt) -> None:
        """See `Model.warm_cache`: there is no cache."""

    async def close(self) -> None:
        """See `Model.close`: there is nothing to close."""


def in_pieces(text: str) -> list[str]:
    """An answer as it comes, word by word."""
    return re.findall(r"\s*\S+\s*", text)


def answer(text: str, seed: int, shape: dict[str, Any] | None = None) -> str:
    """What the scripted model says to a prompt: a stance, a reflection, the matter of the last cue, a dream, a recap,
    or an ending.

    It goes by the form of the prompt and hardly by its wording: a JSON schema asks for a stance, or, by its marks, for
    a reflection, a note at the very end or a list for one character alone for a line, a rule under a text for a recap,
    and any other list for a dream.
    """
    words = vocabulary()
    dice = random.Random(f"{seed}/{hashlib.sha256(text.encode()).hexdigest()}")
    described = _SCHEMA.search(text)  # for an endpoint that takes no schema
    if shape := shape or (json.loads(described[0]) if described else None):
        asked = shape["properties"]
        if "choice" in asked:
            ids = asked["choice"]["enum"]
            return json.dumps({"reason": dice.choice(words["reasons"]), "choice": dice.choice(sorted(ids))})
        if "answer" in asked:
            return json.dumps({"answer": dice.choice(asked["answer"]["enum"])})
        return json.dumps({name: _filled(name, field, dice) for name, field in asked.items()})
    if note := _NOTE_AT_END.search(text):
        return _line(note[1], text[: note.start()], dice)
    if brief := _BRIEF.search(text):
        return _freely(brief["me"], brief["told"], text[: brief.start()], dice)
    past, rule, _ = text.rpartition(_RULE)
    if rule:
        first, *links, last = words["recap"]
        told = [line for line in past.splitlines() if line]
        glimpses = [_glimpse(line, dice) for line in dice.sample(told, min(len(links), len(told)))]
        return " ".join([first, *(f"{link} {it}." for link, it in zip(links, glimpses, strict=False)), last])
    if pooled := _POOLED.findall(text):
        first, *links, last = words["dream"]
        told = [f"{link} {_glimpse(item, dice)}." for link, item in zip(dice.sample(links, 2), pooled, strict=False)]
        told += [f"And {_glimpse(item, dice)}." for item in pooled[2:]]
        return " ".join([first, *told] if dice.random() < 0.5 else [*told, last])
    first, *rest = words["epilogue"]
    names = _NAMES.search(text)
    there = re.split(r", | and ", names[1]) if names else []
    told = [f"{name} {doing}" for name, doing in zip(there, words["hands"], strict=False)]
    return " ".join([first, *told, *rest])


def _freely(me: str, told: str, before: str, dice: random.Random) -> str:
    """What is said to a brief: one of the moves that it offers, else one of the things at hand."""
    moves = [does for part in _POSSIBLE.findall(told) for does in part.split("; ")]
    things = [thing for part in _AT_HAND.findall(told) for thing in part.split("; ")]
    does = dice.choice(moves).removeprefix(f"{me} ") if moves else ""
    said = scripted_moves.spoken(me, does, dice) if does else None
    return _said(said or SpokenMove("", dice.choice(things) if things else ""), before, told, dice)


def _line(note: str, before: str, dice: random.Random) -> str:
    """What is said to a note: the matter of a cue, or a move in the words of its speaker."""
    if cue := _CUE.fullmatch(note):
        return _said(SpokenMove(cue["to"] or "", _in_first_person(cue["matter"])), before, note, dice)
    move = _MOVE.fullmatch(note)
    said = scripted_moves.spoken(move["me"], move["does"], dice) if move else None
    return _said(said or SpokenMove("", ""), before, note, dice)


def _said(move: SpokenMove, before: str, told: str, dice: random.Random) -> str:
    """A line, with words of its own in front and behind. What was said before would be refused as a copy."""
    words, matter = vocabulary(), move.said
    if move.whole and matter not in before:
        return matter
    if matter and matter in before:
        known = sorted(set(re.findall(r"\b[a-z]{4,}\b", before + told)))
        pairs = [" and ".join(dice.sample(known, 2)) for _ in words["again"]]
        matter = ", ".join(f"{begun} {pair}" for begun, pair in zip(words["again"], pairs, strict=True))
    to, matter = f", {move.to}" if move.to else "", f": {matter}" if matter else ""
    return f"{dice.choice(words['openings'])}{to}{matter}. {dice.choice(words['closings'])}"


def _filled(name: str, field: dict[str, Any], dice: random.Random) -> object:
    """An answer to one field of a reflection: a mark, a thought, a reason, a want; and no promise, since this model
    knows of none.
    """
    match field["type"]:
        case "integer":
            return dice.choice(_numbers(field))
        case "object":
            return {key: _filled(key, each, dice) for key, each in field["properties"].items()}
        case "array":
            return []
    return dice.choice(vocabulary()[_ANSWERS.get(name, "thoughts")])


_ANSWERS = {"why": "grounds", "wants": "wants"}
"""By the name of a field: the list from which it is answered."""


def _numbers(field: dict[str, Any]) -> Sequence[int]:
    """The marks that a field allows: listed, or told by their ends."""
    ends = _RANGE.search(field.get("description", ""))
    numbers: Sequence[int] = field.get("enum") or (range(int(ends[1]), int(ends[2]) + 1) if ends else [0])
    return numbers


def _glimpse(item: str, dice: random.Random) -> str:
    """A piece of what was pooled: a dream shows something of each, and lists nothing. It is a whole clause, the first
    one of a sentence."""
    told = [text.strip() for text in re.split(r"[.;!?]", item.partition(": ")[2] or item) if text.strip()]
    piece = dice.choice([text for text in told if text.count(" ") > 1] or told or [item])
    if not _DEPENDS.match(piece):
        ends = (joint.start() for joint in _JOINT.finditer(piece))
        piece = piece[: next((end for end in ends if piece.count(" ", 0, end) > 1), None)]
    return re.sub(r"^(He|She|It|A|The|Her|His|Every|In|On|At) ", lambda m: m[0].lower(), piece)


def _in_first_person(matter: str) -> str:
    """Turn "he has mended his clock" into "I have mended my clock", unless it is about somebody named."""
    if re.search(r"(?<!^)\b[A-Z]\w+", matter):
        return matter
    for pattern, mine in (
        (r"\b(he|she) (is)\b", "I am"), (r"\b(he|she) has\b", "I have"), (r"\b(he|she) does\b", "I do"),
        (r"\b(he|she) (always |never |once )?(\w{3,}[^s\W])s\b", r"I \2\3"), (r"\b(he|she)\b", "I"),
        (r"\b(his|her)\b", "my"), (r"\bhim\b", "me"), (r"\b(him|her)self\b", "myself"), (r"\bhers\b", "mine"),
    ):  # fmt: skip
        matter = re.sub(pattern, mine, matter)
    return matter


@cache
def vocabulary() -> dict[str, list[str]]:
    """The words of all answers, from their file."""
    words: dict[str, list[str]] = YAML(typ="safe").load(resources.prompts() / "scripted.yaml")
    return words
