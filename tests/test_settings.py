from __future__ import annotations

from pathlib import Path

import pytest
from dreamplay import settings
from dreamplay.errors import SettingsError


def test_a_flag_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load().story == "mindsync"
    Path("dreamplay.toml").write_text('story = "file"\nseed = 1\ntimeout = 9.5\n')
    assert (settings.load().story, settings.load().seed) == ("file", 1)
    monkeypatch.setenv("DREAMPLAY_STORY", "environment")
    monkeypatch.setenv("DREAMPLAY_SEED", "2")
    assert (settings.load().story, settings.load().seed) == ("environment", 2)
    loaded = settings.load(story="flag", seed=None)
    assert (loaded.story, loaded.seed, loaded.timeout) == ("flag", 2, 9.5)


BAD: dict[str, tuple[dict[str, object], dict[str, str], str, str]] = {
    # flags, environment, dreamplay.toml, words of the message
    "flag": ({"temperature": 3.0}, {}, "", r"--temperature: .*2.*3\.0"),
    "flag with two words": ({"base_url": "localhost"}, {}, "", "--base-url: .*'localhost'"),
    "environment": ({}, {"DREAMPLAY_SEED": "soon"}, "", "DREAMPLAY_SEED.*'soon'"),
    "file": ({}, {}, 'length = "medium"', "dreamplay.toml.*one of short, full.*'medium'"),
    "unknown key in the file": ({}, {}, 'modell = "x"', "dreamplay.toml: unknown setting 'modell'; .*model"),
    "not TOML": ({}, {}, "model = ", "dreamplay.toml: not TOML"),
    "negative seed": ({"seed": -1}, {}, "", "--seed"),
    "window too small for a prompt": ({"window": 1000}, {}, "", "--window: .*2048.*'1000'"),
    "endless timeout": ({"timeout": float("inf")}, {}, "", "--timeout"),
    "five thousand digits": ({}, {}, "seed = " + "9" * 5000, "dreamplay.toml"),
    "a number too long to print": ({}, {}, "seed = 0x" + "f" * 5000, "seed in dreamplay.toml: .*very long number"),
    "not UTF-8": ({}, {}, "\udcff", "dreamplay.toml"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_value_is_named_with_where_it_came_from(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    flags, environment, toml, says = BAD[what]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if toml:
        Path("dreamplay.toml").write_bytes(toml.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError, match=says) as caught:
        settings.load(**flags)
    assert "\n" not in str(caught.value)


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMPLAY_API_KEY", "sk-secret")
    assert "sk-secret" not in repr(settings.load())
    assert "sk-secret" not in str(settings.load().model_dump())
