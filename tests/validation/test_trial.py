"""One small call, which says what a model can."""

from __future__ import annotations

import dreamplay as dp
import pytest
from dreamplay.models.scripted import ScriptedModel
from fake_endpoint import FakeEndpoint


def test_a_trial_says_how_a_model_answers() -> None:
    with dp.get_model("scripted") as model:
        tried = dp.try_model(model)
    assert (tried.answers_in_json, tried.streamed) == (True, True)
    assert tried.profile == model.model.profile


@pytest.mark.parametrize("reply", ["snow", '{"answer": "green"}', "{}"])
def test_a_model_that_does_not_answer_as_asked_is_said_to(reply: str) -> None:
    assert not dp.try_model(dp.OpenModel(ScriptedModel([reply]))).answers_in_json


def test_what_an_endpoint_refuses_is_learnt_and_what_it_cannot_is_an_error() -> None:
    with FakeEndpoint() as fake, dp.get_model("m", base_url=fake.base_url) as model:
        assert dp.try_model(model).profile.structured_output == "json_schema"
        assert len(fake.seen) == 1
    unreachable = dp.get_model("m", base_url="http://127.0.0.1:9/v1", timeout=0.1)
    with unreachable as model, pytest.raises(dp.DreamplayError, match=r"127\.0\.0\.1:9"):
        dp.try_model(model)
