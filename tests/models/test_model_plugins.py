"""Models of strangers: opened by entry point, asked like any other, and named when they fail."""

from __future__ import annotations

import json
from pathlib import Path

import dreamplay as dp
import pytest
import strangers
from dreamplay import prepare
from dreamplay.errors import PluginError, PluginFailedError
from dreamplay.models import model_choice, registry
from dreamplay.models.profile import ModelProfile
from dreamplay.runs import transcript
from dreamplay.settings import load

ECHO = """
from dataclasses import replace

from dreamplay.models.base import Reply
from dreamplay.models.profile import ModelProfile
from dreamplay.models.scripted import ScriptedModel
from dreamplay.schema.provenance import Usage

class Echo(ScriptedModel):
    def __init__(self, variant):
        super().__init__(profile=ModelProfile(memories=2, candidates=3))
        self.name = f"echo of {variant}"

class Breaking(Echo):
    async def complete(self, prompt, **rest):
        if len(self.seen) == 4:
            raise RuntimeError("the wire\\nis cut")
        return await super().complete(prompt, **rest)

class Texting(Echo):
    async def complete(self, prompt, **rest):
        return "just a text"

class Uncounted(Echo):
    async def complete(self, prompt, **rest):
        return Reply("Good evening.", finished=True, usage=None)

class Offering(Echo):
    async def complete(self, prompt, **rest):
        return replace(await super().complete(prompt, **rest), alternatives=("Another line.",))

class Waiting(Echo):
    def complete(self, prompt, **rest):
        return Reply("Good evening.", finished=True, usage=Usage(calls=1))

class Profileless(Echo):
    def __init__(self, variant):
        self.profile = {"memories": 2}
        self.name = "none"

async def echo(variant, settings):
    return Echo(variant)

def breaking(variant, settings):
    return Breaking(variant)

def texting(variant, settings):
    return Texting(variant)

def uncounted(variant, settings):
    return Uncounted(variant)

def offering(variant, settings):
    return Offering(variant)

def waiting(variant, settings):
    return Waiting(variant)

def profileless(variant, settings):
    return Profileless(variant)

def asked(variant, settings, *, profile, jobs):
    model = Echo(f"{jobs} jobs")
    model.profile = profile
    return model

def nothing(variant, settings):
    return object()

def raising(variant, settings):
    raise OSError("no such device")
"""
NAMES = (
    "echo", "breaking", "texting", "uncounted", "offering", "waiting", "profileless", "asked", "nothing", "raising",
    "absent",
)  # fmt: skip


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = "".join(f"{name} = mirror:{name}\n" for name in NAMES)
    strangers.visible(monkeypatch, strangers.install(tmp_path / "site", f"[dreamplay.models]\n{points}", mirror=ECHO))


def test_a_stranger_s_model_plays_and_goes_on_by_its_own_profile_and_the_user_s(small: Path) -> None:
    Path("dreamplay.toml").write_text("[profile]\nmemories = 5\n")
    run = dp.play(small, model="echo:deep", seed=1)
    settings = run.header.settings
    assert (run.header.model, settings["provider"], settings["variant"]) == ("echo of deep", "echo", "deep")
    assert settings["profile"] == ModelProfile(memories=5, candidates=3).recorded()
    spec, known = prepare.choose(load(), run.header)
    assert (spec.kind, spec.model, known) == ("echo", "deep", ModelProfile(memories=5, candidates=3))
    branch = dp.play(run.branch(drop=["cyrus"]))
    assert (branch.header.model, branch.header.settings) == (run.header.model, settings)


async def test_what_its_entry_point_takes_it_is_given() -> None:
    settings = load(model="asked", window=4096)
    models = await registry.open_models(model_choice.choose(settings), settings, jobs=3)
    assert [model.name for model in models] == ["echo of 3 jobs"] * 3
    assert models[0].profile.context_window == 4096


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("absent", r"model 'absent' of stranger 1\.0 \(mirror:absent\): cannot be imported: AttributeError"),
        ("nothing", r"model 'nothing' .*expected a Model, found an object, which has no .*complete"),
        ("profileless", r"model 'profileless' .*expected a ModelProfile as its profile, found a dict"),
        ("raising", r"model 'raising' .* failed: OSError: no such device at mirror\.py:\d+"),
    ],
)
def test_one_that_cannot_be_used_is_one_line_that_names_it(name: str, says: str, small: Path) -> None:
    with pytest.raises((PluginError, PluginFailedError), match=says) as caught:
        dp.play(small, model=name)
    assert "\n" not in str(caught.value)
    assert not Path("transcripts").exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("breaking", "RuntimeError: the wire is cut"),
        ("texting", r"complete\(\) returned the wrong type: expected Reply"),
        ("uncounted", r"complete\(\) returned the wrong type: expected usage to be Usage, found NoneType"),
        ("offering", r"complete\(\) returned the wrong type: expected Reply, found str"),
        ("waiting", r"complete\(\) must be async"),
    ],
)
def test_one_that_fails_in_the_middle_ends_the_play_and_loses_nothing(name: str, says: str, small: Path) -> None:
    with pytest.raises(PluginFailedError, match=rf"model '{name}' of stranger 1\.0 .*{says}") as caught:
        dp.play(small, model=name, seed=1, out="run")
    assert "\n" not in str(caught.value)
    if name == "breaking":
        record = transcript.read(Path("run"))
        waiting = Path("run/pending.jsonl")
        answers = [json.loads(line)["answer"] for line in waiting.read_text().splitlines()] if waiting.exists() else []
        answered = sum(answer["provenance"]["usage"]["calls"] for answer in answers)
        assert sum(event.provenance.usage.calls for event in record.script) + answered == 4
        assert record.end is None


def test_an_address_makes_it_a_name_at_that_address_and_a_misspelt_one_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert model_choice.choose(load(model="echo:8b", base_url="http://127.0.0.1:9/v1")).kind == "endpoint"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert model_choice.choose(load(model="echo:8b")).kind == "echo"
    monkeypatch.delenv("OPENAI_BASE_URL")
    with pytest.raises(dp.DreamplayError, match="did you mean echo"):
        model_choice.choose(load(model="ecko"))
