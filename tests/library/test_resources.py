from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import casting
from dreamplay.errors import LibraryError
from dreamplay.library import resources, templates
from dreamplay.schema.base import digest
from dreamplay.schema.cast import Persona
from dreamplay.schema.story import Story


@pytest.mark.parametrize("name", resources.names("personas"))
def test_every_shipped_persona_loads(name: str) -> None:
    persona = casting.load_persona(name)
    assert persona.name
    # A tail of an hour: nobody runs out of things to say, or of ways to say them, within a scene.
    assert len(persona.material) >= 8
    assert len(persona.tactics) >= 4


@pytest.mark.parametrize("name", resources.names("stories"))
def test_every_shipped_story_loads_with_its_cast(name: str) -> None:
    story = casting.load_story(name)
    cast = casting.cast(story)
    assert cast.roles == tuple(story.cast)
    assert {scene.kind for _, scene in story.scenes} >= {"dream", "crossroads", "epilogue"}


def test_the_shipped_cast_are_the_four_friends(cast: Any) -> None:
    assert [cast.name(role) for role in cast.roles] == ["Elara", "Leo", "Mira", "Sam"]


def _scene(data: dict[str, Any], number: int = 0, place: int = 0) -> dict[str, Any]:
    return data["beats"][number]["scenes"][place]  # type: ignore[no-any-return]


def _moves(data: dict[str, Any], place: int, *moves: tuple[str, str, int], beat: int = 0) -> None:
    made = [{"role": role, "kind": kind, "after": after, "text": "It is so."} for role, kind, after in moves]
    _scene(data, beat, place)["moves"] = made


def _asides(data: dict[str, Any], place: int, *asides: tuple[str, list[str], int]) -> None:
    made = [{"role": role, "to": to, "after": after, "material": "it is so"} for role, to, after in asides]
    _scene(data, 0, place)["asides"] = made


STORIES: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    # what is done to a valid story, text of the line that must be named (the last that has it), what must be said
    "typo in a key": (lambda s: s.update(premisse=s.pop("premise")), "premisse:", "unknown key.*'premise'"),
    "typo deep in a scene": (lambda s: _scene(s).update(oppening="x"), "oppening:", "did you mean 'opening'"),
    "key that is missing": (lambda s: s.pop("title"), "premise:", "title: this key is missing"),
    "wrong type": (
        lambda s: _scene(s)["turns"].update(max="many"),
        "max: many", "max: must be a whole number .it is 'many'",
    ),
    "wrong kind": (
        lambda s: _scene(s).update(kind="walking"),
        "kind: walking", r"one of waking, dream, crossroads, epilogue \(did you mean 'waking'",
    ),
    "empty cast": (lambda s: s.update(cast={}), "cast:", "cast: needs at least 1 entry, and has none"),
    "nobody present": (lambda s: _scene(s).update(present=[]), "present: []", "needs at least 1 entry"),
    "unknown role present": (lambda s: _scene(s).update(present=["ada", "zed"]), "- zed", "day/square names 'zed'"),
    "unknown role in the prologue": (
        lambda s: s["prologue"][0].update(role="zed"),
        "role: zed", "prologue names 'zed'",
    ),
    "unknown role in a text": (
        lambda s: _scene(s).update(opening="{zed} is here"),
        "{zed} is here", "'zed', who is not",
    ),
    "a name in braces": (lambda s: _scene(s).update(opening="{Ada} came"), "{Ada} came", "names 'Ada', who is not"),
    "a text that is read as a key": (
        lambda s: s.update(tie={"the drawer": "it sticks"}),
        "tie:", "a text with a colon in it",
    ),
    "a role in braces with a blank": (
        lambda s: _scene(s).update(opening="{ ada} is here"),
        "{ ada} is here", "names ' ada', who is not",
    ),
    "somebody present twice": (lambda s: _scene(s, 2, 1).update(present=["ada"] * 2), "present:", "somebody twice"),
    "two beats of one id": (lambda s: s["beats"][1].update(id="day"), "id: day", "two beats are called 'day'"),
    "two scenes of one id": (
        lambda s: _scene(s, 1).update(id="square"),
        "id: square", "two scenes are called 'square'",
    ),
    "two choices of one id": (lambda s: s["choices"][1].update(id="go"), "id: go", "two choices are called 'go'"),
    "crossroads with one choice": (lambda s: s["choices"].pop(), "choices:", "porch is a crossroads.*fewer than two"),
    "contract upside down": (lambda s: _scene(s).update(turns={"min": 9, "max": 1}), "min: 9", "9 is more than"),
    "scene without turns": (lambda s: _scene(s).update(turns={"min": 0, "max": 2}), "max: 2", "square has 2 turns"),
    "role named like a node": (
        lambda s: s["cast"].update(director="ada.yaml"), "director:", "may not be called 'director'",
    ),
    "id with blanks": (lambda s: _scene(s).update(id="the square"), "id: the square", "an id is up to 40 of a-z"),
    "turns in an epilogue": (
        lambda s: _scene(s, 2, 1).update(turns={"min": 0, "max": 2}),
        "max: 2", "road is an epilogue, in which nobody",
    ),
    "role with a capital": (lambda s: s["cast"].update(Zed="ada.yaml"), "Zed:", "a role is up to 40 of a-z"),
    "control character": (lambda s: s.update(premise="a \x1b[31mred\x1b[0m sky"), "premise:", "control character"),
    "exit of somebody absent": (
        lambda s: _moves(s, 1, ("cyrus", "exit", 1)),
        "- role: cyrus", "corner: the exit of 'cyrus' after turn 1 .* not there",
    ),
    "entrance of somebody there": (
        lambda s: _moves(s, 0, ("cyrus", "entrance", 1)), "- role: cyrus", "the entrance of 'cyrus' .* there already",
    ),
    "entrance twice": (
        lambda s: _moves(s, 1, ("cyrus", "entrance", 1), ("cyrus", "entrance", 2)),
        "- role: cyrus", "after turn 2 .* there already",
    ),
    "exit after the end": (lambda s: _moves(s, 0, ("cyrus", "exit", 6)), "after: 6", "too late: the scene has 5 turns"),
    "entrance too late to speak": (
        lambda s: _moves(s, 1, ("cyrus", "entrance", 4)),
        "after: 4", "entrance .* too late",
    ),
    "scene left empty": (
        lambda s: _moves(s, 1, ("ada", "exit", 2), ("bo", "exit", 2)),
        "- role: bo", "exit of 'bo' after turn 2 leaves nobody",
    ),
    "unknown role in a move": (
        lambda s: _moves(s, 0, ("zed", "exit", 1)),
        "role: zed", "move in scene day/square names 'zed'",
    ),
    "unknown role in the text of a move": (
        lambda s: (_moves(s, 0, ("ada", "exit", 1)), _scene(s)["moves"][0].update(text="{zed} goes.")), "{zed} goes.",
        "'zed', who is not",
    ),
    "move in an epilogue": (lambda s: _moves(s, 1, ("ada", "exit", 0), beat=2), "moves:", "road is an epilogue"),
    "more come than can speak": (
        lambda s: (_moves(s, 1, ("cyrus", "entrance", 1)), _scene(s, 0, 1).update(turns={"min": 2, "max": 2})),
        "max: 2",
        "corner has 2 turns at most for 3 present;",
    ),
    "negative moment": (lambda s: _moves(s, 0, ("ada", "exit", -1)), "after: -1", "after: must be at least 0 .it is"),
    "aside of somebody absent": (
        lambda s: _asides(s, 1, ("cyrus", ["ada"], 1)),
        "- role: cyrus", "aside of 'cyrus' after turn 1 needs 'cyrus', who is not",
    ),
    "aside to somebody who has gone": (
        lambda s: (_moves(s, 0, ("bo", "exit", 2)), _asides(s, 0, ("ada", ["bo"], 2))),
        "- role: ada", "needs 'bo', who is not",
    ),
    "aside that has to wait until somebody has gone": (
        lambda s: (_moves(s, 0, ("bo", "exit", 3)), _asides(s, 0, ("ada", ["bo"], 2), ("cyrus", ["bo"], 2))),
        "- role: cyrus",
        "aside of 'cyrus' after turn 2 needs 'bo'",
    ),
    "unknown role in an aside": (
        lambda s: _asides(s, 0, ("ada", ["zed"], 1)),
        "- role: ada", "aside in .* names 'zed'",
    ),
    "aside to oneself": (lambda s: _asides(s, 0, ("ada", ["ada"], 1)), "to:", "to its own speaker"),
    "aside to everybody": (lambda s: _asides(s, 1, ("ada", ["bo"], 1)), "to:", "to everybody there; leave it"),
    "aside after the end": (lambda s: _asides(s, 0, ("ada", ["bo"], 5)), "after: 5", "too late: the scene has 5 turns"),
    "more asides than turns": (
        lambda s: _asides(s, 0, *[("ada", ["bo"], 0)] * 4), "max: 5", "5 turns at most for 3 present and 4 asides;",
    ),
    "words left empty": (lambda s: s.update(premise="  "), "premise:", "there are no words in it"),
}  # fmt: skip


@pytest.mark.parametrize("what", STORIES)
def test_a_bad_story_gives_one_line_that_names_file_line_and_fault(tmp_path: Path, what: str) -> None:
    change, at, says = STORIES[what]
    path = worlds.write(tmp_path / "bad", change=change)
    with pytest.raises(LibraryError) as caught:
        casting.load_story(str(path))
    message = str(caught.value)
    lines = path.read_text().splitlines()
    number = max(i for i, line in enumerate(lines, start=1) if at in line)
    assert message.startswith(f"{path}:")
    assert f"{path}:{number}: " in message
    assert re.search(says, message)
    assert "\n" not in message
    assert "https://" not in message  # pydantic's own pages are no help to an author


@pytest.mark.parametrize("reference", ["ellara", "nowhere/ada.yaml", ".", "", "../elara"])
def test_what_is_not_there_is_named_with_what_is(reference: str) -> None:
    with pytest.raises(LibraryError, match=r"(?s)^no file and no shipped.*elara, .*sam") as caught:
        casting.load_persona(reference)
    assert repr(reference) in str(caught.value)
    assert ("did you mean 'elara'?" in str(caught.value)) == (reference in ("ellara", "../elara"))


@pytest.mark.parametrize("reference", ["x" * 300, f"{'x' * 300}.yaml", "x/" * 3000])
def test_a_name_that_no_file_can_have_is_refused(reference: str) -> None:
    for find in (casting.load_story, casting.load_persona, resources.any_file):
        with pytest.raises(LibraryError, match=r"^'x.{79}…': File name too long; check the path$"):
            find(reference)


def test_what_a_story_names_is_looked_for_beside_it_first(tmp_path: Path) -> None:
    worlds.dump(Path("bo.yaml"), worlds.persona("Elsewhere"))
    worlds.dump(Path("dee.yaml"), worlds.persona("Dee"))
    path = worlds.write(tmp_path / "s", change=lambda s: s["cast"].update(cyrus="dee.yaml"))
    cast = casting.cast(casting.load_story(str(path)))
    assert [cast.name(role) for role in cast.roles] == ["Ada", "Bo", "Dee"]
    assert casting.load_persona("bo.yaml").name == "Elsewhere"


def test_a_story_that_names_somebody_who_is_not_there_says_where(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "s", change=lambda s: s["cast"].update(cyrus="roza"))
    number = next(n for n, line in enumerate(path.read_text().splitlines(), start=1) if "roza" in line)
    wrong = rf"^{path}:{number}: cast.cyrus: no file and no shipped persona called 'roza' \(did you mean 'rosa'\?\)"
    with pytest.raises(LibraryError, match=wrong):
        casting.cast(casting.load_story(str(path)))


SWAPS: dict[str, tuple[dict[str, str], list[str]]] = {
    "none": ({}, ["Elara", "Leo", "Mira", "Sam"]),
    "another persona": ({"sam": "nurse"}, ["Elara", "Leo", "Mira", "NURSE"]),
    "another role, whose name is taken": ({"sam": "elara"}, ["Elara", "Leo", "Mira", "Sam"]),
    "two roles exchanged": ({"sam": "leo", "leo": "sam"}, ["Elara", "Sam", "Mira", "Leo"]),
    "the same persona twice": ({"sam": "nurse", "leo": "nurse"}, ["Elara", "NURSE", "Mira", "Sam"]),
    "a file, whose name is taken": ({"sam": "leo.yaml"}, ["Elara", "Leo", "Mira", "Sam"]),
}


@pytest.mark.parametrize("what", SWAPS)
def test_a_swap_gives_a_role_another_persona_and_no_two_the_same_name(story: Story, what: str) -> None:
    worlds.dump(Path("leo.yaml"), worlds.persona("Leo"))
    swaps, names = SWAPS[what]
    cast = casting.cast(story, swaps)
    nurse = casting.load_persona("nurse").name
    got = [cast.name(role) for role in cast.roles]
    assert cast.roles == tuple(story.cast)
    if what == "the same persona twice":  # one of them is the nurse, and the other keeps his name
        assert sorted(got) in (sorted(["Elara", nurse, "Mira", "Sam"]), sorted(["Elara", "Leo", "Mira", nurse]))
    else:
        assert got == [nurse if name == "NURSE" else name for name in names]
    for role, reference in swaps.items():
        source = casting.cast(story).personas.get(reference) or casting.load_persona(reference)
        assert cast.personas[role].private == source.private


def test_whoever_gets_another_name_has_it_in_their_own_sheet_and_others_keep_theirs(small: Path) -> None:
    sheet = worlds.persona("Ada") | {
        "called": "Ad",
        "who": "Ada's own mother calls her Ad, and Ada Bo Cyrus, {ada} and Adam are others",
        "material": ["Ada keeps bees", "Ad-Lena owes Ada four boats"],
    }
    sheet["private"] |= {"memories": ["They called me Ada."]}
    worlds.dump(Path("other.yaml"), sheet)
    worlds.dump(Path("long.yaml"), worlds.persona("Ada Bo Cyrus"))
    persona = casting.cast(casting.load_story(str(small)), {"bo": "other.yaml", "cyrus": "long.yaml"}).personas["bo"]
    assert (persona.name, persona.called) == ("Bo", None)
    assert persona.who == "Bo's own mother calls her Bo, and Ada Bo Cyrus, {ada} and Adam are others"
    assert persona.material == ("Bo keeps bees", "Ad-Lena owes Bo four boats")
    assert persona.private
    assert persona.private.memories == ("They called me Bo.",)
    kit = casting.load_persona("other.yaml", name="Kit")
    assert (kit.called, kit.material[0]) == (None, "Kit keeps bees")


def test_the_personas_of_a_folder_are_found_by_their_keys(small: Path) -> None:
    folder = small.parent
    assert resources.files(folder) == ("ada.yaml", "bo.yaml", "cyrus.yaml")
    (folder / "unfinished.yaml").write_text((folder / "ada.yaml").read_text() + "mood: [\n")
    (folder / "bomb.yaml").write_text("a: &a [x, x]\nb: &b [*a, *a]\n")
    (folder / "bytes.yaml").write_bytes(bytes(range(256)) * 100)
    (folder / "ada\x1b[2J.yaml").write_bytes((folder / "ada.yaml").read_bytes())
    (folder / "folder.yaml").mkdir()
    (folder / "nowhere.yaml").symlink_to("nothing")
    os.mkfifo(folder / "pipe.yaml")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "dee.yaml").write_bytes((folder / "ada.yaml").read_bytes())
    assert resources.files(folder) == ("ada.yaml", "bo.yaml", "cyrus.yaml", "unfinished.yaml")
    assert resources.files(folder, "stories") == ("story.yaml",)


def test_a_swap_for_a_role_that_is_not_there_names_the_roles(story: Story) -> None:
    with pytest.raises(LibraryError, match=r"no role 'zed' in this story; it has elara, leo, mira, sam"):
        casting.cast(story, {"zed": "leo"})


def test_two_characters_of_one_name_are_refused(tmp_path: Path) -> None:
    path = worlds.write(tmp_path / "s")
    worlds.dump(path.with_name("bo.yaml"), worlds.persona("Ada"))
    with pytest.raises(LibraryError, match="ada and bo are both called 'Ada'"):
        casting.cast(casting.load_story(str(path)))


def test_a_digest_is_of_the_content(cast: Any) -> None:
    leo = casting.load_persona("leo")
    assert digest(leo) == digest(Persona.model_validate(leo.model_dump()))
    assert digest(leo) != digest(leo.model_copy(update={"name": "Lew"}))
    assert len({digest(persona) for persona in cast.personas.values()}) == 4


@pytest.mark.parametrize("text", ["{{ 7 * 7 }}", "{% raw %}", "{# gone #}", "{{ cast }}", "<b>&amp;</b>"])
def test_what_stands_in_a_value_is_never_compiled(text: str) -> None:
    ada = {"name": "Ada", "called": None, "who": text, "voice": text}
    system = templates.render("system.jinja", premise=text, cast=[ada], led=True)
    assert system.count(text) == 3


def test_a_template_says_so_when_a_value_is_missing() -> None:
    with pytest.raises(LibraryError, match=r"system\.jinja"):
        templates.render("system.jinja", premise="x")
    with pytest.raises(LibraryError, match=r"nothing\.jinja"):
        templates.render("nothing.jinja")


def test_a_file_here_that_was_probably_meant_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds.write(tmp_path, roles=3).rename(tmp_path / "night.yaml")
    monkeypatch.chdir(tmp_path)
    for typed, meant in (("nigth.yaml", "night.yaml"), ("nigth", "night")):
        for look in (lambda: resources.find("stories", typed), lambda: resources.any_file(typed)):  # noqa: B023
            with pytest.raises(LibraryError, match=rf"\(did you mean '{meant}'\?\)"):
                look()
