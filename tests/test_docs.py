"""That the documentation is right: its commands and its Python run, its links lead somewhere, and what is generated is
up to date.

Run as a script, it writes the generated parts anew.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docs_pages
import dreamplay as dp
import pytest
import typer.main
from docs_pages import PAGES, ROOT, Block
from dreamplay import settings
from dreamplay.cli.app import app
from dreamplay.models.profile import ModelProfile
from typer.testing import CliRunner

_CALL = re.compile(r"(\w+=\S+ )*(uv run (--\S+ )*)?dreamplay( |$)")
_ELSEWHERE = {"--base-url", "--ask-model", "--judge"}
"""Options of commands that need an endpoint."""


def _named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _commands(block: Block) -> Iterator[list[str]]:
    """The commands of a block that call dreamplay, without what the shell does."""
    lines = block.text.replace("\\\n", " ").splitlines() if block.language in ("sh", "bash") else []
    for part in (part.strip() for line in lines for part in line.split("&&")):
        if _CALL.match(part):
            words = shlex.split(part, comments=True)
            yield words[words.index("dreamplay") + 1 :]


def _needs_more(words: list[str]) -> bool:
    """Whether a command needs a real model, or a person, at a terminal or in a browser."""
    model = words[words.index("--model") + 1] if "--model" in words else "scripted"
    attended = "--as" in words and "--interventions" not in words
    return model != "scripted" or attended or words[0] == "open" or bool(_ELSEWHERE & set(words))


with_commands = pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(True for block in docs_pages.blocks(page) for _ in _commands(block))],
    ids=_named,
)


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_generated_parts_are_up_to_date(page: Path) -> None:
    for name, found, made in docs_pages.generated(page.read_text(encoding="utf-8")):
        assert found == made, f"write {name} anew: uv run python tests/test_docs.py"


def test_every_generator_has_its_place() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert sorted(name for name, _, _ in docs_pages.generated(text)) == sorted(docs_pages.GENERATORS)


def test_every_field_and_option_is_explained() -> None:
    for name, schema in docs_pages.schemas().items():
        for key, field in schema["properties"].items():
            assert len(field.get("description", "")) > 3, f"{name}.{key}"
    for words, command in docs_pages.commands():
        assert command.help, words
        for option in command.params:
            assert option.help, f"{words} {option.name}"


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in docs_pages.links(page):
        if link.startswith(("http://", "https://")):
            continue
        target, _, anchor = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        assert found.is_relative_to(ROOT), link
        assert found.exists(), link
        assert not anchor or anchor in docs_pages.anchors(found), link


def test_every_page_can_be_found_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in docs_pages.links(index)}
    assert {page for page in PAGES if page.is_relative_to(index.parent) and "plugins" not in page.parts} <= {
        index,
        *listed,
    }


def test_the_readme_and_the_glossary_are_short() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.encode()) <= 8_000
    assert "pip install uv && uv run dreamplay run\n" in readme
    assert "pip install uv && uv run pytest\n" in readme
    rows = re.findall(r"^\| (.+?) \|", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)[1:]
    assert len(rows) <= 30
    assert rows == sorted(rows)


@with_commands
def test_every_command_can_be_given(page: Path) -> None:
    for block in docs_pages.blocks(page):
        for words in _commands(block):
            _parse(words[: words.index(">")] if ">" in words else words)


def _parse(words: list[str]) -> None:
    group: Any = typer.main.get_command(app)
    with group.make_context("dreamplay", list(words), resilient_parsing=not words) as context:
        while hasattr(group, "commands") and (rest := context._protected_args + context.args):
            name, group, rest = group.resolve_command(context, rest)
            context = group.make_context(name, rest, parent=context)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that pages speak of: the example, a run of the reader's, and one that was stopped."""
    made = tmp_path_factory.mktemp("docs") / "transcripts"
    shutil.copytree(ROOT / "transcripts" / "example", made / "example")
    run = dp.play("mindsync", model="scripted", seed=7, out=made / "my_run")
    events = (run.folder / "transcript.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (made / "stopped").mkdir()
    (made / "stopped" / "transcript.jsonl").write_text("".join(events[: len(events) // 2]), encoding="utf-8")
    return made


@pytest.fixture
def desk(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page takes for granted: the scripted model in place of the embedded one, the runs, and a card."""
    monkeypatch.setenv("DREAMPLAY_MODEL", "scripted")
    monkeypatch.setenv("DREAMPLAY_LENGTH", "short")
    shutil.copytree(runs, "transcripts")
    from PIL import Image

    Image.new("RGB", (8, 8)).save("portrait.png")
    done = CliRunner().invoke(app, ["cast", "export", "rosa", "--png", "portrait.png", "--out", "card.png"])
    assert done.exit_code == 0, done.output


def _write_if_file(block: Block) -> None:
    """Write a block of YAML that begins with the name of its file."""
    if block.language == "yaml" and block.text.startswith("# "):
        Path(block.text.splitlines()[0].removeprefix("# ")).write_text(block.text, encoding="utf-8")


@with_commands
@pytest.mark.usefixtures("desk")
def test_every_command_that_needs_no_real_model_runs_in_the_order_of_its_page(page: Path) -> None:
    for block in docs_pages.blocks(page):
        _write_if_file(block)
        for words in _commands(block) if block.run else ():
            if not words or _needs_more(words):
                continue
            words, output = (words[: words.index(">")], words[-1]) if ">" in words else (words, None)
            done = CliRunner().invoke(app, words)
            assert done.exit_code == 0, (words, done.output, done.exception)
            if output:
                Path(output).write_text(done.stdout, encoding="utf-8")


@pytest.mark.parametrize(
    "page",
    [
        page
        for page in PAGES
        if "plugins" not in page.parts and any(b.language == "python" for b in docs_pages.blocks(page))
    ],
    ids=_named,
)
@pytest.mark.usefixtures("desk")
def test_every_block_of_python_runs_in_the_order_of_its_page(page: Path) -> None:
    space: dict[str, Any] = {}
    for block in docs_pages.blocks(page):
        _write_if_file(block)
        if block.language == "python" and block.run:
            code = compile(block.text, _named(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            made = eval(code, space)  # as a notebook does, in which a block may await
            if inspect.iscoroutine(made):
                asyncio.run(made)


def test_every_file_of_settings_is_understood() -> None:
    blocks = [block.text for page in PAGES for block in docs_pages.blocks(page) if block.language == "toml"]
    written = [text for text in blocks if "project" not in text]
    assert written
    for text in written:
        Path("dreamplay.toml").write_text(text, encoding="utf-8")
        settings.load().overrides(ModelProfile)


def test_the_whole_story_of_the_guide_plays() -> None:
    for block in docs_pages.blocks(ROOT / "docs" / "writing.md"):
        _write_if_file(block)
    assert {path.name for path in Path().glob("*.yaml")} == {"toll.yaml", "ines.yaml", "otto.yaml"}
    done = CliRunner().invoke(app, ["check", "toll.yaml", "--secrets"])
    assert (done.exit_code, done.exception) == (0, None), done.output
    done = CliRunner().invoke(app, ["run", "--story", "toll.yaml", "--model", "scripted", "--seed", "1"])
    assert done.exit_code == 0, done.output
    assert re.search("The last coin went|They waved everybody", done.output)


if __name__ == "__main__":
    docs_pages.regenerate()
