from __future__ import annotations

from pathlib import Path

import pytest
from dreamplay.errors import SettingsError
from dreamplay.models.client import AMBIENT, open_client


@pytest.mark.parametrize("variable", AMBIENT)
@pytest.mark.parametrize("value", ["sk-other\r", "sk-other\u201d"])
def test_a_header_of_the_environment_that_cannot_be_sent_is_named_and_not_shown(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"X-Key: {value}")
    with pytest.raises(SettingsError, match=f"{variable} has a character") as caught:
        open_client("http://127.0.0.1:9/v1", "key", timeout=1, ambient=True)
    assert "sk-other" not in str(caught.value)


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "wrong"])
def test_certificates_that_cannot_be_loaded_are_one_line(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content:
        (tmp_path / "own.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    with pytest.raises(SettingsError, match=r"^the certificates cannot be loaded .*; .* unset SSL_CERT_FILE[^\n]*$"):
        open_client("https://127.0.0.1:9/v1", "key", timeout=1)
