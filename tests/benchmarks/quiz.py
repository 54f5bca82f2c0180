"""Does memory earn its place? Asks each character, after the play, who told her what, with recall and without.

    uv run python tests/benchmarks/quiz.py [--seeds 1..5] [--story mindsync] [--window 2000]

The plays are the scripted model's, since it is the facts that count and not the words; the local model answers. Half
of the questions are on lines that the character heard and that the window no longer holds, as in a long play; the
other half on lines that were said where she was not, to which the one right answer is «nobody». Everybody is asked the
same questions twice: once as she plays without recall, and once with it.

Limits: a guess is right once in as many times as there are names and «nobody». Reflections have no part in it: nobody
is asked what she thinks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import TIMEOUT, fresh_start, machine, options, say, table
from dreamplay.engine import run_config
from dreamplay.engine.run_config import RunConfig
from dreamplay.engine.runner import Runner
from dreamplay.memory.base import default_embedder
from dreamplay.memory.retrieval import RetrievalMemory
from dreamplay.models import profile_table
from dreamplay.models.llamacpp import LocalModel
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.participants.agent import call_seed
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.prompting.context_window import RESERVE
from dreamplay.schema.event import PROLOGUE, Event
from dreamplay.schema.provenance import RetrievedMemory
from dreamplay.schema.script import Script

QUESTIONS = 4
"""Of each kind, to each character."""
NOBODY = "nobody"
KINDS = ("heard, and out of the window", "never heard")


@dataclass(frozen=True)
class Question:
    """Who told her a matter? `right` is a name, or nobody."""

    role: str
    kind: str
    matter: str
    right: str


def main() -> None:
    """Play, ask, and print the table."""
    parser = options("Ask the characters who told them what, with recall and without.")
    parser.add_argument("--window", type=int, default=2000, help="tokens that a character sees at once")
    chosen = parser.parse_args()
    where = machine()
    counts = asyncio.run(_counted(chosen))
    rows = []
    for kind in KINDS:
        asked = counts[kind, "asked"]
        rows.append((kind, str(asked), *(f"{counts[kind, way] / asked:.0%}" for way in ("without", "with")),
                     f"{counts[kind, 'came up'] / asked:.0%}"))  # fmt: skip
    print(f"{where}; story {chosen.story}, seeds {', '.join(map(str, chosen.seeds))}, window {chosen.window}\n")
    heads = ("the line was", "asked", "right without recall", "right with recall", "the line itself came up")
    print(table(heads, rows))


async def _counted(chosen: argparse.Namespace) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    with fresh_start(chosen.model), tempfile.TemporaryDirectory(prefix="dreamplay-quiz-") as home:
        profile = profile_table.look_up("embedded", "").refined({"temperature": 0.0, "candidates": 1})
        model = LocalModel(chosen.model, timeout=TIMEOUT, profile=profile)
        for seed in chosen.seeds:
            plan = run_config.make_run_config(chosen.story, {}, seed=seed, length=chosen.length, reflect=False)
            run = Runner(plan, ScriptedModel(), Path(home) / str(seed), {})
            await run.play(lambda seen: None)
            desk = PromptBuilder(plan.story, plan.cast, profile.refined({"context_window": chosen.window}))
            for question in _questions(plan, desk, run.script):
                counts[question.kind, "asked"] += 1
                for way in ("without", "with"):
                    recalled = _recalled(plan, desk, run.script, question) if way == "with" else ()
                    prompt = _prompt(plan, desk, run.script, question, recalled)
                    reply = await model.complete(prompt, seed=call_seed(seed, question.matter))
                    counts[question.kind, way] += json.loads(reply.text)["who"] == question.right
                    counts[question.kind, "came up"] += any(question.matter in each.text for each in recalled)
            say(f"seed {seed}: asked")
        await model.close()
    return counts


def _questions(plan: RunConfig, desk: PromptBuilder, script: Script) -> Iterator[Question]:
    for role in plan.cast.roles:
        dice = random.Random(f"{plan.seed}/{role}/quiz")
        lines = [event for event in script if event.kind == "line" and event.beat != PROLOGUE and event.speaker != role]
        shown = {event.id for event in _shown(desk, script, role)}
        heard = [event for event in lines if role in event.witnesses and event.id not in shown]
        never = [event for event in lines if role not in event.witnesses]
        for kind, events in zip(KINDS, (heard, never), strict=True):
            for event in dice.sample(events, min(QUESTIONS, len(events))):
                right = plan.cast.name(event.speaker or "") if kind == KINDS[0] else NOBODY
                yield Question(role, kind, event.text, right)


def _shown(desk: PromptBuilder, script: Script, role: str) -> list[Event]:
    return list(desk._held(script.common_view([role]).summarized, RESERVE))


def _recalled(plan: RunConfig, desk: PromptBuilder, script: Script, question: Question) -> tuple[RetrievedMemory, ...]:
    memory = RetrievalMemory(plan.story, plan.cast, question.role, default_embedder())
    shown = _shown(desk, script, question.role)
    return memory.recall(
        script.common_view([question.role]), question.matter, scene="quiz", shown=shown, limit=desk.memories
    )


def _prompt(
    plan: RunConfig, desk: PromptBuilder, script: Script, question: Question, recalled: tuple[RetrievedMemory, ...]
) -> Prompt:
    name = plan.cast.name(question.role)
    others = [plan.cast.name(role) for role in plan.cast.roles if role != question.role]
    told = "".join(f"[{name} remembers, from {each.when}: {each.text}]\n" for each in recalled)
    tail = (
        f"{told}[Who said to {name}: «{question.matter}» The answer, in JSON, is the name of who said it, or "
        f"{NOBODY} if {name} has never heard it.]"
    )
    shape = {
        "type": "object", "properties": {"who": {"type": "string", "enum": [*others, NOBODY]}}, "required": ["who"],
        "additionalProperties": False,
    }  # fmt: skip
    return desk._fitted("judge", script.common_view([question.role]).summarized, tail, max_tokens=16, json_schema=shape)


if __name__ == "__main__":
    main()
