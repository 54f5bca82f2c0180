"""The commands of a visitor: what a typed line means at this moment, an action or a way to leave."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pydantic import ValidationError

from dreamplay.participants.actions import Action, StanceChoice, Whisper
from dreamplay.participants.base import Departure, Outcome, Quit, Stance, Undo
from dreamplay.participants.visit import acts
from dreamplay.schema.base import folded
from dreamplay.schema.cast import Cast
from dreamplay.schema.error_messages import did_you_mean
from dreamplay.schema.provenance import Provenance
from dreamplay.schema.story import Story
from dreamplay.schema.turn import Turn
from dreamplay.schema.view import View

LONGEST = 4_000
"""Characters of a line. The rest is cut off: a terminal takes a minute to redraw 100,000."""

HELP = """\
type a line and press Enter: you say it, and they hear it. Enter
alone: you listen.
  /whisper NAME WORDS   only NAME hears it, and answers in a whisper
  /do WORDS             what all see you do: /do puts the clock down
  /fear WORDS           your hidden fear, for the dream they share
  /go, /come            you leave them, and join them again
  /play NAME            you speak for NAME from here on, whenever it is
                        NAME's turn; at other times, as yourself
  /hand back NAME       NAME is played by the model again
  /undo                 takes back your last action, and all after it
  /who                  who is there, and who speaks for whom
  /quit                 stops; dreamplay resume goes on here
The line can be edited as in a shell, and the arrows bring back what
you typed before. What you type while somebody speaks is kept: with
Enter, you have the next word."""
"""Narrower than most terminals, since it has columns."""
_MISTYPED = {
    "quit": "/quit stops",
    "exit": "/quit stops",
    "undo": "/undo takes back your last action",
    "help": "? helps",
}
"""Words that are hardly ever a line, and mostly a command without its slash."""
_KNOWN = "there are /whisper, /do, /fear, /go, /come, /play, /hand back, /undo and /quit"


class CommandError(Exception):
    """What was typed cannot be done. The message says why, and what can."""


def parse(line: str | Action, turn: Turn, view: View, cast: Cast, story: Story) -> Outcome | Departure:
    """What a typed line, or an action, means at this moment. Only a line that begins with "/" is a command.

    Args:
        line: what was typed, or chosen.
        turn: at which they are asked.
        view: of the visitor and of those they speak for.
        cast: of the play.
        story: with the beats that are played: see `RunConfig.performed`.

    Raises:
        CommandError: it cannot be done.
    """
    if isinstance(line, Action):
        return _chosen(line, turn, view, cast, story)
    words = line.strip()
    try:
        if turn.task == "stance":
            return _stance(words, turn, view, story)
        if meant := _MISTYPED.get(words.lower()):
            raise CommandError(f"{words!r} was not said: {meant}; with a full stop behind it, you say it")
        if not words.startswith("/"):
            return _possible(Action(say=words) if words else Action(), turn, view, cast, story)
        return _command(words[1:], turn, view, cast, story)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "string_too_long":
            raise CommandError(f"that is longer than {LONGEST:,} characters; nothing was said") from None
        raise CommandError(f"{first['msg'].removeprefix('Value error, ')}; nothing was said") from None


def _command(text: str, turn: Turn, view: View, cast: Cast, story: Story) -> Action | Departure:
    name, _, rest = text.partition(" ")
    rest = rest.strip()
    match name.lower():
        case "quit":
            return Quit()
        case "undo":
            return _undo(turn, view)
        case "whisper":
            role, words = _person(rest, turn, cast, "whisper")
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
            act = Action(play=_person(rest, turn, cast, "play")[0])
        case "hand" | "handback" | "hand_back":
            whom = re.sub(r"^back\b", "", rest, flags=re.IGNORECASE).strip()
            held = sorted(view.controlled)
            act = Action(
                hand_back=held[0] if not whom and len(held) == 1 else _person(whom, turn, cast, "hand back")[0]
            )
        case _:
            raise CommandError(f"no command /{name[:40]}; {_KNOWN}, and a line without / is said aloud")
    return _possible(act, turn, view, cast, story)


def _chosen(act: Action, turn: Turn, view: View, cast: Cast, story: Story) -> Outcome:
    """What an action means at this moment."""
    if turn.task == "stance":
        if act.said and not act.stance:
            raise CommandError("a choice is asked for now; make one, or take no stance")
        if act.stance and act.stance.choice not in [choice.id for choice in story.choices]:
            raise CommandError(f"no choice {act.stance.choice[:40]!r} in this story")
        taken = act.stance
        return Stance(taken.choice if taken else None, taken.because if taken else "", Provenance(by="person"))
    if act.stance:
        raise CommandError("nothing is to be chosen now")
    if whom := act.play or act.hand_back or (act.whisper and act.whisper.to):
        role, _ = _person(whom, turn, cast, "hand back" if act.hand_back else "whisper" if act.whisper else "play")
        changed = {"whisper": act.whisper.model_copy(update={"to": role})} if act.whisper else {}
        act = act.model_copy(update=changed or {("play" if act.play else "hand_back"): role})
    return _possible(act, turn, view, cast, story)


def _possible(act: Action, turn: Turn, view: View, cast: Cast, story: Story) -> Action:
    here, held = turn.present, view.controlled
    away = not turn.visitor_present
    if act.come and not away:
        raise CommandError("you are with them")
    if turn.by_visitor and away and (act.say or act.do or act.whisper or act.go):
        raise CommandError("you have left, and nobody hears you; /come brings you back, Enter lets them continue")
    if act.whisper and act.whisper.to not in here:
        raise CommandError(f"{cast.name(act.whisper.to)} is not here")
    if act.play and act.play in held:
        raise CommandError(f"you already play {cast.name(act.play)}; /hand back {cast.name(act.play)} ends it")
    if act.hand_back and act.hand_back not in held:
        raise CommandError(f"you do not play {cast.name(act.hand_back)}; /who shows whom you play")
    if act.fear and not _dreams_after(turn, story):
        raise CommandError("no dream is to come any more, so that your fear would never be shown; it is not kept")
    if not turn.by_visitor and not (act.say or act.do or act.whisper or act.hand_back) and act.said:
        raise CommandError(
            f"this is {cast.name(turn.speaker)}'s turn: a line, /do, /whisper, /hand back, or Enter for silence"
        )
    return act


def _person(text: str, turn: Turn, cast: Cast, command: str) -> tuple[str, str]:
    """The role whose name a text begins with, and the rest of the text."""
    others = [role for role in cast.characters if (role != turn.speaker or command == "hand back")]
    meant = cast.addressed(text)
    if meant and meant[0] in others:
        return meant
    names = [cast.name(role) for role in others]
    hit = re.match(r"[^\s:,]+", text)
    if not hit:
        raise CommandError(f"/{command} whom? There are {', '.join(names)}")
    begun = [role for role in others if _begins(hit[0], cast.names(role))]
    if len(begun) == 1:
        return begun[0], text[hit.end() :].lstrip(" ,:")
    first = hit[0][:40]
    if begun:
        raise CommandError(f"{first!r} may be {' or '.join(cast.name(role) for role in begun)}; type more of the name")
    raise CommandError(f"nobody is called {first!r}{did_you_mean(first.title(), names)}; there are {', '.join(names)}")


def _begins(word: str, names: Iterable[str]) -> bool:
    """Whether a word of a name begins with this one. A single letter is too easily another word."""
    parts = (folded(part) for name in names for part in re.split(r"[\s-]", name))
    return len(word) > 1 and any(part.startswith(folded(word)) for part in parts)


def _dreams_after(turn: Turn, story: Story) -> bool:
    """Whether a dream comes after the scene of a turn."""
    scenes = [scene for _, scene in story.scenes]
    here = [scene.id for scene in scenes].index(turn.scene.id)
    return any(scene.kind == "dream" for scene in scenes[here + 1 :])


def _given(words: str, form: str) -> str:
    if not words:
        raise CommandError(f"the words are missing: {form}")
    return words


def _stance(words: str, turn: Turn, view: View, story: Story) -> Stance | Departure:
    match words.lower():
        case "/quit":
            return Quit()
        case "/undo":
            return _undo(turn, view)
    made = Provenance(by="person")
    if not words:
        return Stance(None, "", made)
    number, _, because = words.partition(" ")
    numbers = [str(each) for each in range(1, len(story.choices) + 1)]
    if number not in numbers or not because.strip():
        raise CommandError(
            f"type a number from 1 to {len(story.choices)} and your reason, or Enter alone to take no stance"
        )
    taken = StanceChoice(choice=story.choices[numbers.index(number)].id, because=because.strip())
    return Stance(taken.choice, taken.because, made)


def _undo(turn: Turn, view: View) -> Undo:
    if turn.answered:
        return Undo(None)
    done = acts(view.events)
    if not done:
        raise CommandError("there is nothing yet that could be taken back")
    return Undo(done[-1])
