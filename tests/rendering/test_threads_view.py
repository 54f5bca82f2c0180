from __future__ import annotations

import pytest
import worlds
from dreamplay.analysis import explain, open_threads
from dreamplay.rendering.explain_view import ExplainView
from dreamplay.rendering.threads_view import show_threads

ASKED = worlds.said("ada", "It rains. Where is the key, Bo?")
RUN = worlds.record(
    ASKED,
    worlds.said("bo", "In the tin. I'll wake you, Ada."),
    worlds.said("cyrus", "Bo, you lied to her.", scene="corner"),
    worlds.said("ada", "Never mind."),
)


def test_threads_are_listed_by_scene_with_what_became_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    show_threads(RUN, open_threads.threads(RUN))
    assert [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line] == [
        "Day; The square",
        "event what words what became of it",
        "0 question, Ada to Bo Where is the key, Bo? answered by 1",
        "1 promise, Bo to Ada I'll wake you, Ada. let go by 3",
        "Day; The corner",
        "event what words what became of it",
        "2 accusation, Cyrus to Bo Bo, you lied to her. open",
    ]


def test_a_run_without_threads_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show_threads(RUN, ())
    assert capsys.readouterr().out == "nobody has asked, offered, promised or told anything in this run\n"


def test_why_shows_what_a_line_takes_up(capsys: pytest.CaptureFixture[str]) -> None:
    ExplainView(RUN).why(explain.why(RUN, 1, lambda digest: None))
    out = capsys.readouterr().out
    assert "0 question, Ada to Bo Where is the key, Bo?" in " ".join(out.split())
    ExplainView(RUN).why(explain.why(RUN, 0, lambda digest: None))
    assert "takes up" not in capsys.readouterr().out
