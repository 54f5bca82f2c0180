"""A run in the Agent Trajectory Interchange Format (ATIF 1.8), which Harbor and trainers of agents read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from dreamplay.exports.playscript import Passage, passages
from dreamplay.formats import Format, Source
from dreamplay.runs.transcript import RunLog
from dreamplay.runs.viewpoint import AUTHOR, Viewpoint, is_told
from dreamplay.schema.cast import PrivateSheet
from dreamplay.schema.event import Event
from dreamplay.schema.provenance import Usage

_VERSION = "ATIF-v1.8"
_NOTES = "The steps are those of the whole play. Each trajectory within has what its character witnessed, and no more."

Fields = dict[str, Any]


class Atif(Format):
    """A trajectory for each character with what they witnessed, within that of the play (ATIF 1.8), for Harbor."""

    suffix = ".json"
    view = AUTHOR

    def write(self, source: Source) -> str:
        """The trajectory of the play, as its narrator has it, with those of the characters inside."""
        log, view = source.log, source.viewpoint(source.log)
        # Somebody's view has their own trajectory, and what others had in mind is theirs.
        roles = [role for role in log.cast.characters if not view.roles or role in view.roles]
        inner = [_of_character(source, role, view) for role in roles]
        play = _of_play(source, view, [each["trajectory_id"] for each in inner])
        return f"{json.dumps(play | {'subagent_trajectories': inner}, ensure_ascii=False, indent=1)}\n"


def _of_play(source: Source, view: Viewpoint, parts: Sequence[str]) -> Fields:
    """What is told is the narrator's; all else comes to them."""
    log, story = source.log, source.log.header.story
    refs = [{"subagent_trajectory_ref": [{"trajectory_id": part}]} for part in parts]
    steps: list[Fields] = [
        {"source": "system", "message": f"{story.title}\n\n{log.cast.fill(story.premise)}"},
        {"source": "agent", "message": "", "llm_call_count": 0, "observation": {"results": refs}},
    ]
    for event, passage in _told(log, view):
        told = event.provenance.by == "narrator"
        steps.append(_own(source, event, passage.plain) if told else _heard(log, event, passage))
    changed: Fields = {"parent": log.header.parent, "point": log.header.point} if log.header.parent else {}
    if source.view == AUTHOR:  # they quote what somebody was made to say
        changed |= {"changes": list(log.header.changes)}
    extra = {"story": log.header.story_id, "seed": log.header.seed} | changed
    return _trajectory(log, "play", "narrator", steps) | {"notes": _NOTES, "extra": extra}


def _of_character(source: Source, role: str, view: Viewpoint) -> Fields:
    """What a character witnessed, as far as the viewpoint sees it as well. Their own turns are their steps."""
    log = source.log
    persona, fill = log.cast.personas[role], log.cast.fill
    sheet = [f"{persona.name}, {fill(persona.who)}", log.cast.fill(log.header.story.premise)]
    if source.secrets and persona.private:
        sheet += [fill(each) for each in _private(persona.private)]
    steps: list[Fields] = [{"source": "system", "message": "\n".join(sheet)}]
    thought = ""
    for event, passage in _told(log, view, Viewpoint.of(role, log.cast, log.script)):
        if passage.role != role or event.provenance.by == "person":
            steps.append(_heard(log, event, passage))
        elif passage.kind == "thought":
            thought = passage.text
        else:
            step = _own(source, event, _said(passage))
            steps.append(step | ({"reasoning_content": thought} if thought else {}))
            thought = ""
    return _trajectory(log, role, persona.name, steps)


def _told(log: RunLog, *views: Viewpoint) -> Iterator[tuple[Event, Passage]]:
    """What all of these viewpoints see, as passages."""
    events = list(log.script)
    shown = [event for event in events if is_told(event) and all(view.sees(event) for view in views)]
    for passage in passages(shown, log.header.story, log.cast):
        yield events[passage.event], passage


def _heard(log: RunLog, event: Event, passage: Passage) -> Fields:
    """What somebody else says or does, and what is told."""
    by = {"by": "person"} if event.provenance.by == "person" else {}
    return {"source": "user", "message": passage.plain, **_place(log, event, by)}


def _own(source: Source, event: Event, message: str) -> Fields:
    """A step of one's own, and what the calls for it cost; none if an author wrote it."""
    log, made = source.log, event.provenance
    refused = [each.model_dump(mode="json") for each in made.refused] if source.view == AUTHOR else []
    step = {"source": "agent", "message": message, **_place(log, event, {"refused": refused} if refused else {})}
    if made.by == "author":
        return step | {"llm_call_count": 0}
    if model := {log.model_at(event.id)} - {log.header.model}:
        step["model_name"] = model.pop()
    if made.usage.calls:
        step |= {"llm_call_count": made.usage.calls, "metrics": _metrics(made.usage)}
    return step


def _place(log: RunLog, event: Event, more: Fields) -> Fields:
    """Where in the play a step is. What a branch has from the run that it left counts as copied."""
    copied = {"is_copied_context": True} if event.id < (log.header.point or 0) else {}
    return {"extra": {"event": event.id, "kind": event.kind, "scene": event.scene} | more} | copied


def _metrics(usage: Usage) -> dict[str, int]:
    return {"prompt_tokens": usage.prompt, "completion_tokens": usage.output, "cached_tokens": usage.cached}


def _trajectory(log: RunLog, part: str, name: str, steps: Sequence[Fields]) -> Fields:
    spent = [step["metrics"] for step in steps if "metrics" in step]
    total = {f"total_{key}": sum(each[key] for each in spent) for key in _metrics(Usage())}
    return {
        "schema_version": _VERSION,
        "session_id": log.name or "run",
        "trajectory_id": f"{log.name or 'run'}/{part}",
        "agent": {
            "name": name,
            "version": log.header.versions.get("dreamplay", "unknown"),
            "model_name": log.header.model,
            "extra": {"role": part},
        },
        "steps": [{"step_id": number, **step} for number, step in enumerate(steps, start=1)],
        "final_metrics": total | {"total_steps": len(steps)},
    }


def _said(passage: Passage) -> str:
    """What a character says or does, without their name."""
    match passage.kind:
        case "line":
            return f"({passage.manner}) {passage.text}" if passage.manner else passage.text
        case "silence":
            return "(says nothing)"
        case "action":
            return f"({passage.text})"
        case "stance":
            return f"(chooses to {passage.choice}) {passage.text}".rstrip()
        case _:
            return passage.text


def _private(sheet: PrivateSheet) -> Iterator[str]:
    """The private sheet, a line each."""
    for name, told in sheet.model_dump(mode="json").items():
        values = told.values() if isinstance(told, dict) else told if isinstance(told, list) else [told]
        yield from (f"{name}: {each}" for each in values)
