from __future__ import annotations

import json
import re
import sys
from datetime import date
from html import unescape

import pytest
import worlds
from dreamplay.comparison import compare
from dreamplay.comparison.compare import Comparison
from dreamplay.rendering import comparison_page, comparison_report, comparison_sections, markdown_text
from rich.console import Console, ConsoleDimensions

TEXT = "*loud* | <b>bold</b>"
DREAM = {"kind": "dream", "text": "A stair.", "ledger": [{"role": "bo", "fear": "a stair", "wish": "a door"}]}
BELL = {"kind": "narration", "text": "A bell rings."}
SILENCE = {"kind": "silence", "speaker": "bo"}


def _stance(choice: str) -> dict[str, object]:
    return {"kind": "stance", "speaker": "bo", "choice": choice, "text": "I must.", "scene": "porch", "beat": "dawn"}


def _thinks(regard: float) -> dict[str, object]:
    return {"kind": "reflection", "speaker": "ada", "text": "Hm.", "attitudes": {"bo": regard}}


@pytest.fixture(scope="module")
def made() -> Comparison:
    base = [worlds.record(worlds.said("ada", "Tea is tea."), DREAM, BELL, _thinks(0.5), _stance("go"), seed=seed)
            for seed in (1, 2, 3)]  # fmt: skip
    other = (worlds.said("ada", TEXT), {**DREAM, "ledger": []}, BELL, _thinks(-0.5), _stance("stay"), SILENCE)
    changed = [worlds.record(*other, seed=seed, ada="Zoe") for seed in (1, 2, 3)]
    return compare.compare(base, changed, made=date(2045, 1, 1))


def test_methods_glossary_and_provenance_are_the_same_in_all_three_outputs(
    made: Comparison, capsys: pytest.CaptureFixture[str]
) -> None:
    comparison_report.show(made)
    printed, page, html = capsys.readouterr().out, comparison_report.render(made), comparison_page.render(made)
    listed = json.loads(made.model_dump_json())
    assert listed["methods"] == made.methods
    assert listed["provenance"]["made"] == "2045-01-01"
    for text in (made.methods, *made.glossary, *made.glossary.values(), *made.findings):
        assert text in printed
        assert markdown_text.plain(text) in page
        assert text in unescape(html)
    assert "on 2045-01-01" in printed
    assert printed.count(made.methods) == 1


def test_an_absent_character_is_shown_as_absent(capsys: pytest.CaptureFixture[str]) -> None:
    gone = compare.compare([worlds.record(_stance("go"))], [worlds.record(BELL)], made=date(2045, 1, 1))
    comparison_report.show(gone)
    printed = capsys.readouterr().out
    rows = [row for section in comparison_sections.sections(gone) for row in section.rows]
    assert ("Bo", "go", "1 of 1", "absent") in rows
    assert "Bo was absent from the crossroads in all changed runs" in printed
    assert "Stances that differ" not in printed
    assert "absent" in comparison_page.render(gone)


def test_an_edited_persona_is_told_by_what_differs(made: Comparison) -> None:
    run = worlds.record()
    persona = run.header.cast["ada"].model_copy(update={"voice": "Loud."})
    header = run.header.model_copy(update={"cast": run.header.cast | {"ada": persona}})
    edited = compare.compare([run], [worlds.RunLog(header, run.script, run.end)], made=date(2045, 1, 1))
    assert edited.findings[0] == "Changed: Ada is edited (voice)."
    assert "  Ada, keeper of the kettle (edited: voice)" in comparison_report.heading(edited)
    assert "| Ada | voice | Short and plain. | Loud. |" in comparison_report.render(edited)
    assert "edited: voice" in comparison_page.render(edited)


def test_a_page_of_markdown_holds_everything_and_no_markup_of_strangers(made: Comparison) -> None:
    page = comparison_report.render(made)
    heads = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert heads == ["In short", "Personas", "Stances", "Talk", "Relations", "Hidden fears", "Scorecard", "Cost",
                     "Side by side, from the first difference on (seed 1)", "Methods", "Glossary",
                     "Provenance"]  # fmt: skip
    assert r"| Ada: Tea is tea. | Zoe: \*loud\* \| \<b\>bold\</b\> |" in page
    assert "| A bell rings. | *the same* |" in page
    assert "| (nothing) | Bo says nothing |" in page
    assert "| Bo chooses to leave the house: I must. | Bo chooses to stay in the house: I must. |" in page
    assert r"| Bo | go | 3 of 3 | 0 of 3 | \-100 points \[-100, -21\] | 3 of 3 |" in page
    assert r"| Ada/Zoe | Bo | \+0.50 | \-0.50 | \-1.00 |" in page
    assert "| Ada/Zoe | name | Ada | Zoe |" in page
    assert "| Ada/Zoe | Day (3) \N{RIGHTWARDS ARROW} never |" in page
    assert page.count("### Day: The square") == 1
    for finding in made.findings:
        assert finding.split(" (")[0] in page.replace("\\", "")


def test_the_terminal_shows_the_same_sections_and_the_beginning_of_the_text(
    made: Comparison, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison_report.show(made)
    out = capsys.readouterr().out
    for section in comparison_sections.sections(made):
        assert f"\n{section.title}\n" in out
        for row in section.rows:
            assert all(cell in out for cell in row)
    lines = [line.split(maxsplit=1) for line in map(str.strip, out.splitlines())]
    assert lines.index(["changed", f"Zoe: {TEXT}"]) == lines.index(["base", "Ada: Tea is tea."]) + 1
    assert ["both", "A bell rings."] in lines
    assert "rows more" not in out
    monkeypatch.setattr(comparison_report, "_ROWS", 2)
    comparison_report.show(made)
    out = capsys.readouterr().out
    assert "A bell rings." not in out
    assert f"{len(made.pairs[0].rows) - 2} rows more; `html=FILE`" in out


def test_of_one_pair_who_chose_what_and_the_texts_come_before_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    base, other = (
        worlds.record(worlds.said("ada", text), _stance(choice)) for text, choice in (("Tea.", "go"), ("No.", "stay"))
    )
    comparison_report.show(compare.compare([base], [other], made=date(2045, 1, 1)))
    out = capsys.readouterr().out
    heads = [
        "- Stances that differ",
        "Who chose what",
        "From the first difference on",
        "Stances\n",
        "Methods",
        "Glossary",
    ]
    assert [out.index(head) for head in heads] == sorted(out.index(head) for head in heads)
    assert out.count("From the first difference on") == 1


@pytest.mark.parametrize("terminal", [True, False])
def test_a_table_of_long_choices_is_no_wider_than_the_terminal_and_can_be_read_in_a_pipe(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base, other = (worlds.record(_stance(choice)) for choice in ("go", "stay"))
    choices = {each: f"{each} {'and look back once more ' * 6}".strip() for each in ("go", "stay")}
    made = compare.compare([base], [other]).model_copy(update={"choices": choices})
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setattr(Console, "size", ConsoleDimensions(70, 40))
    comparison_report.show_briefly(made)
    table = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).partition("Who chose what")[2]
    assert max(map(len, table.splitlines())) <= (70 if terminal else 120)
    assert table.split().count("back") == 12


def test_runs_that_are_the_same_have_no_text_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    run = worlds.record(worlds.said("ada", "Tea is tea."))
    same = compare.compare([run], [run])
    assert "Side by side" not in comparison_report.render(same)
    comparison_report.show(same)
    assert "first difference" not in capsys.readouterr().out


@pytest.mark.parametrize(("numbers", "told"), [((3,), "3"), ((2, 1), "1, 2"), ((3, 1, 2), "1 to 3"), ((1, 9), "1, 9")])
def test_seeds_are_told_in_short(numbers: tuple[int, ...], told: str) -> None:
    assert comparison_report.seeds(numbers) == told
