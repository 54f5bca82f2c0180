from __future__ import annotations

from dreamplay.models.prompt import Prompt


def test_an_engine_that_continues_is_given_the_opener_and_any_other_is_asked() -> None:
    ask = "What does Mira say? Answer with her line alone."
    prompt = Prompt(kind="line", system="a", script="b", tail="c", ask=ask, opener="Mira:", max_tokens=1)
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
    changes = [{"system": "x"}, {"script": "x"}, {"tail": "x"}, {"opener": "x"}, {"shape": {}}, {"max_tokens": 2}]
    assert len({prompt.model_copy(update=change).digest for change in changes} | {prompt.digest}) == 7
