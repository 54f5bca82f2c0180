from __future__ import annotations

import pytest
from dreamplay.schema.api_key import HIDDEN, checked, hide

UNFIT = {
    # a key: what is wrong with it
    "sk-se\ncret": "line break",
    "sk-se\rcret": "line break",
    "sk-se\u2028cret": "line break",
    "sk-se cret": "space",
    "Bearer sk-secret": "space",
    "sk-se\u00a0cret": "space",
    "\u201csk-secret\u201d": "curly quote",
    "sk-secret\u2019": "curly quote",
    '"sk-secret"': "stands in quotes",
    "'sk-secret": "stands in quotes",
    "sk-se\u200bcret": "invisible character",
    "\ufeffsk-secret": "invisible character",
    "sk-se\x1bcret": "control character",
    "sk-se\x00cret": "control character",
    "sk-se\udcffcret": "byte that is no text",
    "sk-s\u0435cret": "not ASCII",
    " \r\n": "empty",
}


@pytest.mark.parametrize("key", UNFIT, ids=ascii)
def test_a_key_that_no_header_can_carry_is_refused_by_what_is_in_it_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match=UNFIT[key]) as caught:
        checked(key)
    assert not [part for part in ("sk-", "cret", "secret") if part in str(caught.value)]


@pytest.mark.parametrize("key", [b"sk-secret", 73577357, None, {"x": "sk-secret"}, ["sk-secret"]])
def test_a_key_is_text(key: object) -> None:
    with pytest.raises(ValueError, match=r"^a key is text, in quotes$"):
        checked(key)


def test_what_files_and_shells_leave_around_a_key_is_taken_off() -> None:
    key = checked("\t sk-secret\r\n")
    assert key.get_secret_value() == checked(key).get_secret_value() == "sk-secret"
    assert "sk-secret" not in f"{key} {key!r}"


SAID = {
    # what somebody says: what of it is shown
    "Incorrect API key provided: sk-sec/ret.": f"Incorrect API key provided: {HIDDEN}.",
    "GET /v1?key=sk-sec%2Fret failed": f"GET /v1?key={HIDDEN} failed",
    "Illegal header value b'Bearer sk-other'": f"Illegal header value b'Bearer {HIDDEN}'",
    "authorization: Basic c2stc2VjL3JldA==": f"authorization: Basic {HIDDEN}",
    "c2stc2VjL3JldA== is no token": f"{HIDDEN} is no token",
    "ab is short": "ab is short",
}


@pytest.mark.parametrize("text", SAID)
def test_what_others_say_is_shown_without_the_key_in_any_form(text: str) -> None:
    assert hide(text, ["sk-sec/ret", "ab", ""]) == SAID[text]
