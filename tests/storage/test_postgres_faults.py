"""What is said where a server, or what it keeps, is not as it should be; and that no password is."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time

import psycopg
import pytest
from dreamplay.errors import DreamplayError, RecordError, UsageError
from dreamplay.storage.opening import open_store
from dreamplay.storage.postgres import link, locks
from dreamplay.storage.postgres.address import Address
from dreamplay.storage.postgres.store import PostgresStore
from postgres_server import PASSWORD, Server

FILE = "transcript.jsonl"
RECORD = b'{"id":0}\n'


def _write(address: str, name: str = "one") -> None:
    store = open_store(address)
    assert isinstance(store, PostgresStore)
    try:
        with store.place(name).hold():
            journal = store.place(name).journal(FILE, forced=True)
            journal.append(RECORD)
            journal.close()
    finally:
        store.close()


def _complaint(address: str, kind: type[DreamplayError] = RecordError) -> str:
    with pytest.raises(kind) as caught:
        _write(address)
    said = str(caught.value)
    assert "\n" not in said
    assert PASSWORD not in said
    return said


def _admin(address: str, *commands: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for command in commands:
            connection.execute(command.encode())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ada:s3cret@db.example:6000/study", "postgresql://db.example:6000/study"),
        ("postgres://db.example/study?password=s3cret&sslmode=require", "postgresql://db.example/study"),
        ("postgresql://ada:s3cret@/study?host=/var/run/pg", "postgresql:///study?host=/var/run/pg"),
        ("postgresql://one:1,two:2/study", "postgresql:///study?host=one,two&port=1,2"),
        ("postgresql:///?service=study", "postgresql:///?service=study"),
    ],
)
def test_an_address_is_said_and_handed_on_without_its_password(address: str, shown: str) -> None:
    store = open_store(address)
    assert isinstance(store, PostgresStore)
    assert str(store) == shown
    assert store.place("one").called(FILE) == f"{shown}/one/{FILE}"
    assert "s3cret" not in f"{store!r} {store.address}"
    given, again = (dict(Address.read(text).given) for text in (address, store.address))
    given.pop("password", None)
    assert again == given


@pytest.mark.parametrize("password", ["s3%zzcret", "s3@cret", "s3/cret", "6000/s3cret", "s3\udcffcret"])
def test_an_address_that_cannot_be_understood_is_not_repeated(password: str) -> None:
    with pytest.raises(
        UsageError, match=r"^the address of the store cannot be understood; write postgresql://"
    ) as said:
        open_store(f"postgresql://ada:{password}@host/study")
    assert "s3" not in str(said.value)
    assert "cret" not in str(said.value)


def test_a_server_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "FIRST", 0.3)
    said = _complaint(f"postgresql://ada:{PASSWORD}@127.0.0.1:1/study")
    assert said == (
        "cannot reach postgresql://127.0.0.1:1/study/one: Connection refused; see whether it runs and can be reached "
        "from here, then use the same command again"
    )


def test_what_a_server_refuses(server: Server, database: str) -> None:
    name = database.rpartition("/")[2]
    said = _complaint(server.url(name, password=f"{PASSWORD}!"))
    assert re.search(r'password authentication failed for user "director"; .*PGPASSWORD', said)
    said = _complaint(server.url("nowhere"))
    assert said.endswith('database "nowhere" does not exist; make it with createdb, or give another address')
    _admin(server.url(), f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
    said = _complaint(server.url(name, user="guest"))
    assert re.search(rf"cannot write to .*/one: permission denied for database {name}; .*docs/stores.md", said)
    _write(database)
    assert "permission denied for schema dreamplay" in _complaint(server.url(name, user="guest"))
    _admin(database, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    assert re.search(
        r"cannot write to .* in a read-only transaction; .*it is read-only: give the", _complaint(database)
    )
    assert [place.name for place, _ in open_store(database).places(FILE)] == ["one"]


def test_a_newer_store_is_left_alone_and_nothing_is_made_by_reading(database: str) -> None:
    store = open_store(database)
    assert store.places(FILE) == []
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regnamespace('dreamplay')").fetchone() == (None,)
    _write(database)
    _admin(database, "INSERT INTO dreamplay.versions VALUES (99)")
    said = _complaint(database)
    assert re.search(r"was made by a newer dreamplay \(form 99, this one knows \d\); upgrade dreamplay$", said)
    with pytest.raises(RecordError, match="newer dreamplay"):
        open_store(database).places(FILE)


def test_a_database_that_does_not_keep_unicode(server: Server) -> None:
    _admin(server.url(), "CREATE DATABASE latin TEMPLATE template0 ENCODING latin1")
    assert re.search(r"keeps text as LATIN1, .*CREATE DATABASE name ENCODING 'UTF8'", _complaint(server.url("latin")))


def test_what_is_no_text_is_refused_and_what_was_written_before_stays(database: str) -> None:
    store = open_store(database)
    _write(database)
    with store.place("one").hold():
        journal = store.place("one").journal(FILE, forced=True)
        for record in (b'{"\xff":0}\n', b'{"\x00":0}\n'):
            with pytest.raises(RecordError, match=r"/one/transcript.jsonl: record 1 is no text .*; a database keeps"):
                journal.append(record)
        journal.append(RECORD)
        journal.close()
    assert store.place("one").read(FILE) == RECORD * 2


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "PATIENCE", 0.6)
    monkeypatch.setattr(link, "SILENCE", 0.3)
    monkeypatch.setattr(locks, "OURS", 0.3)
    monkeypatch.setitem(link._SESSION, "statement_timeout", "200")
    monkeypatch.setitem(link._SESSION, "lock_timeout", "100")


@pytest.mark.usefixtures("impatient")
def test_a_slow_server_is_waited_for_only_so_long(database: str) -> None:
    _write(database)
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE dreamplay.events")
        assert re.search(r"lock timeout; .*; something else holds what is needed there: find out", _complaint(database))
        other.rollback()
        _write(database)


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_stays_gone_is_not_waited_for_by_each_play(server: Server, database: str) -> None:
    store = open_store(database)
    assert isinstance(store, PostgresStore)
    places = [store.place(f"run-{number}") for number in range(20)]
    with contextlib.ExitStack() as held:
        for place in places:
            held.enter_context(place.hold())
        journals = [place.journal(FILE, forced=True) for place in places]
        server.stop()
        begun = time.monotonic()
        for journal in journals:
            journal.append(RECORD)
        for journal in journals:
            with pytest.raises(RecordError, match=r"cannot reach .*; see whether it runs and can be reached from here"):
                await journal.settled()
        for place in places:
            with pytest.raises(RecordError, match="cannot reach"):
                place.replace("transcript.md", b"")
    assert time.monotonic() - begun < 3
    server.start()
    store.database.reach.rest = 0
    places[0].replace(FILE, RECORD)
    assert places[0].read(FILE) == RECORD


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_says_nothing_at_all_is_waited_for_only_so_long(database: str) -> None:
    store = open_store(database)
    with store.place("one").hold():
        journal = store.place("one").journal(FILE, forced=True)
        with psycopg.connect(database) as other:
            row = other.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory'").fetchone()
        assert row
        os.kill(row[0], signal.SIGSTOP)
        try:
            journal.append(RECORD)
            with pytest.raises(
                RecordError, match=r"cannot .*one/transcript.jsonl: .*it is too slow|is being played by"
            ):
                await journal.settled()
        finally:
            os.kill(row[0], signal.SIGCONT)


async def test_a_full_disk_loses_nothing_that_was_written_before(database: str) -> None:
    _write(database)
    _admin(
        database,
        """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = '53100';
        END $$""",
        "CREATE TRIGGER full_disk BEFORE INSERT ON dreamplay.events EXECUTE FUNCTION full_disk()",
    )
    store = open_store(database)
    with store.place("one").hold():
        journal = store.place("one").journal(FILE, forced=True)
        journal.append(RECORD)
        for _ in range(2):
            with pytest.raises(RecordError) as said:
                await journal.settled()
    assert str(said.value) == (
        f'cannot write to {store}/one/{FILE}: could not extend file "base/1/2": No space left on device; what was '
        "played before is kept; its disk is full: make room there, then use the same command again"
    )
    _admin(database, "DROP TRIGGER full_disk ON dreamplay.events")
    _write(database)
    assert store.place("one").read(FILE) == RECORD * 2
