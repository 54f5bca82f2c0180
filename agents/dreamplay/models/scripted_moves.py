"""What the scripted model makes of a move: "promises Elara a wake-up at six" becomes "I promise you a wake-up at six".

It knows no more than the note. The rules are those of English, and plain: what they make of a move can be read, and is
always the same.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from dreamplay.languages import move_note
from dreamplay.languages.english import ENGLISH
from dreamplay.languages.move_note import MoveNote

_NAMED = re.compile(r"[a-z]+s(?: to know)?(?: to)? (?P<name>[^\W\d_a-z]\w*(?: [^\W\d_a-z]\w*)*)")
_ASKED = ("{to}can you tell me {what}?", "{to}do you know {what}?", "{to}will you say {what}?")
_BEGS = re.compile(r"asks|begs|invites")
_SECOND = re.compile(r"(?P<joint>\b(?:and|but) )(?P<verb>[a-z]{2,}s)(?= (?:that|to|the|no|a|it|for|[^\W\d_a-z]))")
_FORMS = {"is": "am", "has": "have", "does": "do", "goes": "go"}


@dataclass(frozen=True)
class SpokenMove:
    """A move as it is said."""

    to: str
    """The name of whoever it is said to; empty if nobody is named."""
    said: str
    """What is said, in small letters where a sentence may begin with something else, without its end mark."""
    whole: bool = False
    """Whether it is a whole line as it stands."""


def spoken(me: str, does: str, dice: random.Random) -> SpokenMove | None:
    """A move in the words of its speaker; None if it is none.

    Args:
        me: the name of the speaker.
        does: the move, in words that follow the name.
        dice: choose between ways of asking.
    """
    named = _NAMED.match(does)
    note = move_note.read(does, [named["name"]] if named else [], ENGLISH)
    if note is None:
        return None
    matter = _turned(note.matter, me, note.to)
    to = f"{note.to}, " if note.to else ""
    match note.form:
        case "question" if matter.endswith("?"):
            return SpokenMove(note.to, f"{to}{matter}" if to else _capital(matter), whole=True)
        case "question":
            what = matter if note.word else f"whether {matter}"
            return SpokenMove(note.to, _capital(dice.choice(_ASKED).format(to=to, what=what)), whole=True)
        case "request":
            return SpokenMove(note.to, _asked_for(note, matter, to), whole=True)
        case "report":
            return SpokenMove(note.to, matter.replace(", and that ", ", and "))
        case _:
            return _acted(note, matter, "to " if f"{note.verb} to {note.to}" in does else "")


def _asked_for(note: MoveNote, matter: str, to: str) -> str:
    if thing := re.match(r"for (.*)", matter):
        return f"{to}will you give me {thing[1]}?"
    done = re.sub(r"^(not )?to ", r"\1", matter).replace(" and to ", " and ")
    if _BEGS.match(note.verb):
        return f"{to}will you {done}?"
    return f"{to}{re.sub('^not ', 'do not ', done)}."


def _acted(note: MoveNote, matter: str, joint: str) -> SpokenMove:
    if answer := re.match(r"(?P<yes>no|yes)\b(?: to (?P<to>[^\W\d_a-z]\w*|the \w+))?(?P<rest>.*)", matter):
        named = answer["to"] or ""
        return SpokenMove(note.to or named if named[:1].isupper() else note.to, f"{answer['yes']}{answer['rest']}")
    you = f" {joint}you" if note.to else ""
    more = _SECOND.sub(lambda found: found["joint"] + _base(found["verb"]), matter)
    return SpokenMove(note.to, f"I {_base(note.verb)}{you} {more}".strip())


def _turned(matter: str, me: str, to: str) -> str:
    """What is said of the speaker and of whoever it is said to, with "me" and "you" for their names."""
    for name, own, other in ((me, "my", "me"), (to, "your", "you")):
        if name:
            matter = re.sub(rf"\b{re.escape(name)}'s\b", own, matter)
            matter = re.sub(rf"\b{re.escape(name)}\b", other, matter)
    return matter


def _base(verb: str) -> str:
    """The form of a verb that follows "I"."""
    if verb in _FORMS:
        return _FORMS[verb]
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    return verb[:-2] if verb.endswith(("sses", "shes", "ches", "xes", "zes")) else verb[:-1]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
