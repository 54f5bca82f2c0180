from __future__ import annotations

from pathlib import Path

import pytest
import worlds
from dreamplay.analysis import knowledge
from dreamplay.errors import UsageError
from dreamplay.runs import transcript

EXAMPLE = Path(__file__).parents[1] / "runs" / "version_1"


async def test_she_knows_what_she_witnessed_and_her_own_sheet_and_no_more(small: Path, tmp_path: Path) -> None:
    record = await worlds.play(small, tmp_path / "run")
    for role in record.cast.roles:
        for at in (0, 12, len(record.script) - 1):
            known = knowledge.knows(record, role, at)
            events = [e for e in list(record.script)[: at + 1] if role in e.witnesses and e.text]
            assert [(k.since, k.text) for k in known.witnessed] == [(e.id, e.text) for e in events]
            told = known.model_dump_json()
            for other in record.cast.personas.values():
                assert (f"CANARY-{other.name}-belief" in told) == (other.name == known.name)
        assert knowledge.knows(record, role) == knowledge.knows(record, role, len(record.script) - 1)


async def test_a_fear_is_known_to_who_dreamt_it_from_the_dream_on(small: Path, tmp_path: Path) -> None:
    record = await worlds.play(small, tmp_path / "run")
    (dream,) = worlds.kinds(record.script, "dream")
    assert knowledge.knows(record, "ada", dream.id - 1).secrets == ()
    for role, other in (("ada", "bo"), ("bo", "ada")):
        (secret,) = knowledge.knows(record, role, dream.id).secrets
        assert (secret.of, secret.dreams) == (other, (dream.id,))
    assert knowledge.knows(record, "cyrus").secrets == ()  # he watched over them
    bonds = {bonds.beat: bonds.knows for bonds in knowledge.knows(record, "cyrus").bonds}
    assert list(bonds) == ["prologue", "day", "night", "dawn"]
    nobody: dict[str, tuple[str, ...]] = {"ada": (), "bo": (), "cyrus": ()}
    assert bonds["prologue"] == bonds["day"] == nobody
    assert bonds["night"] == bonds["dawn"] == nobody | {"ada": ("bo",), "bo": ("ada",)}
    assert [each.beat for each in knowledge.knows(record, "ada", 5).bonds] == ["prologue", "day"]


async def test_what_she_thinks_of_the_others_is_known_from_when_she_thought_it(small: Path, tmp_path: Path) -> None:
    record = await worlds.play(small, tmp_path / "run")
    first, *_, last = [event for event in worlds.kinds(record.script, "reflection") if event.speaker == "ada"]
    assert knowledge.knows(record, "ada", first.id - 1).attitudes == {}
    assert knowledge.knows(record, "ada", first.id).attitudes == first.attitudes
    assert knowledge.knows(record, "ada").attitudes == first.attitudes | last.attitudes
    assert {"bo", "cyrus"} == set(first.attitudes) > set(last.attitudes)


@pytest.mark.parametrize(
    ("role", "at", "says"),
    [
        ("zed", None, "^no role 'zed' in this run; it has elara, leo, mira, sam$"),
        ("leo", 999, "^`at=999`: no such event; this run has events 0 to "),
        ("leo", -1, "^`at=-1`: "),
    ],
)
def test_whom_or_when_there_is_not_is_said_with_what_there_is(role: str, at: int | None, says: str) -> None:
    example = transcript.read(EXAMPLE)
    with pytest.raises(UsageError, match=says):
        knowledge.knows(example, role, at)
