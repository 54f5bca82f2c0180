"""A database that is written to by many, and lost in the middle: nothing is lost, and nothing is written twice."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from dreamplay.errors import RecordError
from dreamplay.storage.opening import open_store
from dreamplay.storage.postgres import locks, tables
from dreamplay.storage.postgres.address import Address
from dreamplay.storage.postgres.database import Database
from dreamplay.storage.postgres.link import Connection
from dreamplay.storage.postgres.store import PostgresStore
from postgres_server import Server

FILE = "transcript.jsonl"
PROMPTS = "prompts.jsonl"
PENDING = "pending.jsonl"
RECORDS = [b'{"id":%d}\n' % number for number in range(6)]


@pytest.fixture
def store(database: str) -> PostgresStore:
    opened = open_store(database)
    assert isinstance(opened, PostgresStore)
    return opened


@pytest.fixture
def other(database: str) -> Iterator[PostgresStore]:
    """The same store with connections of its own, as another process has it."""
    there = PostgresStore(Database(Address.read(database)))
    yield there
    there.close()


def _ask(address: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def _end_sessions(server: Server, database: str) -> None:
    """As somebody does who looks after the server."""
    name = database.rpartition("/")[2]
    _ask(server.url(), f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


async def test_a_server_that_is_restarted_in_the_middle_loses_nothing(server: Server, store: PostgresStore) -> None:
    async def play(name: str, files: tuple[str, ...]) -> None:
        place = store.place(name)
        with place.hold():
            journals = [place.journal(file, forced=file != PROMPTS) for file in files]
            for record in RECORDS * 3:
                for journal in journals:
                    journal.append(record)
                await journals[0].settled()
                await asyncio.sleep(0)
            for journal in journals:
                journal.close()

    plays = asyncio.gather(*(play(f"run-{number}", (FILE, PROMPTS, PENDING)) for number in range(5)))
    for mode in ("immediate", "fast"):
        await asyncio.to_thread(server.restart, mode)
    await plays
    for number in range(5):
        for file in (FILE, PROMPTS, PENDING):
            assert store.place(f"run-{number}").read(file) == b"".join(RECORDS * 3)


@pytest.mark.parametrize("committed", [False, True])
async def test_it_is_looked_up_whether_the_last_transaction_was_committed_when_the_connection_was_lost(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    insert, times = tables.insert, iter(range(99))

    def lost(connection: Connection, batch: list[tables.Written]) -> None:
        at = next(times)
        if at in (1, 2) and not committed:
            connection.close()
        insert(connection, batch)
        if at == 1:
            connection.close()
            raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(tables, "insert", lost)
    place = store.place("one")
    with place.hold():
        journals = [place.journal(file, forced=True) for file in (FILE, PROMPTS, PENDING)]
        for record in RECORDS:
            for journal in journals:
                journal.append(record)
            await journals[-1].settled()
    assert [place.read(file) for file in (FILE, PROMPTS, PENDING)] == [b"".join(RECORDS)] * 3


async def test_a_run_that_somebody_else_took_meanwhile_is_left_to_them(
    server: Server, database: str, store: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "OURS", 0.2)
    with store.place("one").hold(), store.place("two").hold():
        ours, untouched = (store.place(name).journal(FILE, forced=True) for name in ("one", "two"))
        ours.append(RECORDS[0])
        await ours.settled()
        assert "process" in (other.place("one").holder() or "")
        other.close()
        _end_sessions(server, database)
        with other.place("one").hold():
            theirs = other.place("one").journal(FILE, forced=True)
            theirs.append(RECORDS[1])
            await theirs.settled()
            ours.append(RECORDS[1])
            untouched.append(RECORDS[0])
            with pytest.raises(RecordError, match=r"/one is being played by process \d+ on .*; wait until it ends"):
                await ours.settled()
            await untouched.settled()
            with pytest.raises(RecordError, match="is being played by"):
                ours.append(RECORDS[2])
    assert other.place("one").lines(FILE) == [record[:-1] for record in RECORDS[:2]]
    assert store.place("two").read(FILE) == RECORDS[0]


async def test_who_comes_second_to_the_same_line_stops(
    server: Server, database: str, store: PostgresStore, other: PostgresStore
) -> None:
    with store.place("one").hold(), store.place("two").hold():
        ours, untouched = (store.place(name).journal(FILE, forced=True) for name in ("one", "two"))
        ours.append(RECORDS[0])
        await ours.settled()
        _end_sessions(server, database)
        with other.place("one").hold():  # ends before we notice that our connection was lost
            theirs = other.place("one").journal(FILE, forced=True)
            theirs.append(RECORDS[1] + RECORDS[2])
            theirs.close()
        ours.append(RECORDS[1])
        untouched.append(RECORDS[0])
        with pytest.raises(
            RecordError, match=r"/one/transcript.jsonl was written to by another process; what is there"
        ):
            await ours.settled()
        await untouched.settled()
    assert store.place("one").read(FILE) == b"".join(RECORDS[:3])
    assert store.place("two").read(FILE) == RECORDS[0]


async def test_the_session_of_a_connection_that_was_lost_on_this_side_only_is_ended(store: PostgresStore) -> None:
    place = store.place("one")
    with place.hold():
        journal = place.journal(FILE, forced=True)
        journal.append(RECORDS[0])
        await journal.settled()
        link = store.database.writer._link
        forgotten, link._connection = link._connection, None  # its session still holds the lock of the run
        journal.append(RECORDS[1])
        await journal.settled()
        assert forgotten
        with pytest.raises(psycopg.OperationalError):
            forgotten.execute("SELECT 1")
    assert place.read(FILE) == RECORDS[0] + RECORDS[1]
    assert place.holder() is None


def test_the_server_ends_the_session_of_a_machine_that_vanished_whether_or_not_an_answer_was_on_its_way(
    store: PostgresStore,
) -> None:
    with store.place("one").hold():
        connection = store.database.writer._link._connection
        assert connection
        rows = connection.execute("SELECT name, setting::int FROM pg_settings WHERE name LIKE 'tcp%'").fetchall()
    after = dict(rows)
    silent = after["tcp_keepalives_idle"] + after["tcp_keepalives_interval"] * after["tcp_keepalives_count"]
    assert (silent, after["tcp_user_timeout"]) == (30, 30_000)


def test_a_run_that_is_deleted_while_it_is_played(database: str, store: PostgresStore) -> None:
    with store.place("one").hold():
        journal = store.place("one").journal(FILE, forced=True)
        journal.append(RECORDS[0])
        journal.close()
        _ask(database, "DELETE FROM dreamplay.runs RETURNING run")
        journal.append(RECORDS[1])
        with pytest.raises(RecordError, match="somebody has deleted the run there while it was played"):
            journal.close()
    assert not store.place("one").exists()


def test_two_runs_share_what_their_prompts_have_in_common(database: str, store: PostgresStore) -> None:
    for name in ("one", "two"):
        journal = store.place(name).journal(PROMPTS, forced=False)
        journal.append(RECORDS[0] + RECORDS[1] + RECORDS[0])
        journal.close()
        assert store.place(name).read(PROMPTS) == RECORDS[0] + RECORDS[1] + RECORDS[0]
    found = _ask(database, "SELECT encode(hash, 'hex'), line FROM dreamplay.prompts ORDER BY line")
    assert found == [(hashlib.sha256(line[:-1]).hexdigest(), line[:-1].decode()) for line in RECORDS[:2]]


def test_the_view_shows_what_stands_and_nothing_breaks_on_what_it_cannot_read(
    database: str, store: PostgresStore
) -> None:
    def line(id_: int, text: str) -> bytes:
        return json.dumps({"id": id_, "kind": "line", "speaker": "leo", "text": text}).encode() + b"\n"

    header = b'{"record":"header","story_id":"mindsync","model":"scripted","seed":7,"cast":{"leo":{"name":"Leo"}}}\n'
    undone = line(1, "No.") + b'{"record":"rollback","event":1}\n'
    content = header + line(0, "Hö") + undone + line(1, "\0") + line(2, "Yes.") + b'{"record":"end","lines":2}\n'
    with store.place("one").hold():
        journal = store.place("one").journal(FILE, forced=True)
        journal.append(content)
        journal.close()
    query = "SELECT run, seq, id, speaker, text FROM dreamplay.script ORDER BY seq"
    assert _ask(database, query) == [
        ("one", 1, 0, "leo", "Hö"),
        ("one", 4, None, None, None),
        ("one", 5, 2, "leo", "Yes."),
    ]
    query = "SELECT run, story, model, seed, played_by->>'leo', finished FROM dreamplay.plays"
    assert _ask(database, query) == [("one", "mindsync", "scripted", 7, "Leo", True)]
    with pytest.raises(psycopg.errors.RaiseException, match="a line of a transcript is never changed"):
        _ask(database, "UPDATE dreamplay.events SET line = '' RETURNING seq")


def test_several_processes_may_be_the_first_at_once(database: str) -> None:
    stores = [PostgresStore(Database(Address.read(database))) for _ in range(5)]
    with ThreadPoolExecutor(len(stores)) as threads:
        list(threads.map(lambda each: each.place(f"run-{id(each)}").replace(FILE, RECORDS[0]), stores))
    assert len(stores[0].places(FILE)) == len(stores)
    for each in stores:
        each.close()


def test_what_a_list_has_read_of_all_runs_at_once_is_what_each_says(store: PostgresStore, other: PostgresStore) -> None:
    for name in ("one", "two"):
        with store.place(name).hold():
            store.place(name).replace(FILE, b"".join(RECORDS))
    with store.place("two").hold():
        store.place("two").replace("about.json", b"{}")
        for place, _ in other.places(FILE):
            alone = other.place(place.name)
            assert (place.size(), place.holder()) == (alone.size(), alone.holder())
            assert place.lines(FILE) == alone.lines(FILE)
        (two, _), (one, _) = sorted(other.places(FILE), key=lambda each: each[0].name, reverse=True)
        assert two.read("about.json") == b"{}"
        with pytest.raises(FileNotFoundError):
            one.read("about.json")
        one.replace("about.json", b"[]")
        assert one.read("about.json") == b"[]"
