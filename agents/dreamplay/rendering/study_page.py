"""The report of a study as one HTML file, without scripts or external resources and with all text escaped."""

from __future__ import annotations

from dreamplay.rendering import study_plots, study_report
from dreamplay.rendering.comparison_page import TEMPLATES
from dreamplay.rendering.page_templates import environment
from dreamplay.statistics.permutation import LEVEL
from dreamplay.statistics.report import StudyReport


def render(made: StudyReport) -> str:
    """The page. Under each number stands how it was made, and the call that makes it again."""
    template = environment(TEMPLATES).get_template("study_page.html.jinja")
    return template.render(
        made=made,
        heading=study_report.heading(made),
        sections=list(study_report.sections(made)),
        parts=[lines for lines in (made.controls, made.tests) if lines],
        intervals=study_plots.intervals,
        level=LEVEL,
    )
