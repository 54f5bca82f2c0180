"""What is taken off a reply, and what a check is for. The tables of whole lines: see test_false_refusals.py."""

# ruff: noqa: RUF001 - the signs that look like others are what is tested
from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pytest
from dreamplay.languages import get
from dreamplay.models.base import Reply
from dreamplay.schema.provenance import Usage
from dreamplay.validation import normalize, small_model_steps
from dreamplay.validation.check import CheckContext, Heard
from dreamplay.validation.checks import remembers
from dreamplay.validation.generate import CandidateRejectedError, generate
from dreamplay.validation.merit import merit
from dreamplay.validation.pipeline import Pipeline, build
from line_tables import PROFILES

EARLIER = "Carrots can't read your schedule, and neither can anybody at this table tonight."


@dataclass(frozen=True)
class Situation:
    """Who speaks to whom, after what, and on which model."""

    speaker: str
    cast: Collection[str]
    said: Sequence[str] = ()
    material: str = ""
    strict: bool = False
    remembered: Sequence[str] = ()
    to: Collection[str] | None = None
    hears: Collection[str] | None = None
    language: str = "en"

    @property
    def context(self) -> CheckContext:
        return CheckContext(
            self.speaker, self.cast, get(self.language), heard=Heard.of(self.said), material=self.material,
            remembered=self.remembered, to=self.to, hears=self.hears,
        )  # fmt: skip


def judged(situation: Situation, reply: Reply) -> str:
    checks = build([PROFILES["small" if situation.strict else "large"]], situation.language)
    return checks.line(reply, situation.context)


def prose(reply: Reply, told: Sequence[str] = (), cast: Collection[str] = ()) -> str:
    return Pipeline().telling(reply, CheckContext(cast=cast, heard=Heard.of(told)))


LEO = Situation(
    speaker="Leo",
    cast=("Elara", "Leo", "Mira", "Sam"),
    said=("I built that bench for sitting. It has never once told anybody how they sat.", EARLIER, "No."),
    material="his wind-up clock loses four minutes a day and has never asked him to upgrade",
)

REFUSED: list[tuple[str, str]] = [
    ("", "empty"),
    (" \n\t ", "empty"),
    ("…", "empty"),
    ("[laughs]", "empty"),
    ("```\n```", "empty"),
    ("Leo:", "empty"),
    ("*sighs deeply*", ""),
    ("(He laughs.)", ""),
    ("I'm sorry, but I can't assist with that.", "refuses"),
    ("I’m sorry, but I can’t assist with that.", "refuses"),
    ("I'm really sorry, but as a carpenter I cannot fulfil this request.", "refuses"),
    ("I cannot assist with that request.", "refuses"),
    ("Sure! Here's a line for Leo.", "refuses"),
    ("As an AI language model, I don't sleep.", "model"),
    ("I'm just an AI, I have no bed.", "model"),
    ("I am Qwen, created by Alibaba Cloud.", "model"),
    ("The user asks me to speak as Leo.", "model"),
    ("I'm sorry, but I can't help with that.", "refuses"),
    ("Sorry, I can't help with that.", "refuses"),
    ("I can't help with that request.", "refuses"),
    ("I'm unable to help with creating this content.", "refuses"),
    ("I'm sorry, but I can't continue with this roleplay.", "refuses"),
    ("I cannot generate explicit content.", "refuses"),
    ("I can't create content that depicts harm.", "refuses"),
    ("I'm not able to engage in this roleplay scenario.", "refuses"),
    ("I cannot comply with this request.", "refuses"),
    ("That goes against my guidelines, so let us talk of something else.", "refuses"),
    ("This would violate the content policy.", "refuses"),
    ("My programming does not allow that.", "refuses"),
    ("As an AI, I don't have a bed.", "talks"),
    ("As a large language model, I have no past.", "talks"),
    ("I am an AI assistant, here to help you.", "talks"),
    ("I'm a language model, so I can't taste soup.", "talks"),
    ("I'm ChatGPT, a language model.", "talks"),
    ("I was developed by Anthropic to be helpful.", "talks"),
    ("I was trained by OpenAI.", "talks"),
    ("I don't have personal opinions or feelings.", "talks"),
    ("My knowledge cutoff is in 2023.", "talks"),
    ("Based on my training data, people sleep at night.", "talks"),
    ("How can I assist you today?", "refuses"),
    ("Is there anything else I can assist you with?", "refuses"),
    ("Certainly! Here is the continuation:", "refuses"),
    ("Here is a response in character:", "refuses"),
    ("Here's a possible response for Leo.", "refuses"),
    ("The user wants me to speak as Leo.", "talks"),
    ("The user asks me to go on.", "talks"),
    ("The user's request is unclear.", "talks"),
    ("According to the system prompt, I am Leo.", "talks"),
    ("I cannot provide the requested content.", "refuses"),
    ("I can't write dialogues like this one.", "refuses"),
    ("I am an artificial intelligence, as an artificial intelligence I do not dream.", "talks"),
    ("你好，我们走吧。", "script"),
    ("I sleep alone, и это хорошо.", "script"),
    ("I was going to say that the", "unfinished"),
    ("Leo picks up the chair and leaves.", "by name"),
    ("Leo's hands are full of glue.", "by name"),
    ("Are you tired, Leo?", "by name"),
    ("Leo, you should sleep.", "by name"),
    ("His wind-up clock loses four minutes a day and has never asked him to upgrade.", "recites"),
    (EARLIER, "copies"),
    (EARLIER.upper(), "copies"),
    ("Carrots can't read your schedule, Elara, and neither can anybody at this table.", "copies"),
    ("I built that bench for sitting.", "copies"),
    ("Mira: I sold two hundred thousand nights.", ""),
    ("User: What else?\nAssistant: Nothing.", "empty"),
    ("### Instruction:\nGo on with the scene.", "empty"),
    ("Narrator: He leaves.", "empty"),
]

CLEANED: list[tuple[str, str]] = [
    ("Leo: Not tonight.", "Not tonight."),
    ("  **Leo:** Not tonight.", "Not tonight."),
    ("Leo: Leo: Not tonight.", "Not tonight."),
    ("LEO: Not tonight.", "Not tonight."),
    ("Leo (dryly): Not tonight.", "Not tonight."),
    ('"Not tonight."', "Not tonight."),
    ("“Not tonight.”", "Not tonight."),
    ("«Not tonight.»", "Not tonight."),
    ('"Not tonight.', "Not tonight."),
    ('Not tonight."', "Not tonight."),
    ('Leo: "Not tonight."', "Not tonight."),
    ("(sighs) Not tonight.", "Not tonight."),
    ("Not tonight. (laughs)", "Not tonight."),
    ("*sighs* Not tonight. *puts down the chair*", "Not tonight."),
    ("[to Mira] Not tonight.", "Not tonight."),
    ("Not tonight. [He goes", "Not tonight."),
    ("```\nNot tonight.\n```", "Not tonight."),
    ("```text\nNot tonight.```", "Not tonight."),
    ("Not tonight.\nMira: Why not?", "Not tonight."),
    ("Not tonight. Mira: Why not?", "Not tonight."),
    ("Not tonight.\n**Mira:** Why not?\n**Leo:** Because.", "Not tonight."),
    ("Not tonight.\n[Mira tells Leo with a laugh that it is late.]\nMira: Late.", "Not tonight."),
    ("Not\ntonight,   Mira.", "Not tonight, Mira."),
    ("I *never* sleep there.", "I never sleep there."),
    ("\x1b[31mNot\x1b[0m tonight.\x07", "Not tonight."),
    ("Not\ttonight.\r\n", "Not tonight."),
    ("Not\u2028tonight.", "Not tonight."),
    ("```Not tonight.```", "Not tonight."),
    ("Not tonight.\nMIRA (laughing): Why not?", "Not tonight."),
    ("Not tonight.\nMira\uff1aWhy not?", "Not tonight."),
    ("Leo\uff1aNot tonight.", "Not tonight."),
    # what comes after the reply, and what stands over it
    ("Not tonight.\n<START>\nUser: What else?\nAssistant: Nothing.", "Not tonight."),
    ("Not tonight. <START> Mira speaks now.", "Not tonight."),
    ("Not tonight.\n\n### Instruction:\nGo on.\n\n### Response:\nAnother line.", "Not tonight."),
    ("Not tonight.\nUser: What else?", "Not tonight."),
    ("Not tonight. User: What else?", "Not tonight."),
    ("Not tonight.\n**Human:** What else?", "Not tonight."),
    ("Not tonight.\nUSER: What else?", "Not tonight."),
    ("Not tonight.\nYou: What else?", "Not tonight."),
    ("Not tonight.\n{{user}}: What else?", "Not tonight."),
    ("Not tonight. [INST] Go on. [/INST] Another line.", "Not tonight."),
    ("Not tonight.\nNarrator: He leaves.", "Not tonight."),
    ("Not tonight.\n---\nI kept it short.", "Not tonight."),
    ("Not tonight.\n\nNote: I kept it short.", "Not tonight."),
    ("### Response:\nNot tonight.", "Not tonight."),
    ("<START>\nLeo: Not tonight.", "Not tonight."),
    ("Assistant: Not tonight.", "Not tonight."),
    ("assistant\n\nNot tonight.", "Not tonight."),
    ("> Not tonight.", "Not tonight."),
    ("\ufeffNot\u200b tonight.\u2060", "Not tonight."),
    ("[/INST] Not tonight.", "Not tonight."),
]

WEAK = [
    "I'm sorry, Elara. But I can't say that.",
    "I'm sorry, Elara, but I can't help you with that.",
    "I apologize, but that is not something I do.",
    "I'm sorry, Sam, I can't do that.",
    "I left OpenAI in May.",
    "How can I help you today, love?",
]
"""Signs of a small model that has lost its part; anybody else may say so."""


def _reply(text: str, *, finished: bool = True) -> Reply:
    return Reply(text, finished, Usage(calls=1, prompt=100, output=10))


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_bad_line_is_refused(text: str, reason: str) -> None:
    with pytest.raises(CandidateRejectedError) as caught:
        judged(LEO, _reply(text))
    assert reason in caught.value.refusal.reason
    assert caught.value.refusal.text == " ".join(text.split())
    assert "Leo" in caught.value.advice or "Nobody" in caught.value.advice


@pytest.mark.parametrize(("text", "clean"), CLEANED)
def test_a_line_is_freed_of_what_is_not_speech(text: str, clean: str) -> None:
    assert judged(LEO, _reply(text)) == clean


@pytest.mark.parametrize("text", WEAK)
def test_what_a_person_may_say_too_waits_for_a_better_line_of_a_small_model_alone(text: str) -> None:
    assert judged(LEO, _reply(text)) == text
    better = text.replace("I", "We", 1).replace("sorry", "late").replace("OpenAI", "them")
    assert merit(text, LEO.context) < merit(better, LEO.context)
    with pytest.raises(CandidateRejectedError) as caught:
        judged(replace(LEO, strict=True), _reply(text))
    assert (caught.value.refusal.check, caught.value.fallback) == ("slip", text)


@pytest.mark.parametrize(
    ("text", "stands"),
    [("I was going to say that the", False), ("Not tonight. And if you", False), ("Not tonight, Mira.", True)],
)
def test_a_reply_cut_at_the_limit_stands_only_if_it_ends_with_a_sentence(text: str, stands: bool) -> None:
    if stands:
        assert judged(LEO, _reply(text, finished=False)) == text
    else:
        with pytest.raises(CandidateRejectedError, match="unfinished"):
            judged(LEO, _reply(text, finished=False))


@pytest.mark.parametrize(
    ("names", "said", "text"),
    [
        (("Лев", "Мира"), "Сон не продаётся, Мира.", "Я сплю дома, и точка."),
        (("小明", "小红"), "今晚谁也不睡。", "我在家睡觉,就这样。"),
        (("राम", "मीरा"), "नींद बिकाऊ नहीं है।", "मैं घर पर सोता हूँ।"),
    ],
    ids=["Cyrillic", "Chinese", "Devanagari"],
)
def test_a_story_in_another_script_may_go_on_in_it(names: tuple[str, ...], said: str, text: str) -> None:
    judge = Situation(speaker=names[0], cast=names, said=(said,))
    assert judged(judge, _reply(f"{names[0]}: {text}")) == text


def test_a_name_may_hold_signs_that_mean_something_to_a_pattern() -> None:
    judge = Situation(speaker="Ada Jr.", cast=("Ada Jr.", "Ada"), said=())
    assert judged(judge, _reply("Ada Jr.: Mind the kettle.\nAda: I do.")) == "Mind the kettle."


@pytest.mark.parametrize(
    ("name", "text", "stands"),
    [
        ("Will", "Will you come with me, Leo?", True), ("Will", "Will nobody answer?", True),
        ("Hope", "Hope is a thing with feathers.", True), ("Hope", "Hope, I think, is all we have.", True),
        ("May", "May the night be kind to them.", True), ("Mark", "Mark my words, Leo.", True),
        ("Grace", "Grace comes late in this town.", True), ("Dawn", "Dawn's early, and so is the baker.", True),
        ("Hope", "Hope sighs and picks up the chair.", False), ("Will", "Will's hands are full of glue.", False),
        ("Will", "Will says that it is late.", False), ("Will", "Are you tired, Will?", False),
        ("Will", "Will, you should sleep.", False),
        ("Shadow", "Shadow falls on both of us.", True), ("Stern", "Stern falls on both of us.", False),
        ("I", "I want a door in every dream.", True), ("I", "And I, of all people, slept.", True),
        ("You", "You never asked me, Leo.", True), ("He", "He knows what I did.", True),
        ("Ann", "Ann Marie is asleep, and so am I.", True), ("Ann", "Ann is asleep upstairs.", False),
        ("Ann", "Ann de Vries came in, and I left.", True), ("Ann", "Anna sleeps, and I do not.", True),
        ("Marie", "I saw what Ann Marie wants.", True), ("Marie", "I saw what Marie wants.", False),
        ("Jürgen Müller-Voß", "Jürgen Müller-Voß picks up the chair.", False), ("Voß", "Voß leaves the room.", False),
        ("Müller", "Müller-Voß leaves, and I stay.", True),
        ("O'Neill", "O\u2019Neill picks up the chair.", False), ("Ada Jr.", "Ada Jr. picks up the chair.", False),
    ],
)  # fmt: skip
def test_a_name_is_told_from_the_word_that_it_also_is_and_from_the_names_it_is_part_of(
    name: str, text: str, stands: bool
) -> None:
    cast = (name, "Leo", "Ann", "Ann Marie", "Ann de Vries", "Anna", "Müller-Voß")
    judge = Situation(speaker=name, cast=cast, said=("There was no shadow on the wall.",))
    if stands:
        assert judged(judge, _reply(text)) == text
    else:
        with pytest.raises(CandidateRejectedError, match="by name"):
            judged(replace(judge, strict=True), _reply(text))


@pytest.mark.parametrize(
    "name", ["Will", "I", "You", "李", "Jürgen Müller-Voß", "O'Neill", "Ann", "Ann Marie", "Ada Jr."]
)
def test_any_name_is_taken_off_in_front_of_its_own_line_and_ends_it_in_front_of_the_next(name: str) -> None:
    cast = ("Ann", "Ann Marie", "Ada", "Ada Jr.", "李", "Leo", name)
    written = name.replace("'", "\u2019")
    assert judged(Situation(name, cast, ()), _reply(f"{written}: Not tonight.\nLeo: No?")) == "Not tonight."
    assert judged(Situation("Leo", cast, ()), _reply(f"Leo: Not tonight.\n{written}: No?")) == "Not tonight."


@pytest.mark.parametrize(
    "unit",
    [
        "I say a. ",
        "Leo: ",
        "(",
        "(a) ",
        "*",
        "*aaa* ",
        "a\n\n\n",
        "Leo((",
        "\n*",
        "[",
        "I he ",
        "```",
        "\n#",
        "{",
        '"\\',
    ],
)
@pytest.mark.parametrize("around", ["{}", "Leo{}.", "x {} x"])
@pytest.mark.parametrize("size", [20_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_the_longest_reply_is_judged_in_a_time_in_proportion(unit: str, around: str, size: int) -> None:
    """With a pattern that looks at a text again from each of its characters, each of the long ones takes minutes."""
    reply = _reply(around.replace("{}", unit * (size // len(unit))))
    for judging in (lambda: judged(LEO, reply), lambda: prose(reply, [EARLIER])):
        with contextlib.suppress(CandidateRejectedError):
            assert judging()
    merit(reply.text, LEO.context)


def test_a_long_dream_that_never_repeats_itself_is_read_once() -> None:
    dream = " ".join(f"Door{n} opens on{n} water{n}." for n in range(8_000))
    assert prose(_reply(dream), [EARLIER]) == dream


def test_no_more_of_a_refused_reply_is_recorded_than_anybody_would_read() -> None:
    with pytest.raises(CandidateRejectedError) as caught:
        judged(LEO, _reply("As an AI, I never sleep. " * 40_000))
    assert 1_900 < len(caught.value.refusal.text) <= 2_000


WHOLE = (
    "They stand in one room, and the floor is warm, and nobody knows whose house it is. A wall folds like paper, and "
    "behind it the sea is counting. Somebody has left a coat on the chair by the window, and it is breathing."
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WHOLE, WHOLE), (f'"{WHOLE}"', WHOLE), (f"{WHOLE} Then the wall", WHOLE), (f"[A dream.] {WHOLE}", WHOLE),
        (f"```\n{WHOLE}\n```", WHOLE), (f"{WHOLE}\n<START>\nUser: Go on.", WHOLE), (f"Narrator: {WHOLE}", WHOLE),
        (f"### Response:\n{WHOLE}\n\n### Instruction:\nGo on.", WHOLE),
        (f"{WHOLE} I'm sorry, she says, I can't do that.", f"{WHOLE} I'm sorry, she says, I can't do that."),
        (f"I apologize, but {WHOLE}", None), (f"{WHOLE}\n\n{WHOLE}", f"{WHOLE} {WHOLE}"),
        ("They sleep.", None), ("", None), ("no end at all " * 9, None),
        ("I'm sorry, but I can't assist with telling a dream about anybody who is asleep in a house.", None),
        ("As an AI language model, I do not dream, but I can tell you about the dreams of others.", None),
        (f"{WHOLE} 他们睡着了。 {WHOLE}", None),
    ],
)  # fmt: skip
def test_the_narrator_tells_whole_sentences_or_is_refused(text: str, told: str | None) -> None:
    if told is None:
        with pytest.raises(CandidateRejectedError):
            prose(_reply(text))
    else:
        assert prose(_reply(text)) == told


def test_a_dream_that_repeats_what_was_told_is_kept_in_spare() -> None:
    with pytest.raises(CandidateRejectedError, match="copies") as caught:
        prose(_reply(WHOLE), ["It was late.", WHOLE])
    assert caught.value.fallback == WHOLE
    assert prose(_reply(WHOLE), ["It was late."]) == WHOLE


def test_nobody_speaks_in_the_narrators_words() -> None:
    assert prose(_reply(f"{WHOLE} Ada: Mind the kettle."), [], ["Ada", "Bo"]) == WHOLE
    assert prose(_reply(f"{WHOLE} Ada: Mind the kettle."), [], ["Bo"]) != WHOLE


def test_a_dream_that_goes_round_ends_before_it_does() -> None:
    again = "Somebody has left a coat on the chair by the door, and it is sleeping. The sea is counting."
    assert prose(_reply(f"{WHOLE} {again}"), ["It was late."]) == WHOLE


def test_a_dream_does_not_end_with_what_was_told_already() -> None:
    told = ["Then Sam opens the notebook. The company rings, delighted, and wants to put all four under again."]
    recited = f"{WHOLE} Then Sam opens the notebook. The company rings, and wants to put all four under again."
    least = len(WHOLE.split())
    assert normalize.without_coda(recited, told, least) == WHOLE
    assert normalize.without_coda(recited, [], least) == recited
    assert normalize.without_coda(recited, told, least + 5) != WHOLE
    assert normalize.without_coda(told[0], told, least) == told[0]


@pytest.mark.parametrize(
    ("text", "deaf"),
    [
        ("The bridge is empty at noon, Leo, and nobody need come along.", True), ("Leo, come to the bridge.", True),
        ("I know. Mira, are you there?", True), ("Come to the bridge, Leo.", True),
        ("Come to the bridge, Elara.", False),
        ("Leo said nothing, and Mira less.", False), ("We asked Mira, Leo, and the press.", False),
        ("There is one carpenter left, Leo, who sleeps at home.", False), ("I am Sam, Elara, and I ask.", False),
    ],
)  # fmt: skip
def test_a_line_that_calls_somebody_who_does_not_hear_it_waits_for_a_better_one(text: str, deaf: bool) -> None:
    judge = Situation(speaker="Sam", cast=["Elara", "Leo", "Mira", "Sam"], said=[], hears=["Elara"])
    assert judged(replace(judge, hears=["Elara", "Leo", "Mira"]), _reply(text)) == text
    assert judged(replace(judge, hears=None), _reply(text)) == text
    if deaf:
        few = replace(judge, cast=[*judge.cast, "Ada", "Bo"], hears=["Elara", "Ada", "Bo"])
        with pytest.raises(CandidateRejectedError, match="does not hear it") as caught:
            judged(few, _reply(text))
        assert (caught.value.fallback, caught.value.advice) == (text, "Only Elara, Ada and Bo can hear Sam.")
    else:
        assert judged(judge, _reply(text)) == text


WANDERS = (
    "I mended nineteen beds this winter. Mr. Ode paid for one of them, and for none of the others. I saw the pitch on "
    "the news. It seemed perfect for what we were trying to do, and I am really excited about it."
)


@pytest.mark.parametrize(
    ("text", "strict", "said", "stays"),
    [
        (WANDERS, True, " ".join(WANDERS.split(" I saw ")[:1]), True),
        (WANDERS, False, WANDERS, True),
        ("No. I won't. I never will, and you know it.", True, "No. I won't. I never will, and you know it.", False),
        ("No. I won't. I never will, and you know it.", False, "No. I won't. I never will, and you know it.", True),
    ],
)
def test_what_a_small_model_adds_is_cut_off_and_what_leaves_the_cue_waits_for_better(
    text: str, strict: bool, said: str, stays: bool
) -> None:
    matter = "he mended nineteen beds this winter, and sleeping had broken none of them"
    judge = Situation(speaker="Leo", cast=["Elara", "Leo"], said=[], material=matter, strict=strict)
    if stays:
        assert judged(judge, _reply(text)) == said
    else:
        with pytest.raises(CandidateRejectedError, match="leaves the cue") as caught:
            judged(judge, _reply(text))
        assert caught.value.fallback == said


def test_a_memory_that_has_come_up_may_be_told_in_place_of_the_cue() -> None:
    memory = "I made a cradle for a child that did not come."
    judge = Situation(speaker="Leo", cast=["Elara", "Leo"], said=[], material="oak is slow", strict=True)
    for text, stands in ((memory, True), ("For a child that did not come I made a cradle.", True), ("I do.", False)):
        remembering = replace(judge, remembered=["I fell through the ice.", memory])
        assert remembers(text, remembering.context) == stands
        assert not remembers(text, judge.context)
    assert judged(remembering, _reply(memory)) == memory
    with pytest.raises(CandidateRejectedError, match="leaves the cue"):
        judged(judge, _reply(memory))


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, Sam. I didn't know that. I didn't know that a bed can break a man.",
        "The taking was the harm. The harm was taking beds. The harm was taking them at night.",
    ],
)
def test_a_small_model_that_goes_round_waits_for_better_and_a_large_one_may(text: str) -> None:
    judge = Situation(speaker="Leo", cast=["Elara", "Leo"], said=[], material="a bed", strict=True)
    with pytest.raises(CandidateRejectedError, match="goes round") as caught:
        judged(judge, _reply(text))
    assert caught.value.fallback == text
    assert judged(replace(judge, strict=False), _reply(text)) == text
    once = "I told them once, and I told Mira twice."
    assert judged(replace(judge, material=once), _reply(once)) == once


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I told Elara that a bed can break a man.", "A bed can break a man."),
        ("I'll tell Elara that a bed can break a man.", "A bed can break a man."),
        ("Elara, I told you that a bed can break a man.", "Elara, a bed can break a man."),
        ("I told Elara about the bed.", "I told Elara about the bed."),
        ("I remember, from long ago: A bed can break a man.", "A bed can break a man."),
        ("I remember, from long ago, when a bed broke a man.", "I remember when a bed broke a man."),
        ("I told the others that a bed can break a man.", "I told the others that a bed can break a man."),
        ("You told me that a bed can break a man.", "You told me that a bed can break a man."),
    ],
)
def test_of_a_small_model_what_it_takes_from_the_form_of_the_cue_is_cut_off(text: str, said: str) -> None:
    judge = Situation(speaker="Leo", cast=["Elara", "Leo"], said=[], material="a bed", strict=True)
    assert judged(judge, _reply(text)) == said
    assert judged(replace(judge, strict=False), _reply(text)) == text


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("A bed can break a man, Leo.", True), ("Leo, a bed can break a man.", True),
        ("Can your bed break a man, Leo?", False), ("Leo, your bed can break a man.", False),
        ("Your bed, Leo, can break a man.", False), ("A carpenter, Leo, has a bed.", False),
    ],
)  # fmt: skip
def test_a_small_models_own_name_is_cut_off_where_it_is_not_somebody_else_who_speaks(text: str, stands: bool) -> None:
    judge = Situation(speaker="Leo", cast=["Elara", "Leo"], said=[], material="a bed", strict=True)
    for strict in (True, False):
        if strict and stands:
            assert judged(judge, _reply(text)) == "A bed can break a man."
        else:
            with pytest.raises(CandidateRejectedError, match="by name"):
                judged(replace(judge, strict=strict), _reply(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A bed can break, Leo, and so can a man.", "A bed can break, and so can a man."),
        ("I, Leo, have a bed.", "I, Leo, have a bed."),
        ("Elara, Leo, and I went to bed.", "Elara, Leo, and I went to bed."),
    ],
)
def test_a_small_models_own_name_is_cut_out_between_commas_where_it_only_hangs(text: str, said: str) -> None:
    assert normalize.speech(text, CheckContext("Leo", ["Elara", "Leo"]), small_model_steps.STEPS) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("I wrote all of it, Elara, in one night.", "I wrote all of it in one night."),
        ("Sit down. Nobody looks in a barrel, Elara, before Sunday. Do they?",
         "Sit down. Nobody looks in a barrel before Sunday. Do they?"),
        ("That soup won't be warmer, Elara, at noon.", "That soup won't be warmer at noon."),
        ("No, Elara, at noon.", "No, Elara, at noon."),
        ("I wrote all of it, Elara, and you slept.", "I wrote all of it, Elara, and you slept."),
        ("I wrote all of it, Sam, in one night.", "I wrote all of it, Sam, in one night."),
        ("If you wake, Elara, at noon I'll be gone.", "If you wake, Elara, at noon I'll be gone."),
        ("While it snowed, Elara, in the kitchen something moved.",
         "While it snowed, Elara, in the kitchen something moved."),
        ("I'm not afraid of it, Elara, before you ask.", "I'm not afraid of it, Elara, before you ask."),
        ("I can wake all three, Sam, Elara, in that order.", "I can wake all three, Sam, Elara, in that order."),
        ("I have a key for you, Elara, on the other hand.", "I have a key for you, Elara, on the other hand."),
    ],
)  # fmt: skip
def test_a_name_that_cuts_the_sentence_of_a_small_model_is_taken_out(text: str, said: str) -> None:
    context = CheckContext("Leo", ["Elara", "Leo", "Sam"], to=("Elara",))
    assert normalize.speech(text, context, small_model_steps.STEPS) == said
    assert normalize.speech(text, context, ()) == text


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (["Sam"], "A bed can break a man."),
        (["Sam", "Elara"], "Elara, a bed can break a man."),
        (None, "Elara, a bed can break a man."),
    ],
)
def test_a_name_that_a_small_model_puts_in_front_of_a_line_for_somebody_else_is_cut_off(
    to: list[str] | None, said: str
) -> None:
    judge = Situation(speaker="Leo", cast=["Elara", "Leo", "Sam"], said=[], material="a bed", strict=True, to=to)
    text = "Elara, a bed can break a man."
    assert judged(judge, _reply(text)) == said
    assert judged(replace(judge, strict=False), _reply(text)) == text
    assert judged(judge, _reply("Elara said so, and a bed is a bed.")) == "Elara said so, and a bed is a bed."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("That's right, Elara. A bed can break a man.", "A bed can break a man."),
        ("That's right. A bed can break a man.", "A bed can break a man."),
        ("That's wrong, Sam. A bed can break a man.", "That's wrong, Sam. A bed can break a man."),
        ("A bed can break a man. That's right.", "A bed can break a man. That's right."),
        ("It is not so late, Sam. A bed can break a man.", "It is not so late, Sam. A bed can break a man."),
    ],
)
def test_what_a_small_model_begins_line_after_line_with_is_cut_off(text: str, said: str) -> None:
    before = ["That's right, Sam. It is late.", "It is not so late, Elara. Sit down.", "That's right, Leo."]
    judge = Situation(speaker="Leo", cast=["Elara", "Leo", "Sam"], said=before, material="a bed", strict=True)
    assert judged(judge, _reply(text)) == said
    assert judged(replace(judge, strict=False), _reply(text)) == text


CUE_MATTER = "most people cry when she unhooks them, and then they ask what time she opens tomorrow"


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("Most people cry when I unhook them, Leo.", "Most people cry when I unhooks them, Leo."),
        ("They cry when I unhook them, and ask what time I open.", "The weather is fine tonight on the roof."),
        ("They cry when I unhook them, Leo.", "You're right, Leo. They cry when I unhook them."),
        ("They cry when I unhook them, Leo.", "They cry when I unhook them. Could you tell me about it?"),
        ("They cry when I unhook them, Leo.", "You told me that they cry when I unhook them, Leo."),
    ],
)
async def test_of_several_candidates_the_best_that_can_stand_is_kept(better: str, worse: str) -> None:
    judge = Situation(speaker="Elara", cast=["Elara", "Leo"], said=[], material=CUE_MATTER)
    reply = replace(_reply(worse), alternatives=(_reply("[shrugs]"), _reply(better)))

    async def call(number: int, wrong: str) -> Reply:
        return reply

    take = await generate(call, lambda each: judged(judge, each), attempts=1, merit=lambda t: merit(t, judge.context))
    assert take.value == better
    assert [refusal.reason for refusal in take.refused] == ["empty", "another was better"]
    assert take.usage == reply.usage


def test_matter_about_somebody_else_may_be_said_as_it_is() -> None:
    matter = "the old lady by the window goes under with her shoes on, in case the dream has a shore"
    judge = Situation(speaker="Elara", cast=["Elara", "Leo"], said=[], material=matter)
    assert judged(judge, _reply(f"{matter.capitalize()}."))
