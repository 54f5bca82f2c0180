"""The commands of a visitor: what a typed line means at this moment, an action or a way to leave."""

from __future__ import annotations

import re

from pydantic import ValidationError

from dreamplay.participants.actions import Action, StanceChoice, Whisper
from dreamplay.participants.visit import last
from dreamplay.participants.visitor import Ask, Leave
from dreamplay.schema.cast import Cast
from dreamplay.schema.script import in_hand
from dreamplay.schema.story import VISITOR, Story

LONGEST = 4_000
"""Characters of a line. The rest is cut off: a terminal takes a minute to redraw 100,000."""

HELP = """\
type a line and press Enter: you say it, and they hear it. Enter
alone: you listen.
  /whisper NAME WORDS   only NAME hears it, and answers in a whisper
  /do WORDS             what all see you do: /do puts the clock down
  /fear WORDS           your hidden fear, for the dream they share
  /go, /come            you leave them, and join them again
  /play NAME            you speak for NAME from here on
  /hand back NAME       NAME is played by the model again
  /undo                 takes back your last action, and all after it
  /who                  who is there, and who speaks for whom
  /quit                 stops; dreamplay resume goes on here
The line can be edited as in a shell, and the arrows bring back what
you typed before. What you type while somebody speaks is kept: with
Enter, you have the next word."""
"""Narrower than most terminals, since it has columns."""


class CommandError(Exception):
    """What was typed cannot be done. The message says why, and what can."""


def parse(line: str, ask: Ask, cast: Cast, story: Story) -> Action | Leave:
    """What a typed line means at this moment. Only a line that begins with "/" is a command.

    Raises:
        CommandError: it cannot be done.
    """
    words = line.strip()
    try:
        if ask.why == "stance":
            return _stance(words, ask, story)
        if not words.startswith("/"):
            return _possible(Action(say=words) if words else Action(), ask, cast)
        return _command(words[1:], ask, cast)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "string_too_long":
            raise CommandError(f"that is longer than {LONGEST:,} characters; nothing was said") from None
        raise CommandError(f"{first['msg'].removeprefix('Value error, ')}; nothing was said") from None


def _command(text: str, ask: Ask, cast: Cast) -> Action | Leave:
    name, _, rest = text.partition(" ")
    rest = rest.strip()
    match name.lower():
        case "quit":
            return "quit"
        case "undo":
            return _undo(ask)
        case "whisper":
            role, words = _person(rest, ask, cast, "whisper")
            act = Action(whisper=Whisper(to=role, text=_given(words, "/whisper NAME WORDS")))
        case "do":
            act = Action(do=_given(rest, "/do WORDS"))
        case "fear":
            act = Action(fear=_given(rest, "/fear WORDS"))
        case "go":
            act = Action(go=True)
        case "come":
            act = Action(come=True)
        case "play":
            act = Action(play=_person(rest, ask, cast, "play")[0])
        case "hand" | "handback" | "hand_back":
            whom = re.sub(r"^back\b", "", rest, flags=re.IGNORECASE).strip()
            held = sorted(in_hand(ask.script))
            act = Action(hand_back=held[0] if not whom and len(held) == 1 else _person(whom, ask, cast, "hand back")[0])
        case _:
            raise CommandError(f"no command /{name[:40]}; ? lists the commands, and a line without / is said aloud")
    return _possible(act, ask, cast)


def _possible(act: Action, ask: Ask, cast: Cast) -> Action:
    here, held = ask.here, in_hand(ask.script)
    away = VISITOR not in here
    if act.come and not away:
        raise CommandError("you are with them")
    if ask.role == VISITOR and away and (act.say or act.do or act.whisper or act.go):
        raise CommandError("you have left, and nobody hears you; /come brings you back, Enter lets them continue")
    if act.whisper and act.whisper.to not in here:
        raise CommandError(f"{cast.name(act.whisper.to)} is not here")
    if act.play and act.play in held:
        raise CommandError(f"you already play {cast.name(act.play)}; /hand back {cast.name(act.play)} ends it")
    if act.hand_back and act.hand_back not in held:
        raise CommandError(f"you do not play {cast.name(act.hand_back)}; /who shows whom you play")
    if ask.role != VISITOR and not (act.say or act.do or act.whisper or act.hand_back) and act.said:
        raise CommandError(
            f"this is {cast.name(ask.role)}'s turn: a line, /do, /whisper, /hand back, or Enter for silence"
        )
    return act


def _person(text: str, ask: Ask, cast: Cast, command: str) -> tuple[str, str]:
    """The role whose name a text begins with, and the rest of the text."""
    others = [role for role in cast.roles if role != VISITOR and (role != ask.role or command == "hand back")]
    meant = cast.addressed(text)
    if meant and meant[0] in others:
        return meant
    first = text.split()[0][:40] if text else ""
    known = ", ".join(cast.name(role) for role in others)
    raise CommandError(
        f"nobody is called {first!r}; there are {known}" if first else f"/{command} whom? There are {known}"
    )


def _given(words: str, form: str) -> str:
    if not words:
        raise CommandError(f"the words are missing: {form}")
    return words


def _stance(words: str, ask: Ask, story: Story) -> Action | Leave:
    match words.lower():
        case "/quit":
            return "quit"
        case "/undo":
            return _undo(ask)
    if not words:
        return Action()
    number, _, because = words.partition(" ")
    numbers = [str(each) for each in range(1, len(story.choices) + 1)]
    if number not in numbers or not because.strip():
        raise CommandError(
            f"type a number from 1 to {len(story.choices)} and your reason, or Enter alone to take no stance"
        )
    return Action(stance=StanceChoice(choice=story.choices[numbers.index(number)].id, because=because.strip()))


def _undo(ask: Ask) -> Leave:
    if last(ask.script) is None:
        raise CommandError("there is nothing yet that could be taken back")
    return "undo"
