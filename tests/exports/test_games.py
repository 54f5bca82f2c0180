"""Runs as games: the tree of a run and its branches, read back by extwee and played by inkjs."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import foreign
import pytest
import worlds
from dreamplay.errors import UsageError
from dreamplay.exports.ink import Ink
from dreamplay.exports.story_tree import GO_ON, StoryTree
from dreamplay.exports.twee import Twee
from dreamplay.formats import Source
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.event import Event
from dreamplay.schema.script import Script
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BASE = [("ada", "One."), ("bo", "Two."), ("ada", "Three."), ("bo", "Four.")]
CHANCE = "By another chance"
NASTY = [
    "[[Go->Nowhere]]", "-> END", "=== knot ===", "* choice", "+ [choice]", "- gather", "~ x = 1", "{x: y|z}", "# tag",
    "// comment", "/* comment */", "TODO: this", "VAR x = 1", "INCLUDE file", "<> glue <>", "<- thread", "a\\b\\",
    "<<run alert(1)>>", "<script>alert(1)</script>", "$name and _name", "''bold'' //soft// __x__ ==y== ~~z~~ ^^w^^",
    "(set: $x to 1)", "`code` \"\"\"raw\"\"\"", "&#91; &amp; &copy", ":: Passage", "two\n:: lines\u2028:: of\n\nit",
    "?name --- @@x@@", "\u202eright to left", "שלום", "👩\u200d👧 \u00e9", "100% || half", "'", "/", "-", "else:",
    "\\n", "https://example.org/*a*/",
]  # fmt: skip


def _lines(*said: tuple[str, str]) -> list[dict[str, Any]]:
    return [worlds.said(role, text) for role, text in said]


def _branch(
    parent: RunLog, point: int, *said: tuple[str, str], changes: Sequence[str] = (), seed: int = 1, name: str = "child"
) -> RunLog:
    """A run with the events of another up to a point, and lines of its own."""
    shared = [(event.speaker or "", event.text) for event in list(parent.script)[:point]]
    where = f"from event {point} on, " if point else ""
    own = (*parent.header.changes, *(f"{where}{change}" for change in changes))
    made = worlds.record(*_lines(*shared, *said), seed=seed)
    header = made.header.model_copy(update={"parent": parent.name, "point": point, "changes": own})
    return replace(made, header=header, name=name)


@pytest.fixture
def parent() -> RunLog:
    return replace(worlds.record(*_lines(*BASE)), name="parent")


def _labels(*logs: RunLog, view: str = "reader") -> list[list[str]]:
    """The choices at each place where runs part."""
    tree = StoryTree.of(Source(logs, view))
    return [[way.label for way in each.ways] for each in tree.segments if len(each.ways) > 1]


def _told(log: RunLog, view: str = "reader") -> list[Event]:
    seen = Source((log,), view).viewpoint(log)
    return [event for event in log.script if seen.sees(event) and event.text]


def _follows(texts: Sequence[str], told: str) -> bool:
    """Whether texts stand in what is told, one after the other."""
    at = 0
    for text in texts:
        at = told.find(" ".join(text.split()), at) + 1
        if not at:
            return False
    return True


def test_what_runs_share_is_told_once_and_each_way_says_what_was_changed_there(parent: RunLog) -> None:
    says = _branch(parent, 2, ("ada", "I am off."), ("bo", "Go."), changes=["say ada: I am off."], name="says")
    dice = _branch(parent, 3, ("bo", "Other."), seed=8, name="dice")
    left = _branch(says, 3, ("cyrus", "Quiet now."), changes=["drop bo"], name="left")
    tree = StoryTree.of(Source((left, dice, says, parent)))
    told = [[passage.text for passage in each.passages] for each in tree.segments]
    assert told == [["One.", "Two."], ["Three."], ["Four."], ["Other."], ["I am off."], ["Go."], ["Quiet now."]]
    ways = [[(way.label, way.to) for way in each.ways] for each in tree.segments]
    assert ways[0] == [("As it was", 2), ("Ada: “I am off.”", 5)]
    assert ways[1] == [("As it was", 3), (CHANCE, 4)]
    assert ways[4] == [("As it was", 6), ("Without Bo", 7)]
    assert [each for each in ways if not each] == [[]] * 4


def test_branches_are_a_tree_without_their_parent_and_a_part_of_a_run_is_no_way(parent: RunLog) -> None:
    one = _branch(parent, 2, ("ada", "Tea."), changes=["step in Robin; say ada: Tea."])
    two = _branch(parent, 2, ("bo", "No."), seed=9)
    stopped = replace(worlds.record(*_lines(*BASE[:3]), ended=False), name="stopped")
    assert _labels(one, two) == [["Robin steps in; Ada: “Tea.”", CHANCE]]
    assert _labels(stopped, parent) == []
    assert [each.finished for each in StoryTree.of(Source((stopped,))).segments] == [False]


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ("swap ada=ada_in_love", "Ada as “ada in love”"), ("story-edit /tmp/x.yaml", "The story takes another turn"),
        ("drop bo; drop cyrus", "Without Bo; Without Cyrus"), ("say ada: a; drop bo", "Without Bo"),
        ("hum a tune", "Otherwise"), ("", CHANCE),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words_of_a_player(parent: RunLog, changes: str, label: str) -> None:
    child = _branch(parent, 2, ("ada", "Else."), changes=[changes] if changes else [], seed=5)
    assert _labels(parent, child) == [["As it was", label]]


def test_other_people_and_two_ways_with_one_name_are_told_apart(parent: RunLog) -> None:
    other = worlds.record(*_lines(("ada", "Hello.")), ada="Dee")
    swapped = replace(other, header=other.header.model_copy(update={"changes": ("swap ada=dee",)}))
    assert _labels(parent, swapped) == [["As it was", "Dee instead of Ada"]]
    twins = [_branch(parent, 2, ("ada", f"{n}."), changes=["drop bo"], seed=seed) for n, seed in enumerate((3, 3, 4))]
    assert _labels(parent, *twins) == [
        ["As it was", "Without Bo (seed 3)", "Without Bo (seed 3) (2)", "Without Bo (seed 4)"]
    ]


def test_a_way_tells_a_role_nothing_that_it_did_not_witness(parent: RunLog) -> None:
    said = {"witnesses": ["ada", "bo"]}
    child = worlds.record(
        *_lines(*BASE[:2]), worlds.said("ada", "The key!", **said), worlds.said("bo", "Cyrus, come."), ended=True
    )
    header = {"parent": "parent", "point": 2, "changes": ("from event 2 on, say ada: The key!; drop bo",)}
    child = replace(child, header=child.header.model_copy(update=header))
    assert _labels(parent, child) == [["As it was", "Ada: “The key!”; Without Bo"]]
    assert _labels(parent, child, view="bo") == [["As it was", "Ada: “The key!”"]]
    assert _labels(parent, child, view="cyrus") == [["As it was", "Otherwise"]]


def test_runs_of_two_stories_are_no_tree(parent: RunLog) -> None:
    story = parent.header.story.model_copy(update={"title": "Another"})
    other = replace(parent, header=parent.header.model_copy(update={"story": story}), name="other")
    with pytest.raises(UsageError, match="parent plays 'Small Hours', and other plays 'Another'"):
        Twee().write(Source((parent, other)))


@pytest.fixture
async def family(small: Any, tmp_path: Any) -> list[RunLog]:
    """A whole play, two branches of it, and a run of other dice."""
    whole = replace(await worlds.play(small, tmp_path / "whole"), name="whole")
    other = replace(await worlds.play(small, tmp_path / "other", seed=11), name="other")
    shared = list(whole.script)[:12]
    made = []
    for number, text in enumerate(["Nobody expected this.", "Nor this."]):
        own = {"id": 12, "kind": "narration", "text": text, "beat": shared[-1].beat, "scene": shared[-1].scene}
        header = whole.header.model_copy(update={"parent": "whole", "point": 12, "seed": 20 + number})
        made.append(
            replace(whole, header=header, script=Script([*shared, worlds.made(own)]), end=None, name=f"b{number}")
        )
    return [made[1], whole, other, made[0]]


def _paths(passages: dict[str, str], name: str) -> Iterator[str]:
    """Everything that can be read in a story of Twine, from a passage on."""
    links = re.findall(r"\[\[(.+?)->(.+?)\]\]", passages[name])
    if not links:
        yield passages[name]
    for _, target in links:
        yield from (f"{passages[name]}\n{rest}" for rest in _paths(passages, target))


async def test_twine_reads_every_run_word_for_word(family: list[RunLog]) -> None:
    read = foreign.node("twee.mjs", Twee().write(Source(tuple(family))))
    assert (read["name"], read["format"], read["start"]) == ("Small Hours", "Harlowe", read["passages"][0]["name"])
    assert re.fullmatch(r"[0-9A-F]{8}-[0-9A-F]{4}-5[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}", read["ifid"])
    passages = {each["name"]: each["text"] for each in read["passages"]}
    assert len(passages) == len(read["passages"]) == read["page"].count("<tw-passagedata ")
    assert len({each["metadata"]["position"] for each in read["passages"]}) == len(passages)
    paths = [html.unescape(path) for path in _paths(passages, read["start"])]
    assert len(paths) == len(family)
    for log in family:
        assert any(_follows([event.text for event in _told(log)], path) for path in paths)


async def test_ink_plays_every_run_word_for_word_to_its_end(family: list[RunLog]) -> None:
    read = foreign.node("ink.mjs", Ink().write(Source(tuple(family))))
    assert (read["complaints"], read["tags"]) == ([], ["title: Small Hours"])
    assert len(read["paths"]) == len(family)
    for log in family:
        (path,) = [
            each for each in read["paths"] if _follows([event.text for event in _told(log)], "\n".join(each["told"]))
        ]
        assert path["told"][-1] == ("The end." if log.end else "It was not played any further.")
        assert {*path["labels"]} > {GO_ON}


@pytest.mark.parametrize("view", ["ada", "author"])
async def test_a_game_is_a_view(family: list[RunLog], view: str) -> None:
    told = "".join(make.write(Source((family[1],), view)) for make in (Twee(), Ink()))
    reflections = [event for event in family[1].script if event.kind == "reflection"]
    assert reflections
    for event in reflections:
        name = family[1].cast.name(event.speaker)
        assert (f"({name} thinks: {event.text})" in told) == (view in ("author", event.speaker))
    assert "CANARY-Ada-want" not in told


def _nasty(texts: Sequence[str]) -> RunLog:
    """A run in which all these texts are said, told and done, with a name that is full of marks."""
    kinds: list[dict[str, Any]] = [
        {"kind": "line", "speaker": "ada"},
        {"kind": "narration"},
        {"kind": "action", "speaker": "bo"},
    ]
    log = worlds.record(*({**kind, "text": text} for text, kind in product(texts, kinds)))
    ada = log.header.cast["ada"].model_copy(update={"name": "A$a'' //->|\"@#_~ Ω"})
    return replace(log, header=log.header.model_copy(update={"cast": {**log.header.cast, "ada": ada}}))


def _as_told(log: RunLog) -> list[str]:
    told = {"line": "A$a'' //->|\"@#_~ Ω: {}", "narration": "{}", "action": "Bo {}"}
    return [told[event.kind].format(" ".join(event.text.split())) for event in log.script]


def _in_twine(log: RunLog) -> list[str]:
    """The paragraphs of a run in Twine, without marks of our own, after a look for marks that are not."""
    read = foreign.node("twee.mjs", Twee().write(Source((log,))))
    (passage,) = read["passages"]
    paragraphs = passage["text"].split("\n\n")[-len(log.script) - 1 : -1]
    bare = [re.sub(r"^//(.*)//$|^''(.+?)''(?=: )", r"\1\2", each) for each in paragraphs]
    for each in bare:
        assert not re.search(r"[\[\]{}<>$_*/`~^=\\|@%]|''|\"\"|--|\(\w+:|\w:\S", re.sub(r"&#\d+;", " ", each)), each
    return [html.unescape(each) for each in bare]


def _in_ink(log: RunLog) -> list[str]:
    read = foreign.node("ink.mjs", Ink().write(Source((log,))))
    assert read["complaints"] == []
    (path,) = read["paths"]
    told: list[str] = path["told"][-len(log.script) - 1 : -1]
    return told


@pytest.mark.parametrize("read", [_in_twine, _in_ink])
def test_words_of_strangers_are_never_markup(read: Any) -> None:
    log = _nasty(NASTY)
    assert read(log) == _as_told(log)


@pytest.mark.parametrize("read", [_in_twine, _in_ink])
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(st.text("".join({*"".join(NASTY)}), min_size=1).filter(str.strip), min_size=20, max_size=60))
def test_no_words_at_all_are_markup(read: Any, texts: list[str]) -> None:
    log = _nasty(texts)
    assert read(log) == _as_told(log)


def test_a_choice_and_a_title_of_marks_stay_words(parent: RunLog) -> None:
    words = " ".join(each for each in NASTY if "\n" not in each)[:75]
    child = _branch(parent, 2, ("ada", words), changes=[f"say ada: {words}"])
    story = parent.header.story.model_copy(update={"title": ':: {"}] -> # \\ title'})
    logs = tuple(replace(log, header=log.header.model_copy(update={"story": story})) for log in (parent, child))
    ink = foreign.node("ink.mjs", Ink().write(Source(logs)))
    assert {tuple(path["labels"]) for path in ink["paths"]} == {("As it was",), (f"Ada: “{words}”",)}
    assert (ink["tags"], ink["complaints"]) == ([f"title: {story.title}"], [])
    twee = foreign.node("twee.mjs", Twee().write(Source(logs)))
    labels = re.findall(r"\[\[(.+?)->", twee["passages"][0]["text"])
    assert [html.unescape(label) for label in labels] == [
        "As it was",
        f"Ada: “{words}”".replace('"', "”").replace("'", "\u2019"),
    ]
    assert twee["name"] == story.title


def test_a_game_is_the_same_each_time(parent: RunLog) -> None:
    child = _branch(parent, 2, ("ada", "Else."))
    for make in (Twee(), Ink()):
        assert make.write(Source((parent, child))) == make.write(Source((parent, child)))
    ids = {
        json.loads(re.findall(r"\{\n.*?\n\}", Twee().write(Source(each)), re.DOTALL)[0])["ifid"]
        for each in [(parent,), (parent, child)]
    }
    assert len(ids) == 2
