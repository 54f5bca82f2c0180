from __future__ import annotations

import pytest
import worlds
from dreamplay.comparison import compare, report
from dreamplay.comparison.compare import Comparison

TEXT = "*loud* | <b>bold</b>"
DREAM = {"kind": "dream", "text": "A stair.", "ledger": [{"role": "bo", "fear": "a stair", "wish": "a door"}]}
BELL = {"kind": "narration", "text": "A bell rings."}
SILENCE = {"kind": "silence", "speaker": "bo"}


def _stance(choice: str) -> dict[str, object]:
    return {"kind": "stance", "speaker": "bo", "choice": choice, "text": "I must.", "scene": "porch", "beat": "dawn"}


def _thinks(regard: float) -> dict[str, object]:
    return {"kind": "reflection", "speaker": "ada", "text": "Hm.", "regards": {"bo": regard}}


@pytest.fixture(scope="module")
def made() -> Comparison:
    base = [worlds.record(worlds.said("ada", "Tea is tea."), DREAM, BELL, _thinks(0.5), _stance("go"), seed=seed)
            for seed in (1, 2, 3)]  # fmt: skip
    other = (worlds.said("ada", TEXT), {**DREAM, "ledger": []}, BELL, _thinks(-0.5), _stance("stay"), SILENCE)
    changed = [worlds.record(*other, seed=seed, ada="Zoe") for seed in (1, 2, 3)]
    return compare.compare(base, changed)


def test_a_page_of_markdown_holds_everything_and_no_markup_of_strangers(made: Comparison) -> None:
    page = report.render(made)
    heads = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert heads == ["In short", "Stances", "Talk", "Relations", "Hidden fears", "Scorecard",
                     "Side by side, from the first difference on (seed 1)"]  # fmt: skip
    assert r"| Ada: Tea is tea. | Zoe: \*loud\* \| \<b\>bold\</b\> |" in page
    assert "| A bell rings. | *the same* |" in page
    assert "| (nothing) | Bo: says nothing |" in page
    assert "| Bo chooses to leave the house: I must. | Bo chooses to stay in the house: I must. |" in page
    assert "| Bo | go | 3 of 3 (44% to 100%) | 0 of 3 (0% to 56%) | 3 of 3 pairs | 0\\.25 |" in page
    assert "| Ada/Zoe | Bo | \\+0.50 | \\-0.50 | 0\\.25 |" in page
    assert "| Ada/Zoe | Day (3) \N{RIGHTWARDS ARROW} never |" in page
    assert page.count("### Day: The square") == 1
    for finding in made.findings:
        assert finding.split(" (")[0] in page.replace("\\", "")


def test_the_terminal_shows_the_same_sections_and_the_beginning_of_the_text(
    made: Comparison, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report.show(made)
    out = capsys.readouterr().out
    for section in report.sections(made):
        assert f"\n{section.title}\n" in out
        for row in section.rows:
            assert all(cell in out for cell in row)
    lines = [line.split(maxsplit=1) for line in map(str.strip, out.splitlines())]
    assert lines.index(["changed", f"Zoe: {TEXT}"]) == lines.index(["base", "Ada: Tea is tea."]) + 1
    assert ["both", "A bell rings."] in lines
    assert "rows more" not in out
    monkeypatch.setattr(report, "_ROWS", 2)
    report.show(made)
    out = capsys.readouterr().out
    assert "A bell rings." not in out
    assert f"{len(made.pairs[0].rows) - 2} rows more; --html FILE" in out


def test_runs_that_are_the_same_have_no_text_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    run = worlds.record(worlds.said("ada", "Tea is tea."))
    same = compare.compare([run], [run])
    assert "Side by side" not in report.render(same)
    report.show(same)
    assert "first difference" not in capsys.readouterr().out


@pytest.mark.parametrize(("numbers", "told"), [((3,), "3"), ((2, 1), "1, 2"), ((3, 1, 2), "1 to 3"), ((1, 9), "1, 9")])
def test_seeds_are_told_in_short(numbers: tuple[int, ...], told: str) -> None:
    assert report.seeds(numbers) == told
