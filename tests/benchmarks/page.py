"""How quick is the page? Opens it in Chromium, on the scripted model, and prints its figures with their bars.

    uv run python tests/benchmarks/page.py
    uv run python tests/benchmarks/page.py answers
    uv run python tests/benchmarks/page.py screenshots

Run it when the cores are free. The second form measures a visitor's wait alone, and the third writes the pictures in
docs/images anew.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import dreamplay as dp
import many_runs
import visit
from bench import kept, machine, say, table
from dreamplay.engine import run_config
from dreamplay.runs import transcript
from dreamplay.schema.event import validate_event
from PIL import Image
from playwright.sync_api import Browser, Page

sys.path.append(str(Path(__file__).parents[1]))  # the browser is driven by one of the tests' own modules
import in_browser
import served

COMMAND = [sys.executable, "-c", "from dreamplay.cli.main import main; main()"]
_ROOT = Path(__file__).parents[2]
IMAGES = _ROOT / "docs" / "images"
EXAMPLE = _ROOT / "transcripts" / "example"
_LIGHT: dict[str, Any] = {"viewport": in_browser.DESK, "color_scheme": "light"}
_PHONE: dict[str, Any] = {"viewport": in_browser.PHONE, "color_scheme": "dark"}
PICTURES = [
    ("runs", "/", _LIGHT),
    ("new", "/new", _LIGHT),
    ("stage", "/runs/example?view=author", _LIGHT),
    ("phone", "/runs/example#event-37", _PHONE),
    ("knows", "/runs/example/knows?view=author", _LIGHT),
    ("branch", "/runs/example/line/38/branch", _LIGHT),
    ("compare", "/compare?base=first_night&other={other}", _LIGHT),
    ("read", "/runs/example/read", _LIGHT),
]
"""The name of each picture, the page, and the window."""
_WORDS = "I have counted the chairs twice and there is one more of them than there are people who want to sit down"


_SEED, _LINES = 7, 4
"""The play in which a visitor waits for answers, and how many of them."""
_WATCH = """() => {
  const spoken = document.getElementById("spoken");
  let pressed = 0;
  window.waited = [];
  document.addEventListener("keydown", (event) => event.key === "Enter" && (pressed = performance.now()), true);
  new MutationObserver(() => {
    if (!pressed || !spoken.querySelector(".name")?.textContent || !/\\w/.test(spoken.lastChild.data ?? "")) return;
    window.waited.push((performance.now() - pressed) / 1000);
    pressed = 0;
  }).observe(spoken, { childList: true, subtree: true, characterData: true });
}"""
"""Keeps the seconds from each Enter to the first word of somebody who speaks."""
_ANSWERED = """known => new Promise((done) => {
  const look = () => (window.waited.length > known ? done(window.waited) : setTimeout(look, 20));
  look();
})"""


@dataclass(frozen=True)
class Figure:
    """What was measured."""

    what: str
    unit: str
    value: float
    bar: float


@contextlib.contextmanager
def opened(home: Path) -> Iterator[tuple[str, int]]:
    """The page of a folder, in a process of its own: its address and the process."""
    server = subprocess.Popen(
        [*COMMAND, "open", "--no-browser", "--port", "0"], cwd=home.parent, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr
        found = re.search(r"http://\S+?(?=/ )", server.stderr.readline())
        assert found, "the page did not open"
        yield found[0], server.pid
    finally:
        server.terminate()
        server.wait()


def long_run(home: Path, name: str, events: int) -> None:
    """Write a run of so many events, that was stopped."""
    plan = run_config.make_run_config("mindsync", {}, seed=1)
    beat, roles = plan.story.beats[0], plan.cast.roles
    made = [
        validate_event({
            "id": i, "kind": "line", "speaker": roles[i % len(roles)], "text": f"{i}: {_WORDS}.", "beat": beat.id,
            "scene": beat.scenes[0].id, "witnesses": roles, "turn": i + 1, "provenance": {"by": "agent"},
        })
        for i in range(events)
    ]  # fmt: skip
    transcript.begin(home / name, plan.header("scripted", {}), made)


def ask(address: str) -> None:
    """Ask for a change, as the page does."""
    urlopen(Request(address, method="POST", headers={"HX-Request": "true"})).close()


def shown(page: Page, address: str, piece: str) -> float:
    """Seconds from asking for a page until a piece of it is there."""
    begun = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(piece, state="attached")
    return time.perf_counter() - begun


def longest_task(page: Page) -> float:
    """The longest task, in ms, while a play is scrolled through from its end to its beginning. A browser reports those
    from 50 on.
    """
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "window.tasks = []; new PerformanceObserver(seen => window.tasks.push(...seen.getEntries().map(each => "
        "each.duration))).observe({type: 'longtask'})"
    )
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.mouse.move(600, 400)
    while page.evaluate("window.scrollY") > 0:
        page.mouse.wheel(0, -600)
        page.evaluate("new Promise(requestAnimationFrame)")
    return float(page.evaluate("Math.max(0, ...window.tasks)"))


def memory(process: int) -> float:
    """MiB that a process holds."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024


def grown(address: str, process: int, home: Path) -> float:
    """MiB that a server has grown by ten plays, after two."""
    first = dp.play("mindsync", model="scripted", seed=7, length="short", out=home / "first").folder / transcript.FILE
    begun = b"".join(first.read_bytes().splitlines(keepends=True)[:9])
    held = []
    for number in range(12):
        (home / f"played_{number}").mkdir()
        (home / f"played_{number}" / transcript.FILE).write_bytes(begun)
        ask(f"{address}/runs/played_{number}/go")
        served.until(lambda name=f"played_{number}": dp.load_run(home / name).finished, seconds=60)
        held.append(memory(process))
        say(f"{held[-1]:.1f} MiB after {number + 1} plays")
    return held[-1] - held[1]


def answered(page: Page, address: str, names: Sequence[str]) -> list[float]:
    """Seconds from a visitor's Enter to the first word of each answer on the stage: what `visit.waits` measures in a
    terminal, in the same play.
    """
    page.goto(f"{address}/new")
    page.locator("input[name=model][value=scripted]").check()
    page.locator("input[name=seed]").fill(str(_SEED))
    page.locator("input[name=visitor]").fill(visit.NAME)
    page.wait_for_load_state("networkidle")
    page.locator("#begin").click()
    page.wait_for_url("**/runs/*")
    page.evaluate(_WATCH)
    found: list[float] = []
    while len(found) < _LINES:
        page.wait_for_selector("#visit.asked")
        page.locator("#visit-line").fill(visit.line(len(found), names))
        page.keyboard.press("Enter")
        found = page.evaluate(_ANSWERED, len(found))
        say(f"{found[-1]:.3f} s on the page")
    return found


def later_answers(page: Page, address: str, folder: Path) -> Figure:
    """How much later the first word of an answer comes on the page than in a terminal, with a model that takes no
    time."""
    names = [each.name for each in run_config.make_run_config("mindsync", {}, seed=_SEED).cast.personas.values()]
    os.environ["PROMPT_TOOLKIT_NO_CPR"] = "1"
    command = [*COMMAND, "run", "--as", visit.NAME, "--model", "scripted", "--seed", str(_SEED)]
    there = statistics.median(visit.waits([*command, "--out", str(folder / "visited")], names, _LINES))
    here = statistics.median(answered(page, address, names))
    say(f"median {there:.3f} s in a terminal, {here:.3f} s on the page")
    return Figure("first word of an answer to a visitor, later than in a terminal", "s", here - there, 0.1)


def thousand_runs(page: Page, address: str, home: Path) -> Iterator[Figure]:
    """How soon a thousand runs are on the page, at the first look and afterwards."""
    many_runs.make(home, 1_000)
    for look in ("at the first look", "afterwards"):
        yield Figure(f"1,000 runs, {look}", "s", shown(page, address, "main li"), 1)


def figures(browser: Browser, folder: Path) -> Iterator[Figure]:
    """Everything that is measured."""
    home = folder / "transcripts"
    home.mkdir()
    long_run(home, "thousand", 1_000)
    long_run(home, "two_hundred", 200)
    with opened(home) as (address, process):
        page = browser.new_page(viewport=in_browser.DESK)
        yield Figure("a run of 1,000 events from disk", "s", shown(page, f"{address}/runs/thousand", "#event-999"), 1)
        ask(f"{address}/runs/thousand/go")
        ask(f"{address}/runs/thousand/pause")
        yield Figure("1,000 events of a live play", "s", shown(page, f"{address}/runs/thousand", "#event-999"), 1)
        ask(f"{address}/runs/thousand/close")
        page.goto(f"{address}/runs/two_hundred")
        yield Figure("the longest task while 200 lines are scrolled", "ms", longest_task(page), 50)
        yield later_answers(page, address, folder)
        yield Figure("memory after ten plays more", "MiB", grown(address, process, home), 3)
        yield from thousand_runs(page, address, home)


def answers(browser: Browser, folder: Path) -> Iterator[Figure]:
    """A visitor's wait alone."""
    (folder / "transcripts").mkdir()
    with opened(folder / "transcripts") as (address, _):
        yield later_answers(browser.new_page(viewport=in_browser.DESK), address, folder)


def pictures(browser: Browser, folder: Path) -> None:
    """Make the pictures of the documentation, each of them of a page as it is first seen."""
    home = folder / "transcripts"
    shutil.copytree(EXAMPLE, home / "example")
    first = dp.play("mindsync", model="scripted", seed=7, out=home / "first_night")
    with contextlib.chdir(folder):
        other = dp.play(first.branch(at="kitchen", swap={"leo": "leo_believer"}), model="scripted").folder.name
    IMAGES.mkdir(exist_ok=True)
    with opened(home) as (address, _):
        for name, path, look in PICTURES:
            page = browser.new_page(**look)
            page.goto(address + path.format(other=other))
            page.wait_for_load_state("networkidle")
            if name == "stage":
                page.locator("#event-38").scroll_into_view_if_needed()
                page.locator("#event-38 .line-menu").click()
                page.wait_for_selector("#panel .about-line")
            drawn = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(128)
            drawn.save(IMAGES / f"{name}.png", optimize=True)
            say(f"{name}.png {(IMAGES / f'{name}.png').stat().st_size // 1024} KiB")
            page.close()


def main() -> None:
    """Measure, and print a table; exit code 1 if a bar is not held. Or make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("what", nargs="?", choices=("figures", "answers", "screenshots"), default="figures")
    chosen = parser.parse_args()
    where = machine()
    with tempfile.TemporaryDirectory(prefix="dreamplay-page-") as folder, in_browser.opened() as browser:
        if chosen.what == "screenshots":
            pictures(browser, Path(folder))
            return
        measured = answers if chosen.what == "answers" else figures
        found = list(measured(browser, Path(folder)))
    print(f"{where}\n")
    print(table(
        ("figure", "", "at most", "kept"),
        [(f.what, f"{f.value:.2f} {f.unit}", f"{f.bar:g} {f.unit}", kept(f.value <= f.bar)) for f in found],
    ))  # fmt: skip
    sys.exit(not all(each.value <= each.bar for each in found))


if __name__ == "__main__":
    main()
