"""Untrusted text in Markdown."""

from __future__ import annotations

import re


def cell(text: str) -> str:
    """Untrusted text, escaped for a table cell."""
    return plain(text).replace("|", r"\|")


def plain(text: str) -> str:
    """Untrusted text with its markup escaped."""
    text = " ".join(text.split())
    text = re.sub(r"([\\`*_\[\]<>#~&])", r"\\\1", text)
    return re.sub(r"^([-+=]|\d+(?=\.))", lambda hit: f"{hit[0]}\\" if hit[0].isdigit() else f"\\{hit[0]}", text)
