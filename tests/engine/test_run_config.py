from __future__ import annotations

from pathlib import Path

import pytest
import worlds
from dreamplay.errors import UsageError
from dreamplay.memory.retrieval import RetrievalConfig


@pytest.mark.parametrize(
    ("asked", "played"),
    [((), "launch glitch nightmare reconciliation"), (("glitch", "launch"), "launch glitch"), (("glitch",), "glitch")],
)
def test_beats_are_played_in_the_order_of_the_story(asked: tuple[str, ...], played: str) -> None:
    plan = worlds.plan("mindsync", beats=asked)
    assert list(dict.fromkeys(beat.id for beat, _ in plan.scenes)) == played.split()


def test_a_beat_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="no beat 'lunch' in this story; it has launch, glitch"):
        worlds.plan("mindsync", beats=["launch", "lunch"])


def test_names_stand_where_the_author_wrote_roles() -> None:
    plan = worlds.plan("mindsync", swaps={"elara": "nurse"})
    name = plan.cast.name("elara")
    told = [text for _, scene in plan.scenes for text in (scene.opening, scene.place)]
    assert not any("{elara}" in text for text in told)
    assert any(name in text for text in told)
    assert not any("Elara" in text for text in told)


def test_a_header_holds_all_that_was_chosen_and_nothing_of_the_machine() -> None:
    plan = worlds.plan("mindsync", swaps={"leo": "leo_believer"}, length="short", beats=["launch"])
    header = plan.header("scripted", {"provider": "scripted"})
    assert (header.story_id, header.seed, header.model) == ("mindsync", 7, "scripted")
    assert (
        header.settings.items()
        >= {"length": "short", "beats": ["launch"], "reflect": True, "provider": "scripted"}.items()
    )
    assert header.settings["memory"] == {"name": "retrieval"} | RetrievalConfig().model_dump(mode="json")
    assert header.settings["embedder"] == {"name": "wordllama"}
    assert header.cast["leo"] == plan.cast.personas["leo"]
    assert set(header.persona_hashes) == set(plan.cast.roles)
    assert {"dreamplay", "langgraph"} <= set(header.versions)
    assert header == worlds.plan("mindsync", swaps={"leo": "leo_believer"}, length="short", beats=["launch"]).header(
        "scripted", {"provider": "scripted"}
    )
    assert header.persona_hashes["leo"] != worlds.plan("mindsync").header("scripted", {}).persona_hashes["leo"]


def test_a_play_with_another_cast_says_so_in_its_header(small: Path, tmp_path: Path) -> None:
    zoe = worlds.dump(tmp_path / "zoe.yaml", worlds.persona("Zoe", "parrot"))
    assert worlds.plan(small, swaps={"bo": str(zoe)}).header("m", {}).changes == ("swap bo=zoe",)
    assert worlds.plan(small).header("m", {}).changes == ()
