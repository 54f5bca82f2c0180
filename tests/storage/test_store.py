"""What every store does alike; see conftest.py for which there are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from dreamplay.errors import RecordError
from dreamplay.storage.store import Place, Store, check_free

FILE = "transcript.jsonl"
OTHER = "about.json"
RECORDS = [b'{"id":0,"text":"\xc3\xb6"}\n', b'{"id":1}\n', b'{"id": 2, "text": "\\u0000 \\ud83d"}\n']

OpenStore = Callable[[], Store]


def _written(place: Place, *records: bytes) -> None:
    with place.hold():
        journal = place.journal(FILE, forced=True)
        for record in records:
            journal.append(record)
        journal.close()


async def test_records_are_read_back_byte_for_byte_by_everybody(opened: OpenStore) -> None:
    place = opened().place("one")
    assert not place.exists()
    with place.hold():
        journal = place.journal(FILE, forced=True)
        journal.append(RECORDS[0])
        assert opened().place("one").lines(FILE) == [RECORDS[0][:-1]]
        journal.append(RECORDS[1] + RECORDS[2])
        await journal.settled()
        await journal.settled()
        assert place.read(FILE) == b"".join(RECORDS)
        journal.close()
        journal.close()
    other = opened().place("one")
    assert other.exists()
    assert other.has(FILE)
    assert other.lines(FILE) == [record[:-1] for record in RECORDS]
    assert other.size() >= len(b"".join(RECORDS))


def test_a_journal_goes_on_and_drops_what_is_at_its_end(store: Store) -> None:
    place = store.place("one")
    _written(place, *RECORDS)
    with place.hold():
        journal = place.journal(FILE, forced=True)
        journal.drop(2)
        assert place.read(FILE) == RECORDS[0]
        journal.append(RECORDS[2])
        journal.close()
    assert place.read(FILE) == RECORDS[0] + RECORDS[2]
    _written(place, RECORDS[1])
    assert place.read(FILE) == RECORDS[0] + RECORDS[2] + RECORDS[1]


async def test_several_journals_are_written_to_at_once(store: Store) -> None:
    async def write(number: int) -> None:
        place = store.place(f"run-{number}")
        with place.hold():
            journal = place.journal(FILE, forced=True)
            other = place.journal("prompts.jsonl", forced=False)
            for record in RECORDS * 5:
                journal.append(record)
                other.append(b'{"n":%d}\n' % number)
                await journal.settled()
            journal.close()
            other.close()

    await asyncio.gather(*(write(number) for number in range(8)))
    for place, _ in store.places(FILE):
        assert place.read(FILE) == b"".join(RECORDS * 5)
        assert place.read("prompts.jsonl") == b'{"n":%s}\n' % place.name.removeprefix("run-").encode() * 15
    assert len(store.places(FILE)) == 8


@pytest.mark.parametrize(
    ("file", "content"),
    [(FILE, b"".join(RECORDS)), *((OTHER, content) for content in (b"", b"half", b"\x00\xff\n\n", RECORDS[0]))],
)
def test_a_file_is_replaced_as_a_whole(store: Store, file: str, content: bytes) -> None:
    place = store.place("one")
    with place.hold():
        place.replace(file, b"before\n" * 9)
        place.replace(file, content)
        assert place.read(file) == content
        assert place.lines(file) == content.split(b"\n")[:-1]
        assert place.hindrance(file) == ""


def test_what_was_written_as_a_whole_can_be_appended_to(store: Store) -> None:
    place = store.place("one")
    with place.hold():
        place.replace(FILE, RECORDS[0])
        journal = place.journal(FILE, forced=True)
        journal.append(RECORDS[1])
        journal.close()
    assert place.read(FILE) == RECORDS[0] + RECORDS[1]


def test_a_journal_is_there_from_the_moment_it_is_opened(store: Store) -> None:
    place = store.place("one")
    with place.hold():
        place.journal(FILE, forced=True).close()
        assert place.has(FILE)
        assert (place.read(FILE), place.lines(FILE)) == (b"", [])
        place.remove(FILE)
        assert not place.has(FILE)


def test_what_is_not_there(store: Store) -> None:
    place = store.place("one")
    with place.hold():
        place.replace(OTHER, b"{}")
        for ask in (place.read, place.lines, place.stands):
            with pytest.raises(FileNotFoundError):
                ask(FILE)
        assert not place.has(FILE)
        place.remove(FILE)
        place.remove(OTHER)
        assert not place.has(OTHER)
    assert not place.exists()
    assert store.places(FILE) == []
    with pytest.raises(FileNotFoundError):
        store.kept("index.json")


def test_how_a_file_stands_changes_with_it(opened: OpenStore) -> None:
    store = opened()
    place = store.place("one")
    _written(place, RECORDS[0])
    stood = place.stands(FILE)
    assert opened().place("one").stands(FILE) == stood
    _written(place, RECORDS[1])
    assert place.stands(FILE).mark != stood.mark
    assert place.stands(FILE).written >= stood.written


def test_runs_are_listed_with_the_newest_first_and_found_by_name(store: Store) -> None:
    for name in ("one", "two", "three"):
        _written(store.place(name), RECORDS[0])
    with store.place("no run").hold():
        store.place("no run").replace(OTHER, b"{}")
    _written(store.place("one"), RECORDS[1])
    listed = store.places(FILE)
    assert [place.name for place, _ in listed] == ["one", "three", "two"]
    assert all(place.stands(FILE) == stands for place, stands in listed)
    found = store.named("two")
    assert found
    assert found.read(FILE) == RECORDS[0]
    assert str(found.home) == str(store)
    assert found.called(FILE).endswith(f"two/{FILE}")
    for name in ("four", "../runs/two", "two/", "", ".", "t\0wo"):
        assert store.named(name) is None


def test_one_player_at_a_time(opened: OpenStore) -> None:
    place, other = opened().place("one"), opened().place("one")
    assert place.holder() is None
    with place.hold():
        place.replace(FILE, RECORDS[0])
        assert "process" in (other.holder() or "")
        with pytest.raises(RecordError, match=r"one is being played by .*process .*; wait until it ends, or stop it"):
            other.hold().__enter__()
        with pytest.raises(RecordError, match="is being played by"):
            check_free(other)
    check_free(other)
    with other.hold():
        assert place.holder()


def test_the_bin_keeps_what_is_put_in_it(store: Store) -> None:
    _written(store.place("one"), RECORDS[0])
    binned = store.bin().receive(store.place("one"))
    assert (binned.name, binned.read(FILE)) == ("one", RECORDS[0])
    assert store.places(FILE) == []
    assert [place.name for place, _ in store.bin().places(FILE)] == ["one"]
    _written(store.place("one"), RECORDS[1])
    again = store.receive(store.bin().place("one"))
    assert again.name == "one-2"
    assert {place.name: place.read(FILE) for place, _ in store.places(FILE)} == {"one": RECORDS[1], "one-2": RECORDS[0]}
    assert store.bin().places(FILE) == []


def test_what_is_kept_of_the_store_itself_is_no_run(store: Store) -> None:
    _written(store.place("one"), RECORDS[0])
    store.keep(".index.json", b"{}")
    assert store.kept(".index.json") == b"{}"
    assert [place.name for place, _ in store.places(FILE)] == ["one"]
