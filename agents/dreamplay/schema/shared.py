"""Stories and personas that many plays have in common: what says the same is checked once, and is one value."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Annotated, Any

from pydantic import ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import to_json

from dreamplay.schema.cast import Persona
from dreamplay.schema.story import Story


class _Known:
    """The values of one class that were made last, each by a hash of the JSON that it was made of. Since a value never
    changes, anybody may have it.

    Args:
        most: values that are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[bytes, Any] = OrderedDict()

    def value(self, given: Any, check: ValidatorFunctionWrapHandler) -> Any:
        """The value of some JSON, which is checked only if it was not before."""
        if not isinstance(given, dict):
            return check(given)
        try:
            key = hashlib.sha256(to_json(given)).digest()
        except ValueError:  # half a character, lists without end, or what is nothing in JSON
            return check(given)
        found = self._values.pop(key, None) or check(given)
        self._values[key] = found
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return found


SharedStory = Annotated[Story, WrapValidator(_Known(32).value)]
SharedPersona = Annotated[Persona, WrapValidator(_Known(256).value)]
