"""Plays that are kept in a database: killed, and while its server is restarted; and what docs/stores.md says of it."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import crash
import docs_pages
import psycopg
import pytest
import worlds
from dreamplay.engine.runner import Runner
from dreamplay.errors import RecordError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import prompt_records, transcript
from dreamplay.runs.transcript import FILE
from dreamplay.schema.event import StanceEvent
from dreamplay.storage.folders import FolderPlace
from dreamplay.storage.opening import open_store
from dreamplay.storage.store import Place
from postgres_server import Server

EXAMPLE = docs_pages.ROOT / "transcripts" / "example"


def _whole(place: Place) -> dict[str, bytes]:
    return {file: place.read(file) for file in (FILE, prompt_records.FILE, "transcript.md")}


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_a_play_that_is_killed_goes_on_as_if_it_had_not_been(
    kills: int, small: Path, tmp_path: Path, database: str
) -> None:
    def crashed(jobs: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
        done = subprocess.run(
            [sys.executable, crash.__file__, small, tmp_path, database],
            input=json.dumps(jobs), capture_output=True, encoding="utf-8", timeout=300, check=True,
        )  # fmt: skip
        return [json.loads(line) for line in done.stdout.splitlines()]

    store = open_store(database)
    moments = int(crashed([[{"kind": "any"}]])[0][0]["said"])
    whole = store.place("0").read(FILE)
    dice = random.Random(7)
    ends = crashed([[{}]] + [[{"kind": "any", "at": dice.randrange(1, moments)}, {}] for _ in range(kills)])[1:]
    assert [steps[0]["ended"] for steps in ends] == ["SIGKILL"] * kills
    for number, (killed, _) in enumerate(ends, start=1):
        place = store.place(f"{number}")
        assert place.read(FILE) == whole
        assert place.holder() is None
        before, after = (
            each.splitlines()
            for each in (tmp_path / f"{number}.{crash.CALLS}").read_text().split("-- another process\n")[1:]
        )
        events = [event for event in transcript.read(place).script if event.provenance.usage.calls]
        assert sum(event.id >= killed["events"] for event in events) >= len(set(before) & set(after))
        assert len(set(before) | set(after)) == sum(event.provenance.usage.calls for event in events)


class _Restarting(ScriptedModel):
    """Has the server restarted under it, at some calls of all plays."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server, self._calls = server, 0

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        self._calls += 1
        if self._calls in (10, 25):
            await asyncio.to_thread(self._server.restart)
        return await super().complete(prompt, seed=seed, on_token=on_token)


async def test_a_server_that_is_restarted_changes_nothing_of_what_is_played(
    server: Server, database: str, small: Path, tmp_path: Path
) -> None:
    store, model = open_store(database), _Restarting(server)
    places = {seed: store.place(f"run-{seed}") for seed in range(4)}
    plays = [Runner(worlds.plan(small, seed=seed), model, place, {}) for seed, place in places.items()]
    await asyncio.gather(*(each.play(lambda seen: None) for each in plays))
    for seed, place in places.items():
        await worlds.play(small, tmp_path / f"{seed}", seed=seed)
        assert _whole(place) == _whole(FolderPlace(tmp_path / f"{seed}"))


def test_what_the_page_about_stores_says_can_be_done(server: Server) -> None:
    page = docs_pages.ROOT / "docs" / "stores.md"
    made, *rest = (block.text for block in docs_pages.blocks(page) if block.language == "sql")
    _execute(server.url(), made)
    ada = server.url("studies", user="ada", password="a-long-one")
    store = open_store(ada)
    store.place("example").replace(FILE, (EXAMPLE / FILE).read_bytes())
    for text in (text for text in rest if text.startswith("CREATE USER")):
        _execute(server.url("studies"), text)
    spoken, decided, cost, _ = (_execute(ada, text) for text in rest if not text.startswith("CREATE USER"))
    record = transcript.read(EXAMPLE)
    assert record.end
    assert sum(row[1] for row in spoken) == record.end.lines
    stances = [(event.scene, event.speaker, event.choice) for event in record.script.of_kind(StanceEvent)]
    assert [row[1:4] for row in decided] == stances
    assert [row[2] for row in cost] == [record.end.usage.output]
    for user, password in (("player", "one-more"), ("reader", "another-one")):
        theirs = open_store(server.url("studies", user=user, password=password))
        assert theirs.place("example").read(FILE) == (EXAMPLE / FILE).read_bytes()
        if user == "player":
            with theirs.place("theirs").hold():
                theirs.place("theirs").replace(FILE, b"{}\n")
            theirs.bin().receive(theirs.place("theirs"))
        else:
            with pytest.raises(RecordError, match=r"permission denied .*; docs/stores.md has the commands"):
                theirs.place("example").replace(FILE, b"")
        theirs.close()
    store.close()


def _execute(address: str, text: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement."""
    rows: list[tuple[Any, ...]] = []
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in filter(str.strip, text.split(";\n")):
            done = connection.execute(statement.encode())
            rows = done.fetchall() if done.description else []
    return rows
