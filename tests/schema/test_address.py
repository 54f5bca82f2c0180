from __future__ import annotations

import pytest
from dreamplay.schema.address import Address

READ = {
    # as it is written: (as it is shown, whether it is on this machine, whether more is sent than is shown)
    "http://127.0.0.1:8080/v1": ("http://127.0.0.1:8080/v1", True, False),
    " http://LOCALHOST:1234/v1/\r\n": ("http://localhost:1234/v1", True, False),
    "http://localhost./v1": ("http://localhost./v1", True, False),
    "http://127.1/v1": ("http://127.0.0.1/v1", True, False),
    "http://2130706433": ("http://127.0.0.1", True, False),
    "http://127.8.9.10": ("http://127.8.9.10", True, False),
    "http://[::1]:80/v1": ("http://[::1]/v1", True, False),
    "http://[::ffff:127.0.0.1]:8/v1": ("http://[::ffff:7f00:1]:8/v1", True, False),
    "http://0.0.0.0:8000/v1": ("http://0.0.0.0:8000/v1", True, False),
    "https://example.org:443/v1": ("https://example.org/v1", False, False),
    "https://localhost.example.org": ("https://localhost.example.org", False, False),
    "https://128.0.0.1": ("https://128.0.0.1", False, False),
    "http://localhost:11434/v1/chat/completions": ("http://localhost:11434/v1", True, False),
    "https://example.org/v1/completions/": ("https://example.org/v1", False, False),
    "https://me:sk-word@example.org/v1": ("https://example.org/v1", False, True),
    "https://sk-word@example.org/v1": ("https://example.org/v1", False, True),
    "https://example.org/v1?key=sk-word": ("https://example.org/v1", False, True),
    "https://example.org/d/chat/completions?api-version=1": ("https://example.org/d", False, True),
}


@pytest.mark.parametrize("text", READ)
def test_an_address_is_read_as_it_is_called_and_shown_without_what_is_secret(text: str) -> None:
    address = Address.parse(text)
    assert (str(address), address.loopback, address.hides) == READ[text]
    assert "sk-word" not in f"{address} {address!r}"
    assert ("sk-word" in address.secrets) == ("sk-word" in text)


def test_user_and_password_are_sent_as_they_are_meant() -> None:
    address = Address.parse("http://m%40x:p%2Fq%3A@h")
    assert address.login == ("m@x", "p/q:")
    assert "m@x:p/q:" in address.secrets


REFUSED = {
    # as it is written: words of the message
    "http://127.0.0.1:99999/v1": "invalid port number .*'http://127.0.0.1:99999/v1'",
    "http://[::1": "invalid IPv6 address",
    "localhost:1234/v1?key=sk-word": "http:// or https://.*'localhost:1234/v1'",
    "ftp://me:sk-word@h": "http:// or https://.*'ftp://h'",
    "http:///v1": "and a host",
    "http:h/v1": "and a host",
    "": "and a host",
    "http://exa mple": "no ' '",
    "http://h\\@evil/v1": "no",
    "http://h/\x1b]0;x\x07": r"no '\\x1b'",
    "http://h/v1\x00": r"no '\\x00'",
    "http://h/v1#sk-word": "no '#'.*'http://h/v1'",
    "http://me:sk-word/x@h": "invalid port number .*'http://h'",
    "http://me:sk-word#x@h:9": "invalid port number .*'http://h:9'",
    "http://me:sk-word?x@h": "invalid port number .*'http://h'",
    "http://me:x@sk-word@h:99999": "invalid port number .*'http://h:99999'",
    f"http://{'h' * 5000}": "at most 2083.{,120}$",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_what_is_no_address_is_refused_without_showing_what_may_be_secret(text: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[text]) as caught:
        Address.parse(text)
    assert "sk-word" not in str(caught.value)
    assert str(caught.value).isprintable()
