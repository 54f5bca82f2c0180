"""What `import dreamplay` offers: to play, to read what was played, and to compare."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from dreamplay import casting, event_loop, prepare
from dreamplay import settings as reading
from dreamplay.errors import UsageError
from dreamplay.keywords import ModelKeywords, PlayKeywords, PluginKeywords
from dreamplay.models import registry
from dreamplay.open_model import OpenModel
from dreamplay.prepare import Prepared
from dreamplay.run import Branched, Run, checked_names
from dreamplay.schema.cast import Persona
from dreamplay.schema.error_messages import did_you_mean
from dreamplay.schema.story import Story
from dreamplay.streaming import Stream

if TYPE_CHECKING:
    from typing import Unpack

    from dreamplay.comparison.compare import Comparison
    from dreamplay.models.base import Model
    from dreamplay.schema.event import Event
    from dreamplay.scoring.score import Scorecard

Playable: TypeAlias = "str | Path | Story | Branched | Run"
"""A story by name, by file or as a value, a branch, or a run that was stopped."""
AnyModel: TypeAlias = "str | Path | OpenModel | Model"
"""A model by name or file, one that was opened by `get_model`, or one of your own."""


def play(
    story: Playable | None = None,
    *,
    swaps: Mapping[str, str | Path | Persona] | None = None,
    model: AnyModel | None = None,
    seed: int | None = None,
    beats: Sequence[str] = (),
    out: str | Path | None = None,
    visitor: str | Path | Persona | None = None,
    interventions: str | Path | None = None,
    on_event: Callable[[Event], None] | None = None,
    **settings: Unpack[PlayKeywords],
) -> Run:
    """Play a story to its end and return the run. It works in a script, in a notebook, and in a coroutine, whose event
    loop it blocks. Every event is on disk before the next is asked for, so nothing that was played is lost, however the
    play ends.

    Args:
        story: a shipped story by name, a file, a `Story`, a branch from `Run.branch`, or a run that was stopped, to go
            on with it. A branch that was played to its end is returned as it is. None: what the settings say, else
            "mindsync".
        swaps: role to persona: a name, a file, a character card, a `Persona`, or another role.
        model: a name, "embedded", "scripted", a .gguf file, a model from `get_model`, or one of your own. None: what
            the settings say, else the embedded one; of a branch or a run that goes on, the one it was played on.
        seed: of the dice, from 0 to 2**31 - 1; drawn if None.
        beats: play only these; all if empty.
        out: the run's own new folder; one in `transcripts/` if None.
        visitor: the name, the persona file or the `Persona` of somebody who steps in. Needs interventions.
        interventions: a YAML file that says what the visitor does, and when.
        on_event: is called with each event once it is on disk, on another thread.
        settings: see `dreamplay.keywords.PlayKeywords`. What is not given is taken from the environment and
            dreamplay.toml.

    Raises:
        UsageError: what was asked for does not exist or does not fit; nothing was written.
        DreamplayError: it was broken off. What was played is in the run's folder; `load_run()` reads it.
        KeyboardInterrupt: Ctrl-C. The line being spoken was finished and kept; `play(load_run())` goes on.
        TypeError: a keyword that there is not, or a value of another kind.
    """
    _known(play, settings, PlayKeywords)
    streamed = stream(
        story, swaps=swaps, model=model, seed=seed, beats=beats, out=out, visitor=visitor, interventions=interventions,
        **settings,
    )  # fmt: skip
    return event_loop.wait(streamed.play(on_event or (lambda event: None)), streamed.stop)


def stream(
    story: Playable | None = None,
    *,
    swaps: Mapping[str, str | Path | Persona] | None = None,
    model: AnyModel | None = None,
    seed: int | None = None,
    beats: Sequence[str] = (),
    out: str | Path | None = None,
    visitor: str | Path | Persona | None = None,
    interventions: str | Path | None = None,
    **settings: Unpack[PlayKeywords],
) -> Stream:
    """Play a story event by event: `async for event in dreamplay.stream(...)`, after which `stream.run` is the run; or
    as a whole: `run = await dreamplay.stream(...)`. It takes the arguments of `play`. For a branch or a resumed run,
    only new events are yielded.

    Raises:
        UsageError: a setting that a branch, a run that goes on, or a model that is open already does not take.
        TypeError: a keyword that there is not, or a value of another kind.
    """
    own = {
        "swaps": swaps, "seed": seed, "beats": beats, "out": out, "visitor": visitor, "interventions": interventions,
    }  # fmt: skip
    _check(story, model, own, settings)
    named = str(model) if isinstance(model, str | Path) else None
    opened = model if isinstance(model, OpenModel | None) else None if named else OpenModel(cast("Model", model))
    given: dict[str, Any] = {**settings, "seed": seed, "out": out, "model": named}

    async def prepared() -> Prepared:
        match story:
            case Run():
                return await prepare.resume(story.folder, reading.load(**given), opened)
            case Branched():
                return await prepare.branch(story, reading.load(**given), opened)
        told, value = (None, story) if isinstance(story, Story) else (story and str(story), None)
        return await prepare.begin(
            reading.load(**given, story=told), swaps or {}, opened, value,
            beats=beats, guest=str(visitor) if isinstance(visitor, Path) else visitor,
            interventions=None if interventions is None else Path(interventions),
        )  # fmt: skip

    return Stream(prepared)


def load_story(reference: str | Path) -> Story:
    """Load a shipped story by name, or a story from a file. It can be played as it is, or changed first: see `play`.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    return casting.load_story(str(reference))


def load_persona(reference: str | Path, *, name: str | None = None) -> Persona:
    """Load a shipped persona by name, or a persona from a file or a character card.

    Args:
        reference: a name or a file.
        name: what to call them, if not as the file does.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    return casting.load_persona(str(reference), name=name)


def load_run(reference: str | Path | None = None) -> Run:
    """Read a run, given its folder, its transcript, or its name in `transcripts/`. None: the newest run there.

    Raises:
        RecordError: there is none, or it is damaged; the message says where.
    """
    return Run.find(str(reference) if reference else None)


def get_model(name: str | Path | None = None, **settings: Unpack[ModelKeywords]) -> OpenModel:
    """Open a model to play on it several times. Close it with `with` or `close`.

    Args:
        name: a model at an endpoint, a .gguf file, "embedded" or "scripted".
        settings: see `dreamplay.keywords.ModelKeywords`.

    Raises:
        ModelError: the endpoint was to say which model it has, and cannot.
        SettingsError: a setting that cannot be used.
        TypeError: a keyword that there is not.
    """
    _known(get_model, settings, ModelKeywords)
    chosen = reading.load(**{**settings, "model": name and str(name)})
    spec = registry.choose(chosen)
    return OpenModel(event_loop.wait(registry.open_model(spec, chosen)), spec)


def compare(base: Run | Sequence[Run], changed: Run | Sequence[Run]) -> Comparison:
    """Compare two runs, or two groups of runs, of one story. Runs with the same seed make a pair.

    Raises:
        UsageError: they cannot be compared.
    """
    from dreamplay.comparison import compare

    return compare.compare(*([run.record for run in _runs(side)] for side in (base, changed)))


def score(runs: Run | Sequence[Run]) -> Scorecard:
    """Measure how well runs were played: each run alone in `.runs`, all together in `.pooled`, and the bounds that they
    should keep in `.bars`."""
    from dreamplay.scoring import score

    return score.card({str(run.folder): run.record for run in _runs(runs)})


def _runs(given: Run | Sequence[Run]) -> Sequence[Run]:
    return [given] if isinstance(given, Run) else given


def _check(story: object, model: object, own: Mapping[str, object], settings: Mapping[str, object]) -> None:
    """Refuse what no play could use, and what would be passed over.

    Raises:
        UsageError: see `stream`.
        TypeError: see `stream`.
    """
    _known(stream, settings, PlayKeywords)
    if not isinstance(story, str | Path | Story | Branched | Run | None):
        raise TypeError(f"a story is a name, a file, a Story, a branch or a run, not {type(story).__name__}")
    if not (isinstance(model, str | Path | OpenModel | None) or hasattr(model, "complete")):
        raise TypeError(f"`model` is a name, a file or a model, not {type(model).__name__}")
    if not isinstance(own["swaps"], Mapping | None):
        raise TypeError(f"`swaps` is a dictionary, role to persona, not {own['swaps']!r}")
    checked_names("beats", own["beats"])
    if settings.get("no_check") is not None:
        checked_names("no_check", settings["no_check"])
    given = {name for name, value in {**own, **settings}.items() if value not in (None, (), [], {})}
    asked = given & ModelKeywords.__annotations__.keys()
    fixed = given - asked
    if isinstance(story, Run):
        fixed -= PluginKeywords.__annotations__.keys()
    if isinstance(story, Run | Branched) and fixed:
        raise UsageError(f"`{min(fixed)}` cannot be changed in a run that goes on; give it to a branch or a new play")
    if model is not None and not isinstance(model, str | Path) and asked:
        raise UsageError(f"`{min(asked)}` is of a model that is open already; give it where the model is opened")
    if (own["visitor"] is None) != (own["interventions"] is None):
        raise UsageError("`visitor` and `interventions` need each other: who steps in, and the file of what they do")


def _known(function: Callable[..., object], settings: Mapping[str, object], keywords: type) -> None:
    if unknown := sorted(set(settings) - set(keywords.__annotations__)):
        known = [*keywords.__annotations__, *inspect.signature(function).parameters]
        close = did_you_mean(unknown[0], known)
        raise TypeError(f"{function.__name__}() got an unexpected keyword argument {unknown[0]!r}{close}")
