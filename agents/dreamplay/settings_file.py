"""The file with settings: dreamplay.toml in the current folder, or the one that DREAMPLAY_CONFIG names.

A dreamplay.toml in the current folder may be somebody else's, so its values are not trusted; those of a named file are.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from dreamplay.errors import SettingsError
from dreamplay.settings_source import Source

TOML = "dreamplay.toml"
CONFIG = "DREAMPLAY_CONFIG"
_MOST = 10_000
"""Bytes of a file with settings, which has a line for each; a large one takes minutes to be understood."""


def read() -> tuple[dict[str, Any], dict[str, Source], str]:
    """The values in the file, where they came from, and its text; nothing if there is no file.

    Raises:
        SettingsError: it cannot be read.
    """
    named = os.environ.get(CONFIG)
    path = named or TOML
    try:
        if not named and Path(path).exists() and not Path(path).is_file():
            raise SettingsError(f"{path}: not a file; remove it")  # a pipe would be waited for
        with Path(path).open("rb") as file:
            data = file.read(_MOST + 1)
        if len(data) > _MOST:
            raise SettingsError(f"{path}: larger than {_MOST:,} bytes; settings need a line each; remove the rest")
        text = data.decode("utf-8-sig")
        values = tomllib.loads(text)
    except FileNotFoundError as error:
        if named:
            raise SettingsError(f"{CONFIG}: {path}: {error.strerror}; name a file, or unset it") from None
        return {}, {}, ""
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; make it readable, or remove it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{path}: not TOML: a number too long, or brackets too deep, to be read") from None
    return values, dict.fromkeys(values, Source("trusted file" if named else "file", path)), text
