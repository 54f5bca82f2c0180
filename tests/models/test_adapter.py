"""Which adapter a local model plays with. No engine is started."""

from __future__ import annotations

import hashlib
from pathlib import Path

import adapter_files
import pytest
from adapter_files import gguf, lora
from dreamplay.errors import SettingsError
from dreamplay.models import adapter, model_choice, model_store, survey
from dreamplay.settings import load

MODEL = b"GGUF and more"
MINE = hashlib.sha256(MODEL).hexdigest()


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_store, "installed", lambda: None)
    Path("my.gguf").write_bytes(MODEL)


def test_a_file_says_what_it_is() -> None:
    path = lora(Path("voice.gguf"), "a  quiet\nvoice\x1b[2J", "a" * 64)
    found = adapter.read(path)
    assert (found.name, found.base_sha256) == ("a quiet voice[2J", "a" * 64)
    assert (found.sha256, found.size) == (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
    assert adapter.read(lora(Path("nameless.gguf"), "")).name == "nameless"


BAD: dict[str, tuple[dict[str, object], str]] = {
    "a model": ({"general.name": "a model"}, "holds a model, and no adapter"),
    "an adapter of another type": ({"general.type": "adapter", "adapter.type": "alora"}, "type 'alora', and no LoRA"),
    "a type that is a number": ({"general.type": 7}, "holds a 7, and no adapter"),
    "a base that is none": (
        {"general.type": "adapter", "adapter.type": "lora", "dreamplay.base_sha256": "A" * 64}, "base_sha256 is no"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_no_lora_adapter_is_refused(what: str) -> None:
    keys, says = BAD[what]
    gguf(Path("x.gguf"), keys)
    with pytest.raises(SettingsError, match=rf"`adapter=x.gguf`: .*{says}.*; give the path .*, voice or none$"):
        model_choice.choose(load(adapter="x.gguf"))


def test_the_embedded_model_plays_with_the_shipped_adapter_and_a_file_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    voice = adapter_files.ship(monkeypatch, tmp_path / "adapters")
    spec = model_choice.choose(load())
    assert spec.adapter == voice
    assert spec.adapter.is_shipped
    assert f"{model_store.NAME} with dreamplay voice" in str(spec)
    assert model_choice.choose(load(model="my.gguf")).adapter is None
    assert model_choice.choose(load(adapter="none")).adapter is None
    lora(Path("mine.gguf"), base=MINE)
    own = model_choice.choose(load(model="my.gguf", adapter=Path("mine.gguf"))).adapter
    assert own
    assert (own.name, own.is_shipped) == ("mine", False)


def test_a_version_without_an_adapter_plays_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    adapter_files.ship_none(monkeypatch, tmp_path / "adapters")
    assert model_choice.choose(load()).adapter is None
    with pytest.raises(SettingsError, match=r"`adapter=voice`: this version of dreamplay ships no adapter; give"):
        model_choice.choose(load(adapter="voice"))


@pytest.mark.parametrize(("number", "name"), [(0, "voice.gguf"), (1, "other.gguf")])
@pytest.mark.parametrize("damage", ["cut short", "one byte more", "gone"])
def test_a_shipped_adapter_that_is_damaged_is_refused_with_the_way_out(
    damage: str, number: int, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shipped = adapter_files.ship(monkeypatch, tmp_path / "adapters", second=True)
    file = shipped.files[number]
    whole = file.read_bytes()
    file.write_bytes(whole[:-9] if damage == "cut short" else whole + b"x")
    if damage == "gone":
        file.unlink()
    with pytest.raises(SettingsError, match=rf"{name} is damaged \(.*\); run: pip install .*: `adapter=none`$"):
        model_choice.choose(load())
    assert model_choice.choose(load(adapter="none")).adapter is None


@pytest.mark.parametrize(
    "table",
    [b"sha256 = ", b"\xff", b"", b"sha256 = 7", b'sha256 = "0"\nsecond = 3', b'sha256 = "0"\n[second]\nfile = "x"'],
)
def test_a_damaged_table_of_the_shipped_adapter_is_refused_with_the_way_out(
    table: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    adapter_files.ship(monkeypatch, tmp_path / "adapters")
    (tmp_path / "adapters" / "voice.toml").write_bytes(table)
    with pytest.raises(SettingsError, match=r"^the shipped adapter voice.toml is damaged \(.+\); run: pip install .*$"):
        model_choice.choose(load())


def test_an_adapter_of_another_model_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    adapter_files.ship(monkeypatch, tmp_path / "adapters")
    says = f"'dreamplay voice' was made for {model_store.NAME}, and not for my.gguf; play without it, `adapter=none`"
    with pytest.raises(SettingsError, match=says):
        model_choice.choose(load(model="my.gguf", adapter="voice"))
    lora(Path("mine.gguf"), base=MINE)
    with pytest.raises(SettingsError, match=rf"another model \(SHA-256 {MINE[:12]}…\), and not for {model_store.NAME}"):
        model_choice.choose(load(adapter="mine.gguf"))
    lora(Path("unknown.gguf"))  # it does not say for which model
    assert model_choice.choose(load(model="my.gguf", adapter="unknown.gguf")).adapter


def test_other_models_refuse_an_adapter_that_is_asked_for_and_ignore_one_that_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lora(Path("mine.gguf"))
    elsewhere = {"base_url": "http://127.0.0.1:9/v1"}
    for flags in ({"model": "scripted"}, {"model": "m", **elsewhere}, elsewhere):
        with pytest.raises(SettingsError, match=r"`adapter=mine.gguf`: only the embedded model and .gguf files"):
            model_choice.choose(load(adapter="mine.gguf", **flags))
        assert model_choice.choose(load(adapter="none", **flags)).adapter is None
    monkeypatch.setenv("DREAMPLAY_ADAPTER", "mine.gguf")
    assert model_choice.choose(load(model="scripted")).adapter is None
    assert model_choice.choose(load()).adapter


async def test_a_survey_shows_the_adapter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    voice = adapter_files.ship(monkeypatch, tmp_path / "adapters", second=True)
    shown, second = ({"name": a.name, "size": a.size, "sha256": a.sha256} for a in (voice, voice.second) if a)
    rows = await survey.survey(load(model="my.gguf"))
    assert [row.get("adapter", "takes none") for row in rows] == [None, shown | {"second": second}, "takes none"]
    voice.path.write_bytes(b"GGUF")
    rows = await survey.survey(load())
    assert "cannot play: the shipped adapter voice.gguf is damaged" in rows[0]["state"]
