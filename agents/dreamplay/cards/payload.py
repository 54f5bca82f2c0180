"""The JSON of a card as bytes: decoded within limits, and repaired where its meaning is clear.

Cards are untrusted input, so their size and depth are limited before they are parsed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from dreamplay.schema.base import mended as joined

MAX_JSON = 8_000_000
"""Maximum size of the JSON in bytes; Python needs up to twenty times as much memory for it."""
MAX_TEXT = MAX_JSON * 3 // 2
"""The same in base64, with line breaks."""
MAX_DEPTH = 64
"""Maximum nesting depth; the specifications need five."""
_ADDRESS = re.compile(rb"\s*data:[\w/+;=.-]{0,80},")
"""The prefix of a card that is stored as a data URL."""
_BLANK = "\ufeff\0 \t\r\n"


def unwrapped(text: bytes) -> bytes:
    """The JSON in a text, which is plain or in base64, in either alphabet, with line breaks or without padding.

    Raises:
        ValueError: the text is neither.
    """
    if text.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"{"):
        return text
    address = _ADDRESS.match(text)
    plain = text[address.end() if address else 0 :].translate(bytes.maketrans(b"-_", b"+/"), b"\0 \t\r\n=")
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64 ({error}); get the card again") from None


def tree(data: bytes) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The object of a JSON text in UTF-8, UTF-16 or UTF-32, and notes on the repairs.

    Raises:
        ValueError: it is not a JSON object; the message is one line.
    """
    if len(data) > MAX_JSON:
        raise ValueError(f"the card in it has {len(data):,} bytes; at most {MAX_JSON:,} are read")
    mended: list[str] = []
    try:
        found, rest = _loaded(data.decode(json.detect_encoding(data), "surrogatepass"))
        if rest:
            mended.append(f"{rest:,} characters behind the card were not read")
        if _depth(found) > MAX_DEPTH:
            raise RecursionError
        written = json.dumps(found, ensure_ascii=False, allow_nan=False)  # it must be possible to write it again
    except RecursionError:
        raise ValueError(f"lists within lists, more than {MAX_DEPTH} deep; that is no card") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} (line {error.lineno}); give a card as PNG or JSON") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"not {error.encoding.upper()} text ({error.reason}); get the card again") from None
    except ValueError as error:
        raise ValueError(f"not JSON: {error}"[:200]) from None
    if (whole := joined(written)) != written:
        found, _ = _loaded(whole)
        mended.append("characters that came in halves were joined, or replaced by U+FFFD")
    if isinstance(found, dict):
        return found, tuple(mended)
    raise ValueError("JSON, but no object; that is no card")


def _loaded(text: str) -> tuple[Any, int]:
    """The value at the beginning of a text, and the number of characters after it."""
    text = text.strip(_BLANK)
    found, end = json.JSONDecoder().raw_decode(text)
    return found, len(text[end:].lstrip())


def _depth(tree: Any) -> int:
    """The nesting depth of a value, counted to one more than the maximum."""
    depth, level = 0, [tree]
    while level and depth <= MAX_DEPTH:
        level = [item for each in level for item in _within(each)]
        depth += bool(level)
    return depth


def _within(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in inner if isinstance(item, dict | list)]
