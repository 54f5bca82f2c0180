"""The code as text: what the checkers say, which way imports run, and what a command has to load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "agents" / "dreamplay"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = {"langgraph", "openai", "pydantic", "rich", "jinja2", "ruamel", "uvicorn", "xllamacpp"}


@pytest.mark.parametrize("check", ["ruff check --quiet --output-format concise .", "ruff format --check .", "mypy"])
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


def _graph() -> dict[str, set[str]]:
    """Which modules each module imports, by dotted names within the package."""
    known = {path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."): path for path in MODULES}
    return {name: _imports(path) & set(known) for name, path in known.items()}


def test_no_module_imports_itself_by_way_of_others() -> None:
    TopologicalSorter(_graph()).prepare()  # raises CycleError, which names the way


def test_no_package_imports_itself_by_way_of_others() -> None:
    packages: dict[str, set[str]] = {}
    for name, imported in _graph().items():
        package = name.partition(".")[0]
        others = {other.partition(".")[0] for other in imported} - {package}
        packages.setdefault(package, set()).update(others)
    TopologicalSorter(packages).prepare()
    assert [package for package, imported in packages.items() if "cli" in imported] == []


def test_imports_go_down_the_table_of_packages() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## Packages")[2].partition("## The graph")[0]
    rows = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")]
    place = {name: row for row, names in enumerate(rows) for name in names}
    graph = _graph()
    assert set(place) == {name.partition(".")[0] for name in graph} - {"__init__"}
    pairs = {(name.partition(".")[0], other.partition(".")[0]) for name in graph for other in graph[name]}
    assert [pair for pair in sorted(pairs) if place[pair[0]] > place[pair[1]]] == []


def test_every_dependency_is_imported_and_has_its_reason() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra = data["project"]["optional-dependencies"]["embedded"][:1]
    declared = {re.split(r"[^\w.-]", each)[0] for each in [*data["project"]["dependencies"], *extra]}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MODULES]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    strange = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"dreamplay"}
    module = {each: {"ruamel.yaml": "ruamel"}.get(each, each.replace("-", "_")) for each in declared}
    table = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert set(module.values()) - {"python_multipart"} <= strange  # fastapi imports that one, for a form with a file
    assert [name for name in strange | declared if name.replace("_", "-") not in table] == []


def test_the_command_line_loads_nothing_heavy_to_show_its_help() -> None:
    code = "import sys, dreamplay.cli.app; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY == set()
