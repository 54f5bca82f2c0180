from __future__ import annotations

import os
from pathlib import Path

import pytest
from dreamplay.errors import SettingsError
from dreamplay.models import model_choice, model_store
from dreamplay.settings import load

URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_store, "installed", lambda: None)


CHOICES: dict[str, tuple[dict[str, str], dict[str, str], tuple[str, str | None, str | None]]] = {
    # flags, environment, and what plays: kind, model, address
    "nothing is set": ({}, {}, ("embedded", model_store.NAME, None)),
    "a model": ({"model": "gpt-x"}, {}, ("endpoint", "gpt-x", None)),
    "a model at an address": ({"model": "m", "base_url": URL}, {}, ("endpoint", "m", URL)),
    "an address alone": ({"base_url": URL}, {}, ("endpoint", None, URL)),
    "an address of OpenAI's variable": ({}, {"OPENAI_BASE_URL": URL}, ("endpoint", None, URL)),
    "both addresses": ({"base_url": URL}, {"OPENAI_BASE_URL": "http://x/v1"}, ("endpoint", None, URL)),
    "a key alone": ({}, {"OPENAI_API_KEY": "k"}, ("embedded", model_store.NAME, None)),
    "a model in the environment": ({}, {"DREAMPLAY_MODEL": "m"}, ("endpoint", "m", None)),
    "a flag against the environment": ({"model": "scripted"}, {"DREAMPLAY_MODEL": "m"}, ("scripted", "scripted", None)),
    "embedded by name": ({"model": "embedded", "base_url": URL}, {}, ("embedded", model_store.NAME, None)),
    "a file": ({"model": "my.gguf"}, {}, ("gguf", "my.gguf", None)),
    "a file in capitals": ({"model": "MY.GGUF"}, {}, ("gguf", "MY.GGUF", None)),
    "a name like a file's": ({"model": "my.gguf", "base_url": URL}, {}, ("endpoint", "my.gguf", URL)),
    "a name like a missing file's": ({"model": "no.gguf"}, {"OPENAI_BASE_URL": URL}, ("endpoint", "no.gguf", URL)),
    "a name like the fake's": ({"model": "scriptd", "base_url": URL}, {}, ("endpoint", "scriptd", URL)),
    "the fake": ({"model": "scripted", "base_url": URL}, {}, ("scripted", "scripted", None)),
}


@pytest.mark.parametrize("what", CHOICES)
def test_which_model_plays(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    flags, environment, chosen = CHOICES[what]
    for file in ("my.gguf", "MY.GGUF"):
        Path(file).write_bytes(b"GGUF and more")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    engine = model_choice.choose(load(**flags))
    assert (engine.kind, engine.model, engine.base_url and str(engine.base_url)) == chosen
    assert "\n" not in str(engine)
    assert engine.reason in str(engine)


def test_a_key_that_decides_nothing_is_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "OPENAI_API_KEY" not in str(model_choice.choose(load()))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert "OPENAI_API_KEY is set" in str(model_choice.choose(load()))
    assert "sk-secret" not in str(model_choice.choose(load()))


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"model": "no.gguf"}, r"no\.gguf`: no such file.*or an address"),
        ({"model": f"{'n' * 300}.gguf"}, "name too long"),
        ({"model": "notes.gguf"}, "no GGUF file"),
        ({"model": "pipe.gguf"}, "it is no file"),
        ({"model": "scriptd"}, "did you mean scripted"),
        ({"model": "Embeded"}, "did you mean embedded"),
        ({}, "is gone.*`model=NAME` `base_url=URL`.*scripted"),
    ],
)
def test_what_cannot_play_says_what_can(flags: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_store, "installed", lambda: "the engine is gone")
    Path("notes.gguf").write_text("hello")
    os.mkfifo("pipe.gguf")
    with pytest.raises(SettingsError, match=says):
        model_choice.choose(load(**flags))
