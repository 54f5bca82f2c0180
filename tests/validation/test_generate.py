"""Asking, checking and asking again."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from dreamplay.errors import ModelError
from dreamplay.models.base import Reply
from dreamplay.schema.provenance import RejectedCandidate, Usage
from dreamplay.validation.generate import CandidateRejectedError, Generation, generate


def _reply(text: str) -> Reply:
    return Reply(text, True, Usage(calls=1, prompt=100, output=10))


async def _asked(replies: Iterable[str], tries: int, blind: int = 0) -> tuple[Generation[str], list[tuple[int, str]]]:
    left, calls = list(replies), []

    async def call(number: int, wrong: str) -> Reply:
        calls.append((number, wrong))
        return _reply(left[number])

    def check(reply: Reply) -> str:
        if reply.text.startswith("bad"):
            spare = reply.text if "spare" in reply.text else None
            raise CandidateRejectedError(
                RejectedCandidate(text=reply.text, reason="is bad"), f"not {reply.text}", spare
            )
        return reply.text

    return await generate(call, check, attempts=tries, blind=blind), calls


@pytest.mark.parametrize(
    ("replies", "text", "calls"),
    [
        (["good"], "good", [(0, "")]),
        (["bad 1", "good"], "good", [(0, ""), (1, "not bad 1")]),
        (["bad 1", "bad 2", "good"], "good", [(0, ""), (1, "not bad 1"), (2, "not bad 2")]),
        (["bad 1", "bad 2", "bad 3", "good"], None, [(0, ""), (1, "not bad 1"), (2, "not bad 2")]),
        (["bad 1", "bad spare", "bad 3"], "bad spare", [(0, ""), (1, "not bad 1"), (2, "not bad spare")]),
        (["bad spare", "good"], "good", [(0, ""), (1, "not bad spare")]),
    ],
)
async def test_it_asks_again_with_what_was_wrong_and_in_the_end_for_silence(
    replies: list[str], text: str | None, calls: list[tuple[int, str]]
) -> None:
    take, made = await _asked(replies, tries=3)
    assert (take.value, made) == (text, calls)
    assert [refusal.text for refusal in take.refused] == [r for r in replies[:3] if r.startswith("bad")]
    assert take.usage == Usage(calls=len(calls), prompt=100 * len(calls), output=10 * len(calls))


async def test_the_dice_may_be_rolled_again_before_it_says_what_was_wrong() -> None:
    take, made = await _asked(["bad 1", "bad 2", "good"], tries=4, blind=1)
    assert (take.value, made) == ("good", [(0, ""), (1, ""), (2, "not bad 2")])


async def test_an_error_of_the_model_is_not_the_editors_to_mend() -> None:
    calls = []

    async def call(number: int, wrong: str) -> Reply:
        calls.append(number)
        raise ModelError("gone")

    with pytest.raises(ModelError, match="gone"):
        await generate(call, lambda reply: reply.text, attempts=3)
    assert calls == [0]


@pytest.mark.parametrize(
    ("replies", "text", "calls", "outdone"),
    [
        (["a good line", "another"], "a good line", 1, []),
        (["short", "a good line"], "a good line", 2, ["short"]),
        (["short", "tiny"], "short", 2, ["tiny"]),
        (["short", "bad", "a good line"], "short", 2, ["bad"]),
    ],
)
async def test_a_line_of_little_merit_waits_for_one_more_call(
    replies: list[str], text: str, calls: int, outdone: list[str]
) -> None:
    async def call(number: int, wrong: str) -> Reply:
        return _reply(replies[number])

    def check(reply: Reply) -> str:
        if reply.text == "bad":
            raise CandidateRejectedError(RejectedCandidate(text="bad", reason="is bad"), "")
        return reply.text

    take = await generate(call, check, attempts=3, merit=len, enough=8)
    assert (take.value, take.number) == (text, replies.index(text))
    assert take.usage.calls == calls
    assert [refusal.text for refusal in take.refused] == outdone
