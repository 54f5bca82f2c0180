"""The provenance of a comparison as text."""

from __future__ import annotations

from collections.abc import Mapping

from dreamplay.comparison.provenance import Origins


def origins(found: Origins) -> list[tuple[str, str]]:
    """The provenance as names and values; values that both groups share appear once."""
    told = [
        ("Compared with", f"dreamplay {found.dreamplay}, on {found.made.isoformat()}"),
        ("Story", f"{found.story} (SHA-256 {', '.join(each[:12] for each in found.story_hashes)})"),
    ]
    for word, source in (("Base", found.base), ("Changed", found.changed)):
        seeds = [f"{name} (seed {seed})" if name else f"seed {seed}"
                 for name, seed in zip(source.runs, source.seeds, strict=True)]  # fmt: skip
        told.append((f"{word} runs", ", ".join(seeds)))
    for what, base, changed in (
        ("Model", found.base.model, found.changed.model),
        ("Settings", _listed(found.base.settings), _listed(found.changed.settings)),
        ("Played with", _listed(found.base.versions), _listed(found.changed.versions)),
    ):
        told.append((what, base if base == changed else f"base: {base}; changed: {changed}"))
    told.append(("Pairs", str(found.pairs) if found.pairs else "none: no seed is in both groups"))
    deals = f"all {found.ways:,}" if found.deals == found.ways else f"{found.deals:,} of {found.ways:,}, at random"
    told.append(("Permutations", deals))
    told.append(("Measures tested", str(found.measures)))
    return told


def _listed(found: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in found.items()) or "not recorded"
