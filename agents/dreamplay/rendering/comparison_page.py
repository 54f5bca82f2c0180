"""A comparison as one HTML file, without scripts or external resources and with all text escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dreamplay.comparison import deltas
from dreamplay.comparison.compare import Comparison
from dreamplay.comparison.permutation import LEVEL, shown
from dreamplay.rendering import comparison_plots, comparison_report
from dreamplay.rendering.comparison_origins import origins
from dreamplay.rendering.event_phrase import phrase

_TEMPLATE = "comparison_page.html.jinja"


def render(made: Comparison) -> str:
    """The page. The same comparison always gives the same bytes."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    tables = {section.title: section for section in comparison_report.sections(made)}
    return environment.get_template(_TEMPLATE).render(
        made=made,
        plots=comparison_plots,
        tables=tables,
        first=comparison_report.differing(made),
        talk=[
            (title, [each for each in made.talk if each.of == of])
            for of, title in (("beat", "By beat"), ("role", "By character"))
        ],
        swapped=[swap.role for swap in made.swaps],
        by_scene=comparison_report.by_scene,
        phrase=phrase,
        seeds=comparison_report.seeds,
        who=comparison_report.who,
        figure=deltas.figure,
        difference=deltas.difference,
        cost=deltas.COST,
        verdict=comparison_report.verdict,
        shown=shown,
        tell=made.least <= LEVEL,
        turned=comparison_report.turned,
        provenance=origins(made.provenance),
    )
