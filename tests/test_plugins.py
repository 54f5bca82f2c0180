from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
import strangers
from dreamplay import plugin_guard, plugins
from dreamplay.errors import DreamplayError, ModelError, PluginError, PluginFailedError, UsageError

GOOD = """
class Good:
    name = "good"

    def embed(self, texts):
        return list(texts)

    async def later(self):
        raise KeyError("lost")

    def mine(self):
        from dreamplay.errors import ModelError
        raise ModelError("it gave up")

    @property
    def width(self):
        return 1 // 0

instance = Good()
"""


class Wanted(Protocol):
    name: str

    def embed(self, texts: list[str]) -> list[str]: ...


Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    def installed(points: str, distribution: str = "stranger", **modules: str) -> None:
        folder = tmp_path / distribution
        strangers.install(
            folder, f"[dreamplay.embedders]\n{points}\n", distribution=distribution, **{"good": GOOD} | modules
        )
        strangers.visible(monkeypatch, folder)

    return installed


def test_a_plug_in_is_found_by_name_and_imported_when_it_is_used(install: Install) -> None:
    install("mine = good:Good\nother = good:instance")
    assert {"mine", "other"} <= set(plugins.names("embedders"))
    found = plugins.find("embedders", "mine")
    assert (found.distribution, found.version, found.shipped) == ("stranger", "1.0", False)
    assert "good" not in sys.modules
    assert plugins.create("embedders", "mine", Wanted).embed(["a"]) == ["a"]
    assert "mine" not in plugins.names("formats")


@pytest.mark.parametrize(
    ("points", "source", "said"),
    [
        ("mine = absent:Good", "", "cannot be imported: ModuleNotFoundError: No module named 'absent'"),
        ("mine = good:Bad", GOOD, "cannot be imported: AttributeError"),
        ("mine = good:Good", "x = 1\nraise RuntimeError('no\\nway')", "RuntimeError: no way at good.py:2;"),
        ("mine = good:Good", "def Good(:", "cannot be imported: SyntaxError"),
        ("mine = good:Good", "Good = 7", "expected something to call, which makes one, found an int"),
        ("mine = good:Good", "def Good(): return []", "expected a Wanted, found a list, which has no name, embed"),
        ("mine = good:Good", "def Good(): return Good", "found a function, which has no name, embed"),
        ("mine = good:Good", "def Good(x): pass", "cannot be made: TypeError: Good() missing 1 required"),
    ],
)
def test_a_plug_in_that_cannot_be_used_is_one_line_that_names_it(
    install: Install, points: str, source: str, said: str
) -> None:
    install(points, good=source)
    with pytest.raises(PluginError) as error:
        plugins.create("embedders", "mine", Wanted)
    assert isinstance(error.value, UsageError)
    message = str(error.value)
    assert message.startswith("embedder 'mine' of stranger 1.0 (")
    assert said in message
    assert "\n" not in message


def test_an_unknown_name_is_answered_with_the_names_that_there_are(install: Install) -> None:
    install("diary = good:Good")
    with pytest.raises(PluginError, match=r"unknown embedder 'dairy' \(did you mean 'diary'\?\); installed: .*diary"):
        plugins.load("embedders", "dairy")


@pytest.mark.parametrize("other", ["second", "dreamplay"])
def test_nobody_takes_over_a_name(install: Install, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install("mine = good:Good")
    mine = plugins.find("embedders", "mine")
    theirs = plugins.Plugin("embedders", "mine", "its:Own", other, "1.0")
    monkeypatch.setattr(plugins, "_found", lambda: {"embedders": (theirs, mine)})
    uninstall = "stranger" if other == "dreamplay" else "second or stranger"
    with pytest.raises(PluginError, match=rf"'mine' is claimed by {other} .* and stranger .*; uninstall {uninstall}$"):
        plugins.load("embedders", "mine")


async def test_whatever_a_plug_in_raises_while_it_is_used_names_it(install: Install) -> None:
    install("mine = good:Good")
    made = plugins.create("embedders", "mine", Wanted)
    with pytest.raises(PluginFailedError, match=r"^embedder 'mine' .* failed: KeyError: 'lost' at good.py:9$"):
        await made.later()
    with pytest.raises(PluginFailedError, match="ZeroDivisionError"):
        _ = made.width
    with pytest.raises(PluginFailedError, match="TypeError"):
        made.embed()
    with pytest.raises(ModelError, match=r"^it gave up$"):
        made.mine()
    with pytest.raises(AttributeError):
        _ = made.nothing


def test_a_result_of_the_wrong_type_names_the_plug_in(install: Install) -> None:
    def short(result: object) -> object:
        if result != ["a"]:
            raise ValueError("too long")
        return result

    install("mine = good:Good")
    made = plugins.create("embedders", "mine", Wanted, returns={"embed": short})
    assert made.embed(["a"]) == ["a"]
    with pytest.raises(PluginFailedError, match=r"failed: embed\(\) returned the wrong type: too long$"):
        made.embed(["a", "b"])


def test_a_function_is_guarded_too(install: Install) -> None:
    install("mine = good:Good")
    plugin = plugins.find("embedders", "mine")
    assert plugin_guard.guarded(plugin, len)("four") == 4
    with pytest.raises(PluginFailedError):
        plugin_guard.guarded(plugin, len)(4)


def test_what_is_shipped_fails_as_itself() -> None:
    shipped = plugins.Plugin("embedders", "mine", "its:Own", plugins.SHIPPED, "1.0")
    with pytest.raises(TypeError) as error:
        plugin_guard.guarded(shipped, len)(4)
    assert not isinstance(error.value, DreamplayError)
