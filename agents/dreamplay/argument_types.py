"""The types of arguments for which Python would take another: a name for a list of letters, true for 1."""

from __future__ import annotations

from collections.abc import Iterable


def checked_names(parameter: str, names: object) -> None:
    """See that a list of names is one, and no single name, which would be taken for a list of letters.

    Raises:
        TypeError: it is none.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"`{parameter}` is a list of names, not {names!r}")


def checked_number(parameter: str, number: object, wanted: str) -> None:
    """See that a number is one, and not true or false, which Python takes for 1 and 0.

    Raises:
        TypeError: it is none.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"`{parameter}` is {wanted}, not {str(number)[:40]!r}")
