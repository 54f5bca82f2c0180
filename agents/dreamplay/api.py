"""What `import dreamplay` offers first: to play, and to load stories, personas, runs and models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamplay import casting, event_loop
from dreamplay import settings as reading
from dreamplay.arguments import AnyModel, Playable, known, planned, preparation
from dreamplay.errors import UsageError
from dreamplay.keywords import ModelKeywords, PlayKeywords
from dreamplay.live_play import LivePlay
from dreamplay.models import model_choice, registry, survey
from dreamplay.open_model import OpenModel
from dreamplay.run import Run
from dreamplay.schema.cast import Persona
from dreamplay.schema.story import Story
from dreamplay.streaming import Stream

if TYPE_CHECKING:
    from typing import Unpack

    from dreamplay.engine.estimate import Estimate
    from dreamplay.schema.event import Event
    from dreamplay.storage.store import Store
    from dreamplay.validation.trial import Trial


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
        out: the run's own new folder; None: a new place in `store`.
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
    known(play, settings, PlayKeywords)
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
    if (visitor is None) != (interventions is None):
        raise UsageError("`visitor` and `interventions` need each other: who steps in, and the file of what they do")
    return Stream(preparation(stream, story, model, own, settings))


def live(
    story: Playable | None = None,
    *,
    swaps: Mapping[str, str | Path | Persona] | None = None,
    model: AnyModel | None = None,
    seed: int | None = None,
    beats: Sequence[str] = (),
    out: str | Path | None = None,
    visitor: str | Path | Persona | None = None,
    interventions: str | Path | None = None,
    every_line: bool = False,
    **settings: Unpack[PlayKeywords],
) -> LivePlay:
    """A play that people watch and steer while it is played: `LivePlay.start` begins it. It takes the arguments of
    `play`.

    Args:
        story: see `play`, as for all that is not named here.
        swaps: role to persona.
        model: a name, a file, or a model.
        seed: of the dice.
        beats: play only these.
        out: the run's own new folder.
        visitor: somebody who steps in. Without `interventions` that is a person, who speaks by `LivePlay.say`.
        interventions: a YAML file that says what the visitor does, and when.
        every_line: ask the visitor after every line.
        settings: see `dreamplay.keywords.PlayKeywords`.

    Raises:
        UsageError: a setting that a branch, a run that goes on, or a model that is open already does not take; or there
            is no visitor.
        TypeError: a keyword that there is not, or a value of another kind.
    """
    own = {
        "swaps": swaps, "seed": seed, "beats": beats, "out": out, "visitor": visitor, "interventions": interventions,
        "every_line": every_line or None,
    }  # fmt: skip
    if visitor is None and (interventions is not None or every_line):
        raise UsageError(f"`{'interventions' if interventions is not None else 'every_line'}` needs a `visitor`")
    return LivePlay(preparation(live, story, model, own, settings))


def estimate(
    story: str | Path | Story | None = None,
    *,
    swaps: Mapping[str, str | Path | Persona] | None = None,
    model: AnyModel | None = None,
    beats: Sequence[str] = (),
    **settings: Unpack[PlayKeywords],
) -> Estimate:
    """Estimate what a play will cost, in calls and tokens, without playing it or asking the model anything. It takes
    what `play` takes of these.

    Raises:
        UsageError: what was asked for does not exist or does not fit.
        TypeError: a keyword that there is not, or a value of another kind.
    """
    plan, profile = planned(estimate, story, model, {"swaps": swaps, "beats": beats}, settings)
    from dreamplay.engine import estimate as costs

    return costs.estimate(plan, profile)


def load_story(reference: str | Path) -> Story:
    """Load a shipped story by name, or a story from a file. It can be played as it is, or changed first: see `play`.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    return casting.load_story(str(reference))


def parse_story(text: str) -> Story:
    """A story from YAML text, such as an edited one from `dump_story`.

    Raises:
        LibraryError: it is not valid; the message names the line.
    """
    from dreamplay.library import yaml_loader

    return yaml_loader.read_text(text, Story, "story")


def dump_story(story: Story) -> str:
    """A story as YAML text, to be edited and read by `parse_story`: of a run, `run.header.story` has what was played.
    Comments of its author are not in it.
    """
    from dreamplay.library import yaml_writer

    return yaml_writer.written(story)


def load_persona(reference: str | Path | bytes, *, name: str | None = None) -> Persona:
    """Load a shipped persona by name, or a persona from a file or a character card.

    Args:
        reference: a name, a file, or the content of a character card.
        name: what to call them, if not as the file does.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    if isinstance(reference, bytes):
        return casting.portrayed(reference, name=name).persona
    return casting.load_persona(str(reference), name=name)


def list_stories() -> list[str]:
    """The stories that can be played by name: the shipped ones, and the files in the current folder."""
    return casting.offered("stories")


def list_personas() -> list[str]:
    """The personas that can be cast by name: the shipped ones, and the files in the current folder."""
    return casting.offered("personas")


def load_run(reference: str | Path | None = None, store: str | Path | Store | None = None) -> Run:
    """Read a run.

    Args:
        reference: its folder, its transcript, or its name in the store; None: the newest run there.
        store: the folder of the runs, or the address of another store; None: the one that is set, else `transcripts/`.

    Raises:
        RecordError: there is none, or it is damaged; the message says where.
    """
    return Run.find(str(reference) if reference else None, store)


def list_models(**settings: Unpack[ModelKeywords]) -> list[dict[str, Any]]:
    """What can play here, as `dreamplay models --json` prints it: each with its name and its state in words, and
    `chosen`, whether it would play; that one has its `profile`. An endpoint that would play is asked what it offers.

    Raises:
        SettingsError: a setting that cannot be used.
        TypeError: a keyword that there is not.
    """
    known(list_models, settings, ModelKeywords)
    return event_loop.wait(survey.survey(reading.load(**settings)))


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
    known(get_model, settings, ModelKeywords)
    chosen = reading.load(**{**settings, "model": name and str(name)})
    spec = model_choice.choose(chosen)
    return OpenModel(event_loop.wait(registry.open_model(spec, chosen)), spec)


def try_model(model: OpenModel) -> Trial:
    """Make one small call, and say how the model answered. What an endpoint refuses in it is learnt for its plays.

    Raises:
        ModelError: it gave no answer; the message is one line with the next step.
    """
    from dreamplay.validation import trial

    return event_loop.wait(trial.tried(model.model))
