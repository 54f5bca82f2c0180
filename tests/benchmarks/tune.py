"""What does one change do to the lines? Plays dreamplay with one thing changed at a time, and prints a row for each.

    uv run python tests/benchmarks/tune.py [--change NAME ...] [--seeds 1..5] [--beats launch,glitch] [--out FOLDER]
                                           [--story mindsync] [--model embedded|PATH.gguf] [--length full|short]

The first row is dreamplay as it is. Without --change all of them are tried. Runs are kept as OUT/CHANGE/SEED, for
`dreamplay score`, and finished ones are not played again; that a change or the code behind it has become another
since cannot be seen, so choose a new --out then. A prompt state is saved once and used by all runs that begin alike.
"""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from bench import TIMEOUT, fresh_start, machine, options, say, table
from dreamplay.director.cues import Cues
from dreamplay.engine import run_config
from dreamplay.engine.run_config import RunConfig
from dreamplay.errors import DreamplayError
from dreamplay.models import endpoint, model_store, profile_table
from dreamplay.models.llamacpp import LocalModel
from dreamplay.models.prompt import Prompt
from dreamplay.models.request_body import request_body
from dreamplay.prompting.builder import PromptBuilder
from dreamplay.prompting.event_text import EventText
from dreamplay.prompting.layout import PromptLayout
from dreamplay.runs.transcript import RunLog
from dreamplay.schema.event import PROLOGUE, Cue, Event, TurnEvent
from dreamplay.scoring import score
from dreamplay.scoring.score import ROWS
from dreamplay.validation import normalize
from dreamplay.validation.generate import OUTDONE
from lines import Opening, Way, play_ours

AS_IT_IS = "as-it-is"
KEPT_LINES = 12
BARS = ("refusals", "model_talk", "wrong_speaker", "unfinished")
COLUMNS = {
    "lines": "lines", "over 40% said": "echo.copies", "separation": "voice.separation", "2nd/1st half": "voice.kept",
    "cue followed": "cues.followed", "words": "words.median", "silent": "contract.silent",
    "calls a line": "cost.calls_a_line", "read a line": "cost.evaluated", "s a line": "cost.seconds_a_line",
}  # fmt: skip

_look_up, _request = profile_table.look_up, request_body
_worded, _line, _prompt, _cue, _speech = (
    EventText._worded,
    PromptBuilder.line,
    PromptBuilder._prompt,
    Cues.draw,
    normalize.speech,
)
_system: Callable[[PromptBuilder], str] = vars(PromptLayout)["_system"].func
_told = partial(mock.patch.object, EventText, "_worded")


def _reworded(old: str, new: str) -> property:
    def system(desk: PromptBuilder) -> str:
        if old not in (text := _system(desk)):
            raise LookupError(f"the system message no longer says {old!r}: mend this change")
        return text.replace(old, new)

    return property(system)


def _with_examples(desk: PromptBuilder) -> str:
    said = [f"{p.name}, for example: «{text}»" for p in desk.cast.personas.values() for text in p.examples[:2]]
    return desk.cast.fill("\n".join([_system(desk), "", *said]))


def _cued(write: Callable[[Cue, str, str], dict[str, str]]) -> Any:
    """Write the cue anew from itself, its speaker's name and its tactic."""

    def cue(cues: Cues, now: Any, speaker: str, *rest: Any, **named: Any) -> Cue:
        made, cast = _cue(cues, now, speaker, *rest, **named), cues.cast
        return made.model_copy(update=write(made, cast.name(speaker), cast.fill(made.tactic)))

    return mock.patch.object(Cues, "draw", cue)


def _asked(write: Callable[[str], dict[str, Any]]) -> Any:
    """Change the prompt of a line, by its speaker's name."""

    def line(desk: PromptBuilder, turn: Any, view: Any, *rest: Any, **named: Any) -> Prompt:
        return _line(desk, turn, view, *rest, **named).model_copy(update=write(desk.cast.name(turn.speaker)))

    return mock.patch.object(PromptBuilder, "line", line)


def _with_sheet(desk: PromptBuilder, *rest: Any, **named: Any) -> Prompt:
    return _line(replace(desk, profile=desk.profile.refined({"private_sheet": True})), *rest, **named)


def _last_lines(desk: PromptBuilder, *rest: Any, **named: Any) -> Prompt:
    prompt = _prompt(desk, *rest, **named)
    last = "".join(re.findall(r"\n*.+\n", prompt.script)[-KEPT_LINES:])
    return prompt.model_copy(update={"script": last}) if prompt.kind == "line" else prompt


def _as_json(wording: EventText, event: Event) -> str:
    if event.kind != "line" or not event.speaker:
        return _worded(wording, event)
    name, text = wording.cast.name(event.speaker), " ".join(event.text.split())
    note = _worded(wording, event).rpartition(f"{name}: {text}")[0]
    return f"{note}{json.dumps({'name': name, 'line': text}, ensure_ascii=False)}\n"


def _out_of_json(text: str, *rest: Any, **named: Any) -> str:
    said = re.sub(r'^\s*\{"name": "[^"]*", "line": "|"\}?\s*$', "", text)
    return _speech(said.replace('\\"', '"'), *rest, **named)


def _profiled(**changes: Any) -> Any:
    """Change how the local model is asked."""
    return mock.patch.object(profile_table, "look_up", lambda *rest: _look_up(*rest).refined(changes))


def _with_dry(*rest: Any, **named: Any) -> dict[str, Any]:
    dry = {"dry_multiplier": 0.8, "dry_allowed_length": 3, "dry_penalty_last_n": 8192}
    return dry | _request(*rest, **named)


SETTINGS: dict[str, Sequence[Any]] = {
    **{f"temperature-{t}": [_profiled(temperature=t)] for t in (0.4, 0.6, 0.8, 1.0, 1.2)},
    **{f"min-p-{p}": [_profiled(min_p=p)] for p in (0.02, 0.05, 0.1)},
    **{f"candidates-{n}": [_profiled(candidates=n)] for n in (1, 2, 3, 4)},
    "dry": [mock.patch.object(endpoint, "request_body", _with_dry)],
}
"""Changes of how the engine is asked; one value of each kind may be what is set anyway."""
PROMPTS: dict[str, Sequence[Any]] = {
    "no-prologue-cues": [_told(lambda wording, event: _worded(wording, event.model_copy(update={"cue": None})))],
    "no-prologue": [_told(lambda wording, event: "" if event.beat == PROLOGUE else _worded(wording, event))],
    "examples": [mock.patch.object(PromptLayout, "_system", property(_with_examples))],
    "cue-with-tactic": [mock.patch.object(EventText, "cued", lambda self, cue: cue.text)],
    "cue-without-material": [_cued(lambda cue, name, does: {"text": f"{name} speaks {does}.", "material": ""})],
    "one-sentence": [
        mock.patch.object(PromptLayout, "_system", _reworded("one or two short sentences", "one short sentence"))
    ],
    "thought-first": [_asked(lambda name: {"prefill": f"{name} (thinks:", "max_tokens": 110})],
    "last-12-lines": [mock.patch.object(PromptBuilder, "_prompt", _last_lines)],
    "private-sheet": [mock.patch.object(PromptBuilder, "line", _with_sheet)],
    "json-lines": [
        _told(_as_json),
        _asked(lambda name: {"prefill": f'{{"name": "{name}", "line": "', "stop": ('"}', "\n")}),
        mock.patch.object(normalize, "speech", _out_of_json),
    ],
}
"""Changes of what a line is asked with."""


@contextlib.contextmanager
def changed(change: str) -> Iterator[None]:
    """Make one change, or none."""
    with contextlib.ExitStack() as stack:
        for patch in (SETTINGS | PROMPTS).get(change, ()):
            stack.enter_context(patch)
        yield


def main() -> None:
    """Play, and print the table."""
    parser, known = options("Play dreamplay with one thing changed at a time."), [*SETTINGS, *PROMPTS]
    parser.add_argument("--change", nargs="+", choices=known, default=known, metavar="NAME",
                        help=f"of: {', '.join(known)}")  # fmt: skip
    parser.add_argument("--beats", default="", help="only these, with commas")
    chosen = parser.parse_args()
    where, beats = machine(), [beat for beat in chosen.beats.split(",") if beat]
    try:
        plans = [
            run_config.make_run_config(chosen.story, {}, seed=seed, length=chosen.length, beats=beats, reflect=False)
            for seed in chosen.seeds
        ]
    except DreamplayError as error:
        parser.error(str(error))
    home = chosen.out or Path(tempfile.mkdtemp(prefix="dreamplay-tune-"))
    say(f"the runs are kept in {home}")
    name = chosen.model.stem if chosen.model else model_store.NAME

    @contextlib.contextmanager
    def opening(way: Way) -> Iterator[LocalModel]:
        yield LocalModel(chosen.model, timeout=TIMEOUT)

    with fresh_start(chosen.model):
        rows = [row(change, plans, home, opening, name) for change in (AS_IT_IS, *chosen.change)]
    print(f"{where}; {name}, story {chosen.story}, {chosen.beats or 'all beats'}, {len(plans)} seeds\n")
    print(table(("change", "runs", *COLUMNS, "faults", "refused a line"), rows))


def row(change: str, plans: Sequence[RunConfig], home: Path, opening: Opening, name: str) -> list[str]:
    """The figures of a change over all runs that came to their end."""
    runs: list[RunLog] = []
    with changed(change):
        for plan in plans:
            folder = home / change / str(plan.seed)
            try:
                runs.append(play_ours(plan, folder, opening, name, {"change": change}))
            except DreamplayError as error:
                say(f"{change}, seed {plan.seed}: {error}")
    scores = score.scores(runs)
    shown = {each.measure: each.shown(scores) for each in ROWS}
    turns = [event.provenance for run in runs for event in run.script.of_kind(TurnEvent)]
    refused = sum(refusal.reason != OUTDONE for made in turns for refusal in made.refused)
    faults = sum(getattr(scores.faults, each) for each in BARS)
    return [change, str(len(runs)), *(shown[path] for path in COLUMNS.values()), str(faults),
            f"{refused / max(scores.lines, 1):.2f}"]  # fmt: skip


if __name__ == "__main__":
    main()
