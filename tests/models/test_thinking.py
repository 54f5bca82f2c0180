"""What a model thinks is told apart from what it says, whatever its marks are and however they are cut."""

from __future__ import annotations

import pytest
from dreamplay.models.thinking import ThinkingSplitter

SAID = {
    # what comes: what is said
    "<think>\nElara: no.\n</think>\n\nHello.": "Hello.",
    "Okay, so.\n</think>\n\nHello.": "Hello.",  # the opening mark stood in the prompt
    "<think>never closed, Elara: no": "",
    "only thought</think>": "",
    "<think>\n\n</think>\n\nHello.": "Hello.",
    "<think/>Hello.": "Hello.",
    "<THINK effort='low'>a</Think >Hello.": "Hello.",
    "<think>a<think>b</think>c</think>Hello.": "Hello.",
    "Hello. <think>More?</think>": "Hello. ",
    "<thinking>a</thinking>Hello.": "Hello.",
    "<reasoning>a</reasoning>Hello.": "Hello.",
    "<thought>a</thought>Hello.": "Hello.",
    "<seed:think>a</seed:think>Hello.": "Hello.",
    "<inner_monologue>a</inner_monologue>Hello.": "Hello.",
    "<chain-of-thought>a</chain-of-thought>Hello.": "Hello.",
    "<thought_process>a</thought_process>Hello.": "Hello.",
    "<antThinking>a</antThinking>Hello.": "Hello.",
    "&lt;think&gt;a&lt;/think&gt;Hello.": "Hello.",
    "<unused94>thought\na<unused95>Hello.<unused7>": "Hello.",
    "<|think|>a<|end|><|begin|>assistant<|content|>Hello.<|flush|>": "Hello.",
    '<details type="reasoning" done="true">\n<summary>x</summary>\n</details>\nHello.': "Hello.",
    "[THINK]a[/THINK]Hello.": "Hello.",
    "◁think▷a◁/think▷Hello.": "Hello.",
    "<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>Hello.<|END_RESPONSE|>": "Hello.",
    "<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>Hello.<|end_of_solution|>": "Hello.",
    "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>Hello.<|return|>": "Hello.",
    "analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>Hello.": "Hello.",
    "analysisWe need a line.assistantfinalHello.": "Hello.",
    "<|channel>thought\na\n<channel|>Hello.<turn|>": "Hello.",
    "Here is my thought process: a. Here is my response: Hello.": "Hello.",
    "Here are my reasoning steps:\na\n[BEGIN FINAL RESPONSE]\nHello.[END FINAL RESPONSE]": "Hello.",
    "<think>a</think><answer>Hello.</answer>": "Hello.",
    "Hello.<|im_end|>\n<|im_start|>user\nGo on.": "Hello.",
    "<think>a<|im_end|>\n<|im_start|>user\nGo on.": "",
    "<|im_start|>assistant\nHello.<|im_end|>": "Hello.",
    "<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>": "Hello.",
    "<|im_assistant|>assistant<|im_middle|>Hello.<|im_end|>": "Hello.",
    "<start_of_turn>model\nHello.<end_of_turn>": "Hello.",
    "<s> Hello.</s> [INST] Go on. [/INST]": "Hello.",
    "Hello.<\uff5cend\u2581of\u2581sentence\uff5c>And more.": "Hello.",
    "Hello<unk>.<pad><0x0A><SPECIAL_11>": "Hello.",
    "[gMASK]<sop>Hello.<eop>": "Hello.",
    "[|assistant|]Hello.[|endofturn|]\n[|user|]Go on.": "Hello.",
    "Hello.<im_end>\nGo on.": "Hello.",
    "Hello.</im_end>": "Hello.",
    "Hello.[TOOL_CALLS]say[ARGS]{}": "Hello.",
    "Hello.<tool_call>{}</tool_call>": "Hello.",
    "Hello.<|im_end|": "Hello.",
    "Hello.<|im": "Hello.",
}
UNTOUCHED = (
    "", "<", "\n\n  Hello.", "I love you <3, and 1 < 2 > 0.", "[thinking] Well, no.", "Here is my hand.",
    "Analysis is dull.", "The assistant asked.", "analysis of a dream", '{"reason": "[so] <b>", "choice": "go"}',
    "[Elara sighs] Hello. <",
    "R&D & you&l", "[good] Hello.", "<reflection>{}</reflection>", "|m|",
)  # fmt: skip


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(("raw", "said"), [*SAID.items(), *((text, text) for text in UNTOUCHED)])
def test_only_what_is_said_is_passed_on(raw: str, said: str, size: int) -> None:
    parts = ThinkingSplitter()
    heard = ""
    for piece in [raw[at : at + size] for at in range(0, len(raw), size)]:
        for new in parts.take(piece):
            heard = heard + new if new else ""
    heard += "".join(parts.end())
    assert heard == parts.said == said


def test_what_is_thought_is_kept_apart() -> None:
    parts = ThinkingSplitter()
    for piece in ("Mira fears ", "water.</thi", "nk>Hello. <think>Her eyes.</think>"):
        parts.take(piece)
    parts.end()
    assert (parts.said, parts.thought) == ("Hello. ", "Mira fears water.Her eyes.")


def test_what_is_said_is_passed_on_at_once() -> None:
    parts = ThinkingSplitter()
    assert [parts.take(piece) for piece in ("I love ", "you <3", " and", " you.")] == [
        ["I love "], ["you <3"], [" and"], [" you."],
    ]  # fmt: skip
