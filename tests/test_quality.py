"""The code as text: what the checkers say, which way imports run, and what a command has to load."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "agents" / "dreamplay"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"langgraph", "openai", "pydantic", "rich", "jinja2", "ruamel", "uvicorn", "xllamacpp"}


@pytest.mark.parametrize("check", ["ruff check --quiet --output-format concise .", "mypy"])
def test_the_checkers_have_nothing_to_say(check: str) -> None:
    done = subprocess.run([sys.executable, "-m", *check.split()], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _imports(path: Path) -> set[str]:
    """The modules of ours that a module imports, inside functions too, but not for its annotations alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    branches = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
    typing_only = [node for node in branches if "TYPE_CHECKING" in ast.dump(node.test)]
    skipped = {id(inner) for node in typing_only for inner in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[2] for alias in node.names if alias.name.startswith("dreamplay.")}
        elif isinstance(node, ast.ImportFrom) and node.module == "dreamplay":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dreamplay."):
            inside = (node.module or "").partition(".")[2]
            found |= {inside, *(f"{inside}.{alias.name}" for alias in node.names)}
    return found


def test_imports_run_one_way() -> None:
    known = {path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): path for path in MODULES}
    graph = {name: _imports(path) & set(known) for name, path in known.items()}
    order = list(TopologicalSorter(graph).static_order())
    assert {"schema.story", "schema.script"} & graph["casting"] == {"schema.story"}
    assert order.index("errors") < order.index("schema.story") or not graph["errors"]
    outside = [name for name in graph if not name.startswith("cli.")]
    assert [name for name in outside if any(needed.startswith("cli.") for needed in graph[name])] == []


def test_the_command_line_loads_nothing_heavy_to_show_its_help() -> None:
    code = "import sys, dreamplay.cli.main; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY == set()


def test_every_module_says_what_it_is_for() -> None:
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path.name
