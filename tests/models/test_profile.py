"""What is known of a model, and who has the last word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dreamplay.errors import SettingsError
from dreamplay.models import model_choice, profile_table
from dreamplay.models.profile import LEARNT, ModelProfile
from dreamplay.settings import load
from pydantic import ValidationError

KNOWN: dict[str, tuple[str, str, dict[str, Any]]] = {
    # provider, model, and what differs from the defaults, of the fields that are looked at
    "nobody knows it": ("api.example.org", "m", {}),
    "OpenAI": ("api.openai.com", "gpt-4.1", {"output_limit": "max_completion_tokens"}),
    "OpenAI, reasoning": (
        "api.openai.com", "GPT-5-mini",
        {"output_limit": "max_completion_tokens", "temperature_control": False, "context_window": 16384}),
    "OpenAI, of that generation without reasoning": (
        "api.openai.com", "gpt-5-chat-latest", {"output_limit": "max_completion_tokens"}),
    "a host that only ends like OpenAI's": ("not-api.openai.com", "gpt-5", {}),
    "Anthropic": (
        "api.anthropic.com", "claude-sonnet-4-5",
        {"structured_output": "prompt", "seed": False, "multiple_candidates": False}),
    "Groq, with a port": ("api.groq.com:443", "llama-3.3-70b", {"multiple_candidates": False}),
    "Mistral": ("api.mistral.ai", "mistral-small-latest", {"seed": False}),
    "DeepSeek": (
        "api.deepseek.com", "deepseek-chat", {"structured_output": "json_object", "multiple_candidates": False}),
    "Ollama": ("localhost:11434", "llama3.1", {"multiple_candidates": False, "context_window": 4096}),
    "the same host on another port": ("localhost:8000", "llama3.1", {}),
}  # fmt: skip
LOOKED_AT = {*LEARNT, "context_window"}


@pytest.mark.parametrize("what", KNOWN)
def test_a_profile_is_known_by_provider_and_name(what: str) -> None:
    provider, model, differs = KNOWN[what]
    found = profile_table.look_up(provider, model).model_dump(include=LOOKED_AT)
    assert found == ModelProfile().model_dump(include=LOOKED_AT) | differs


def test_a_later_row_refines_an_earlier_one_in_what_it_sets_alone() -> None:
    reasoner = profile_table.look_up("api.deepseek.com", "deepseek-reasoner")
    assert (reasoner.structured_output, reasoner.temperature_control) == ("json_object", False)


def test_a_small_model_is_played_otherwise() -> None:
    for provider in ("embedded", "gguf"):
        small = profile_table.look_up(provider, "any")
        assert (small.private_sheet, small.memories, small.checks, small.reflections) == (False, 1, ("strict",), False)
        assert not small.detailed_reflections
    assert ModelProfile().private_sheet
    assert ModelProfile().detailed_reflections


def test_a_row_may_be_of_an_adapter_alone() -> None:
    plain, voice = (profile_table.look_up("embedded", "any", name) for name in ("", "Dreamplay Voice"))
    assert (plain.begin_moves, voice.begin_moves) == (True, False)
    assert profile_table.look_up("embedded", "any", "mine") == plain


PRECEDENCE: dict[str, tuple[dict[str, Any], str, dict[str, Any], dict[str, Any]]] = {
    # flags, dreamplay.toml, an earlier run, and what comes of it
    "the table": ({}, "", {}, {"candidates": 1, "seed": False}),
    "an earlier run over the table": ({}, "", {"candidates": 2, "seed": True}, {"candidates": 2, "seed": True}),
    "the file over an earlier run": (
        {}, "[profile]\ncandidates = 3\nseed = false", {"candidates": 2, "seed": True},
        {"candidates": 3, "seed": False}),
    "a flag over the file": ({"candidates": 4}, "[profile]\ncandidates = 3", {"candidates": 2}, {"candidates": 4}),
    "single settings of the file over its profile": (
        {}, "window = 5000\nheadroom = 7\ntemperature = 0.1\n[profile]\ncontext_window = 6000", {},
        {"context_window": 5000, "thinking_tokens": 7, "temperature": 0.1}),
    "what the address stands for over them all: it has no adapters of ours": (
        {}, "[profile]\ndialect = 'llamacpp'\nsecond_adapter = ['dream']", {"second_adapter": ("line",)},
        {"dialect": "llamacpp", "second_adapter": ()}),
}  # fmt: skip


@pytest.mark.parametrize("what", PRECEDENCE)
def test_who_has_the_last_word(what: str) -> None:
    flags, toml, before, expected = PRECEDENCE[what]
    Path("dreamplay.toml").write_text(toml)
    settings = load(model="m", base_url="https://api.mistral.ai/v1", **flags)
    found = model_choice.profile(model_choice.choose(settings), settings, ModelProfile(**before) if before else None)
    assert {name: getattr(found, name) for name in expected} == expected


def _chosen() -> ModelProfile:
    settings = load(model="scripted")
    return model_choice.profile(model_choice.choose(settings), settings)


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        (
            "seed = 1\n[profile]\nmemoris = 2",
            r"dreamplay\.toml:3: unknown key 'memoris' in \[profile\] \(did you mean 'memories'\?\)",
        ),
        ("[profile]\nmemories = 99", r"dreamplay\.toml:2: profile\.memories: must be at most 20 \(it is '99'\)"),
        ("\n[profile]\nseed = 'never'", r"dreamplay\.toml:3: profile\.seed: must be true or false"),
        (
            "[profile]\nstructured_output = 'xml'",
            r"dreamplay\.toml:2: profile\.structured_output: must be one of json_schema",
        ),
        ("profile.checks = 'strict'", r"dreamplay\.toml:1: profile\.checks: must be a list"),
        ("profile = 3", r"dreamplay\.toml:1: profile: must be keys and values"),
    ],
)
def test_a_profile_that_cannot_be_used_is_one_line_with_its_place(toml: str, says: str) -> None:
    Path("dreamplay.toml").write_text(toml)
    with pytest.raises(SettingsError, match=says) as caught:
        _chosen()
    assert "\n" not in str(caught.value)


def test_a_profile_is_frozen_and_strict_and_every_field_is_described() -> None:
    with pytest.raises(ValidationError):
        ModelProfile.model_validate({"sheets": True})
    with pytest.raises(ValidationError):
        ModelProfile().refined({"memories": -1})
    assert all(field.description for field in ModelProfile.model_fields.values())
    assert ModelProfile.model_validate(ModelProfile(seed=False).recorded()) == ModelProfile(seed=False)
