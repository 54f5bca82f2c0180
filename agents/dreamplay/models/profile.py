"""`ModelProfile`: the capabilities of a model, and how it is used. No other code depends on which model it is.

A profile is looked up by provider and model name (`profile_table`), overridden by the settings, and refined by what an
endpoint refuses (`profile_learning`). It is recorded in the header of a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from dreamplay.models.prompt import Asked
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.direction import Direction

Scope = Literal["story", "last_beat"]
"""How much of a play is told again in a prompt: the story as in every other prompt, or its last beat alone."""
StanceScope = Literal["story", "last_beat", "own_words"]
SMALLEST_WINDOW = 512
"""Minimum size of a context window in tokens."""
SMALLEST_OUTPUT = 16
"""Minimum limit of output tokens."""

LEARNT = (
    "system_role", "structured_output", "output_limit", "max_output_tokens", "multiple_candidates", "seed",
    "temperature_control", "stop", "stream", "stream_usage",
)  # fmt: skip
"""Fields that tell how an endpoint is asked, and not what it is asked for. They may be learnt while playing, so runs
that differ in them are still runs of one kind."""


class ModelProfile(FrozenModel):
    """What a model can do, and how it is played. The defaults fit a capable model behind an OpenAI-compatible endpoint
    that takes every field of the API."""

    # Capabilities of the model.

    context_window: int = Field(default=8192, ge=SMALLEST_WINDOW, le=10_000_000)
    """The most tokens that a call uses, prompt and reply together. A hosted model may have room for more; a story of
    default length stays well inside 8,192. A local engine is started with this many."""
    max_output_tokens: int | None = Field(default=None, ge=SMALLEST_OUTPUT)
    """The most tokens that the endpoint gives in one reply. If not set: no limit is known."""
    thinking_tokens: int = Field(default=2000, ge=0, le=100_000)
    """Tokens that the model may think before it replies, beyond what the reply itself may take."""
    output_limit: Literal["max_tokens", "max_completion_tokens", "none"] = "max_tokens"
    """What the endpoint calls the limit of output tokens; none: it takes no limit."""
    structured_output: Literal["json_schema", "json_object", "prompt"] = "json_schema"
    """How a reply in JSON is asked for: by a schema, as any JSON object, or in the words of the prompt alone."""
    system_role: bool = True
    """Whether a system message is taken; else the user message begins with it."""
    prefill: bool = False
    """Whether the engine continues a reply that was begun for it."""
    multiple_candidates: bool = True
    """Whether one call may ask for several replies (`n`)."""
    seed: bool = True
    """Whether a seed is taken."""
    temperature_control: bool = True
    """Whether a temperature is taken."""
    stop: bool = False
    """Whether stop sequences are sent: a line then ends at its first line break."""
    stream: bool = True
    """Whether replies can be asked for piece by piece."""
    stream_usage: bool = True
    """Whether a stream can be asked to count its tokens (`stream_options`)."""
    dialect: Literal["openai", "llamacpp"] = "openai"
    """Which API is spoken: the common one, or llama.cpp's, which has samplers of its own (min-p, DRY), keeps the prompt
    cached, and makes a grammar of the whole JSON schema."""
    shared_prefix_cache: bool = False
    """Whether it costs nothing to have the beginning of a prompt read before the rest is known."""

    # How it is called.

    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    """Sampling temperature. If not set: the endpoint's own."""
    json_temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    """The highest temperature of a reply in JSON: if it is low, a small model's choice follows its reason (of 16
    stances at 0.3, 15 were what the character believes in; at 0.8, 10 of 12). If not set: as any other reply."""
    dream_temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    """Temperature of a dream. At one that keeps a small model to its note, a dream in one piece repeats its first
    image. If not set: as any other reply."""
    dream_parts: bool = False
    """Whether a dream is told in parts: a place, and then one fear at a time. In five sentences at once a small model
    recites the sheets, or strings images together that mean nothing."""
    epilogue_parts: bool = False
    """Whether an ending is told in parts: everybody with their thing, one at a time, and what can be seen last, without
    what was played before. In five sentences at once a small model mixes up people and things."""
    adapted: tuple[Asked, ...] | None = None
    """What the adapter is used for: one that was trained on lines can spoil what is asked more rarely, which the model
    then answers without it. If not set: for everything."""
    second_adapter: tuple[Asked, ...] = ()
    """What a second adapter is used for in its place, where a model plays with two."""
    min_p: float | None = Field(default=None, ge=0.0, le=1.0)
    """No token is sampled whose probability is below this share of the likeliest one's; llama.cpp only. If not set: its
    own."""
    candidates: int = Field(default=1, ge=1, le=8)
    """Candidates for a line in one call, of which the best is kept."""
    max_attempts: int = Field(default=3, ge=1, le=100)
    """Calls for a line before the turn passes in silence."""
    blind_retries: int = Field(default=0, ge=0, le=99)
    """Of these, the repeated calls in which the model is not told what was wrong: an engine that still has the prompt
    reads next to nothing for them."""
    enough_merit: float | None = None
    """Merit of a line below which it waits for those of a second call: where a small model has lost a clause of its
    note, it often finds it when the line is begun for it. If not set: what passes the checks is used."""
    reflection_attempts: int = Field(default=2, ge=1, le=100)
    """Calls for a reflection before the character has none."""
    jobs: int = Field(default=4, ge=1, le=500)
    """How many runs are played at once, unless a command says how many."""
    max_jobs: int | None = Field(default=None, ge=1)
    """The most runs at once. If not set: no limit."""

    # How it is used in a play.

    direction: Direction = "guided"
    """How closely a speaker is directed. free: who they are, what they are after and what has happened; guided: also an
    act and things at hand, as suggestions; led: what the line says, for models that can do no more. At a crossroads a
    model that is led chooses by it, as far as a move favours a choice."""
    think: bool = True
    """Whether a character thinks before a line, in the same reply. It helps large models and harms small ones."""
    judges_outcome: bool = True
    """Whether the model is asked what came of a scene. If not, or if it is led in a scene with topics, the moves that
    were played decide it."""
    private_sheet: bool = True
    """Whether the prompt of a line carries the private sheet, if the model is led. A small one makes no use of it."""
    cue_manner: bool = True
    """Whether a cue says how a line is spoken. With a small model these words crowd out the content."""
    begin_moves: bool = True
    """Whether a question, a promise, a yes or a no is begun for the engine the first time it is asked for, if the model
    is led. A small model mostly fails in these. One that was trained on such notes does not, and says them in its own
    words."""
    memories: int = Field(default=3, ge=0, le=20)
    """Memories that a prompt has room for. Small models get lost in more than one."""
    stance_memories: bool = True
    """Whether the prompt of a stance has memories. A small model repeats them in place of a reason."""
    brief_tokens: int = Field(default=600, ge=0, le=100_000)
    """Tokens of what a speaker who is not led is given. Who they are, what they are after, what they think of those
    present, what is asked of them, the last promise and what came of the last scene that not all of them lived through
    is always in it; possibilities, things at hand, thoughts and memories as far as there is room."""
    earlier_scenes: Literal["whole", "short"] = "short"
    """How earlier scenes stand in a prompt. short: the newest word for word, and of the others how each began and what
    came of it, where the length of a prompt is paid for. whole: word for word, for an engine that reads each line only
    once."""
    earlier_tokens: int = Field(default=2000, ge=0, le=1_000_000)
    """Tokens of earlier scenes that stand word for word where they stand in short. With 0 a line of the shipped story
    takes about 1,200 tokens, and people no longer know what they told each other an hour ago."""
    epilogue_scope: Scope = "story"
    """What is told again before the epilogue. From the whole story a small model makes one more dream."""
    stance_scope: StanceScope = "story"
    """The same before a stance; own_words: nothing but what the character said in the last beat. From more, a small
    model chooses as by the dice."""
    reflections: bool = True
    """Whether characters reflect after each scene, a call for each, unless the settings say otherwise."""
    detailed_reflections: bool = True
    """Whether a reflection also says why, what they now want and what was promised, and is made with the private sheet.
    A small model loses itself in so many questions."""
    checks: tuple[str, ...] = ("standard",)
    """The checks that a reply has to pass, by name or by the name of a set: standard, strict."""

    def adapter_for(self, kind: Asked) -> int | None:
        """The adapter with which something is answered: 0 for the first, 1 for the second; None: without."""
        if kind in self.second_adapter:
            return 1
        return 0 if self.adapted is None or kind in self.adapted else None

    def refined(self, by: ModelProfile | Mapping[str, Any]) -> ModelProfile:
        """This profile with the fields that were set in another one, or with these values.

        Raises:
            pydantic.ValidationError: a value that cannot be used.
        """
        chosen = by.model_dump(exclude_unset=True) if isinstance(by, ModelProfile) else by
        return ModelProfile.model_validate(self.model_dump() | dict(chosen))

    def recorded(self) -> dict[str, Any]:
        """All of it, as plain JSON for the header of a run: later versions may have other defaults."""
        return self.model_dump(mode="json")
