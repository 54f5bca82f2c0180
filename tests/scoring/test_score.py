"""Small made-up runs whose right figures are known by hand, a good one and a bad one for each measure."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main
import worlds
from dreamplay.cli import main
from dreamplay.cli.app import app
from dreamplay.rendering import scorecard_view
from dreamplay.runs import transcript
from dreamplay.runs.transcript import End, Header, RunLog
from dreamplay.schema.cast import Persona
from dreamplay.schema.provenance import Provenance, RejectedCandidate, Usage
from dreamplay.schema.script import Script
from dreamplay.schema.story import Story
from dreamplay.scoring import line_errors, metrics, score, voice_metrics
from dreamplay.scoring.line_errors import LineErrors

ROLES = ("ada", "bo", "cyrus")
FEAR = "A green lantern drips on the shelves of the drowned school."

PUBLIC = "the old school has a green lantern and shelves for a hundred jars"

BOATS = [
    "The ferry creaks at her moorings all winter.", "Tar the hull before the sailing season begins.",
    "A rowing boat wants dry oars and a calm sea.", "My anchor chain rusted through in the harbour.",
    "Ships lean when the cargo has been stowed badly.", "The sailors coiled every rope on the deck.",
]  # fmt: skip
BREAD = [
    "Rye flour drinks more water than wheat does.", "I knead the dough until it stops sticking.",
    "The oven was too hot, and the crust burned.", "Yeast needs warmth, sugar and a long night.",
    "We baked forty loaves before breakfast.", "A sourdough starter smells of apples and beer.",
]  # fmt: skip
STARS = [
    "Saturn rises late above the horizon in March.", "The telescope showed four moons of Jupiter.",
    "A comet passed close to the sun last year.", "Astronomers count galaxies by the billion.",
    "Orion is the brightest constellation in winter.", "The planet Venus outshines every star at dusk.",
]  # fmt: skip


def said(role: str, text: str, *, about: str = "", calls: Usage | None = None, by: str = "agent", **rest: Any) -> Any:
    cue = {"to": None, "pressure": "", "tactic": "ask", "material": about, "text": f"{role}: {about}"}
    made = Provenance.model_validate({"by": by, "usage": calls or Usage(calls=1)})
    kind = "line" if text else "silence"
    return {"kind": kind, "speaker": role, "text": text, "cue": cue if about else None, "provenance": made, **rest}


def told(text: str, kind: str = "narration", **rest: Any) -> Any:
    return {"kind": kind, "text": text, **rest}


def run(*events: Any, seed: int = 1, ended: bool = True, beats: list[str] | None = None) -> RunLog:
    personas = {name.lower(): Persona.model_validate(worlds.persona(name)) for name in worlds.NAMES[:3]}
    private = personas["ada"].private.model_copy(update={"fear": FEAR})
    material = (*personas["ada"].material, PUBLIC)
    personas["ada"] = personas["ada"].model_copy(update={"private": private, "material": material})
    header = Header(
        story_id="small", story=Story.model_validate(worlds.story(3)), story_hash="", cast=personas, persona_hashes={},
        model="made-up", settings={} if beats is None else {"beats": beats}, seed=seed, versions={},
    )  # fmt: skip
    place = {"beat": "day", "scene": "square", "witnesses": ROLES}
    script = Script(worlds.made(place | event | {"id": i}) for i, event in enumerate(events))
    return RunLog(header, script, End(lines=0, usage=Usage()) if ended else None)


@pytest.fixture
def do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command here, and return its exit code, what it printed, and what it said on stderr."""

    def run_command(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["dreamplay", *args])
        with pytest.raises(SystemExit) as ended:
            main.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run_command


BELL = "The bell rings, and Bo puts the whole ladder down on the kitchen table."
SHEET = "Bo pushes a sheet of paper over: one bell, one street, and a blank line for names."

SPOKEN: list[tuple[str, str]] = [
    ("I'm sorry, but I can't assist with that request.", "refusals"),
    ("As an AI language model, I have no kettle.", "model_talk"),
    ("Bo: I sold the ladder on Monday.", "wrong_speaker"),
    ("**Bo:** I sold the ladder on Monday.", "wrong_speaker"),
    ("Mind the step. Bo: I always do.", "wrong_speaker"),
    ("I'm Bo, and I sold it.", "wrong_speaker"),
    ("My name is Cyrus.", "wrong_speaker"),
    ("*pours the tea* Sit down, both of you.", "narrates"),
    ("Sit down. (She pours the tea.)", "narrates"),
    ("(She pours the tea.)", "narrates"),
    ("Bo sighs and reaches for the ladder.", "narrates"),
    ("Fine. Cyrus looks at the wall, and the tea gets cold.", "narrates"),
    (BELL, "narrates"),
    ("Ada puts the kettle on.", "own_name"),
    ("Are you tired, Ada?", "own_name"),
    ("I was going to say that the", "unfinished"),
    ("你好。", "other"),
    ("…", "other"),
    ("No.", ""),
    ("Ada: Not before the tea.", ""),
    ("Listen, Bo: no.", ""),
    ("I heard it from Bo: the bell has a crack.", ""),
    ("I'm Bo's sister, and I know where he sleeps.", ""),
    ("Am I Bo, to carry your ladder?", ""),
    ("Bo calls it a bargain, and I call it theft.", ""),
    ("Bo sighed once, in March, and I wrote it down.", ""),
    ("She looks at me as if I had sold it.", ""),
    ("I *never* sold it.", ""),
    ("I sleep (badly, I admit) in my own bed.", ""),
    ("I'm sorry, I can't stay.", ""),
    ("Call me Ada, everybody does.", ""),
    ("One bell, one street, and a blank line for names.", ""),  # reads a sheet aloud, which is no narrating
    ("The kettle—", ""),
]


@pytest.mark.parametrize(("text", "fault"), SPOKEN)
def test_a_line_counts_under_its_fault_and_a_good_one_under_none(text: str, fault: str) -> None:
    counted = line_errors.faults([run(told(BELL), told(SHEET), said("ada", text))]).model_dump()
    assert {name: count for name, count in counted.items() if count} == ({fault: 1} if fault else {})


def test_what_people_and_authors_say_is_not_the_models_fault() -> None:
    bad = "As an AI language model, I have no kettle."
    prologue = said("ada", bad, by="author", beat="prologue", scene="prologue")
    assert not any(line_errors.faults([run(prologue, said("bo", bad, by="person"), told(bad))]).model_dump().values())


def test_a_fault_in_a_line_that_a_stance_quotes_counts_once() -> None:
    line = said("ada", "As an AI language model, I have no kettle.")
    stance = {**line, "kind": "stance", "choice": "go"}
    del stance["cue"]
    counts = [line_errors.faults([run(line, stance | rest)]).model_talk for rest in ({"said": 0}, {})]
    assert counts == [1, 2]


def test_a_narrator_may_tell_of_people_but_not_refuse() -> None:
    made = Provenance(by="narrator")
    dream = run(told(BELL, "dream", provenance=made), told("They sleep, and", "dream", provenance=made))
    assert not any(line_errors.faults([dream]).model_dump().values())
    refused = run(told("I'm sorry, but I can't assist with that.", "dream", provenance=made))
    assert line_errors.faults([refused]) == LineErrors(**dict.fromkeys(LineErrors.model_fields, 0) | {"refusals": 1})


def test_another_script_is_a_fault_only_where_nobody_wrote_it() -> None:
    line = said("ada", "Я пью чай.")
    assert line_errors.faults([run(line)]).other == 1
    assert line_errors.faults([run(told("Ночь."), line)]).other == 0


LEDGER = [{"role": "ada", "fear": FEAR, "wish": "."}]
SECRETS: list[tuple[str, list[Any], tuple[int, int]]] = [
    ("her own, in words of the fear", [said("ada", "I saw a green lantern in the drowned school.")], (1, 0)),
    ("her own, a piece of it word for word", [said("ada", "It drips on the shelves, I tell you.")], (1, 0)),
    ("another's", [said("bo", "Ask her about the lantern that drips in a drowned school.")], (0, 1)),
    ("both", [said("ada", "A green lantern drips."), said("bo", "A green lantern, and it drips?")], (1, 1)),
    ("after a dream has pooled it", [told("A lantern.", "dream", ledger=LEDGER), said("ada", FEAR)], (0, 0)),
    ("after a dream of others", [told("A lantern.", "dream"), said("ada", FEAR)], (1, 0)),
    ("one word of it", [said("ada", "My lantern hangs where you left it.")], (0, 0)),
    ("what everybody may say", [said("ada", f"Listen: {PUBLIC}.")], (0, 0)),
    ("nothing of it", [said("ada", "The kettle was sold twice before noon.")], (0, 0)),
]


@pytest.mark.parametrize(("events", "counts"), [case[1:] for case in SECRETS], ids=[case[0] for case in SECRETS])
def test_a_secret_counts_until_a_dream_has_pooled_it(events: list[Any], counts: tuple[int, int]) -> None:
    found = line_errors.secrets([run(*events)])
    assert (found.own, found.others) == counts


def test_nobody_is_at_risk_once_all_secrets_are_dreamt() -> None:
    everyone = [{"role": role, "fear": ".", "wish": "."} for role in ROLES]
    played = run(said("ada", "Tea?"), told("One dream.", "dream", ledger=everyone), said("bo", "Tea."))
    assert line_errors.secrets([played, played]).at_risk == 2


RED = "the red boat left at noon today"


def test_words_in_a_line() -> None:
    counts = [4, 8, 12, 16, 20]
    long = metrics.length([run(*(said("ada", " ".join(["word"] * n)) for n in counts))])
    assert long is not None
    assert (long.low, long.median, long.high) == (8, 12, 16)
    one = metrics.length([run(told("Not a line."), said("bo", "It's o\u2019clock."))])
    assert one is not None
    assert one.median == 2
    assert metrics.length([run(told("Not a line."))]) is None


ECHOES: dict[str, tuple[list[Any], tuple[float, float, float, float]]] = {
    # by self, by others, copies, distinct-2
    "everything new": ([said("ada", RED), said("bo", "nobody paid for the seven blue chairs")], (0, 0, 0, 1)),
    "one says it, then the other, then the first": (
        [said("ada", RED), said("bo", RED), said("ada", RED)], (0.3333, 0.6667, 0.6667, 0.3333),
    ),
    "what the narrator told": ([told(RED), said("ada", RED)], (0, 1, 1, 1)),
    "what a person said, and no line of hers": ([said("bo", RED, by="person"), said("ada", RED)], (0, 1, 1, 1)),
    "two of five 3-grams": ([told("the red boat left"), said("ada", RED)], (0, 0.4, 0, 1)),
    "three of five": ([told("the red boat left at"), said("ada", RED)], (0, 0.6, 1, 1)),
    "two words twice": ([said("ada", "Not now."), said("ada", "Not now.")], (0, 0, 0, 0.5)),
}  # fmt: skip


@pytest.mark.parametrize("what", ECHOES)
def test_what_is_said_again(what: str) -> None:
    events, figures = ECHOES[what]
    heard = metrics.echo([run(*events)])
    assert heard is not None
    assert (heard.by_self, heard.by_others, heard.copies, heard.distinct) == figures


def test_what_nobody_heard_counts_for_nothing() -> None:
    first = worlds.said("ada", "The kettle is on the fire again.")
    second = worlds.said("bo", "And the ladder is in the barn.")
    thought = {"kind": "reflection", "speaker": "ada", "text": "I know that the ladder is in the barn."}
    retold = {"kind": "recap", "text": "They said that the ladder is in the barn."}
    with_them, without = worlds.record(first, thought, retold, second), worlds.record(first, second)
    assert score.scores([with_them]) == score.scores([without])


def test_runs_do_not_echo_each_other() -> None:
    pooled = metrics.echo([run(said("ada", RED)), run(said("ada", RED))])
    assert pooled is not None
    assert (pooled.by_self, pooled.copies, pooled.distinct) == (0, 0, 1)


def whole(*, without: str = "") -> RunLog:
    """A run that keeps every contract, but for one thing."""

    def turns(scene: str, beat: str, *roles: str) -> list[Any]:
        return [said(role, f"Here in the {scene}.", scene=scene, beat=beat) for role in roles]

    events = {
        "square": turns("square", "day", "ada", "bo", "cyrus"),
        "corner": turns("corner", "day", "ada", "bo", "ada", "bo"),
        "dream": [told("A dream.", "dream", scene="attic", beat="night")],
        "attic": turns("attic", "night", "ada", "bo"),
        "porch": turns("porch", "dawn", "ada", "bo", "cyrus"),
        "stances": [
            {"kind": "stance", "speaker": role, "text": "I do.", "choice": choice, "scene": "porch", "beat": "dawn"}
            for role, choice in zip(ROLES, ("go", "go", "stay"), strict=True)
        ],
        "road": [told("They left.", scene="road", beat="dawn")],
    }
    return run(*(event for name, each in events.items() if name not in without.split() for event in each))


@pytest.mark.parametrize(
    ("without", "beats", "scenes"),
    [("", 3, 5), ("square", 3, 4), ("corner", 3, 4), ("dream", 3, 4), ("attic", 3, 4), ("stances", 3, 4),
     ("road", 3, 4), ("square corner", 2, 3), ("porch stances road", 2, 3)],
)  # fmt: skip
def test_scenes_that_keep_their_contract(without: str, beats: int, scenes: int) -> None:
    kept = metrics.contract([whole(without=without)])
    assert (kept.beats, kept.beats_planned, kept.scenes, kept.scenes_planned) == (beats, 3, scenes, 5)


CONTRACTS: dict[str, tuple[list[str], int]] = {
    "everyone is heard": (["ada", "bo", "cyrus"], 1),
    "a silence is a turn": (["ada", "bo", "-cyrus"], 1),
    "a silence that is chosen is a turn, and no failure": (["ada", "bo", "~cyrus"], 1),
    "too few turns": (["ada", "bo"], 0),
    "an answer after the last": (["ada", "bo", "cyrus"] * 2, 1),
    "a last word behind that": ([*["ada", "bo", "cyrus"] * 2, "ada", "bo"], 1),
    "too many": (["ada", "bo", "cyrus"] * 3, 0),
    "somebody is never heard": (["ada", "bo", "ada", "bo"], 0),
}


@pytest.mark.parametrize("what", CONTRACTS)
def test_a_scene_has_its_turns_and_everyone_is_heard(what: str) -> None:
    speakers, scenes = CONTRACTS[what]
    events = [
        said(who, "Tea.") if who.isalpha() else said(who[1:], "", chosen=who[0] == "~") for who in speakers
    ]  # fmt: skip
    corner = [said(role, "Tea.", scene="corner") for role in ("ada", "bo")]
    kept = metrics.contract([run(*events, *corner, beats=["day"], ended=False)])
    assert (kept.ended, kept.beats, kept.beats_planned, kept.scenes) == (0, 1, 1, scenes + 1)
    assert kept.silent == pytest.approx(("-" in "".join(speakers)) / (len(speakers) + 2), abs=1e-4)


@pytest.mark.parametrize(("by", "scenes"), [("agent", 1), ("author", 0)])
def test_a_scene_that_all_but_one_have_left_may_be_short(by: str, scenes: int) -> None:
    gone = told("Bo leaves.", "exit", speaker="bo", scene="corner", witnesses=ROLES[:2], provenance={"by": by})
    short = run(said("bo", "Tea.", scene="corner", witnesses=ROLES[:2]), gone, beats=["day"], ended=False)
    assert metrics.contract([short]).scenes == scenes


def test_stances_are_counted_and_those_nobody_took_are_zero() -> None:
    assert metrics.stances([whole(), whole()]) == {"go": 4, "stay": 2}
    assert metrics.stances([run()]) == {"go": 0, "stay": 0}


def test_what_a_line_costs() -> None:
    first = said("ada", "Tea.", calls=Usage(calls=1, prompt=1000, cached=0, output=10, seconds=4))
    second = said("bo", "Tea?", calls=Usage(calls=2, prompt=2100, cached=2000, output=30, seconds=2))
    second["provenance"] = second["provenance"].model_copy(
        update={"refused": (RejectedCandidate(text="x", reason="y"),)}
    )
    third = said("ada", "Now.", calls=Usage(calls=1, prompt=1160, cached=1120, output=20, seconds=1))
    dream = told("A dream.", "dream", provenance=Provenance(by="narrator", usage=Usage(calls=2, prompt=740, output=40)))
    spent = metrics.cost([run(first, second), run(third, dream, said("cyrus", "Hm.", by="person", calls=Usage()))])
    assert spent.model_dump() == {
        "calls": 6, "calls_a_line": 2.0, "prompt": 5000, "cached": 0.624, "output": 100, "evaluated": 100.0,
        "seconds": 7.0, "seconds_a_line": 2.0, "refused": 0.3333,
    }  # fmt: skip
    nothing = metrics.cost([run()])
    assert (nothing.calls, nothing.calls_a_line, nothing.cached, nothing.seconds_a_line) == (0, None, None, None)


def talk(*speech: list[str], beat: str = "day") -> list[Any]:
    """Ada, Bo and Cyrus in turn, each with lines of his own."""
    return [said(role, text, beat=beat) for texts in zip(*speech, strict=True)
            for role, text in zip(ROLES, texts, strict=False)]  # fmt: skip


def mixed() -> list[list[str]]:
    """The same lines, dealt out so that everyone speaks of everything."""
    return [[*BOATS[i::3], *BREAD[i::3], *STARS[i::3]] for i in range(3)]


def test_voices_that_differ_are_told_apart_and_others_are_not() -> None:
    apart, alike = voice_metrics.voice([run(*talk(BOATS, BREAD, STARS))]), voice_metrics.voice([run(*talk(*mixed()))])
    assert apart is not None
    assert alike is not None
    assert apart.separation is not None
    assert alike.separation is not None
    assert apart.separation > 0.9
    assert alike.separation < 0.4
    assert apart.chance == alike.chance == pytest.approx(1 / 3, abs=1e-4)


def test_a_name_tells_nothing_of_a_voice() -> None:
    named = [[f"Bo, {text}" for text in mixed()[0]], [f"Ada, {text}" for text in mixed()[1]], mixed()[2]]
    assert voice_metrics.voice([run(*talk(*named))]) == voice_metrics.voice([run(*talk(*mixed()))])


def test_a_line_is_not_recognised_by_its_twin_in_another_run() -> None:
    events = [event | {"cue": said("ada", "x", about=event["text"])["cue"]} for event in talk(*mixed())]
    heard = voice_metrics.voice([run(*events), run(*events, seed=2)])
    assert heard is not None
    assert heard.twins_left_in is not None
    assert heard.separation is not None
    assert heard.twins_left_in > 0.8
    assert heard.separation < 0.4


def test_what_is_left_without_the_cue_is_manner() -> None:
    matter = ["the ferry", "rye flour", "four moons", "dry oars", "a hot oven", "last comet"]
    ways = [
        "Oh dear, my poor darling, {}.",
        "Twelve percent of {}, technically, by the log.",
        "Who paid for {}, and when?",
    ]
    events = [
        said(role, way.format(m), about=f"{m} {role}") for m in matter for role, way in zip(ROLES, ways, strict=True)
    ]
    heard = voice_metrics.voice([run(*events)])
    assert heard is not None
    assert heard.without_cue == 1
    plain = [said(role, f"It is {m}.", about=f"{m} {role}") for m in matter for role in ROLES]
    flat = voice_metrics.voice([run(*plain)])
    assert flat is not None
    assert flat.without_cue is not None
    assert flat.without_cue < 0.4


def test_who_leaves_her_voice_in_the_second_half_drifts() -> None:
    steady = voice_metrics.voice([run(*talk(BOATS, BREAD, STARS))])
    drifting = voice_metrics.voice([run(*talk([*BOATS[:3], *BREAD[3:]], [*BREAD[:3], *BREAD[:3]], STARS))])
    assert steady is not None
    assert drifting is not None
    assert steady.kept is not None
    assert drifting.kept is not None
    assert steady.kept >= 0.9
    assert drifting.kept < 0.9


@pytest.mark.parametrize("events", [[], [said("ada", "Tea.")], [said("ada", text) for text in BOATS]])
def test_one_voice_cannot_be_told_from_others(events: list[Any]) -> None:
    assert voice_metrics.voice([run(*events)]) is None


def test_who_spoke_but_once_cannot_be_told() -> None:
    once = voice_metrics.voice([run(*talk(BOATS[:1], BREAD[:1], STARS[:1]))])
    assert once is not None
    assert (once.separation, once.kept) == (None, None)


def test_characters_grow_alike_or_apart() -> None:
    apart, alike = talk(BOATS[:3], BREAD[:3], STARS[:3]), talk(BOATS[3:], BOATS[:3], BOATS[3:], beat="dawn")
    nearing = voice_metrics.likeness([run(*apart, *alike)])
    assert list(nearing.beats) == ["day", "dawn"]
    assert nearing.change is not None
    assert nearing.change > 0.05
    turned = [event | {"beat": beat} for beat, events in (("day", alike), ("dawn", apart)) for event in events]
    assert voice_metrics.likeness([run(*turned)]).change == -nearing.change
    assert voice_metrics.likeness([run(said("ada", "Tea."))]).change is None


MATTER = ["the ferry creaks at her moorings", "rye flour drinks more water", "Saturn rises above the horizon"]


def test_a_cue_is_followed_or_not() -> None:
    lines = [BOATS[0], BREAD[0], STARS[0]]
    follow = [said("ada", line, about=about) for line, about in zip(lines, MATTER, strict=True)]
    stray = [said("ada", line, about=about) for line, about in zip(lines, MATTER[1:] + MATTER[:1], strict=True)]
    followed, strayed = voice_metrics.cues([run(*follow)]), voice_metrics.cues([run(*stray)])
    assert followed is not None
    assert strayed is not None
    assert (followed.followed, strayed.followed, followed.lines) == (1, 0, 3)
    assert followed.chance == pytest.approx(1 / 3, abs=1e-4)


def test_a_cue_is_held_only_against_those_of_its_scene() -> None:
    one = said("ada", BOATS[0], about=MATTER[0])
    other = said("bo", BREAD[0], about=MATTER[0], scene="corner")
    third = said("bo", BREAD[1], about=MATTER[1], scene="corner")
    heard = voice_metrics.cues([run(one, other, third)])
    assert heard is not None
    assert (heard.lines, heard.followed, heard.chance) == (2, 0.5, 0.5)
    assert voice_metrics.cues([run(one, said("bo", "No cue at all."))]) is None


def test_a_cue_that_says_nothing_is_held_against_nobody() -> None:
    free = [{"to": "bo", "pressure": "", "tactic": "", "material": about, "text": ""} for about in MATTER]
    lines = [said("ada", line) | {"cue": cue} for line, cue in zip(BOATS, free, strict=False)]
    assert voice_metrics.cues([run(*lines)]) is None


GOODBYE = ["Good night, Bo.", "Good night, Ada.", "Sleep well.", "You too, sleep well.", "Well, good night."]
LOOPS: dict[str, tuple[list[Any], int, int]] = {
    # events, the longest run, turns that move nothing
    "everyone says something new": (talk(BOATS[:2], BREAD[:2], STARS[:2]), 0, 0),
    "a goodbye that never ends": ([said(ROLES[i % 2], text) for i, text in enumerate(GOODBYE)], 2, 3),
    "silences": ([said("ada", BOATS[0]), said("bo", ""), said("ada", ""), said("bo", BREAD[0])], 2, 2),
    "silences that were chosen": (
        [said("ada", BOATS[0]), said("bo", "", chosen=True), said("ada", "", chosen=True), said("bo", BREAD[0])], 0, 0,
    ),
    "the narrator's words again": ([told(BOATS[0]), said("ada", BOATS[0]), said("bo", BREAD[0])], 1, 1),
    "the other's words again": ([said("ada", BOATS[0]), said("bo", BOATS[0]), said("ada", BOATS[0])], 2, 2),
    "the other's words in another order": ([said("ada", STARS[1]), said("bo", "Jupiter: moons, four.")], 1, 1),
    "said again after eight turns": (
        [said("ada", BOATS[0]), *talk(BREAD[:3], STARS[:3], BOATS[1:4])[:8], said("ada", BOATS[0])], 0, 0,
    ),
    "said again after seven": (
        [said("ada", BOATS[0]), *talk(BREAD[:3], STARS[:3], BOATS[1:4])[:7], said("ada", BOATS[0])], 1, 1,
    ),
    "the prologue is another night": (
        [said("ada", BOATS[0], by="author", beat="prologue"), said("ada", BOATS[0])], 0, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LOOPS)
def test_turns_that_move_nothing(what: str) -> None:
    events, longest, still = LOOPS[what]
    found = voice_metrics.loops([run(*events)])
    turns = [event for event in events if event["kind"] in ("line", "silence") and event.get("beat") != "prologue"]
    assert found.longest == longest
    assert found.share == pytest.approx(still / len(turns), abs=1e-4)


def test_a_card_has_a_column_a_run_and_one_for_the_pool() -> None:
    good, bad = whole(), run(said("ada", "As an AI language model, I"), said("bo", ""), seed=2)
    card = score.card({"good": good, "bad": bad})
    assert [column.run for column in card.runs] == ["good", "bad"]
    assert card.runs[0].scores == score.scores([good])
    assert card.pooled.lines == sum(column.scores.lines for column in card.runs) == 13
    assert card == score.card({"good": good, "bad": bad})
    kept = {bar.measure: bar.kept for bar in card.bars}
    assert kept["faults.model_talk"] is False
    assert kept["faults.refusals"] is True
    assert kept["contract.silent"] is False
    assert score.Scorecard.model_validate_json(card.model_dump_json()) == card


@pytest.mark.parametrize(
    ("least", "most", "figures"),
    [
        (8, 25, {7.9: False, 8: True, 25: True, 25.5: False}),
        (0.9, None, {0.89: False, 0.9: True}),
        (None, 0, {0: True, 1: False}),
    ],
)
def test_a_bar_is_kept_at_its_bound(least: float | None, most: float | None, figures: dict[float, bool]) -> None:
    row = score.ScoreRow("wording", "words", "words.median", least=least, most=most)
    empty = score.scores([run()])
    assert row.kept(empty) is None
    for figure, kept in figures.items():
        words = metrics.LineLength(low=0, median=figure, high=99)
        assert row.kept(empty.model_copy(update={"words": words})) is kept


def test_a_run_in_which_nothing_was_said_is_measured_too(capsys: pytest.CaptureFixture[str]) -> None:
    card = score.card({"nothing": run(ended=False), "whole": whole()})
    assert card.runs[0].scores.words is None
    scorecard_view.show_scorecard(score.card({"nothing": run(ended=False)}))
    assert "bars kept" in capsys.readouterr().out


def test_every_row_finds_its_figure_and_every_bar_stands_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    card = score.card({"some/where": whole()})
    for row in score.ROWS:
        row.shown(card.pooled)
    scorecard_view.show_scorecard(card)
    table = capsys.readouterr().out
    assert not any(line.count("…") for line in table.splitlines())
    assert "1  some/where: small, made-up, seed 1" in table
    for text in ("at most 0", "at least 55%", "8 to 25", "at most 60", "3/3", "5/5", "stay", "dawn"):
        assert text in table


def test_score_is_a_command(small: Path, do: Callable[..., tuple[int, str, str]]) -> None:
    for seed in (1, 2):
        asyncio.run(worlds.play(small, Path("transcripts") / f"run-{seed}", seed=seed))
    newest, both = do("score"), do("score", "run-1", "transcripts/run-2")
    assert (newest[0], newest[2], both[0], both[2]) == (0, "", 0, "")
    assert "1  transcripts/run-2: story, scripted, seed 2\n" in newest[1]
    assert "2  transcripts/run-2: story, scripted, seed 2\n" in both[1]
    assert " all " in both[1]
    assert "\x1b" not in both[1]
    card = json.loads(do("score", "run-1", "run-2", "--json")[1])
    assert [column["seed"] for column in card["runs"]] == [1, 2]
    assert card["pooled"]["lines"] == sum(column["scores"]["lines"] for column in card["runs"])
    assert "judge" not in card
    code, out, err = do("score", "run-3")
    assert (code, out) == (1, "")
    assert err.startswith("dreamplay: no run 'run-3'")


def test_help_gives_an_example() -> None:
    command = typer.main.get_command(app).commands["score"]  # type: ignore[attr-defined]
    assert "Example: dreamplay score" in command.help


async def test_a_scripted_run_of_a_story_is_without_fault(small: Path, tmp_path: Path) -> None:
    record = await worlds.play(small, tmp_path / "run")
    found = score.scores([record])
    assert not any(found.faults.model_dump().values())
    assert (found.contract.scenes, found.contract.ended) == (found.contract.scenes_planned, 1)
    assert found == score.scores([transcript.read(tmp_path / "run")])
