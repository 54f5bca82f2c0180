"""How many good lines do the checks cost, and how many bad ones do they catch?

    uv run python tests/benchmarks/false_refusals.py [--lines]

Reads tests/validation/good_lines.yaml and bad_lines.yaml and sends each line through the checks of a large and of a
small model. `refused` lines are never used; lines that `wait` are used if nothing better comes; `changed` ones lose
something that the table does not mark as cut. --lines prints the good lines that are refused, wait or are changed.
"""

from __future__ import annotations

import argparse
from collections import Counter

import line_tables
from bench import table
from line_tables import PROFILES, Line

FATES = ("refused", "waits", "changed", "passes")


def outcome(line: Line, profile: str) -> tuple[str, str]:
    """What becomes of a line, in a word, and which check does it."""
    fate = line_tables.fate(line, profile)
    if fate.text is None:
        return "refused", fate.check
    if fate.check:
        return "waits", fate.check
    return ("passes", "") if fate.text == line.clean else ("changed", "")


def main() -> None:
    """Count, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--lines", action="store_true", help="print the good lines that do not pass")
    chosen = parser.parse_args()
    rows, by_check = [], []
    for kind in ("good", "bad"):
        lines = tuple(line_tables.read(kind))
        for profile in PROFILES:
            outcomes = [outcome(line, profile) for line in lines]
            fates = Counter(fate for fate, _ in outcomes)
            rows.append((kind, profile, str(len(lines)), *(f"{fates[fate]}" for fate in FATES)))
            checks = Counter(found for found in outcomes if found[1])
            by_check += [(kind, profile, check, fate, str(n)) for (fate, check), n in sorted(checks.items())]
            if chosen.lines and kind == "good":
                for line, (fate, check) in zip(lines, outcomes, strict=True):
                    if fate != "passes":
                        print(f"{profile}: {fate} {check}: {line.context.speaker}: {line.text}")
    print(table(("lines", "profile", "of", *FATES), rows), "\n")
    print(table(("lines", "profile", "check", "fate", "lines"), by_check))


if __name__ == "__main__":
    main()
