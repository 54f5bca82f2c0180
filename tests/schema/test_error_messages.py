from __future__ import annotations

import re
from typing import Any

import pytest
import worlds
from dreamplay.participants.visit import Interventions
from dreamplay.schema.base import FrozenModel
from dreamplay.schema.cast import Persona
from dreamplay.schema.error_messages import sentence
from dreamplay.schema.story import Story
from pydantic import ValidationError

PYDANTIC = re.compile(
    r"Input should|should (have|be|match)|Field required|Extra inputs|Value error|valid (string|integer|number|boolean|"
    r"tuple|list|dict)|[Tt]uple|dictionary|instance|parse",
)
ACT = {"beat": "day", "turn": 2, "whisper": {"to": "ada", "text": "Psst."}}
WHOLE: dict[type[FrozenModel], dict[str, Any]] = {
    Persona: worlds.persona(), Story: worlds.story(), Interventions: {"interventions": [ACT, {"when": "Ada mentions it",
    "go": True}]},
}  # fmt: skip
worlds.stage(WHOLE[Story])
WRONG: tuple[Any, ...] = (None, "", "no", "-7", "3.5", "9" * 5000, "x" * 4001, [], ["x", None], {}, {"zed": ["x"]})


def _changed(value: Any) -> list[Any]:
    """A value with one of its parts, however deep, taken away or replaced by what may not stand there."""
    made: list[Any] = list(WRONG)
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        made += [type(value)(value) if isinstance(value, list) else {k: v for k, v in value.items() if k != key}]
        for changed in _changed(part):
            copy = value.copy()
            copy[key] = changed
            made.append(copy)
    return made


@pytest.mark.parametrize("kind", WHOLE, ids=lambda kind: kind.__name__)
def test_no_fault_is_told_in_the_words_of_the_validator(kind: type[FrozenModel]) -> None:
    types = set()
    for data in _changed(WHOLE[kind]):
        try:
            kind.model_validate(data)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                types.add(each["type"])
                message = sentence(each)
                assert each["type"] == "extra_forbidden" or not PYDANTIC.search(message), message
                assert len(message) < 300
    assert {"missing", "string_type", "string_too_short", "too_short", "tuple_type", "model_type"} <= types
