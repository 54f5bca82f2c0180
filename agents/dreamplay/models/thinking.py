"""Separates a model's reasoning from its reply while the reply is streamed.

Each family of models has its own marks for reasoning, and some servers do not remove the marks of their chat template.
None of these marks ever occurs in a play. `_MARKS` lists them.
"""

from __future__ import annotations

import re
from typing import Literal

_Mark = Literal["opens", "closes", "answers", "channel", "message", "role", "end", "over", "nothing"]

_WORDS = (
    r"(?:think(?:ing)?|thoughts?|reason(?:ing)?|analysis|scratchpad|planning|monologue)"
    r"(?:[_-](?:process|content|steps?))?"
)
_PREFIX = r"(?:\w[\w-]{0,19}[:_-]|ant)?"
"""What stands before the word: Seed writes <seed:think>, others <inner_monologue>, and Claude <antThinking>."""
_ATTRIBUTES = r"(?:\s[^<>]{0,80})?"
_MARKS: dict[_Mark, tuple[str, ...]] = {
    "nothing": (
        rf"<{_WORDS}\s*/>",
        "</(?:answer|response|output)>",
        r"<(?:unk|pad|unused(?!9[45])\d{1,3}|(?:reserved|special)_\d{1,3}|0x[0-9a-f]{2})>",
        r"<\|(?:begin|end)_of_box\|>",
    ),
    "opens": (
        rf"<{_PREFIX}{_WORDS}{_ATTRIBUTES}>",  # DeepSeek, Qwen and most others
        rf"&lt;{_PREFIX}{_WORDS}&gt;",  # the same, from a server that writes for web pages
        "<unused94>",  # MedGemma
        rf"<details{_ATTRIBUTES}>",  # Open WebUI
        r"(?-i:\[(?:THINK|REASONING)\])",  # Magistral; in lower case it is a stage direction
        "◁think▷",  # Kimi
        r"<\|(?:START_THINKING|begin_of_thought|think(?:ing)?)\|>",  # Cohere, OpenThinker, Solar
        r"<\|channel>",  # Gemma
    ),
    "closes": (
        rf"</{_PREFIX}{_WORDS}\s*>",
        rf"&lt;/{_PREFIX}{_WORDS}&gt;",
        "<unused95>",
        "</details>",
        r"(?-i:\[/(?:THINK|REASONING)\])",
        "◁/think▷",
        r"<\|(?:END_THINKING|end_of_thought|/think(?:ing)?)\|>",
        r"<channel\|>",
        r"\[BEGIN FINAL RESPONSE\]",
        "(?-i:assistantfinal)",
    ),
    "answers": ("<(?:answer|response|output)>", r"<\|(?:START_RESPONSE|begin_of_solution)\|>"),
    "channel": (r"<\|channel\|>",),  # gpt-oss: the name of a channel follows, and then <|message|>
    "message": (r"<\|(?:message|im_middle|end_header_id|header_end|end_of_role|content)\|>",),
    "role": (
        r"<\|(?:im_start|start|begin|start_header_id|header_start|start_of_role|im_assistant|im_user|im_system)\|>",
        "<start_of_turn>",
        r"<\|turn>",
    ),
    "end": (r"<\|end\|>",),
    "over": (
        "</?s>",
        "</?(?:eos|bos|eop|sop|eot|im_end|end_of_turn|end_of_utterance)>",
        r"(?-i:\[gMASK\]|\[TOOL_CALLS\]|<tool_call>)",
        r"\[\|\w{1,20}\|\]",  # EXAONE
        r"<turn\|>",
        r"\[/?INST\]",
        "<</?SYS>>",
        r"\[END FINAL RESPONSE\]",
        r"<[|\uff5c][^<>|\uff5c\n]{1,40}[|\uff5c]>",  # any other: DeepSeek writes them with full-width bars
    ),
}
_KINDS = "|".join(f"(?P<{kind}>{'|'.join(marks)})" for kind, marks in _MARKS.items())
# Most characters begin no mark: to look ahead by one saves trying them all.
_ANY = re.compile(rf"(?=[<\[◁a&])(?:{_KINDS})", re.IGNORECASE)
_IN_THOUGHT = re.compile(rf"(?=[<\[◁ah&])(?:{_KINDS}|(?P<said>here(?:'s| is) my response:))", re.IGNORECASE)
_ALOUD = re.compile(
    r"\s*(?:here(?:'s| is) my thought process:|here are my reasoning steps:|(?-i:analysis(?=[A-Z<])))", re.IGNORECASE
)
"""How a reply begins that thinks in plain words: Granite, Apriel, and gpt-oss where a server takes off its marks."""
_ALOUD_BEGUN = ("here is my thought process:", "here's my thought process:", "here are my reasoning steps:", "analysis")
_BEGUN = re.compile(
    r"(?:<{1,2}(?!\s|[1-9])[^<>\n]{0,100}|\[[A-Zg/|][^\[\]\n]{0,24}|\[|◁[^▷\n]{0,8}"
    r"|&(?:l|lt|lt;/?[\w:-]{0,40}(?:&[gt]{0,2})?)?)\Z"
)
"""What may be the beginning of a mark. "<3" is none."""
_HALF = re.compile(r"<[|\uff5c][^<>\n]{0,40}\Z")
"""A mark that is cut off at the token limit."""
_JOINED_BEGUN = tuple("assistantfinal"[:size] for size in range(len("assistantfinal") - 1, 0, -1))
"""The beginnings of a mark of letters alone, the longest first."""
_LONGEST = 110
"""Characters of a mark at most."""
_ROLE = 40
"""Characters of the name of a role at most."""
_OTHERS = ("user", "human", "system", "tool")


class ThinkingSplitter:
    """Receives a reply in pieces, and separates speech from reasoning.

    `over` is true once a mark has ended the reply: text after such a mark is another speaker's turn.
    """

    def __init__(self) -> None:
        self.over = False
        self._said: list[str] = []
        self._thought: list[str] = []
        self._mode: Literal["said", "thought", "role", "channel"] = "said"
        self._held = self._name = ""
        self._begun = self._marked = False  # whether it can be told how it begins, and whether a mark has come

    @property
    def said(self) -> str:
        """What has been said so far."""
        return "".join(self._said)

    @property
    def thought(self) -> str:
        """What has been thought so far."""
        return "".join(self._thought)

    def take(self, piece: str) -> list[str]:
        """What is new with this piece: what is said, and an empty text where all that was said before is void, since it
        has turned out to be thought.
        """
        self._held += piece
        return self._sort(last=False)

    def end(self) -> list[str]:
        """What was held back because it might have been the beginning of a mark."""
        return self._sort(last=True)

    def _sort(self, *, last: bool) -> list[str]:
        new: list[str] = []
        if not self._begun and not self._begin(last=last):
            return new
        while not self.over and (mark := self._pattern.search(self._held)):
            self._text(self._held[: mark.start()], new)
            self._held = self._held[mark.end() :]
            self._obey(mark.lastgroup, new)
            self._marked = True
        if last:
            self._held = _HALF.sub("", self._held)
        safe = len(self._held) if last else self._safe()
        if not self.over and safe:
            self._text(self._held[:safe], new)
        self._held = self._held[safe:]
        return new

    @property
    def _pattern(self) -> re.Pattern[str]:
        return _IN_THOUGHT if self._mode == "thought" else _ANY

    def _begin(self, *, last: bool) -> bool:
        """Whether enough has come to tell if the reply begins by thinking in plain words."""
        start = self._held.lstrip().lower()
        if not last and any(words.startswith(start) for words in _ALOUD_BEGUN):
            return False
        self._begun = True
        if aloud := _ALOUD.match(self._held):
            self._held, self._mode, self._marked = self._held[aloud.end() :], "thought", True
        return True

    def _safe(self) -> int:
        """How many characters of what is held are no part of a mark."""
        if self._mode == "thought":
            return max(0, len(self._held) - _LONGEST)
        if begun := _BEGUN.search(self._held, max(0, len(self._held) - _LONGEST)):
            return begun.start()
        joined = next((begun for begun in _JOINED_BEGUN if self._held.endswith(begun)), "")
        return len(self._held) - len(joined)

    def _text(self, text: str, new: list[str]) -> None:
        """Words between two marks."""
        if self._mode == "thought":
            self._thought.append(text)
        elif self._mode == "said":
            if self._marked and not self._said:
                text = text.lstrip()
            if text:
                self._said.append(text)
                new.append(text)
        else:
            self._name += text
            if self._mode == "role" and ("\n" in self._name or len(self._name) > _ROLE):
                self._text(self._named(), new)

    def _named(self) -> str:
        """End the name of a role, and give back what follows it."""
        name, _, rest = self._name.partition("\n" if "\n" in self._name else " ")
        self.over = name.strip().lower() in _OTHERS
        self._name, self._mode = "", "said"
        return "" if self.over else rest

    def _obey(self, kind: str | None, new: list[str]) -> None:
        match kind:
            case "opens":
                self._mode = "thought"
            case "closes" if self._mode != "thought":
                if self._said:  # the opening mark stood in the prompt
                    new.append("")
                self._thought += self._said
                self._said, self._mode = [], "said"
            case "closes" | "answers" | "said":
                self._mode = "said"
            case "channel":
                self._name, self._mode = "", "channel"
            case "message" if self._mode == "channel":
                self._mode = "said" if self._name.strip().lower().startswith("final") else "thought"
            case "message" if self._mode == "role":
                self._named()
            case "role" if not self.said.strip():
                self._name, self._mode = "", "role"
            case "end" if self._mode == "thought":
                self._mode = "said"
            case "role" | "end" | "over":
                self.over = bool(self.said.strip()) or self._mode == "thought"
            case _:
                pass
