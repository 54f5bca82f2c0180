"""A story to write on, from a script that was imported: the files that an author goes on with, and what is left to do.

The words are those of strangers. They are data: in no braces, within bounds of length, and those that speak to a model
are no examples.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from dreamplay import card_io, casting
from dreamplay.cards import prose
from dreamplay.cards.persona_mapping import ImportedPersona
from dreamplay.errors import CardError
from dreamplay.imports.script import ImportedScene, ImportedScript, Said
from dreamplay.library import templates
from dreamplay.schema.base import folded
from dreamplay.schema.cast import Cast, listed
from dreamplay.schema.event import sanitize
from dreamplay.schema.story import RESERVED_ROLES
from dreamplay.sentences import sentences

_PEOPLE, _SCENES, _EACH, _EXAMPLES, _PRESSURES = 12, 40, 2, 6, 3
"""At most: roles, scenes, lines of each in the prologue, examples of a persona, and events of a scene."""
_LOOKED_AT = 500
"""Lines or names, at most, that are looked at for a place that few of them get."""
_LINE, _OPENING, _HEADING = 300, 900, 120
"""Characters at most, of a line or an event, of an opening, and of a heading."""
_YAML_WORDS = ("null", "true", "false", "yes", "no", "on", "off")
"""What a YAML file does not read as words."""


@dataclass(frozen=True)
class Draft:
    """What is written."""

    files: Mapping[str, str]
    """The text of each file by its name, the story first."""
    notes: tuple[str, ...]
    """What was left out and what is left for the author, in lines."""


def draft(found: ImportedScript, file: str, title: str, schema: str) -> Draft:
    """The files of a story.

    Args:
        found: what was imported.
        file: the name of the story's file.
        title: what it is called if nothing says it.
        schema: the name of the file with the schema of stories.
    """
    people = _people(found)
    cast = Cast({role: seen.persona for role, seen, _ in people})
    roles = {name: role for role, _, names in people for name in names}
    lost = Counter(found.left_out)
    prologue = _prologue(found, roles, cast, lost)
    beats = list(_beats(found, roles, cast, lost))
    known = _words(found.premise, cast, _OPENING)
    text = templates.render(
        "imported_story.jinja", schema=f"./{schema}", file=file, kind=found.kind, premise_known=bool(known),
        title=_quoted(_words(found.title, None, _HEADING) or title), beats=beats, prologue=prologue,
        premise=_quoted(known or f"{_listed(cast.roles)} know each other, and something is not finished."),
        cast={role: _quoted(f"{Path(file).stem}.{role}.yaml") for role in cast.roles},
    )  # fmt: skip
    files = {file: f"{text}\n"}
    files |= {f"{Path(file).stem}.{role}.yaml": card_io.sheet(seen, found.kind) for role, seen, _ in people}
    return Draft(files, tuple(_notes(found, people, lost, len(prologue))))


_Person = tuple[str, ImportedPersona, list[str]]
"""The role of somebody, their persona, and the names that they have in the script."""


def _people(found: ImportedScript) -> list[_Person]:
    """Those who speak most, each with a sheet of what can be known."""
    made: list[_Person] = []
    taken = set(RESERVED_ROLES)
    for name in found.names[: 2 * _PEOPLE]:
        seen = _persona(name, found)
        same = next((person for person in made if folded(person[1].persona.name) == folded(seen.persona.name)), None)
        if same:
            same[2].append(name)
        elif len(made) < _PEOPLE:
            role = _id(seen.persona.name, "person", taken)
            made.append((role, seen, [name]))
    return made


def _persona(name: str, found: ImportedScript) -> ImportedPersona:
    lines = [each.text for scene in found.scenes for each in scene.said if each.name == name]
    fit = [
        text
        for line in lines[-_LOOKED_AT:]
        if (text := _clean(line)) and len(text) <= prose.SPOKEN and not prose.unfit(text, spoken=True)
    ]
    card = {"mes_example": "\n".join(f"<START>\n{{{{char}}}}: {line}" for line in fit[-_EXAMPLES:])}
    bare = " ".join(re.sub(r"[^\w .'-]", " ", name).split()).lstrip("0123456789_ .'-")[:40].strip()
    for called in (name, bare):
        try:
            return casting.portrayed(json.dumps(card | {"name": called}).encode())
        except CardError:
            continue
    return casting.portrayed(json.dumps(card | {"name": "Somebody"}).encode())


def _prologue(found: ImportedScript, roles: Mapping[str, str], cast: Cast, lost: Counter[str]) -> list[dict[str, str]]:
    """The last lines of each, in their order, as far as they fit."""
    lines = [each for scene in found.scenes for each in scene.said if each.name in roles]
    before = {id(after): first.name for first, after in pairwise(lines)}
    kept: list[dict[str, str]] = []
    often: Counter[str] = Counter()
    for each in reversed(lines[-_LOOKED_AT:]):
        role, text = roles[each.name], _clean(each.text)
        if often[role] >= _EACH:
            continue
        if prose.unfit(text, spoken=True):
            lost["unfit line"] += 1
            continue
        often[role] += 1
        to = roles.get(before.get(id(each), ""), role)
        cue = (
            f"{{{role}}} tells {{{to}}} what is on their mind."
            if to != role
            else f"{{{role}}} says what is on their mind."
        )
        kept.append({"role": role, "cue": _quoted(cue), "line": _quoted(cast.emptied(_cut(text, _LINE)))})
    lost["earlier line"] += len(lines) - len(kept) - lost["unfit line"]
    return kept[::-1]


def _beats(found: ImportedScript, roles: Mapping[str, str], cast: Cast, lost: Counter[str]) -> Iterator[dict[str, Any]]:
    """The movements with their scenes. A chat that has no scenes gets one, in which it goes on."""
    scenes = found.scenes if any(each.heading for each in found.scenes) else [ImportedScene(said=_last_told(found))]
    ids: set[str] = set()
    beat: dict[str, Any] = {}
    for number, scene in enumerate(scenes[:_SCENES]):
        if not beat or scene.beat:
            if beat:
                yield beat
            title = _words(scene.beat, None, _HEADING)
            beat = {"id": _id(title, "beat", ids), "title": _quoted(title or "What Comes Next"), "scenes": []}
        beat["scenes"].append(_scene(scene, number, roles, cast, ids, lost))
    yield beat
    lost["scene"] += max(0, len(scenes) - _SCENES)


def _last_told(found: ImportedScript) -> list[Said]:
    told = [each for scene in found.scenes for each in scene.said if not each.name]
    return told[-1:]


def _scene(
    scene: ImportedScene, number: int, roles: Mapping[str, str], cast: Cast, ids: set[str], lost: Counter[str]
) -> dict[str, Any]:
    place = _words(scene.heading, cast, _HEADING)
    words = [each.text for each in scene.said if not each.name]
    told = [text for each in words[:_LOOKED_AT] if (text := _words(each, cast, _OPENING))]
    lost["unfit line"] += len(words[:_LOOKED_AT]) - len(told)
    named = [role for text in told for role in cast.roles if f"{{{role}}}" in text]
    speak = [roles[each.name] for each in scene.said if each.name in roles]
    present = list(dict.fromkeys(speak or named or cast.roles))
    least = max(4, len(present))
    events = [_cut(text, _LINE) for text in told[1 : 1 + _PRESSURES]]
    lost["stage direction"] += max(0, len(told) - 1 - _PRESSURES) + len(words[_LOOKED_AT:])
    return {
        "id": _id(scene.heading, f"scene_{number + 1}", ids),
        "kind": "dream" if re.search(r"\bdream\b", scene.heading, re.IGNORECASE) else "waking",
        "place": _quoted(place or "Where they left off"), "place_known": bool(place),
        "present": ", ".join(present), "opening_known": bool(told),
        "opening": _quoted(told[0] if told else f"{_listed(present)} {'is' if len(present) == 1 else 'are'} there."),
        "pressures": [_quoted(text) for text in events],
        "turns": f"{{min: {least}, max: {max(least + 2, min(len(speak), 24))}}}",
    }  # fmt: skip


def _notes(found: ImportedScript, people: list[_Person], lost: Counter[str], lines: int) -> Iterator[str]:
    counted = [f"{n} {what}{'s' * (n != 1)}" for what, n in lost.items() if n > 0]
    if counted:
        yield f"left out: {'; '.join(counted)}"
    known = {name for _, _, names in people for name in names}
    if others := [name for name in found.names if name not in known]:
        yield f"left out: {len(others)} who speak least: {', '.join(_clean(name)[:40] for name in others[:5])}"
    for role, seen, names in people:
        if seen.persona.name not in names:
            yield f"{prose.visible(names[0])[:40]!r} is no name in a script, and is now {seen.persona.name!r} ({role})"
        if set(names) & set(found.users):
            yield f"{seen.persona.name} was a person in the chat, and is a role like the others here"
    yield "left for you in each persona: who they are, their voice, what they talk about, and what they hide"
    yield "left for you in the story: premise, aims and topics" + (
        ", and the cue of each line of the prologue" if lines else ""
    )


def _id(words: str, otherwise: str, taken: set[str]) -> str:
    """A new id made of words."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    made = re.sub(r"[^a-z0-9]+", "_", plain).lstrip("_0123456789")[:32].strip("_") or otherwise
    made = f"{otherwise}_{made}" if made in _YAML_WORDS else made
    found = next(name for name in (made, *(f"{made}_{n}" for n in range(2, 10_000))) if name not in taken)
    taken.add(found)
    return found


def _clean(text: str) -> str:
    """Words of a stranger on one line, without what cannot be seen and without braces."""
    return sanitize(prose.visible(text))


def _words(text: str, cast: Cast | None, most: int) -> str:
    """Words of a stranger as an author would write them, with {role} for the names in them; empty if they are unfit."""
    kept = _cut(_clean(text), most)
    if prose.unfit(kept, spoken=True):
        return ""
    return cast.emptied(kept) if cast else kept


def _cut(text: str, most: int) -> str:
    """A text of so many characters at most, in whole sentences if one fits."""
    if len(text) <= most:
        return text
    kept = ""
    for each in sentences(text):
        if len(kept) + len(each) + 1 > most:
            break
        kept = f"{kept} {each}".strip()
    return kept or f"{text[: most - 1].rpartition(' ')[0] or text[: most - 1]}…"


def _listed(roles: Iterable[str]) -> str:
    return listed([f"{{{role}}}" for role in roles])


def _quoted(text: str) -> str:
    """A text as YAML, in double quotes."""
    return json.dumps(text, ensure_ascii=False)
