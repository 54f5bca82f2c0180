"""Putting the model together, from small parts made up here. No engine is started."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from dreamplay.errors import EmbeddedModelError
from dreamplay.models import model_store

PARTS = [b"one" * 1000, b"two" * 2000, b"three"]
WHOLE = b"".join(PARTS)


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    folder = tmp_path / "parts"
    folder.mkdir()
    paths = [folder / f"part{number}.bin" for number, _ in enumerate(PARTS)]
    for path, data in zip(paths, PARTS, strict=True):
        path.write_bytes(data)
    monkeypatch.setenv("DREAMPLAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(model_store, "SIZE", len(WHOLE))
    monkeypatch.setattr(model_store, "SHA256", hashlib.sha256(WHOLE).hexdigest())
    monkeypatch.setattr(model_store, "_part_files", lambda: paths)
    return paths


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".checked"]


def test_the_parts_become_the_model(parts: list[Path], tmp_path: Path) -> None:
    path = model_store.assemble()
    assert path == model_store.model_path()
    assert path.read_bytes() == WHOLE
    assert _files(tmp_path / "cache") == [path]


def test_a_model_that_stands_is_left_alone(parts: list[Path]) -> None:
    before = model_store.assemble().stat()
    for path in parts:
        path.unlink()
    after = model_store.assemble().stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_a_model_that_lost_its_end_is_put_together_again(parts: list[Path]) -> None:
    model_store.assemble().write_bytes(WHOLE[:-1])
    assert model_store.assemble().read_bytes() == WHOLE


def test_a_model_of_the_right_size_and_other_content_is_not_ready(parts: list[Path]) -> None:
    path = model_store.assemble()
    path.write_bytes(b"x" * len(WHOLE))
    assert model_store.assemble().read_bytes() == WHOLE
    path.write_bytes(b"x" * len(WHOLE))
    parts[0].unlink()
    with pytest.raises(EmbeddedModelError):
        model_store.assemble()


def test_a_model_that_stands_is_summed_up_once(parts: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    path = model_store.assemble()
    path.with_name(f"{path.name}.checked").unlink()  # as an earlier version left it
    sums: list[str] = []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, name: sums.append(name) or digest(file, name))
    assert [model_store.assemble() for _ in range(3)] == [path] * 3
    assert sums == ["sha256"]


def test_prompt_states_are_their_owner_s_alone(asked: list[Any]) -> None:
    model_store.slots().mkdir(parents=True, mode=0o755)
    model_store.start(window=2048)
    assert stat.S_IMODE(model_store.slots().stat().st_mode) == 0o700


def test_a_place_where_no_prompt_state_can_be_kept_is_named(asked: list[Any]) -> None:
    model_store.assemble()
    model_store.slots().write_text("a file, not a folder")
    with pytest.raises(EmbeddedModelError, match="DREAMPLAY_CACHE"):
        model_store.start(window=2048)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "one byte differs": lambda part: part.write_bytes(b"tvo" + part.read_bytes()[3:]),
    "cut short": lambda part: part.write_bytes(part.read_bytes()[:-1]),
    "longer": lambda part: part.write_bytes(part.read_bytes() + b"x"),
    "empty": lambda part: part.write_bytes(b""),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_part_is_found_and_nothing_is_left_behind(parts: list[Path], tmp_path: Path, what: str) -> None:
    DAMAGE[what](parts[1])
    with pytest.raises(EmbeddedModelError, match=r"checksum .*pip install --force-reinstall"):
        model_store.assemble()
    assert _files(tmp_path / "cache") == []


def test_a_part_that_vanishes_in_the_middle_leaves_nothing_behind(parts: list[Path], tmp_path: Path) -> None:
    parts[2].unlink()
    with pytest.raises(EmbeddedModelError):
        model_store.assemble()
    assert _files(tmp_path / "cache") == []


def test_several_at_once_all_get_the_whole_model(parts: list[Path], tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: model_store.assemble(), range(16)))
    assert {path.read_bytes() for path in paths} == {WHOLE}
    assert _files(tmp_path / "cache") == [model_store.model_path()]


@pytest.mark.parametrize("obstacle", ["cache", "cache/models"])
def test_a_place_that_cannot_be_written_says_how_to_choose_another(
    parts: list[Path], tmp_path: Path, obstacle: str
) -> None:
    blocked = tmp_path / obstacle
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file, not a folder")
    with pytest.raises(EmbeddedModelError, match="DREAMPLAY_CACHE") as caught:
        model_store.assemble()
    assert "\n" not in str(caught.value)


def test_a_full_disk_leaves_nothing_behind(parts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(EmbeddedModelError, match=r"No space left on device; make .* GB of room"):
        model_store.assemble()
    assert _files(tmp_path / "cache") == []


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DREAMPLAY_CACHE", str(tmp_path))
    monkeypatch.setattr(model_store, "PARTS", ("no-such-model-part1",))
    with pytest.raises(EmbeddedModelError, match="no-such-model-part1 is not installed; run: pip install"):
        model_store.assemble()


def test_a_package_that_lost_its_data_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DREAMPLAY_CACHE", str(tmp_path))
    monkeypatch.setattr(importlib.metadata, "files", lambda name: [])
    with pytest.raises(EmbeddedModelError, match="part1 has lost its data file"):
        model_store.assemble()


def test_why_it_cannot_be_used_is_told(parts: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert "pip install 'dreamplay[embedded]'" in (model_store.installed() or "")
    with pytest.raises(EmbeddedModelError, match="`base_url`"):
        model_store.start(window=2048)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert model_store.installed() is None
    monkeypatch.setattr(model_store, "_part_files", lambda: (_ for _ in ()).throw(EmbeddedModelError("part7 is gone")))
    assert model_store.installed() == "part7 is gone"
    model_store.model_path().parent.mkdir(parents=True)
    model_store.model_path().write_bytes(WHOLE)
    assert model_store.installed() is None


@pytest.fixture
def asked(parts: list[Path], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What llama.cpp was asked for."""
    xllamacpp = pytest.importorskip("xllamacpp", reason="the local engine is not installed")

    asked: list[Any] = []

    class Server:
        listening_address = "http://127.0.0.1:1"

        def __init__(self, params: Any) -> None:
            asked.append(params)

    monkeypatch.setattr(xllamacpp, "Server", Server)
    return asked


@pytest.mark.parametrize(("jobs", "slots", "tokens"), [(1, 3, 2048), (4, 12, 4 * 3 * 2048)])
def test_one_run_shares_its_window_among_candidates_and_several_share_nothing(
    asked: list[Any], jobs: int, slots: int, tokens: int
) -> None:
    model_store.start(window=2048, candidates=3, jobs=jobs)
    (params,) = asked
    assert (params.n_parallel, params.n_ctx, params.kv_unified) == (slots, tokens, jobs == 1)


def test_an_adapter_is_loaded_with_the_model(asked: list[Any], tmp_path: Path) -> None:
    model_store.start(window=2048)
    voice, other = (tmp_path / name for name in ("voice.gguf", "other.gguf"))
    for files in ((voice,), (voice, other)):
        model_store.start(window=2048, jobs=2, candidates=2, adapters=files)
    assert [[(each.path, each.scale) for each in params.lora_adapters] for params in asked] == [
        [], [(str(voice), 1.0)], [(str(voice), 1.0), (str(other), 0.0)]
    ]  # fmt: skip
    assert [params.n_parallel for params in asked] == [1, 4, 6]


def test_what_the_engine_refuses_is_one_line_with_the_next_step(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import xllamacpp

    def refused(params: Any) -> None:
        raise RuntimeError("cannot start")

    monkeypatch.setattr(xllamacpp, "Server", refused)
    with pytest.raises(EmbeddedModelError, match=r"cannot load my.gguf: cannot start; is it a whole .gguf file\?$"):
        model_store.start(Path("my.gguf"), window=2048)
    with pytest.raises(EmbeddedModelError, match=r"my.gguf with a.gguf: cannot start; was .* without: `adapter=none`$"):
        model_store.start(Path("my.gguf"), window=2048, adapters=(Path("a.gguf"),))


def test_no_prompt_is_kept_in_host_memory_where_another_caller_could_get_it(asked: list[Any]) -> None:
    """llama.cpp hands it to the wrong one (tests/benchmarks/crosstalk.py shows it)."""
    engine = model_store.start(window=2048)
    (params,) = asked
    assert (params.cache_ram_mib, params.cache_idle_slots) == (0, False)
    assert (params.hostnames, params.api_keys) == (["127.0.0.1"], [engine.api_key])
    assert params.cors_origins != "*"
