"""The commands of the training: `python -m training COMMAND`."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from dreamplay.errors import DreamplayError, UsageError
from dreamplay.models import model_store, profile_table

from training import play, scene

if TYPE_CHECKING:
    from training.packing import Pack, Sample
    from training.play import Played
    from training.prefer import ChoicePack
    from training.preference import Preference
    from training.scene import WrittenScene
    from training.written import Example

NAME = "dreamplay voice"
"""The name of the adapter, by which the table of profiles knows it."""
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Out = Annotated[Path, typer.Option(help="The folder of the training.")]


@app.command()
def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Files of scenes. Default: the shipped ones.")] = None,
    out: Annotated[Path | None, typer.Option(help="Keep the scenes here as runs, one folder each.")] = None,
) -> None:
    """Play every scene through dreamplay, and say what its checks find. With --out, the runs are kept: every command of
    dreamplay that reads a run, `dreamplay export` too, reads them."""
    found: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for path in files or (scene.SCENES / "train.jsonl", scene.SCENES / "held_out.jsonl"):
        for written in scene.read(path):
            played = _played(written, out)
            told.update(example.prompt.kind for example in played.examples)
            for refusal in played.refusals:
                found[refusal.check] += 1
                print(f"{refusal.scene}: {refusal.check} ({refusal.reason}): {refusal.text}")
    print("examples:", dict(told))
    print("refused:", dict(found))


@app.command()
def train(
    out: Out,
    epochs: Annotated[float, typer.Option(help="How often each scene is seen.")] = 2.0,
    learning_rate: Annotated[float, typer.Option(help="The highest rate.")] = 2e-4,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    start: Annotated[
        Path | None,
        typer.Option(help="Train an adapter further: the folder of an earlier training, or an engine's file."),
    ] = None,
    kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", help="Learn replies of this kind alone: line, dream, epilogue, stance or reflection; repeatable."
        ),
    ] = None,
    scenes: Annotated[Path, typer.Option(help="The folder of the scenes.")] = scene.SCENES,
    prepare: Annotated[bool, typer.Option(help="Only compute what the lower layers make of the scenes.")] = False,
) -> None:
    """Train an adapter for the embedded model, or go on with it, and write the engine's file, adapter.gguf."""
    from training import adapter_file, base_model
    from training.train import Recipe, Trainer

    base = model_store.assemble()
    held_out = _packs(scenes / "held_out.jsonl", kinds)
    packs = _packs(scenes / "train.jsonl", kinds)
    recipe = Recipe(epochs=epochs, learning_rate=learning_rate)
    if start and start.is_file():
        adapter_file.read(start, out / "start")
        start = out / "start"
    trainer = Trainer(base_model.load(base), recipe, out, device, start)
    if prepare:
        trainer.prepare([*held_out, *packs])
        return
    trainer.train(packs, held_out)
    adapter_file.write(out, out / "adapter.gguf", name=NAME, base=model_store.SHA256)


@app.command()
def prefer(
    out: Out,
    start: Annotated[Path, typer.Option(help="The adapter that the replies are of: a folder, or an engine's file.")],
    epochs: Annotated[float, typer.Option(help="How often each scene is seen.")] = 2.0,
    learning_rate: Annotated[float, typer.Option(help="The highest rate.")] = 5e-5,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    preferences: Annotated[Path | None, typer.Option(help="What readers preferred. Default: the shipped file.")] = None,
) -> None:
    """Train an adapter further on what readers preferred of its replies, or go on with that, and write the engine's
    file, adapter.gguf."""
    from training import adapter_file, base_model, preference
    from training.prefer import PreferenceTrainer
    from training.train import Recipe

    written = [list(scene.read(scene.SCENES / f"{name}.jsonl")) for name in ("train", "held_out")]
    known = preference.read(preferences or preference.PREFERENCES, {each.id for part in written for each in part})
    packs, held_out = (_choice_packs(part, known) for part in written)
    recipe = Recipe(epochs=epochs, learning_rate=learning_rate, scenes=6, weight_decay=0.0)
    if start.is_file():
        adapter_file.read(start, out / "start")
        start = out / "start"
    trainer = PreferenceTrainer(base_model.load(model_store.assemble()), recipe, out, device, start)
    trainer.train(packs, held_out)
    agreed = trainer.agreement(held_out)
    print("held out, best before worst:", "none was held out" if agreed is None else round(agreed, 3))
    adapter_file.write(out, out / "adapter.gguf", name=NAME, base=model_store.SHA256)


@app.command()
def evaluate(
    out: Annotated[Path, typer.Option(help="The folder for the plays.")],
    adapter: Annotated[Path | None, typer.Option(help="The adapter. Default: the shipped one.")] = None,
    scenes: Annotated[int, typer.Option(help="How many of the scenes that are kept apart.")] = 8,
) -> None:
    """Play scenes that were kept apart on the embedded model, with their notes, with an adapter and without, and print
    both scorecards. Plays that are there already are not played again."""
    from dreamplay.models import adapter as adapters
    from dreamplay.rendering.scorecard_view import show_scorecard
    from dreamplay.scoring import score

    from training.evaluate import by_heart, perform_all

    chosen = adapters.read(adapter) if adapter else adapters.shipped()
    held_out = list(scene.read(scene.SCENES / "held_out.jsonl"))[:scenes]
    for name, each in {"without": None, "with": chosen}.items():
        runs = asyncio.run(perform_all(held_out, each, out / name))
        print(f"\n{name} the adapter")
        show_scorecard(score.card({run.folder.name: run.record for run in runs}))
        learnt = by_heart(runs, scene.read(scene.SCENES / "train.jsonl"))
        print("by heart:", len(learnt), *learnt, sep="\n  ")


@app.command()
def heart(runs: Annotated[list[Path], typer.Argument(help="Folders of runs.")]) -> None:
    """List the lines of runs that have eight words in a row out of the training scenes."""
    from dreamplay.api import load_run

    from training.evaluate import by_heart

    found = by_heart(map(load_run, runs), scene.read(scene.SCENES / "train.jsonl"))
    print("by heart:", len(found), *found, sep="\n  ")


def _packs(path: Path, kinds: Sequence[str] | None) -> list[Pack]:
    """The scenes of a file, each as one packed sequence: its replies of some kinds, or all of them."""
    from training.packing import pack
    from training.tokens import load_tokenizer, samples

    tokenizer = load_tokenizer(model_store.assemble())
    told = ([e for e in _played(each).examples if not kinds or e.prompt.kind in kinds] for each in scene.read(path))
    found = [pack(samples(examples, tokenizer)) for examples in told if examples]
    if not found:
        raise UsageError(
            f"no reply of the kind {' or '.join(kinds or ())} is in {path}; see `python -m training check`"
        )
    return found


def _choice_packs(written: Sequence[WrittenScene], known: Mapping[str, Mapping[str, Preference]]) -> list[ChoicePack]:
    """The scenes of which something was preferred, each as one packed sequence; see `preference.read`."""
    from training import preference
    from training.prefer import choice_pack
    from training.tokens import load_tokenizer, samples

    tokenizer = load_tokenizer(model_store.assemble())

    def replies(liked: Preference, asked: Example) -> Sequence[Sample]:
        return samples([replace(asked, reply=reply) for reply in liked.replies], tokenizer)

    found = []
    for each in written:
        if told := known.get(each.id):
            asked = preference.asked(told, _played(each).examples)
            found.append(choice_pack([(liked, replies(liked, example)) for liked, example in asked]))
    return found


def _played(written: WrittenScene, out: Path | None = None) -> Played:
    """What comes of a scene; see `play.play`."""
    profile = profile_table.look_up("embedded", model_store.NAME, NAME)
    with tempfile.TemporaryDirectory() as scratch:
        return asyncio.run(play.play(written, profile, (out or Path(scratch)) / written.id))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command. What goes wrong is said in one line."""
    try:
        app(list(arguments) if arguments is not None else None)
    except DreamplayError as error:
        raise SystemExit(f"Error: {error}") from None


if __name__ == "__main__":
    main()
