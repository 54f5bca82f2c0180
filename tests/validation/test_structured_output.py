"""What a model may answer as JSON."""

from __future__ import annotations

import pytest
from dreamplay.validation.structured_output import StanceReply
from pydantic import ValidationError


@pytest.mark.parametrize("mark", ["<private>", "</private>", "[private]", "< PRIVATE >"])
def test_a_reason_holds_no_mark_of_a_thought(mark: str) -> None:
    assert StanceReply(reason="I say so because of the rope.", choice="go").reason
    with pytest.raises(ValidationError, match="is no part of it"):
        StanceReply(reason=f"{mark} I say so because of the rope.", choice="go")
