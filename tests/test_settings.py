from __future__ import annotations

import os
import re
from collections.abc import Callable
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


def test_a_variable_of_somebody_else_is_let_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DREAMPLAY_SERVICE_HOST", "DREAMPLAY_PORT_80_TCP_ADDR", "DREAMPLAY_CACHE", "DREAMPLAY_STUDIO_RUNS"):
        monkeypatch.setenv(name, "10.0.0.1")
    assert settings.load().model is None


BAD: dict[str, tuple[dict[str, object], dict[str, str], str, str]] = {
    # flags, environment, dreamplay.toml, words of the message
    "flag": ({"temperature": 3.0}, {}, "", r"`temperature`: .*2.*3\.0"),
    "flag with two words": ({"base_url": "localhost"}, {}, "", "`base_url`: .*'localhost'"),
    "environment": ({}, {"DREAMPLAY_SEED": "soon"}, "", "^DREAMPLAY_SEED: .*'soon'"),
    "a variable that is nearly one": (
        {},
        {"DREAMPLAY_MODLE": "x"},
        "",
        "^DREAMPLAY_MODLE: .*did you mean 'model'.*unset",
    ),
    "file": ({}, {}, 'seed = 1\nlength = "medium"', "^dreamplay.toml:2: length: .*one of short, full.*'medium'"),
    "a direction that is none": (
        {},
        {"DREAMPLAY_DIRECTION": "loud"},
        "",
        "DREAMPLAY_DIRECTION: .*one of free, guided, led",
    ),
    "a thought that is none": ({}, {}, 'think = "deeply"', "dreamplay.toml:1: think: must be true or false"),
    "unknown key in the file": ({}, {}, 'modell = "x"', "dreamplay.toml:1: unknown setting 'modell' .*mean 'model'"),
    "not TOML": ({}, {}, "model = ", "dreamplay.toml: not TOML"),
    "negative seed": ({"seed": -1}, {}, "", "`seed`"),
    "window too small for a prompt": ({"window": 1000}, {}, "", "`window`: .*2048.*'1000'"),
    "endless timeout": ({"timeout": float("inf")}, {}, "", "`timeout`"),
    "not UTF-8": ({}, {}, "\udcff", "dreamplay.toml"),
    "no such file": ({}, {"DREAMPLAY_CONFIG": "mine.toml"}, "", "DREAMPLAY_CONFIG: mine.toml: No such file"),
    "5,000 digits in the file": ({}, {}, f"seed = {'9' * 5000}", "dreamplay.toml: .*number too long"),
    "as many in hexadecimal": ({}, {}, f"seed = 0x{'f' * 5000}", "dreamplay.toml:1: seed: .*very long number"),
    "a number of them": ({}, {}, f"seed = [0x{'f' * 5000}]", "dreamplay.toml:1: seed: must be a whole number"),
    "5,000 digits in the environment": ({}, {"DREAMPLAY_WINDOW": "9" * 5000}, "", "DREAMPLAY_WINDOW: .{,150}$"),
    "5,000 brackets": ({}, {}, f"seed = {'[' * 5000}", "dreamplay.toml: .*brackets too deep"),
    "a file too large": ({}, {}, f"seed = 1\n{'#' * 10_000}", "dreamplay.toml: larger than 10,000 bytes"),
    "NUL in the file": ({}, {}, 'story = "a\0b"', "dreamplay.toml: not TOML: .*x00"),
    "NUL, escaped": ({}, {}, 'out = "a\\u0000b"', "dreamplay.toml:1: out: .*control character"),
    "a line break in a name": ({"model": "a\nb"}, {}, "", "`model`: .*control character"),
    "an empty name": ({"model": " "}, {}, "", "`model`"),
    "half an emoji": ({"model": "\ud83d"}, {}, "", "`model`: holds half a character"),
    "a port that is none": ({"base_url": "http://127.0.0.1:99999/v1"}, {}, "", "`base_url`: invalid port number"),
    "a key that cannot be sent": ({}, {"DREAMPLAY_API_KEY": "sk-secret\u201d"}, "", "DREAMPLAY_API_KEY: .*curly quote"),
    "a key of the wrong type": ({}, {}, "api_key = 73577357", "dreamplay.toml:1: api_key: a key is text"),
    "a table in place of a key": ({}, {}, '[api_key]\nx = "sk-secret"', "dreamplay.toml:1: api_key: a key is text"),
    "a key in a table": ({}, {}, '[model]\nkey = "sk-secret"', "dreamplay.toml:1: model: must be a text"),
    "an address with a key": ({}, {}, 'base_url = "h/v1?k=sk-secret"', "dreamplay.toml:1: base_url: .*'h/v1'"),
    "a list with a key": ({}, {}, 'base_url = ["http://u:sk-secret@h"]', "dreamplay.toml:1: base_url: an address is"),
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
    assert not {"sk-secret", "73577357"} & set(re.findall(r"[\w-]+", str(caught.value)))
    assert len(str(caught.value)) < 300


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMPLAY_API_KEY", "sk-secret\r\n")
    monkeypatch.setenv("DREAMPLAY_BASE_URL", "https://me:sk-word@example.org/v1?key=sk-query")
    loaded = settings.load()
    assert loaded.api_key is not None
    assert loaded.api_key.get_secret_value() == "sk-secret"
    assert "sk-" not in f"{loaded!r} {loaded.model_dump()} {loaded.model_dump_json()}"


def test_an_empty_variable_is_not_set_and_a_file_may_have_a_byte_order_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMPLAY_SEED", "")
    Path("dreamplay.toml").write_text("\ufeffseed = 3\r\n", encoding="utf-8", newline="")
    assert settings.load().seed == 3


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_settings_that_are_no_file_are_not_waited_for(make: Callable[[Path], None]) -> None:
    make(Path("dreamplay.toml"))
    with pytest.raises(SettingsError, match=r"^dreamplay.toml: not a file; remove it$"):
        settings.load()


def test_what_a_user_names_is_read_in_place_of_what_lies_here(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dreamplay.toml").write_text("seed = 1")
    Path("mine.toml").write_text("window = 4096")
    monkeypatch.setenv("DREAMPLAY_CONFIG", "mine.toml")
    assert (settings.load().seed, settings.load().window) == (None, 4096)


OPENAI = {
    # variable: (value, what asks for it, words of the message)
    "OPENAI_API_KEY": ("sk-se\ncret", "key", "OPENAI_API_KEY: the key has a line break in it"),
    "OPENAI_BASE_URL": ("http://[::1", "address", "OPENAI_BASE_URL: invalid IPv6 address"),
}


@pytest.mark.parametrize("variable", OPENAI)
def test_a_variable_of_somebody_else_s_is_wrong_only_if_it_is_used(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, asked, says = OPENAI[variable]
    monkeypatch.setenv(variable, value)
    loaded = settings.load()
    with pytest.raises(SettingsError, match=says):
        getattr(loaded, asked)()
