"""A comparison as one HTML file, without scripts or external resources and with all text escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dreamplay.comparison import deltas
from dreamplay.comparison.compare import Comparison
from dreamplay.rendering import comparison_plots, comparison_report, comparison_sections
from dreamplay.rendering.comparison_origins import origins
from dreamplay.rendering.event_phrase import phrase
from dreamplay.rendering.page_templates import environment
from dreamplay.statistics.permutation import LEVEL, shown

TEMPLATES = Path(__file__).parent
"""Where the templates of the page and its parts lie, with their styles."""


def render(made: Comparison) -> str:
    """The page. The same comparison always gives the same bytes."""
    template = environment(TEMPLATES).get_template("comparison_page.html.jinja")
    return template.render(
        first=comparison_report.differing(made),
        by_scene=comparison_report.by_scene,
        phrase=phrase,
        seeds=comparison_report.seeds,
        who=comparison_report.who,
        folded=False,
        **figures(made),
    )


def figures(made: Comparison) -> dict[str, Any]:
    """What the templates `comparison_figures` and `comparison_notes` are filled with, for a page that has them as
    parts. It says itself whether private sheets are `folded` away.
    """
    return {
        "made": made,
        "plots": comparison_plots,
        "tables": {section.title: section for section in comparison_sections.sections(made)},
        "talk": [
            (title, [each for each in made.talk if each.of == of])
            for of, title in (("beat", "By beat"), ("role", "By character"))
        ],
        "swapped": [swap.role for swap in made.swaps],
        "figure": deltas.figure,
        "difference": deltas.difference,
        "cost": deltas.COST,
        "verdict": _verdict,
        "shown": shown,
        "tell": made.least <= LEVEL,
        "turned": comparison_sections.turned,
        "provenance": origins(made.provenance),
    }


def _verdict(delta: deltas.Delta) -> str:
    """The direction in which a figure changed, if it did."""
    return "" if not delta.found or delta.better is None else "better" if delta.better else "worse"
