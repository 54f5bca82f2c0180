"""A comparison as one HTML file: no script, nothing from outside, everything that was said escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dreamplay.comparison import deltas, plots, provenance, report
from dreamplay.comparison.chance import LEVEL, shown
from dreamplay.comparison.compare import Comparison
from dreamplay.comparison.said import phrase

_TEMPLATE = "page.html.jinja"


def render(made: Comparison) -> str:
    """The page. The same comparison gives the same bytes."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    tables = {section.title: section for section in report.sections(made)}
    return environment.get_template(_TEMPLATE).render(
        made=made, plots=plots, tables=tables, first=report.differing(made),
        talk=[(title, [each for each in made.talk if each.of == of]) for of, title in (("beat", "By beat"),
                                                                                      ("role", "By character"))],
        swapped=[swap.role for swap in made.swaps], by_scene=report.by_scene, phrase=phrase, seeds=report.seeds,
        who=report.who, figure=deltas.figure, difference=deltas.difference, cost=deltas.COST, verdict=report.verdict,
        shown=shown, tell=made.least <= LEVEL, turned=report.turned, provenance=provenance.lines(made.provenance),
    )  # fmt: skip
