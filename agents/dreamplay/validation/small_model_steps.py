"""What is taken off the lines of a small model besides. Each step costs good lines of a larger one."""

from __future__ import annotations

import re
from collections.abc import Collection

from dreamplay.languages import english
from dreamplay.languages.language import NOTHING
from dreamplay.sentences import sentences
from dreamplay.validation import names
from dreamplay.validation.check import CheckContext, Step
from dreamplay.validation.ngrams import brought_up, words

_LONG = 30
"""Words up to which a line may have any number of sentences."""
_HABIT = 3
"""Words up to which a sentence at the beginning of several lines is no more than a habit."""


def _capital(text: str, context: CheckContext) -> str:
    """A line with a capital letter where it begins."""
    return text[:1].upper() + text[1:]


def _own_name(text: str, context: CheckContext) -> str:
    """A line without its speaker's own name where it only hangs, in front, at the end or between commas."""
    name, label = names.alone(context.speaker, context.cast), names.whole(context.cast)
    if context.language.second_person is NOTHING:
        return text  # "Mira" is also a Spanish word
    if context.language.second_person.search(text) or names.is_word(context.speaker, context.language):
        return text  # it is somebody else's line, to the speaker
    text = re.sub(rf"^{name}, (?=\w)|, {name}(?=[.!…]$)", "", text)
    if re.search(rf"{label},? (?:and )?{label}", text):  # names in a row are a list
        return text
    return re.sub(rf"(?<!\bI)(?<!\bme), {name}(?=, (?!(?:who|is|was|has|had|will)\b))", "", text)


def _stray_address(text: str, context: CheckContext) -> str:
    """A line without a name in front of it of somebody it is not for, and without what only others call somebody:
    whoever is Gran to a child is Gran to nobody else.
    """
    text = _ADDRESS.sub(lambda found: "" if _borrowed(found[1], context) else found[0], text)
    if not context.to:
        return text
    spared = (*context.to, context.speaker)
    others = [name for name in context.cast if name not in spared and not names.is_word(name, context.language)]
    return re.sub(rf"^{names.whole(others)}, (?=\w)(?![^,.!?]{{1,30}}, )", "", text)  # "Tom, bless him, thinks"


_ADDRESS = re.compile(r", ([^\W\d_a-z]\w+)(?=[.,!?\u2026]|$)")


def _borrowed(called: str, context: CheckContext) -> bool:
    """Whether others call somebody so, and the speaker never has; nor does the note, nor is it a name of the cast."""
    word = called.lower()
    if word in words(context.material) or any(word in words(name) for name in context.cast):
        return False
    address, own = re.compile(rf", {called}[.!?]"), f" {word} "
    by_others = any(address.search(text) for text in context.heard.texts)
    return by_others and not any(own in f" {gram} " for gram in context.heard.own)


def _name_amid(text: str, context: CheckContext) -> str:
    """A line without the name of whoever it is for, where that cuts a sentence before its last words: "I wrote all of
    it, Leo, in one night". People do that in one line of two hundred, and a small model in one of fifteen.
    """
    if not context.to or (context.note and re.search(names.whole(context.to), context.note.matter)):
        return text
    cut = rf"(?<=[\w'\u2019]), {names.whole(context.to)},(?= {english.GOES_ON}[.?!\u2026])"
    return re.sub(cut, lambda found: "" if _one_clause(text[: found.start()], context.cast) else found[0], text)


def _one_clause(text: str, cast: Collection[str]) -> bool:
    """Whether the last sentence of a text is a clause of more than a few words so far: "No, Leo, at noon" stays, and so
    does what another clause has to follow, or a list of names."""
    begun = re.split(r"[.?!\u2026]", text)[-1]
    listed = re.search(rf"{names.whole(cast)}$", begun)
    return len(begun.split()) >= _SENTENCE and not listed and not english.CLAUSE.match(begun)


_SENTENCE = 3
"""Words after which a sentence is more than an answer."""


def _cue_form(text: str, context: CheckContext) -> str:
    """A line without what it takes from the form of its notes: "I told Leo that", which is the cue's "tells Leo that",
    where the matter of the cue follows; the second "that" of "it sounded twice, and that it sounded like birds"; the
    name in "I promise Rosa", which is said to Rosa; and the "from long ago" of a memory.
    """
    label = names.whole(context.cast)
    if context.note and context.note.form == "report":
        for joint in english.JOINTS.findall(context.material):
            text = text.replace(f"{joint} that ", f"{joint} ")
    if context.note and context.note.to:
        for said_to in english.SAID_TO:
            text = re.sub(said_to.format(name=names.whole([context.note.to])), r"\1 you", text)
    text = english.MEMORY_FORM.sub(lambda found: "" if found[1] == ":" else "I remember ", text)
    reported = re.match(rf"({label}, )?{english.REPORTS} (?:you|{label}) that (?=\w)", text)
    if not reported or not context.material or brought_up(text, context.material) < _REPORTED:
        return text
    return f"{reported[1] or ''}{text[reported.end() :]}"


_REPORTED = 0.25
"""Share of the cue's longer words that follow on "I told Leo that", if it is the cue's own form."""


def _two_sentences(text: str, context: CheckContext) -> str:
    """A line that is long, cut after two sentences."""
    return " ".join(sentences(text, capital=True)[:2]) if len(text.split()) > _LONG else text


def _habit(text: str, context: CheckContext) -> str:
    """A line without its first sentence where that is a few words, but for names, with which another line began too: of
    "That's right, Leo" a small model makes a habit. The "No." of a move that says no stays.
    """
    first, *rest = sentences(text, capital=True) or [text]
    opening = _bare(first, context.cast)
    if not rest or not 0 < len(opening) <= _HABIT:
        return text
    language = context.language
    if context.note and language.move_refuses.match(context.note.told) and language.denial.match(first):
        return text
    began = (sentences(line, capital=True)[:1] for line in context.heard.texts)
    return " ".join(rest) if any(_bare(each, context.cast) == opening for first in began for each in first) else text


def _bare(sentence: str, cast: Collection[str]) -> list[str]:
    """The words of a sentence but for the names of the cast."""
    called = {name.lower() for name in cast}
    return [word for word in words(sentence) if word not in called]


STEPS = (
    Step("trailing_own_name", _own_name),
    Step("stray_address", _stray_address),
    Step("name_amid", _name_amid),
    Step("cue_form", _cue_form),
    Step("two_sentences", _two_sentences),
    Step("capital", _capital),
    Step("habit", _habit),
)
"""What is taken off a small model's lines besides, in the order in which it is done."""
