from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import worlds
from dreamplay.exports.sillytavern import SillyTavern
from dreamplay.formats import Files, Source
from dreamplay.imports import sillytavern
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.scene import VISITOR


def _log(*events: dict[str, Any]) -> RunLog:
    log = worlds.record(*events)
    robin = log.header.cast["cyrus"].model_copy(update={"name": "Robin"})
    return replace(
        log, name="small-7", header=log.header.model_copy(update={"cast": {**log.header.cast, VISITOR: robin}})
    )


def _made(log: RunLog, view: str = "reader") -> tuple[list[dict[str, Any]], dict[str, Any]]:
    made = SillyTavern().write(Source((log,), view))
    assert isinstance(made, Files)
    assert isinstance(made.main, str)
    return [json.loads(line) for line in made.main.splitlines()], json.loads(made.beside[".group.json"])


def test_a_chat_has_a_header_and_a_message_for_each_passage() -> None:
    log = _log(
        {"kind": "narration", "text": "It rains."}, worlds.said("ada", "Tea?"), worlds.said(VISITOR, "Please."),
        {"kind": "action", "speaker": "bo", "text": "pours."}, {"kind": "stance", "speaker": "bo", "text": "I must."},
    )  # fmt: skip
    (head, *messages), group = _made(log)
    assert (head["user_name"], head["character_name"]) == ("unused", "unused")
    told = [(each["name"], each["is_user"], each["mes"]) for each in messages]
    assert told == [
        ("Narrator", False, "**Day, The square**"), ("Narrator", False, "It rains."), ("Ada", False, "Tea?"),
        ("Robin", True, "Please."), ("Bo", False, "*pours.*"), ("Bo", False, "*chooses to leave the house* I must."),
    ]  # fmt: skip
    assert messages[2]["original_avatar"] == group["members"][0] == "Ada.png"
    assert "original_avatar" not in messages[3]
    assert group["members"] == ["Ada.png", "Bo.png", "Cyrus.png"]
    assert group["chats"] == [group["chat_id"]] == ["small-7"]
    dates = [each["send_date"] for each in messages]
    assert dates == sorted(set(dates))
    assert _made(log) == ([head, *messages], group)


@pytest.mark.parametrize(("view", "heard"), [("reader", True), ("bo", True), ("cyrus", False)])
def test_a_whisper_is_in_the_chat_of_those_who_heard_it(view: str, heard: bool) -> None:
    log = _log(worlds.said("ada", "The key!", cue=worlds.cue(hears=("bo",)), witnesses=["ada", "bo"]))
    messages, _ = _made(log, view)
    assert ("*whispers to Bo* The key!" in [each.get("mes") for each in messages]) == heard


@pytest.mark.parametrize(
    "text",
    [
        "*loud* _soft_ `code`", "{{user}} and {{char}}", "<img src=x onerror=alert(1)>", "# title", "- item", "1. one",
        "a\\b", "[x](y)", "&lt; &amp;", "> quote", "~~gone~~", "\u202eleft", "👩\u200d👧",
    ],
)  # fmt: skip
def test_words_are_no_markup_and_come_back_as_they_were(text: str) -> None:
    log = _log(worlds.said("ada", text), {"kind": "narration", "text": text})
    made = SillyTavern().write(Source((log,)))
    assert isinstance(made, Files)
    for line in str(made.main).splitlines()[2:]:
        mes = json.loads(line)["mes"]
        assert "{{" not in mes
        assert "<" not in mes
        assert not mes.startswith(("#", "-", ">", "*", "1."))
    read = sillytavern.read(str(made.main))
    assert [(each.name, each.text) for scene in read.scenes for each in scene.said] == [("Ada", text), ("", text)]
    assert [each.heading for each in read.scenes] == ["Day, The square"]
