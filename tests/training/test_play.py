from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
from dreamplay.errors import LibraryError
from dreamplay.models import model_store, profile_table

from training import preference, scene
from training.__main__ import NAME
from training.evaluate import by_heart
from training.play import Played, play
from training.preference import Preference
from training.scene import WrittenScene

PROFILE = profile_table.look_up("embedded", model_store.NAME, NAME)
WRITTEN = json.loads((Path(__file__).parent / "lock.jsonl").read_text(encoding="utf-8"))


async def _play(tmp_path: Path, written: dict[str, Any] = WRITTEN) -> Played:
    return await play(WrittenScene.model_validate(written), PROFILE, tmp_path / "run")


async def test_a_scene_gives_the_prompts_that_the_engine_would_get(tmp_path: Path) -> None:
    played = await _play(tmp_path)
    assert [each.prompt.kind for each in played.examples] == [
        "line", "line", "reflection", "dream", "line", "stance", "stance", "epilogue",
    ]  # fmt: skip
    first, second = (each for each in played.examples if each.prompt.kind == "line" and "bridge" not in each.reply)
    assert first.prompt.tail.strip() == "[Ada asks Tom who left the gate open.]"
    assert (first.prompt.prefill, first.reply) == ("Ada:", "Ada: Who was last through, Tom?")
    assert second.prompt.script.endswith("Ada: Who was last through, Tom?\n\nThe gate bangs.\n")
    assert "asks Tom" not in second.prompt.script
    stances = [json.loads(each.reply)["choice"] for each in played.examples if each.prompt.kind == "stance"]
    assert sorted(stances) == ["keep the gate", "sell the gate"]  # they are asked for at the same time


async def test_what_was_played_is_a_run_like_any_other(tmp_path: Path) -> None:
    await _play(tmp_path)
    run = dp.load_run(tmp_path / "run")
    assert [event.text for event in run.events if event.kind == "line"] == [
        "Who was last through, Tom?", "Me. I had my hands full of your eels.", "That bridge was mine, I folded it.",
    ]  # fmt: skip
    assert "Who was last through, Tom?" in (tmp_path / "run" / "transcript.md").read_text(encoding="utf-8")


async def test_what_was_learnt_by_heart_is_found_unless_the_story_says_it(tmp_path: Path) -> None:
    await _play(tmp_path)
    run, learnt = dp.load_run(tmp_path / "run"), WrittenScene.model_validate(WRITTEN)
    assert by_heart([run], [learnt]) == ["Me. I had my hands full of your eels."]
    told = {"place": "Somebody said: me, I had my hands full of your eels"}
    await play(WrittenScene.model_validate(WRITTEN | told), PROFILE, tmp_path / "told")
    assert by_heart([dp.load_run(tmp_path / "told")], [learnt]) == []


async def test_a_line_that_the_checks_refuse_is_told_and_is_no_example(tmp_path: Path) -> None:
    turns = [dict(turn) for turn in WRITTEN["turns"][:3]]
    turns[0]["line"] = "Ada asks Tom who left it open."
    played = await _play(tmp_path, WRITTEN | {"turns": turns})
    assert ("narrates", "Ada: Ada asks Tom who left it open.") in [(each.check, each.text) for each in played.refusals]
    assert [each.reply for each in played.examples] == ["Tom: Me. I had my hands full of your eels."]


async def test_a_preference_of_a_line_that_the_scene_has_not_is_refused_with_its_line(tmp_path: Path) -> None:
    played = await _play(tmp_path)
    told = [
        Preference(scene="lock", kind="line", number=number, replies=("Ada: x", "Ada: y"), best=1, worst=0, fit=2)
        for number in (2, 3)
    ]
    asked = preference.asked({f"liked.jsonl:{n}": each for n, each in enumerate(told, 1)}, played.examples)
    assert next(asked)[1].reply == "Tom: That bridge was mine, I folded it."
    with pytest.raises(LibraryError, match=r"liked\.jsonl:2: line 3 is none of the 3 of the scene 'lock'"):
        next(asked)


def test_a_scene_that_names_a_stranger_is_refused_with_its_line(tmp_path: Path) -> None:
    turns = [*WRITTEN["turns"], {"speaker": "Eve", "to": "Tom", "does": "waves", "line": "Hello."}]
    file = tmp_path / "scenes.jsonl"
    file.write_text(json.dumps(WRITTEN) + "\n" + json.dumps(WRITTEN | {"turns": turns}) + "\n", encoding="utf-8")
    with pytest.raises(LibraryError, match=r"scenes\.jsonl:2: .*'Eve' is not in the cast"):
        list(scene.read(file))
