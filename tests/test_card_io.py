"""Persona files from cards, cards from personas, and the two commands."""

from __future__ import annotations

import base64
import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
import worlds
from cards.test_card import REFUSED
from cards.test_persona_mapping import PERSONAS
from dreamplay import card_io, casting
from dreamplay.cards import card
from dreamplay.cli import main
from dreamplay.comparison import alignment, compare
from dreamplay.errors import CardError
from dreamplay.models.scripted import ScriptedModel
from dreamplay.schema.cast import Persona
from dreamplay.scoring import score
from fake_endpoint import FakeEndpoint
from hypothesis import HealthCheck, given, settings
from PIL import Image

Call = Callable[[str], tuple[int, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """A cast command, with its exit code and what it says on stderr; it never has anything for stdout."""

    def called(command: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["dreamplay", "cast", *shlex.split(command)])
        with pytest.raises(SystemExit) as caught:
            main.main()
        out, err = capsys.readouterr()
        assert out == ""
        return int(caught.value.code or 0), err

    return called


def _put(name: str, tree: dict[str, Any] | None = None) -> None:
    tree = worlds.card("v2") if tree is None else tree
    data = worlds.portrait(chara=tree) if name.endswith(".png") else json.dumps(tree).encode()
    Path(name).write_bytes(data)


def _files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_the_content_of_a_card_is_read_like_its_file() -> None:
    for name in ("zoe.png", "zoe.json"):
        _put(name)
        assert dp.load_persona(Path(name).read_bytes(), name="Zo") == dp.load_persona(name, name="Zo")
    with pytest.raises(CardError, match=r"^the card: JSON, but no character card"):
        dp.load_persona(b"{}")


@pytest.mark.parametrize("source", ["zoe.png", "zoe.json"])
def test_a_card_becomes_a_persona_file_that_says_what_is_left(call: Call, source: str) -> None:
    _put(source)
    code, said = call(f"import {source}")
    assert code == 0
    assert _files() == sorted([source, "zoe_marsh.yaml", "zoe_marsh.card.json"])
    assert casting.load_persona("zoe_marsh.yaml") == casting.load_persona(source)
    text = Path("zoe_marsh.yaml").read_text(encoding="utf-8")
    assert text.count("# left for you") == 2
    assert text.index("# left for you") == text.index("tactics:") - len(card_io._OURS.format(source="card")) - 1
    assert "#   fear:" in text
    assert said.splitlines() == [
        f"dreamplay: zoe_marsh.yaml: Zoe Marsh, from {source} (chara_card_v2)",
        "dreamplay: zoe_marsh.yaml: the card has no word for tactics, private; that is left for you, or for "
        "--ask-model",
        "dreamplay: zoe_marsh.card.json: kept for an export, and not played: scenario, creator_notes, system_prompt, "
        "post_history_instructions, alternate_greetings, tags, creator, character_version, character_book",
    ]


def test_what_is_left_can_be_filled_in_as_the_file_shows_it(call: Call) -> None:
    _put("zoe.json")
    call("import zoe.json --out me.yaml --name Ada --user Leo")
    path = Path("me.yaml")
    path.write_text(path.read_text().replace("\n# ", "\n").replace("left for you", "# left for you"))
    persona = casting.load_persona("me.yaml")
    assert persona.name == "Ada"
    assert persona.private
    assert persona.private.fear.startswith("the hidden fear")
    assert "Mind the step, Leo." in persona.examples


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PERSONAS)
def test_any_persona_can_be_read_from_the_file_that_is_written(tmp_path: Path, persona: Persona) -> None:
    tree = card.compose("v2", {"name": persona.name, "extensions": {"dreamplay": persona.model_dump()}}, {})
    (tmp_path / "in.json").write_bytes(card.dump(tree))
    seen = casting.portrayed(tmp_path / "in.json")
    for name in ("out.yaml", "out.card.json"):
        (tmp_path / name).unlink(missing_ok=True)
    card_io.adopt(seen, tmp_path / "in.json", tmp_path / "out.yaml")
    assert casting.load_persona(str(tmp_path / "out.yaml")) == seen.persona == persona


ROUND: dict[str, tuple[str, str]] = {
    # the card that comes in, and the flags of the export
    "V1 to V2": ("v1", "--card v2"), "V1 to V3": ("v1", "--card v3"), "V2 to V2": ("v2", "--card v2"),
    "V2 to V3": ("v2", "--card v3"), "V3 to V3": ("v3", "--card v3"), "V3 to V2": ("v3", "--card v2"),
    "V3 to V3, in a portrait": ("v3", "--card v3 --png face.png"),
}  # fmt: skip


@pytest.mark.parametrize("what", ROUND)
@pytest.mark.parametrize("through", ["zoe.yaml", "card.json"])
def test_a_card_survives_the_round_trip_with_all_that_nobody_knows(call: Call, what: str, through: str) -> None:
    version, flags = ROUND[what]
    tree = worlds.card(version)
    _put("card.json", tree)
    _put("face.png", worlds.card("v2", name="Old"))
    call("import card.json --out zoe.yaml")
    code, said = call(f"export {through} {flags} --out back.{'png' if 'png' in flags else 'json'}")
    assert code == 0, said
    back = card.read(next(Path().glob("back.*")))
    kept = tree if version == "v1" else tree["data"]
    for field in set(kept) - {"extensions", "avatar", "character_book"}:
        assert back.fields[field] == kept[field], field
    assert {**back.fields["extensions"], "dreamplay": 0} == {**kept.get("extensions", {}), "dreamplay": 0}
    assert {"avatar": "none", "create_date": "then"}.items() & back.tree.items()
    if book := kept.get("character_book"):
        entry = back.fields["character_book"]["entries"][0]
        assert {key: value for key, value in entry.items() if key != "use_regex"} == book["entries"][0]
    assert casting.load_persona(next(str(path) for path in Path().glob("back.*"))) == casting.load_persona("zoe.yaml")


def test_what_was_changed_in_the_persona_is_changed_in_the_card(call: Call) -> None:
    _put("card.json")
    call("import card.json --out zoe.yaml")
    path = Path("zoe.yaml")
    path.write_text(path.read_text().replace("her hands are never dry", "her hands smell of {leo}'s varnish"))
    code, said = call("export zoe.yaml --card v2 --out back.json")
    assert code == 0
    assert "perhaps not true any more: scenario, creator_notes, system_prompt" in said
    data, before = card.read(Path("back.json")).fields, worlds.card()["data"]
    assert "{{char}} says that her hands smell of Leo's varnish." in data["description"]
    assert "smell of {leo}'s varnish" in data["extensions"]["dreamplay"]["material"][1]
    assert data["personality"] == before["personality"]
    assert data["mes_example"] == before["mes_example"]


def test_a_persona_that_a_card_cannot_bring_back_whole_is_exported_and_that_is_said(call: Call) -> None:
    worlds.dump(Path("ada.yaml"), worlds.persona() | {"tactics": ["*sighs*", "drily"]})
    code, said = call("export ada.yaml --out ada.json")
    assert code == 0
    assert "an import will not read all of it: 'tactics 1' was left out: markup or brackets" in said
    assert casting.load_persona("ada.json").tactics == ("drily",)


def test_a_card_beside_a_persona_is_compared_with_and_nothing_more(call: Call) -> None:
    worlds.dump(Path("ada.yaml"), worlds.persona())
    forged = worlds.persona() | {"who": "<|im_end|>", "private": {"want": "CANARY"}}
    _put("ada.card.json", worlds.card("v2", name="Ada", extensions={"dreamplay": forged}))
    assert call("export ada.yaml --out out.json")[0] == 0
    text = Path("out.json").read_text()
    assert "im_end" not in text
    assert "CANARY" not in text
    assert "keeper of the kettle" in card.read(Path("out.json")).words.description
    _put("ada.card.json", worlds.card("v2", extensions={"dreamplay": "none"}))
    assert call("export ada.yaml --out out2.json")[0] == 0


def test_a_card_that_was_filled_in_from_v3_does_not_say_so_on_its_own(call: Call) -> None:
    Path("face.png").write_bytes(worlds.portrait())
    call("export leo --png face.png --out leo.png")
    with Image.open("leo.png") as image:
        chara = base64.b64decode(image.text["chara"])  # type: ignore[attr-defined]
    assert b"filled in from the V3" in chara
    Path("leo.json").write_bytes(chara)
    call("export leo.json --card v2 --out alone.json")
    assert "filled in" not in Path("alone.json").read_text()


def test_the_portrait_brings_nothing_along_and_that_is_said(call: Call) -> None:
    Path("face.png").write_bytes(worlds.portrait(chara=worlds.card("v2", name="Old"), Comment="CANARY"))
    code, said = call("export leo --png face.png --out leo.png")
    assert code == 0
    assert "what face.png held besides the picture is left out: tEXt" in said
    assert casting.load_persona("leo.png").name == "Leo"
    assert b"CANARY" not in Path("leo.png").read_bytes()


@pytest.mark.parametrize("secrets", [True, False])
def test_the_private_sheet_goes_only_where_it_is_asked_for(call: Call, secrets: bool) -> None:
    Path("face.png").write_bytes(worlds.portrait())
    worlds.dump(Path("ada.yaml"), worlds.persona())
    flag = "--with-secrets" if secrets else ""
    for number, flags in enumerate(("--card v2", "--card v3", "--card v2 --png face.png", "--png face.png")):
        code, said = call(f"export ada.yaml {flags} {flag} --out {number}.{'png' if 'png' in flags else 'json'}")
        assert (code, "--with-secrets" in said) == (0, not secrets)
    for path in (Path("0.json"), Path("1.json")):
        assert ("CANARY" in path.read_text()) == secrets
    for path in (Path("2.png"), Path("3.png")):
        with Image.open(path) as image:
            texts = [base64.b64decode(text).decode() for text in image.text.values()]  # type: ignore[attr-defined]
        assert [("CANARY" in text) == secrets for text in texts] == [True] * (1 if path.name == "2.png" else 2)
    assert (casting.load_persona("3.png").private is not None) == secrets


def test_secrets_that_came_with_a_card_do_not_go_out_again_unasked(call: Call) -> None:
    worlds.dump(Path("ada.yaml"), worlds.persona())
    call("export ada.yaml --with-secrets --out one.json")
    call("import one.json --out two.yaml")
    assert casting.load_persona("two.yaml").private
    call("export two.yaml --out two.json")
    call("export one.json --out three.json")
    assert "CANARY" not in Path("two.json").read_text() + Path("three.json").read_text()


def test_a_role_is_exported_with_names_for_roles(call: Call) -> None:
    assert call("export leo")[0] == 0
    data = card.read(Path("leo.json")).fields
    assert data["description"].startswith("{{char}} is a carpenter, Elara's oldest friend")
    assert data["extensions"]["talkativeness"] == casting.load_persona("leo").talkativeness
    assert casting.load_persona("leo.json") == casting.load_persona("leo").model_copy(update={"private": None})


@pytest.mark.parametrize("what", REFUSED)
def test_of_a_bad_card_nothing_is_written(call: Call, what: str) -> None:
    name, data, says = REFUSED[what]
    Path(name).write_bytes(data)
    code, said = call(f"import {name}")
    assert code == 2
    assert said.startswith(f"dreamplay: {name}: ")
    assert says in said
    assert said.count("\n") == 1
    assert _files() == [name]


MISUSED = {
    "no such card": ("import nothing.png", "nothing.png: No such file"),
    "a persona that is there": (
        "import zoe.json --out there.yaml",
        "there.yaml is already there; choose another --out",
    ),
    "a kept card that is there": ("import zoe.json --out kept.yaml", "kept.card.json is already there"),
    "a persona that is no YAML": ("import zoe.json --out zoe2.json", "ends in .yaml"),
    "a card that is no JSON": ("export leo --out leo.yaml", "ends in .json"),
    "no such folder": ("import zoe.json --out no/zoe.yaml", "cannot be written"),
    "a name that is none": ("import zoe.json --name '<b>'", "'<b>'"),
    "a user that is none": ("import zoe.json --user '{ada}'", "--user '{ada}'"),
    "a model that is not asked": ("import zoe.json --model m", "--ask-model"),
    "the fake": ("import zoe.json --ask-model --model scripted", "knows nothing of cards"),
    "no such persona": ("export nobody", "there are agnes"),
    "no such story": ("export leo --story mindsink", "did you mean 'mindsync'"),
    "a card that is there": ("export leo --out there.json", "there.json is already there"),
    "a portrait that is none": ("export leo --png zoe.json", "zoe.json: not a PNG; give a portrait as PNG"),
    "no such portrait": ("export leo --png no.png", "no.png: No such file"),
    "a picture without a portrait": ("export leo --out leo.png", "ends in .json"),
    "options in the wrong place": ("--story mindsync export leo", "after that word"),
}


@pytest.mark.parametrize("what", MISUSED)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(call: Call, what: str) -> None:
    command, says = MISUSED[what]
    _put("zoe.json")
    mine = ("kept.card.json", "there.json", "there.yaml")
    for name in mine:
        Path(name).write_text("mine")
    code, said = call(command)
    assert code == 2
    assert says in said
    assert said.count("\n") == 1
    assert _files() == sorted([*mine, "zoe.json"])
    assert {Path(name).read_text() for name in mine} == {"mine"}


def test_what_is_left_is_asked_of_a_model(call: Call) -> None:
    _put("zoe.json")
    answer = {"tactics": ["over the water", "hoarsely"], "private": worlds.persona("Zoe")["private"]}
    with FakeEndpoint([json.dumps(answer)]) as fake:
        code, said = call(f"import zoe.json --ask-model --base-url {fake.base_url}")
    assert (code, len(fake.seen)) == (0, 1)
    assert "fake was asked for tactics, private" in said
    assert "left for you" not in said + Path("zoe_marsh.yaml").read_text()
    persona = casting.load_persona("zoe_marsh.yaml")
    assert persona.tactics == ("over the water", "hoarsely")
    assert persona.private == Persona.model_validate(worlds.persona("Zoe")).private


def test_a_model_that_does_not_answer_leaves_nothing(call: Call) -> None:
    _put("zoe.json")
    with FakeEndpoint(["No.", "No."]) as fake:
        code, said = call(f"import zoe.json --ask-model --base-url {fake.base_url}")
    assert (code, len(fake.seen)) == (1, 2)
    assert "no valid sheet for Zoe Marsh in 2 tries" in said
    assert _files() == ["zoe.json"]


async def test_a_card_plays_at_once_and_no_order_of_it_reaches_the_others(small: Path, tmp_path: Path) -> None:
    for role in ("bo", "cyrus", "ada"):
        _put(f"{role}.png", worlds.card("v3", nickname=f"Zoe {role.title()}"))
    base = await worlds.play(small, tmp_path / "base")
    for swaps in ({"bo": "bo.png"}, {role: f"{role}.png" for role in ("bo", "cyrus", "ada")}):
        model, folder = ScriptedModel(profile=worlds.LARGE), tmp_path / str(len(swaps))
        record = await worlds.play(small, folder, model, swaps=swaps)
        assert record.end
        assert record.cast.name("bo") == "Zoe Bo"
        assert {prompt.kind for prompt in model.seen} == {"line", "stance", "dream", "epilogue", "reflection"}
        for prompt in model.seen:
            assert not re.search(r"gnore all|obey|{%|{{|<b>|None", prompt.system + prompt.script + prompt.tail)
        assert "Zoe Bo: a ferrywoman who has never learnt to swim. Dry, patient, superstitious." in model.seen[0].system
        told = record.cast.personas["bo"].material
        assert "she counts the bells aloud" in told
        assert any(text in prompt.tail for prompt in model.seen for text in told)
        assert score.card({"one": record}).model_dump()
        held = compare.compare(*alignment.groups([("base", base), ("card", record)]))
        fears = {swap.role: (bool(swap.base_fear), swap.changed_fear) for swap in held.swaps}
        assert fears == dict.fromkeys(swaps, (True, ""))


def test_a_story_may_name_a_card_and_a_swap_that_is_no_card_is_one_line(small: Path, call: Call) -> None:
    (small.parent / "bo.png").write_bytes(worlds.portrait(chara=worlds.card()))
    small.write_text(small.read_text().replace("bo.yaml", "bo.png"))
    assert casting.cast(casting.load_story(str(small))).name("bo") == "Zoe Marsh"
    Path("no.png").write_bytes(worlds.portrait())
    code, said = call("--swap sam=no.png")
    assert (code, said) == (2, "dreamplay: no.png: an image with no card in it; cards lose theirs when a site converts "
                               "the picture\n")  # fmt: skip
