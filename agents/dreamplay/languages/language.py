"""What the rest of dreamplay knows of a natural language. A language without words simply lacks what needs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

NOTHING = re.compile("(?!)")
"""Matches nothing."""
ANYTHING = re.compile(r"\w")
"""Matches whatever begins with a word."""
_SENTENCE = 4
"""Words below which a clause tells too little to stand alone."""


@dataclass(frozen=True, eq=False)
class Language:
    """The words of one language, as sets and patterns. The defaults are those of a language that has none here.

    A language equals itself alone: what is kept of a text in a language can then be looked up in no time.
    """

    code: str
    """Two or three letters, as in ISO 639: "en"."""
    function_words: frozenset[str] = frozenset()
    """Words that nearly every line has: nobody who is called so can be found by that name."""
    stop_words: frozenset[str] = frozenset()
    """Words that say nothing of what a text is about, in small letters."""
    name_words: frozenset[str] = frozenset()
    """Common words that people are also called by: "hope", "will"."""
    open_ends: frozenset[str] = frozenset()
    """Words with which no sentence ends that lacks its end mark: more was to come."""
    first_person: re.Pattern[str] = NOTHING
    """I, me, my, we."""
    second_person: re.Pattern[str] = NOTHING
    """You, your."""
    third_person: re.Pattern[str] = NOTHING
    """He, she, his, her."""
    stands_for: re.Pattern[str] = NOTHING
    """The same where it stands for a name; its group `own` is what belongs to them: "her tables"."""
    own_form: str = "{name}"
    """A name to which something belongs: "Leo's"."""
    walks_in: tuple[str, ...] = ()
    """What {name} does who walks into the dream of {whose}, each with what leads on to it."""
    joints: re.Pattern[str] = NOTHING
    """What joins two clauses of a sentence of which the second can stand alone."""
    thing_to_do: re.Pattern[str] = NOTHING
    """A thing with what is done with it, as its groups `thing`, `verb` and `particles`: "a towel to fold"."""
    verb_forms: tuple[tuple[re.Pattern[str], str], ...] = ()
    """How a verb ends of what somebody does, by how it is called; the first that matches."""
    takes: tuple[str, str] = ("{name}", "")
    """What {name} does with a {thing} of which nothing more is known, and what leads on to more."""
    one_thing: re.Pattern[str] = NOTHING
    """How something begins that is one thing."""
    is_there: tuple[str, str] = ("", "")
    """How it is said that one {thing} is there, and what leads on to more."""
    negation: re.Pattern[str] = NOTHING
    """No, not, never."""
    explains_dream: re.Pattern[str] = NOTHING
    """What a dream says when it explains fears and wishes in place of showing them."""
    assistant_manners: re.Pattern[str] = NOTHING
    """Phrases of an assistant that a person may use as well."""
    slips: re.Pattern[str] = NOTHING
    """Signs that a small model has left its part, all of which a person may say as well."""
    half_turned: re.Pattern[str] = NOTHING
    """Signs that a cue in the third person was only half turned into the first."""
    half_turned_after: tuple[re.Pattern[str], re.Pattern[str]] = (NOTHING, NOTHING)
    """The same, where the second pattern comes anywhere after the first."""
    asked_matter: re.Pattern[str] = NOTHING
    """How a move asks something; its group `word` is the word with which the question begins."""
    gesture: re.Pattern[str] = ANYTHING
    """How a gesture begins, in words that follow a name: "slides the key across". Otherwise what stands in parentheses
    is the manner of a line, and no event."""
    stays_silent: re.Pattern[str] = NOTHING
    """What somebody does who says nothing, besides "silence"."""
    goes_away: re.Pattern[str] = NOTHING
    """What somebody does who leaves, besides "leaves", after what its group `before` says that they do first."""
    move_forms: tuple[tuple[Literal["question", "request", "report", "act"], str], ...] = ()
    """How what a move does is written, as patterns in which {name} is any name of the cast: see `move_note`."""
    move_refuses: re.Pattern[str] = NOTHING
    """How a move begins that says no."""
    move_accepts: re.Pattern[str] = NOTHING
    """How a move begins that says yes."""
    move_apologises: re.Pattern[str] = NOTHING
    """How a move begins that says sorry."""
    apology: re.Pattern[str] = NOTHING
    """With what somebody says sorry."""
    move_acts: tuple[tuple[str, str], ...] = ()
    """How a move begins that is no question, request or report, as patterns, and with which words the speaker then
    begins."""
    move_requests: tuple[tuple[str, str], ...] = ()
    """The same for what is asked for, where the speaker does not begin with what is to be done."""
    auxiliary: re.Pattern[str] = NOTHING
    """The verbs with which a question begins that is answered by yes or no."""
    own_matter: tuple[tuple[str, str], ...] = ()
    """How matter about the speaker begins, as a pattern in which {name} is the speaker's name, and the word with which
    the speaker begins to say it."""
    assent: re.Pattern[str] = NOTHING
    """How a line begins that says yes. This pattern and those that follow are matched with straight apostrophes."""
    denial: re.Pattern[str] = NOTHING
    """How a line begins that says no."""
    promises: re.Pattern[str] = NOTHING
    """What a promise says."""
    accusations: re.Pattern[str] = NOTHING
    """What an accusation says."""
    offers: re.Pattern[str] = NOTHING
    """What an offer or a request says, to which one answers yes or no."""
    lets_go: re.Pattern[str] = NOTHING
    """With what somebody no longer wants an answer."""
    kept_word: re.Pattern[str] = NOTHING
    """With what somebody says that a promise was kept."""
    broken_word: re.Pattern[str] = NOTHING
    """With what somebody says that a promise was broken."""
    hard_moves: tuple[tuple[re.Pattern[str], str], ...] = ()
    """What a small model says wrong in what a move does, as it is written, with roles in braces, and why."""
    act_verbs: Mapping[str, str] = field(default_factory=dict)
    """The act that the verb at the beginning of a move shows, by the verb: see `Act`. Others are to tell."""

    def befalls(self, text: str, name: str) -> str:
        """What a text tells of somebody whom it does not name, told of somebody else: "She pulls the rope" is then
        "Leo pulls the rope".
        """
        return self.stands_for.sub(
            lambda found: self.own_form.format(name=name) if found["own"] else name, text, count=1
        )

    def halves(self, text: str) -> tuple[str, str]:
        """How a text begins, and what it comes to: the last clause that can stand alone. Without one, it is both."""
        joints = [
            each
            for each in self.joints.finditer(text)
            if min(len(text[: each.start()].split()), len(text[each.end() :].split())) >= _SENTENCE
        ]
        if not joints:
            return text, text
        return f"{text[: joints[-1].start()]}.", text[joints[-1].end() :]

    def seen_by(self, text: str, name: str, number: int, *, whose: str) -> str:
        """A text that tells of `whose`, after what somebody does who walks into it: "Leo calls Mira, and a counter runs
        down". The number says which of the things they may do. A name keeps its capital letter.
        """
        if not self.walks_in:
            return text
        going_on = text if text.startswith(whose) else self.inside(text)
        return f"{self.walks_in[number % len(self.walks_in)].format(name=name, whose=whose)} {going_on}"

    def inside(self, text: str) -> str:
        """A text as it stands inside a sentence: without the capital letter of a word that is nobody's name."""
        first = text.partition(" ")[0].lower()
        return text[:1].lower() + text[1:] if first in self.stop_words - self.name_words else text

    def with_thing(self, name: str, thing: str) -> tuple[str, str]:
        """What somebody does with a thing, and what leads on from it: "Elara folds a towel"."""
        thing = self.inside(thing)
        if found := self.thing_to_do.fullmatch(thing):
            form, ending = next(each for each in self.verb_forms if each[0].search(found["verb"]))
            return f"{name} {form.sub(ending, found['verb'], count=1)}{found['particles']} {found['thing']}", ""
        sentence, leads_on = self.takes if thing else ("{name}", "")
        return sentence.format(name=name, thing=thing), leads_on

    def there(self, thing: str) -> tuple[str, str]:
        """How it is said that a thing is there, and what leads on from it; without it, the thing, of which something is
        to be said.
        """
        if not self.one_thing.match(self.inside(thing)):
            return thing[:1].upper() + thing[1:], ""
        sentence, leads_on = self.is_there
        return sentence.format(thing=self.inside(thing)), leads_on
