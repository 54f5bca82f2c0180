"""Asks a model for the fields that a card does not fill: one call, and a second one that names what was wrong.

The card is shown to the model as material, in a prompt that contains nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dreamplay.cards import embedded_sheet
from dreamplay.cards.persona_mapping import ImportedPersona
from dreamplay.cards.prose import PUBLIC
from dreamplay.errors import ModelError, UsageError
from dreamplay.library import templates
from dreamplay.models.base import Model, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.participants.agent import call_seed
from dreamplay.schema.cast import Persona, PrivateSheet
from dreamplay.validation import json_reader, structured_output
from dreamplay.validation.generate import generate

TRIES = 2
_MAX_TOKENS = 1200
_SHOWN = 6_000
"""Maximum number of characters of a card in the prompt; the context window of the embedded model is small."""
_UNMARKED = str.maketrans("<>[]", "()()")
"""Marks of which every chat template uses one for its turns."""
_BREAKS_OUT = re.compile(r"[\[\]{}<>]")


async def ask_named(reference: str | None, base_url: str | None, seen: ImportedPersona) -> ImportedPersona:
    """Open a model, named as in `run`, without an adapter, and ask it for the fields that the card does not fill.

    Raises:
        UsageError: the model is the scripted one, which cannot complete cards, or a setting is invalid.
        ModelError: see `ask`.
    """
    from dreamplay import settings as reading
    from dreamplay.models import adapter, model_choice, registry

    settings = reading.load(model=reference, base_url=base_url, adapter=adapter.NONE)
    engine = model_choice.choose(settings)
    if engine.kind == "scripted":
        raise UsageError("`ask_model` with the scripted fake: it knows nothing of cards; name a model, as for run")
    model = await registry.open_model(engine, settings)
    try:
        return await ask(model, seen)
    finally:
        await model.close()


async def ask(model: Model, seen: ImportedPersona) -> ImportedPersona:
    """Ask a model for the fields that the card does not fill.

    Raises:
        ModelError: the model failed, or returned nothing valid in any attempt.
    """
    asked = seen.unsaid
    if not asked:
        return seen

    async def call(number: int, advice: str) -> Reply:
        return await model.complete(_prompt(seen, asked, advice), seed=call_seed(0, "card", number))

    def check(reply: Reply) -> Persona:
        return structured_output.valid(reply, lambda answer: _answered(seen.persona, asked, answer), asked)

    made = await generate(call, check, attempts=TRIES)
    if made.value is None:
        raise ModelError(
            f"{model.name} wrote no valid sheet for {seen.persona.name} in {TRIES} tries ({made.last_reason}); choose "
            "another `model`, one that can answer in JSON, or leave out `ask_model`"
        )
    note = f"{model.name} was asked for {', '.join(asked)}"
    return replace(seen, persona=made.value, filled=(), notes=(*seen.notes, note))


def _answered(persona: Persona, asked: tuple[str, ...], answer: dict[str, Any]) -> Persona:
    """The persona with the fields that the model wrote.

    Raises:
        ValueError: a field is not valid; the message says why.
    """
    if isinstance(private := answer.get("private"), dict):
        answer["private"] = json_reader.picked(private, PrivateSheet.model_fields)
    made = Persona.model_validate(persona.model_dump() | answer)
    for word in ("who", "voice"):
        if len(text := getattr(made, word)) > PUBLIC or "\n" in text:
            raise ValueError(f"{word} must be one line of {PUBLIC} characters at most")
    answered = made.model_dump(mode="json", include=set(asked))
    for text in _strings(answered):
        if _BREAKS_OUT.search(text):
            raise ValueError(f"brackets or braces in {text[:60]!r}")
    if wrong := embedded_sheet.read(answered, made.model_dump())[1]:  # the card is untrusted
        raise ValueError(wrong[0])
    return made


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
            yield from _strings(item)


def _prompt(seen: ImportedPersona, asked: tuple[str, ...], advice: str) -> Prompt:
    """The prompt. The card is its only material, and is inserted as text: its placeholders are not filled."""
    name, room, shown = seen.persona.name, _SHOWN, {}
    for field, text in seen.told.items():
        if text and room > 0:
            shown[field] = text[:room].translate(_UNMARKED)
            room -= len(text)
    return Prompt(
        kind="persona",
        system=templates.render("card.jinja", words=None),
        script=templates.render("card.jinja", words=shown, name=name, asked=()) + "\n\n",
        tail=templates.render("card.jinja", words=shown, name=name, asked=asked, wrong=advice),
        json_schema=_schema(asked),
        max_tokens=_MAX_TOKENS,
    )


def _schema(asked: tuple[str, ...]) -> dict[str, Any]:
    """The JSON schema of the missing fields: texts, lists of texts, and, for the private sheet, an object of both."""
    text = {"type": "string"}
    texts = {"type": "array", "items": text}
    private = {"want": text, "belief": text, "fear": text, "wish": text, "memories": texts}
    kinds = {"who": text, "voice": text, "private": _object(private)}
    return _object({word: kinds.get(word, texts) for word in asked})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip
