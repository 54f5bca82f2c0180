"""What `import dreamplay` offers: to play, to read what was played, and to compare."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dreamplay import casting, event_loop, prepare
from dreamplay import settings as reading
from dreamplay.models import registry
from dreamplay.prepare import HOME, Prepared
from dreamplay.runs import run_index
from dreamplay.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import Future

    from dreamplay.comparison.compare import Comparison
    from dreamplay.engine.runner import Runner
    from dreamplay.models.base import Model
    from dreamplay.run import Branched, Run
    from dreamplay.schema.cast import Persona
    from dreamplay.schema.event import Event, Token
    from dreamplay.schema.story import Story

Playable: TypeAlias = "str | Path | Branched | Run"
"""A story by name or file, a branch, or a run that was stopped."""


def play(
    story: Playable = "mindsync",
    *,
    swaps: Mapping[str, str] | None = None,
    model: str | Model | None = None,
    seed: int | None = None,
    beats: Sequence[str] = (),
    out: str | Path | None = None,
    visitor: str | None = None,
    interventions: str | Path | None = None,
    on_event: Callable[[Event], None] | None = None,
    **settings: Any,
) -> Run:
    """Play a story to its end and return the run. Works in a script, in a coroutine, whose loop it blocks, and in a
    notebook. Every event is on disk before the next is asked for, so what was played outlives whatever ends the play.

    Args:
        story: a shipped story by name, a file, a branch (`Run.branch`), or a run that was stopped, to go on with it.
        swaps: role to persona: a name, a file, a character card, or another role.
        model: by name, as for the command line, or from `get_model`. None: what the settings say, else the embedded
            one.
        seed: of the dice; drawn if None.
        beats: play only these; all if empty.
        out: the run's own new folder; one in `transcripts/` if None.
        visitor: the name, or the persona file, of somebody who walks in. Needs interventions.
        interventions: a file that says what the visitor does, and when.
        on_event: is shown each event once it stands. It is called on another thread.
        settings: any other field of `dreamplay.settings.Settings`, such as base_url, length, temperature or timeout
            (seconds); what is not given is taken from the environment and dreamplay.toml.

    Raises:
        DreamplayError: it cannot be played, or was broken off; `UsageError` if what was asked for does not exist.
        KeyboardInterrupt: Ctrl-C. The line being spoken was finished and kept; play the run again to go on.
    """
    streamed = stream(
        story, swaps=swaps, model=model, seed=seed, beats=beats, out=out, visitor=visitor, interventions=interventions,
        **settings,
    )  # fmt: skip
    return event_loop.wait(streamed._play(on_event or (lambda event: None)), streamed.stop)


def stream(
    story: Playable = "mindsync",
    *,
    swaps: Mapping[str, str] | None = None,
    model: str | Model | None = None,
    seed: int | None = None,
    beats: Sequence[str] = (),
    out: str | Path | None = None,
    visitor: str | None = None,
    interventions: str | Path | None = None,
    **settings: Any,
) -> Stream:
    """The same as `play`, event by event: `async for event in dreamplay.stream(...)`. The run is `stream.run` then.

    Raises:
        TypeError: a setting that there is not.
    """
    if unknown := sorted(set(settings) - set(Settings.model_fields)):
        raise TypeError(f"stream() got an unexpected keyword argument {unknown[0]!r}")
    chosen = {
        "beats": list(beats), "guest": visitor, "interventions": Path(interventions) if interventions else None,
    }  # fmt: skip
    return Stream(story, dict(swaps or {}), model, settings | {"seed": seed, "out": out and Path(out)}, chosen)


class Stream:
    """A play as it happens; see `stream`. It is played once."""

    def __init__(
        self, story: Playable, swaps: dict[str, str], model: str | Model | None, given: dict[str, Any],
        chosen: dict[str, Any],
    ) -> None:  # fmt: skip
        self._story, self._swaps, self._model, self._given, self._chosen = story, swaps, model, given, chosen
        self._player: Runner | None = None
        self._stopped = False
        self.run: Run | None = None
        """What was played, once it is over."""

    def stop(self) -> None:
        """Stop after the line that is being spoken; it is kept, and `play(run)` goes on."""
        self._stopped = True
        if self._player:
            self._player.stop()

    async def __aiter__(self) -> AsyncIterator[Event]:
        here, coming = asyncio.get_running_loop(), asyncio.Queue["Event | None"]()

        def tell(event: Event | None) -> None:
            here.call_soon_threadsafe(coming.put_nowait, event)

        playing: Future[Run] = event_loop.submit(self._play(tell))
        playing.add_done_callback(lambda _: tell(None))
        try:
            while (event := await coming.get()) is not None:
                yield event
            playing.result()
        finally:
            self.stop()

    async def _play(self, tell: Callable[[Event], None]) -> Run:
        from dreamplay.run import Run
        from dreamplay.schema.event import Event

        prepared = await self._prepared()
        self._player = player = prepared.player

        def watch(seen: Event | Token) -> None:
            if isinstance(seen, Event):
                tell(seen)

        try:
            if self._stopped:
                player.stop()
            player.watched = False  # nobody sees the tokens
            await player.play(watch)
        finally:
            if prepared.engine:
                await player.model.close()
            if player.kept:
                self.run = Run.read(player.folder)
        assert self.run
        return self.run

    async def _prepared(self) -> Prepared:
        from dreamplay.run import Branched, Run

        named = self._model if isinstance(self._model, str) else None
        settings = reading.load(**self._given | {"model": named})
        given = None if isinstance(self._model, str) else self._model
        match self._story:
            case Run() as run:
                return await prepare.resume(run.folder, settings, given)
            case Branched() as branched:
                return await prepare.branch(branched, settings, given)
        settings = settings.model_copy(update={"story": str(self._story)})
        return await prepare.begin(settings, self._swaps, given, **self._chosen)


def load_story(reference: str | Path) -> Story:
    """A shipped story by name, or one from a file.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    return casting.load_story(str(reference))


def load_persona(reference: str | Path) -> Persona:
    """A shipped persona by name, one from a file, or the one that a character card shows.

    Raises:
        LibraryError: there is none, or it is not valid; the message names file and line.
    """
    return casting.load_persona(str(reference))


def load_run(reference: str | Path | None = None) -> Run:
    """A run by its folder, or by its name in `transcripts/`; the newest there if None.

    Raises:
        RecordError: there is none, or it is damaged; the message says where.
    """
    from dreamplay.run import Run

    found = run_index.find(str(reference) if reference else None, HOME)
    return Run.read(found if found.is_dir() else found.parent)


def get_model(name: str | None = None, **settings: Any) -> Model:
    """Open a model, to play several times on it. None: what the settings say, else the embedded one.

    Args:
        name: as for the command line: a model at an endpoint, a .gguf file, "embedded" or "scripted".
        settings: fields of `dreamplay.settings.Settings`, such as base_url, api_key, window (tokens) or timeout
            (seconds).

    Raises:
        ModelError: the endpoint was to say which model it has, and cannot.
        SettingsError: a setting that cannot be used.
    """
    chosen = reading.load(**settings | {"model": name})
    return event_loop.wait(registry.open_model(registry.choose(chosen), chosen))


def compare(base: Run | Sequence[Run], changed: Run | Sequence[Run]) -> Comparison:
    """Hold two runs, or two groups of runs of one story, against each other. Runs of one seed make a pair.

    Raises:
        UsageError: they cannot be compared.
    """
    from dreamplay.comparison import compare
    from dreamplay.run import Run

    sides = [[side] if isinstance(side, Run) else list(side) for side in (base, changed)]
    return compare.compare(*([run.record for run in side] for side in sides))
