"""What readers who know nothing of the program say of its plays. Makes the sheets that they read, and counts answers.

    uv run python tests/benchmarks/readers.py order RUN... --out sheets/
    uv run python tests/benchmarks/readers.py pairs BEFORE... --against AFTER... --out sheets/
    uv run python tests/benchmarks/readers.py lines BEFORE... --against AFTER... --out sheets/
    uv run python tests/benchmarks/readers.py tellings BEFORE... --against AFTER... --out sheets/
    uv run python tests/benchmarks/readers.py score sheets/ answers.txt

`order`: is it a conversation? Each scene is shown as it was played, and with each speaker's lines dealt anew among
their own turns, in an order by dice. The reader says which was played, and whether they are sure.

`pairs`: which play is the better conversation? The first run of BEFORE is shown beside the first of AFTER, and so on,
in an order by dice.

`lines`: which line is better? Of both plays, those that were said for the same note in the same turn and differ, each
after what was said before it there; with the note, or with `--no-notes` as somebody who watches hears it.

`tellings`: which dream or epilogue is better?

A reader answers with one line for each number: "N A" or "N B", then "sure" or "guess". They must see nothing but
`sheet.md`; `key.json` tells what is what.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from dreamplay.runs import transcript
from dreamplay.schema.event import PROLOGUE, LineEvent

Lines = list[tuple[str, str]]
HEARD = 2
"""Lines that are shown before one that is judged."""
SHORTEST = 5
"""Lines that a scene must have to be shown."""


def scenes(folder: Path) -> Iterator[Lines]:
    """The lines of each scene that is long enough, and in which somebody speaks twice."""
    run = transcript.read(folder)
    found: dict[str, Lines] = defaultdict(list)
    for event in run.script:
        if isinstance(event, LineEvent) and event.beat != PROLOGUE:
            found[event.scene].append((run.cast.name(event.speaker), event.text))
    for lines in found.values():
        if len(lines) >= SHORTEST and max(Counter(name for name, _ in lines).values()) > 1:
            yield lines


def dealt(lines: Lines, dice: random.Random) -> Lines:
    """The lines, each speaker's own dealt anew among their turns, so that half of those that can move have moved."""
    turns = Counter(name for name, _ in lines)
    movable = sum(turns[name] > 1 for name, _ in lines)
    new = lines
    for _ in range(200):  # of lines that are all alike, none can move
        own: dict[str, list[str]] = defaultdict(list)
        for name, text in lines:
            own[name].append(text)
        for texts in own.values():
            dice.shuffle(texts)
        new = [(name, own[name].pop()) for name, _ in lines]
        if 2 * sum(a != b for a, b in zip(new, lines, strict=True)) >= movable:
            break
    return new


def whole(folder: Path) -> Lines:
    """All that is said in a run."""
    run = transcript.read(folder)
    spoken = [event for event in run.script if isinstance(event, LineEvent) and event.beat != PROLOGUE]
    return [(run.cast.name(event.speaker), event.text) for event in spoken]


def lines(before: Path, after: Path) -> Iterator[tuple[str, Lines, Lines]]:
    """The lines of two runs that were said for the same note in the same turn and differ, each with what was heard
    before it."""
    both = []
    for folder in (before, after):
        run, found = transcript.read(folder), {}
        heard: Lines = []
        for event in run.script:
            said = (run.cast.name(event.speaker) if event.speaker else "(told)", event.text)
            if isinstance(event, LineEvent) and event.turn and event.cue:
                found[event.scene, event.turn, event.cue.text] = [*heard[-HEARD:], (f"{said[0]} >>", said[1])]
            if event.happens and event.text:
                heard.append(said)
        both.append(found)
    for place in both[0].keys() & both[1].keys():
        if both[0][place][-1] != both[1][place][-1]:
            yield place[2], both[0][place], both[1][place]


def tellings(before: Path, after: Path) -> Iterator[tuple[str, Lines, Lines]]:
    """The dreams and the epilogues of two runs, side by side."""
    both = [
        [
            (event.kind, event.text)
            for event in transcript.read(folder).script
            if event.kind == "dream" or (event.kind == "narration" and event.provenance.by == "narrator")
        ]
        for folder in (before, after)
    ]
    for first, second in zip(*both, strict=False):
        yield first[0], [("", first[1])], [("", second[1])]


def sheet(pairs: Sequence[tuple[str, Lines, Lines]], dice: random.Random, out: Path, *, notes: bool = False) -> None:
    """Write what a reader sees, and the key: of each pair, the second one is what the key names. With `notes`, the name
    of a pair is a note that the reader sees."""
    out.mkdir(parents=True, exist_ok=True)
    told, key = [], []
    for number, (name, other, real) in enumerate(pairs, 1):
        answer = dice.choice("AB")
        shown = (real, other) if answer == "A" else (other, real)
        texts = ("\n".join(f"{who}: {text}" for who, text in lines) for lines in shown)
        note = f" Note: {name}" if notes else ""
        told.append("## {}{}\n\nA\n\n{}\n\nB\n\n{}\n".format(number, note, *texts))
        key.append((number, "line" if notes else name, answer))
    (out / "sheet.md").write_text("\n".join(told))
    (out / "key.json").write_text(json.dumps(key))
    print(f"{len(key)} pairs in {out / 'sheet.md'}")


def score(out: Path, answers: Path) -> None:
    """Print how many answers are right, and how many of these are sure.

    Raises:
        OSError: there is no key, or there are no answers.
        ValueError: an answer is not written as one, or a number has none or two.
    """
    key = {str(number): (name, answer) for number, name, answer in json.loads((out / "key.json").read_text())}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    asked = dict(key)
    for line in filter(str.strip, answers.read_text().splitlines()):
        match line.split():
            case [number, "A" | "B" as answer, "sure" | "guess" as how, *_] if number in asked:
                name, right = asked.pop(number)
            case _:
                raise ValueError(f"{answers}: {line!r} is no answer; write one line for each number, like '3 A sure'")
        for row in (name, "all"):
            counts[row].update(["asked", *["right"] * (answer == right), *["sure"] * (how == "sure")])
            counts[row]["sure and right"] += answer == right and how == "sure"
    if asked:
        raise ValueError(f"{answers}: no answer to {', '.join(asked)}; ask the reader again")
    for name, count in counts.items():
        print(f"{name}: {count['sure and right']} sure and right, {count['right']} right of {count['asked']}")


def main() -> None:
    """Make sheets, or count answers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("order", "pairs", "lines", "tellings", "score"))
    parser.add_argument("paths", nargs="+", type=Path, help="folders of runs; of score: the sheets and the answers")
    parser.add_argument("--against", nargs="*", type=Path, default=[], help="the runs that the others are shown beside")
    parser.add_argument("--out", type=Path, default=Path("sheets"))
    parser.add_argument("--most", type=int, default=60, help="lines or tellings that are shown at most")
    parser.add_argument("--no-notes", action="store_true", help="of lines: without their notes")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    dice = random.Random(chosen.seed)
    if chosen.what == "score":
        if len(chosen.paths) != 2:
            parser.exit(2, "readers.py: name the folder of the sheets, and the file of the answers\n")
        try:
            score(*chosen.paths)
        except (OSError, ValueError) as error:
            parser.exit(2, f"readers.py: {error}\n")
    elif chosen.what == "order":
        found = [(path.name, dealt(lines, dice), lines) for path in chosen.paths for lines in scenes(path)]
        dice.shuffle(found)
        sheet(found, dice, chosen.out)
    elif chosen.what in ("lines", "tellings"):
        make = lines if chosen.what == "lines" else tellings
        pairs = [each for runs in zip(chosen.paths, chosen.against, strict=True) for each in make(*runs)]
        pairs = dice.sample(sorted(pairs), min(chosen.most, len(pairs)))
        if chosen.no_notes:
            pairs = [("line", *both) for _, *both in pairs]
        sheet(pairs, dice, chosen.out, notes=chosen.what == "lines" and not chosen.no_notes)
    else:
        both = zip(chosen.paths, chosen.against, strict=True)
        sheet([(after.name, whole(before), whole(after)) for before, after in both], dice, chosen.out)


if __name__ == "__main__":
    main()
