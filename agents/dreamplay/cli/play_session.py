"""A run in a terminal: started or resumed, stopped by Ctrl-C, and reported on.

The story goes to stdout, everything else to stderr.
"""

from __future__ import annotations

import contextlib
import logging
import shlex
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from dreamplay.errors import INTERRUPTED, ClosedPipeError, DreamplayError, OutputError, UsageError
from dreamplay.rendering.output import interactive, say

if TYPE_CHECKING:
    from dreamplay.branching.batch import BatchRunner
    from dreamplay.engine.run_config import RunConfig
    from dreamplay.engine.runner import Runner
    from dreamplay.models.model_choice import ModelSpec
    from dreamplay.prepare import Prepared
    from dreamplay.rendering.story_view import OutputMode
    from dreamplay.schema.event import Event, Token
    from dreamplay.settings import Settings
    from dreamplay.storage.store import Place, Store
    from dreamplay.studies.play import StudyPlay

SAME = " and the same {} as before, which has a secret in it and is not shown"
"""What is added to a command that lacks the value of an option."""
_NOT_BEGUN = "stopped before it began; the same command starts it again"
_SILENT = 0.2
"""The share of silent turns from which their number is reported."""


async def begin(settings: Settings, swaps: dict[str, str], manner: OutputMode, **chosen: Any) -> None:
    """Play a story from its beginning, in a new place. `chosen` is passed on to `prepare.begin`.

    Raises:
        DreamplayError: the story cannot be played, or the run failed.
        typer.Exit: the user stopped.
    """
    import asyncio

    from dreamplay import prepare

    try:
        prepared = await prepare.begin(settings, swaps, **chosen)
    except asyncio.CancelledError:  # Ctrl-C while an endpoint is asked which models it has
        if manner != "quiet":
            say(_NOT_BEGUN)
        raise typer.Exit(INTERRUPTED) from None
    await perform(prepared, settings, manner)


async def go_on(reference: str | None, settings: Settings, manner: OutputMode) -> None:
    """Resume a run; without a reference, the newest that was stopped.

    Raises:
        DreamplayError: there is nothing to resume, another process plays the run, or it failed again.
        typer.Exit: the user stopped.
    """
    from dreamplay import prepare
    from dreamplay.runs import home, prompt_log, run_index

    store = home.chosen(settings)
    found = run_index.find(reference, store) if reference else run_index.newest_stopped(store)

    def check(plan: RunConfig) -> None:
        if plan.visit and plan.visit.interventions is None:
            need_terminal(manner, "resume the run in one")

    prepared = await prepare.resume(found, settings, check=check)
    plan = prepared.player.plan
    if manner != "quiet":
        last = prepared.before[-1] if prepared.before else None
        told = last and (
            plan.visit is None or plan.cast.visitor in last.witnesses
        )  # a visitor who has left is not told the scene
        place = f", in {last.beat}, {last.scene}" if last and told else ""
        say(f"resuming {found.name if store.holds(found) else found} after event {len(prepared.before)}{place}")
        if wrong := prompt_log.complaint(found):
            say(wrong)
    await perform(prepared, settings, manner)


async def perform(prepared: Prepared, settings: Settings, manner: OutputMode) -> None:
    """Play a run to its end, or until it is stopped or fails; then say how to resume it."""
    import asyncio

    from dreamplay.models import registry
    from dreamplay.rendering.story_view import StoryView
    from dreamplay.schema.event import TurnEvent
    from dreamplay.schema.script import silences, thoughts_lost

    playing, engine, before = prepared.player, prepared.engine, prepared.before
    assert engine
    plan = playing.plan
    next_step = f"continue with: {_command(playing, engine, settings)}"
    if manner == "quiet":
        logging.getLogger("dreamplay").setLevel(logging.ERROR)
    else:
        say(f"playing on {replace(engine, model=playing.model.name)}, seed {plan.seed}")
        if playing.trace:
            say(f"traces go to {playing.trace}")
    try:
        if prepared.opened:
            await registry.reach(playing.model)
        if plan.visit and plan.visit.interventions is None:
            await _attended(playing, manner, before)
        else:
            with StoryView(plan.story, plan.cast, plan.scenes, manner) as screen:
                screen.recall(before)
                await until_stopped(playing, playing.play(screen.watch), manner)
    except DreamplayError as error:
        if not playing.kept:
            raise
        kind = OutputError if isinstance(error, ClosedPipeError) else type(error)  # the user is told how to resume
        raise kind(f"{error}; {next_step}") from error
    except asyncio.CancelledError:  # Ctrl-C while an endpoint is tried
        playing.stopped = True
    finally:
        await playing.model.close()
    if playing.stopped:
        if manner != "quiet":
            say(f"stopped after event {len(playing.script)}; {next_step}" if playing.kept else _NOT_BEGUN)
        raise typer.Exit(INTERRUPTED)
    if manner != "quiet":
        for each in playing.not_done:
            say(f"this intervention never came due: {each}")
        turns = [event for event in playing.script.of_kind(TurnEvent) if event.turn]
        if len(silent := silences(playing.script)) > _SILENT * len(turns):
            why = max(set(silent), key=silent.count)
            say(f"{len(silent)} of {len(turns)} turns passed in silence (most often: {why}); try another --model")
        if lost := thoughts_lost(playing.script):
            say(f"reflections that could not be read and are left out: {len(lost)} (the last one: {lost[-1]})")
        say(_left(playing.place, settings))


async def _attended(playing: Runner, manner: OutputMode, before: Sequence[Event]) -> None:
    """Play a run with a visitor at the terminal. They see what they, and the characters they play, perceive."""
    from dreamplay.cli.prompt_session import Terminal
    from dreamplay.rendering.story_view import StoryView
    from dreamplay.schema.script import Script, in_hand

    plan, known = playing.plan, Script(before)

    def readers() -> set[str]:
        return {plan.cast.visitor or "", *in_hand(playing.script if len(playing.script) else known)}

    async with Terminal(plan.cast, plan.performed, say, playing.stop, readers) as terminal:
        playing.visitor = terminal
        with StoryView(plan.story, plan.cast, plan.scenes, manner, readers=readers) as screen:

            def watch(seen: Event | Token) -> None:
                screen.watch(seen)
                terminal.watch(seen)

            screen.recall(before)
            await until_stopped(playing, playing.play(watch), manner)


async def until_stopped(
    playing: Runner | BatchRunner | StudyPlay, play: Coroutine[None, None, None], manner: OutputMode
) -> None:
    """Play. The first Ctrl-C stops after the current step, the second one at once. The same holds of SIGTERM, and of
    SIGHUP, with which a terminal is closed, unless that is ignored, as under nohup.
    """
    import asyncio
    import signal

    task = asyncio.create_task(play)

    def interrupt() -> None:
        if playing.stopping:
            task.cancel()
        else:
            playing.stop()
            if manner != "quiet":
                say("stopping after this line (Ctrl-C again: at once)")

    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C stops at once; everything played is on disk
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupt)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, interrupt)
    try:
        await task
    except asyncio.CancelledError:
        playing.stopped = True


def need_terminal(manner: OutputMode, otherwise: str) -> None:
    """Refuse a run with a visitor who could not type.

    Raises:
        UsageError: there is no terminal, or nothing may be printed to it.
    """
    if manner != "story":
        raise UsageError("a visitor needs to read what is said; leave out --quiet and --json")
    if not interactive():
        raise UsageError(f"a visitor needs a terminal to type in; {otherwise}")


def _left(place: Place, settings: Settings) -> str:
    """Where a finished run can be read. The Markdown file is missing if the disk was full."""
    from dreamplay import formats
    from dreamplay.runs import transcript
    from dreamplay.storage.folders import FolderPlace

    words, hidden = named(place, settings)
    shown = f"read the run with: {shlex.join(['dreamplay', 'show', *words])}{hidden}"
    if not isinstance(place, FolderPlace):
        return f"kept in {place}; {shown}"
    if place.has(formats.PAGE):
        return f"transcript: {place.called(formats.PAGE)}"
    return f"transcript: {place.called(transcript.FILE)}; {formats.PAGE} could not be written, {shown}"


def _command(playing: Runner, engine: ModelSpec, settings: Settings) -> str:
    """The command that resumes a run on the same model, whose address or path the transcript does not hold.

    An address from the environment or from a file is not repeated as an option, which would trust it with a key.
    """
    run, hidden = named(playing.place, settings)
    words = ["dreamplay", "resume", *run]
    if engine.kind in ("endpoint", "gguf"):
        words += ["--model", engine.model or playing.model.name]
    if engine.adapter and not engine.adapter.is_shipped:
        words += ["--adapter", str(engine.adapter.path)]
    if engine.base_url is None or engine.address_source is None or engine.address_source.kind != "flag":
        return f"{shlex.join(words)}{hidden}"
    if engine.base_url.hides:
        return f"{shlex.join(words)}{hidden}{SAME.format('--base-url')}"
    return f"{shlex.join([*words, '--base-url', str(engine.base_url)])}{hidden}"


def named(place: Place, settings: Settings) -> tuple[list[str], str]:
    """The words by which a command finds a run again, and what has to be added that is not shown."""
    from dreamplay.runs import home

    store = home.chosen(settings)
    if not store.holds(place):
        return [str(place)], ""
    words, hidden = store_named(store, settings)
    return [place.name, *words], hidden


def store_named(store: Store, settings: Settings) -> tuple[list[str], str]:
    """The option by which a command finds a store again, and what has to be added that is not shown. A store that no
    option named is found without one."""
    from dreamplay.runs import home
    from dreamplay.storage.opening import is_url

    source = settings.source("store")
    if source is None or source.kind != "flag":
        return [], ""
    if is_url(address := home.address(settings)) and address != str(store):
        return [], SAME.format("--store")
    return ["--store", str(store)], ""
