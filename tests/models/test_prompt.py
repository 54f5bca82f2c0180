from __future__ import annotations

import hashlib
import json

from dreamplay.models.prompt import Prompt


def test_an_engine_that_continues_is_given_the_prefill_and_any_other_is_asked() -> None:
    ask = "What does Mira say? Answer with her line alone."
    prompt = Prompt(kind="line", system="a", script="b", tail="c", ask=ask, prefill="Mira:", max_tokens=1)
    begun, asked = prompt.messages(prefill=True), prompt.messages(prefill=False)
    assert [message["role"] for message in begun] == ["system", "user", "assistant"]
    assert begun[-1]["content"] == "Mira:"
    assert [message["role"] for message in asked] == ["system", "user"]
    assert asked[-1]["content"].startswith(begun[1]["content"])
    assert prompt.ask in asked[-1]["content"]
    assert prompt.ask not in begun[1]["content"]


def test_a_digest_changes_with_every_part() -> None:
    prompt = Prompt(kind="line", system="a", script="b", tail="c", max_tokens=1)
    assert prompt.digest == Prompt.model_validate(prompt.model_dump()).digest
    changes = [
        {"system": "x"},
        {"script": "x"},
        {"tail": "x"},
        {"prefill": "x"},
        {"json_schema": {}},
        {"max_tokens": 2},
    ]
    assert len({prompt.model_copy(update=change).digest for change in changes} | {prompt.digest}) == 7


def test_a_prompt_of_version_1_is_read_and_has_the_digest_that_was_recorded() -> None:
    kept = {"kind": "line", "system": "a", "script": "b", "tail": "c", "ask": "", "opener": "Leo:", "shape": None,
            "fresh": True, "max_tokens": 2, "stop": ["\n"]}  # fmt: skip
    prompt = Prompt.model_validate(kept)
    assert (prompt.prefill, prompt.penalize_repetition) == ("Leo:", True)
    assert prompt.digest == hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
