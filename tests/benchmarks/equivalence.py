"""Do two versions of dreamplay play the same? Records what the scripted model plays, or compares it with a record.

    uv run python tests/benchmarks/equivalence.py --record FILE    # with the version before the change
    uv run python tests/benchmarks/equivalence.py --check FILE     # with the version after it

Both stories with five seeds, with and without reflections, with a small window and other settings; visits, what-ifs,
and runs that were cut off in the middle of a line and resumed, the committed example among them. It uses only the
`dreamplay` command beside this Python and the files that the command leaves. An event counts as the same if its kind,
speaker, text, witnesses, beat, scene, turn and choice are. The scripted model answers from the text of the prompt after
the system message, so that a change there shows as well. `--check` ends with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

DREAMPLAY = Path(sys.executable).with_name("dreamplay")
EXAMPLE = next(at for up in Path(__file__).resolve().parents if (at := up / "transcripts" / "example").is_dir())
PROCESSES = 2
SEEDS = range(1, 6)
TRANSCRIPT = "transcript.jsonl"
COUNTED: dict[str, Any] = {
    "kind": "", "speaker": None, "text": "", "witnesses": [], "beat": "", "scene": "", "turn": 0, "choice": None,
}  # fmt: skip
"""What is compared of each event, with what it is if it is not there."""
FILES = {
    "noor.yaml": """
{name: Noor, who: a clockmaker from the next valley, voice: "Dry and exact; springs, hours and weights.",
 examples: ["It is late, and so are you."], tactics: [drily, by the hour],
 material: [a clock that is stopped is right twice a day, his own watch has never been wound by anybody else],
 private: {want: They want the bell to be heard once more., belief: What is counted is not lost.,
           fear: Every clock in the house strikes and nobody is at home., wish: They would wish to be asked the time.,
           memories: [My mother wound the clocks on Sundays and let me hold the key.]}}
""",
    "mindsync.yaml": """
interventions:
  - {beat: launch, scene: roof, say: "Good evening. Leo, who needs a clock up here?"}
  - {beat: launch, scene: roof, turn: 3, do: holds a hand out over the railing.}
  - {beat: launch, scene: roof, turn: 4, whisper: {to: Mira, text: I would not sign that.}}
  - {beat: launch, scene: lab, fear: A clock runs backwards until nobody knows their own name.}
  - {beat: launch, scene: lab, turn: 1, go: true}
  - {beat: glitch, scene: kitchen, come: true}
  - {beat: glitch, scene: kitchen, turn: 1, play: Sam}
  - {beat: glitch, scene: kitchen, playing: Sam, say: I kept a page for each of you.}
  - {beat: glitch, scene: bridge, playing: Sam, whisper: {to: Elara, text: I still have the page with your name.}}
  - {beat: nightmare, scene: log, hand_back: Sam}
  - {when: Leo mentions night, do: lays a pencil on the table.}
  - {beat: nightmare, scene: corridor, play: Leo}
  - {beat: reconciliation, playing: Leo, stance: {choice: campaign, because: A bed is not a stove.}}
  - {beat: reconciliation, stance: {choice: hybrid, because: I want a door that shuts.}}
""",
    "forty_one_metres.yaml": """
interventions:
  - {beat: eve, scene: taproom, say: "Is it true, Agnes, that the bell can be heard under water?"}
  - {beat: eve, scene: taproom, turn: 2, whisper: {to: Emil, text: Who gave you the number?}}
  - {beat: eve, scene: benches, turn: 1, play: Rosa}
  - {beat: eve, scene: benches, playing: Rosa, do: counts the chairs again.}
  - {beat: water, scene: wall, hand_back: Rosa}
  - {beat: water, scene: wall, turn: 1, go: true}
  - {beat: water, scene: churchyard, come: true}
  - {beat: water, scene: churchyard, turn: 2, say: "Then ring it once, Agnes, while it hangs."}
  - {beat: water, stance: {choice: carry, because: What can be carried should not be drowned.}}
""",
}


class Play(NamedTuple):
    """A command to run. `source` names an earlier play, or "example", whose run it resumes or branches off; a resumed
    one is cut after so many `lines`.
    """

    name: str
    args: str
    source: str = ""
    lines: int = 0


def run(name: str, story: str, seed: int, args: str = "") -> Play:
    """A run of its own."""
    return Play(name, f"run --story {story} --seed {seed} --length full --out run {args}")


def plays() -> tuple[list[Play], list[Play], list[Play]]:
    """All plays, in three batches: the later ones resume or branch off the earlier ones."""
    first = [
        run(f"{story}-{seed}-{how}", story, seed, f"--{how}")
        for story in ("mindsync", "forty_one_metres")
        for seed in SEEDS
        for how in ("reflect", "no-reflect")
    ]
    for seed in (1, 2):
        first.append(run(f"visit-{seed}", "mindsync", seed, "--as Noor --interventions mindsync.yaml"))
        visit = "--as noor.yaml --interventions forty_one_metres.yaml --reflect"
        first.append(run(f"visit-with-sheet-{seed}", "forty_one_metres", seed, visit))
    first.append(run("small-window", "mindsync", 2, "--reflect --window 2300"))
    first.append(run("swap-short", "mindsync", 3, "--swap leo=leo_believer --length short --no-recall"))
    first.append(run("two-beats", "mindsync", 4, "--beats glitch,reconciliation"))
    whatifs = {
        "swap": ("mindsync-1-reflect", "--at nightmare --swap leo=leo_believer"),
        "say": ("mindsync-2-no-reflect", "--at glitch --say 'elara: I am leaving, all of you.'"),
        "drop": ("mindsync-3-no-reflect", "--at nightmare --drop sam"),
        "start": ("mindsync-4-no-reflect", "--swap leo=leo_believer"),
        "all": (
            "forty_one_metres-1-reflect",
            "--at water --swap engineer=sam --drop innkeeper --say 'ringer: Hear it.'",
        ),
        "visit": ("visit-1", "--at kitchen --swap leo=leo_believer"),
        "visit-start": ("visit-with-sheet-1", "--swap engineer=leo"),
        "example-swap": ("example", "--at nightmare --swap leo=leo_believer"),
        "example-drop": ("example", "--at glitch --drop sam"),
    }
    second = [Play(f"whatif-{name}", f"whatif parent {args}", source) for name, (source, args) in whatifs.items()]
    cuts = {"mindsync-1-no-reflect": (2, 25, 60, 80), "mindsync-1-reflect": (40, 100), "visit-1": (13, 58, 90, 114),
            "forty_one_metres-2-no-reflect": (15, 40), "visit-with-sheet-1": (30,), "small-window": (95,),
            "example": (30, 70)}  # fmt: skip
    second += [Play(f"resume-{source}-{n}", "resume run", source, n) for source, at in cuts.items() for n in at]
    return first, second, [Play("resume-whatif-drop-70", "resume run", "whatif-drop", 70)]


def play(each: Play, root: Path) -> list[list[Any]] | str:
    """The events of a play, or, if it failed, in a line why."""
    folder = root / each.name
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    source = EXAMPLE if each.source == "example" else root / each.source / "run"
    if each.source and not (source / TRANSCRIPT).exists():
        return f"{each.source} left no run"
    if each.lines:
        lines = (source / TRANSCRIPT).read_bytes().splitlines(keepends=True)
        (folder / "run").mkdir()
        torn = b"".join(lines[each.lines : each.lines + 1])[:40]
        (folder / "run" / TRANSCRIPT).write_bytes(b"".join(lines[: each.lines]) + torn)
    elif each.source:
        shutil.copytree(source, folder / "parent")
    command = [str(DREAMPLAY), *shlex.split(each.args), "--model", "scripted", "--quiet"]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("DREAMPLAY_", "OPENAI_"))}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        return f"exit {done.returncode}: {done.stderr.strip()[-400:]}"
    if each.source and not each.lines:
        (branch,) = (folder / "transcripts").iterdir()
        branch.rename(folder / "run")
    return events(folder / "run" / TRANSCRIPT)


def events(transcript: Path) -> list[list[Any]]:
    """What counts of each event, of a transcript of schema version 1 or 2, in the order of `COUNTED`."""
    records = [json.loads(line) for line in transcript.read_bytes().splitlines()]
    return [_counted(record) for record in records if "record" not in record or record["record"] == "event"]


def _counted(event: dict[str, Any]) -> list[Any]:
    found = {name: default if event.get(name) is None else event[name] for name, default in COUNTED.items()}
    if found["kind"] in ("hand", "control"):  # version 1 has in the text who controls the role, version 2 in a field
        found |= {"kind": "hand", "text": ""}
    return list(found.values())


def difference(before: list[list[Any]] | str | None, after: list[list[Any]] | str | None) -> str:
    """In words the first difference between two results of a play; nothing if they are the same."""
    if isinstance(after, str):
        return f"failed: {after}"
    if before is None or after is None:
        return "is only in the record" if after is None else "is not in the record"
    for number in range(max(len(before), len(after))):
        was, now = (each[number] if number < len(each) else "(no event)" for each in (before, after))
        if was != now:
            return f"event {number} differs\n  before {json.dumps(was)}\n  now    {json.dumps(now)}"
    return ""


def main() -> int:
    """Record or check, as asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--record", type=Path, metavar="FILE", help="play, and write what was played")
    what.add_argument("--check", type=Path, metavar="FILE", help="play, and compare with what was written")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder in which the runs are kept")
    asked = parser.parse_args()
    try:
        DREAMPLAY.stat()
        before = json.loads(asked.check.read_bytes()) if asked.check else {}
        if asked.record and not asked.record.parent.is_dir():
            parser.error(f"--record: there is no folder {asked.record.parent}")
        if asked.keep:
            asked.keep.mkdir(parents=True)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    begun = time.perf_counter()
    after: dict[str, list[list[Any]] | str] = {}
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(PROCESSES) as pool:
        root = (asked.keep or Path(temporary)).resolve()
        for batch in plays():
            after |= zip((each.name for each in batch), pool.map(partial(play, root=root), batch), strict=True)
    was = before if asked.check else after
    differing = {name: told for name in was | after if (told := difference(was.get(name), after.get(name)))}
    for name, told in differing.items():
        print(f"{name}: {told}")
    if asked.record and not differing:
        asked.record.write_text(json.dumps(after, ensure_ascii=False), encoding="utf-8")
    count = sum(len(found) for found in after.values() if not isinstance(found, str))
    print(f"{len(after)} plays, {count} events, {len(differing)} differ or failed; {time.perf_counter() - begun:.0f} s")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
