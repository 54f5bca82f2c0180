"""Which model a run goes on with, and by which profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import adapter_files
import pytest
from dreamplay import prepare
from dreamplay.errors import SettingsError
from dreamplay.models import model_choice, model_store
from dreamplay.models.profile import ModelProfile
from dreamplay.runs.profile_upgrade import upgraded
from dreamplay.runs.transcript import Resumed
from dreamplay.settings import load

URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_store, "installed", lambda: None)
    Path("here").mkdir()
    Path("here/my.gguf").write_bytes(b"GGUF and more")


BEFORE: dict[str, tuple[str, dict[str, Any]]] = {
    # how a transcript names a model, and what it keeps of it
    "embedded": (model_store.NAME, {"provider": "embedded", "profile": {"candidates": 2, "temperature": 0.8}}),
    "file": ("my", {"provider": "gguf", "profile": {"candidates": 4, "temperature": 0.5}}),
    "endpoint": ("m", {"provider": "endpoint", "profile": {"candidates": 3, "temperature": 0.5}}),
    "endpoint of files": ("m.gguf", {"provider": "endpoint", "profile": {"candidates": 3}}),
    "scripted": ("scripted", {"provider": "scripted", "profile": {"max_attempts": 3}}),
    "a name like a command": ("m --base-url http://x;\nrun: $(y)", {}),
    # version 1
    "old embedded": (model_store.NAME, {"engine": {"min_p": 0.05}, "candidates": 2, "sampling": {"temperature": 0.8}}),
    "old file": ("my", {"engine": {"min_p": 0.05}, "candidates": 4, "sampling": {"temperature": 0.5}}),
    "old endpoint": ("m", {"candidates": 3, "sampling": {"temperature": 0.5}}),
}
AGAIN: dict[str, tuple[str, dict[str, Any], dict[str, str], tuple[str, str | None, float | None, int]]] = {
    # what it was played on, flags, environment, and what it goes on with: kind, model, temperature, candidates
    "embedded as before": ("embedded", {}, {}, ("embedded", model_store.NAME, 0.8, 2)),
    "embedded by name": (
        "embedded", {"model": "embedded", "candidates": 1}, {}, ("embedded", model_store.NAME, 0.8, 1)),
    "embedded, whatever OpenAI's variable says": (
        "embedded", {}, {"OPENAI_BASE_URL": URL}, ("embedded", model_store.NAME, 0.8, 2)),
    "from embedded to an address": ("embedded", {"base_url": URL}, {}, ("endpoint", None, None, 1)),
    "from embedded to a model": ("embedded", {"model": "m"}, {}, ("endpoint", "m", None, 1)),
    "the fake as before": ("scripted", {}, {}, ("scripted", "scripted", None, 1)),
    "from the fake to embedded": ("scripted", {"model": "embedded"}, {}, ("embedded", model_store.NAME, 0.1, 2)),
    "a file again": ("file", {"model": "here/my.gguf"}, {}, ("gguf", "here/my.gguf", 0.5, 4)),
    "from a file to an address": ("file", {"base_url": URL}, {}, ("endpoint", None, None, 1)),
    "the same model at an address": (
        "endpoint", {"base_url": URL, "temperature": 0.0}, {}, ("endpoint", "m", 0.0, 3)),
    "the same model at OpenAI's variable": ("endpoint", {}, {"OPENAI_BASE_URL": URL}, ("endpoint", "m", 0.5, 3)),
    "the same model by name": ("endpoint", {"model": "m"}, {}, ("endpoint", "m", 0.5, 3)),
    "a name like a file's": ("endpoint of files", {"base_url": URL}, {}, ("endpoint", "m.gguf", None, 3)),
    "another model there": ("endpoint", {"model": "n", "base_url": URL}, {}, ("endpoint", "n", None, 1)),
    "embedded, of version 1": ("old embedded", {}, {}, ("embedded", model_store.NAME, 0.8, 2)),
    "a file again, of version 1": ("old file", {"model": "here/my.gguf"}, {}, ("gguf", "here/my.gguf", 0.5, 4)),
    "an endpoint, of version 1": ("old endpoint", {"base_url": URL}, {}, ("endpoint", "m", 0.5, 3)),
}  # fmt: skip


def _before(what: str) -> Resumed:
    model, kept = BEFORE[what]
    return Resumed(model=model, settings=upgraded({"length": "full"} | kept, model), event=1)


@pytest.mark.parametrize("what", AGAIN)
def test_what_a_run_goes_on_with(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before, flags, environment, expected = AGAIN[what]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load(**flags)
    spec, known = prepare.choose(settings, _before(before))
    profile = model_choice.profile(spec, settings, known)
    assert (spec.kind, spec.model, profile.temperature, profile.candidates) == expected


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ("file", r"on my; .*`model=FILE"),
        ("endpoint", r"`model=m` `base_url=URL`"),
        ("a name like a command", r"`model='m --base-url http://x; run: \$\(y\)'` `base_url=URL`"),
    ],
)
def test_a_model_that_has_to_be_named_again(before: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        prepare.choose(load(), _before(before))


def test_a_resumed_run_trusts_an_address_of_a_file_no_more_than_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    Path("dreamplay.toml").write_text(f'base_url = "{URL}"')
    settings = load()
    spec, _ = prepare.choose(settings, _before("endpoint"))
    assert (spec.model, settings.key()) == ("m", None)
    assert "not sent" in spec.note


def test_what_a_stranger_s_transcript_sets_is_checked() -> None:
    before = Resumed(model="m", settings={"profile": {"candidates": 99}}, event=1)
    with pytest.raises(SettingsError, match=r"the earlier run: profile.candidates: must be at most 8"):
        prepare.choose(load(base_url=URL), before)


def test_the_header_keeps_where_a_model_ran_but_no_address_and_no_path() -> None:
    assert prepare.recorded(model_choice.choose(load(model="m", base_url=URL))) == {"provider": "endpoint"}
    assert prepare.recorded(model_choice.choose(load(model="here/my.gguf"))) == {"provider": "gguf"}


def _adapted(sha256: str, name: str = "dreamplay voice") -> Resumed:
    before = _before("embedded")
    return before.model_copy(update={"settings": before.settings | {"adapter": {"name": name, "sha256": sha256}}})


def test_a_run_goes_on_with_the_adapter_that_it_had_and_without_if_it_had_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    voice = adapter_files.ship(monkeypatch, tmp_path / "adapters")
    before = _adapted(voice.sha256)
    spec, known = prepare.choose(load(), before)
    assert (spec.adapter, spec.note) == (voice, "")
    assert known
    assert prepare.recorded(spec) == {"provider": "embedded", "adapter": before.settings["adapter"]}
    spec, known = prepare.choose(load(), _before("embedded"))
    assert spec.adapter is None
    assert known
    assert prepare.recorded(spec) == {"provider": "embedded"}
    spec, _ = prepare.choose(load(model="embedded"), _before("scripted"))  # another model
    assert spec.adapter == voice


def test_another_version_of_the_shipped_adapter_takes_over_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = adapter_files.ship(monkeypatch, tmp_path / "adapters")
    new = adapter_files.ship(monkeypatch, tmp_path / "adapters", end="another")
    spec, known = prepare.choose(load(), _adapted(old.sha256))
    assert spec.adapter == new
    assert new.sha256 != old.sha256
    assert "the adapter is another version than before" in str(spec)
    assert known


def test_with_another_adapter_the_profile_is_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    voice = adapter_files.ship(monkeypatch, tmp_path / "adapters")
    for settings, before in ((load(adapter="voice"), _before("embedded")), (load(adapter="none"), _adapted("a" * 64))):
        spec, known = prepare.choose(settings, before)
        assert spec.adapter == (voice if settings.adapter == "voice" else None)
        assert known is None


def test_an_adapter_of_ones_own_has_to_be_named_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    adapter_files.ship(monkeypatch, tmp_path / "adapters")
    with pytest.raises(SettingsError, match=r"the adapter 'mine'; name it again, `adapter=FILE.gguf`, or .*=none`"):
        prepare.choose(load(), _adapted("a" * 64, "mine"))
    adapter_files.lora(Path("mine.gguf"))
    spec, known = prepare.choose(load(adapter="mine.gguf"), _adapted("a" * 64, "mine"))
    assert spec.adapter
    assert known


def test_a_profile_that_was_recorded_is_read_back_whole_whatever_the_table_says_now() -> None:
    known = ModelProfile(candidates=5, private_sheet=False, seed=False)
    before = Resumed(model="gpt-5", settings={"provider": "endpoint", "profile": known.recorded()}, event=1)
    settings = load(base_url="https://api.openai.com/v1")
    spec, recorded = prepare.choose(settings, before)
    assert model_choice.profile(spec, settings, recorded) == known
