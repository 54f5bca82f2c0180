"""What a visitor does: acts and interventions, and the sheet she comes with."""

from __future__ import annotations

from pathlib import Path

import pytest
import worlds
from dreamplay import casting
from dreamplay.engine.run_config import from_header
from dreamplay.errors import LibraryError
from dreamplay.participants import visit
from dreamplay.participants.actions import Action
from dreamplay.participants.interventions import Intervention
from dreamplay.schema.cast import Cast
from dreamplay.schema.event import ControlEvent, LineEvent
from dreamplay.schema.scene import VISITOR
from pydantic import ValidationError


def _plan_with(small: Path, *done: dict[str, object], name: str = "Noor") -> object:
    path = worlds.dump(small.parent / "done.yaml", {"interventions": list(done)})
    return worlds.plan(small, guest=name, interventions=path)


BAD = {
    "no time": ({"say": "Hm."}, "done.yaml:2: .*say when: a beat"),
    "no act": ({"beat": "day"}, "nothing is done; there are say, whisper"),
    "two acts": ({"beat": "day", "say": "Hm.", "go": True}, "one thing at a time, and here are say and go"),
    "unknown beat": ({"beat": "noon", "say": "Hm."}, "no beat 'noon' in this story; it has day, night, dawn"),
    "scene of another beat": ({"beat": "day", "scene": "attic", "go": True}, "no scene 'attic' there; there are sq"),
    "nobody": ({"beat": "day", "whisper": {"to": "nobody", "text": "Hm."}}, "nobody else is called 'nobody'; .* Ada"),
    "herself": ({"beat": "day", "play": "Noor"}, "nobody else is called 'Noor'"),
    "to oneself": ({"beat": "day", "playing": "Bo", "whisper": {"to": "bo", "text": "Hm."}}, "Bo whispers to themself"),
    "a strange when": ({"when": "somebody coughs", "go": True}, "not of the form 'Leo mentions the clock'"),
    "when nobody": ({"when": "Zed mentions tea", "go": True}, "nobody else is called 'Zed'"),
    "no choice": ({"beat": "dawn", "stance": {"choice": "fly", "because": "Up."}}, "no choice 'fly'; there are go"),
    "too long": ({"beat": "day", "say": "x" * 4001}, r"done.yaml:\d: .*at most 4000 characters"),
    "an escape": ({"beat": "day", "say": "\x1b[2J"}, r"done.yaml:\d: .*control character '\\x1b'"),
    "a wrong key": ({"beat": "day", "shout": "Hm."}, "unknown key"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_interventions_that_cannot_be_done_are_refused_with_file_and_line(small: Path, case: str) -> None:
    done, message = BAD[case]
    with pytest.raises(LibraryError, match=message) as caught:
        _plan_with(small, done)
    assert "done.yaml:" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", " ", "x" * 4000, "No\x1b[31mor", "[Noor]", "Noor\nLeo: hi", "Ada", "ADA", "Bo Smith"]
)
def test_a_visitor_needs_a_name_of_her_own(small: Path, name: str) -> None:
    with pytest.raises(
        LibraryError, match=r"no name; at most 40|is in the cast already; choose another name"
    ) as caught:
        _plan_with(small, {"beat": "day", "go": True}, name=name)
    assert len(str(caught.value)) < 200
    assert "\x1b" not in str(caught.value)


def test_a_visitor_by_name_has_nothing_hidden_and_one_with_a_sheet_brings_it(small: Path, tmp_path: Path) -> None:
    ada = Cast(worlds.plan(small).cast.personas)
    assert casting.visitor("Noor", ada).private is None
    own = worlds.dump(tmp_path / "noor.yaml", worlds.persona("Noor", "lantern"))
    sheet = casting.visitor(str(own), ada)
    assert (sheet.name, sheet.who) == ("Noor", "keeper of the lantern")
    assert sheet.private


async def test_what_was_done_can_be_read_off_a_script(small: Path, tmp_path: Path) -> None:
    given = [
        {"beat": "day", "scene": "square", "say": "Good evening."},
        {"beat": "day", "scene": "square", "turn": 2, "whisper": {"to": "Bo", "text": "Mind the door."}},
        {"beat": "day", "scene": "square", "turn": 3, "fear": "The stairs fold up."},
        {"beat": "day", "scene": "corner", "play": "Ada"},
        {"beat": "night", "scene": "attic", "turn": 1, "go": True},
        {"beat": "dawn", "scene": "porch", "come": True},
        {"beat": "dawn", "scene": "porch", "turn": 2, "hand_back": "Ada"},
        {"beat": "dawn", "scene": "porch", "turn": 4, "do": "opens the door."},
        {"beat": "dawn", "scene": "porch", "stance": {"choice": "go", "because": "I have seen it."}},
    ]
    plan = _plan_with(small, *given)
    record = await worlds.visited(plan, tmp_path / "run")
    named = [each.by_name(record.cast) for each in visit.read_off(record.script)]
    read = [each.model_dump(exclude_defaults=True) for each in named]
    read[-1].pop("turn")  # a stance is taken when it is asked for
    assert read == given
    assert not visit.left(plan.visit.interventions, record.script)
    visit.write(tmp_path, record.script, record.cast)
    again = visit.read(tmp_path / visit.FILE, plan.story, plan.cast)
    assert [each.said for each in again] == [each.said for each in plan.visit.interventions]


async def test_a_whisper_reaches_whoever_bears_the_name_though_the_role_was_once_theirs(
    small: Path, tmp_path: Path
) -> None:
    """Ada plays the role of Cyrus, and somebody else that of Ada; the visitor has the name of Bo's role."""
    zoe, ada, lou = (worlds.dump(tmp_path / f"{n}.yaml", worlds.persona(n, "parrot")) for n in ("Zoe", "Ada", "Lou"))
    done = worlds.dump(small.parent / "done.yaml", {"interventions": [
        {"beat": "day", "whisper": {"to": "Ada", "text": "Not a word to Zoe."}},
        {"beat": "night", "play": "Ada"},
        {"beat": "dawn", "when": "Zoe mentions parrot", "say": "I heard that."},
        {"beat": "dawn", "playing": "Ada", "whisper": {"to": "Zoe", "text": "It was I."}},
        {"beat": "dawn", "turn": 1, "whisper": {"to": "Lou", "text": "Not a word to Ada."}},
    ]})  # fmt: skip
    swaps = {"ada": str(zoe), "bo": str(lou), "cyrus": str(ada)}
    plan = worlds.plan(small, swaps=swaps, guest="Bo", interventions=done)
    record = await worlds.visited(plan, tmp_path / "run")
    by_hand = [event for event in record.script if event.provenance.by == "person"]
    whisper = next(event for event in by_hand if isinstance(event, LineEvent) and event.cue)
    hand = next(event for event in by_hand if isinstance(event, ControlEvent))
    assert whisper.witnesses == ("cyrus", VISITOR)
    assert hand.speaker == "cyrus"
    again = from_header(record.header)
    assert again.visit == plan.visit
    visit.write(tmp_path, record.script, record.cast)
    read = visit.read(tmp_path / visit.FILE, plan.story, plan.cast)
    assert [each.key for each in read] == [each.key for each in visit.read_off(record.script)]


def test_an_act_is_one_thing_or_nothing() -> None:
    assert Action().said == {}
    with pytest.raises(ValidationError, match="one thing at a time"):
        Action(say="Hm.", come=True)
    assert str(Intervention(beat="day", turn=2, say="Hm.")) == "day turn 2: say"
    assert VISITOR == "visitor"
