from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay.engine.runner import Runner
from dreamplay.errors import ModelError, RecordError
from dreamplay.models.profile import ModelProfile
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.runs import prompt_log, prompt_reader
from dreamplay.runs.prompt_log import PromptLog
from dreamplay.runs.prompt_records import FILE
from hypothesis import given
from hypothesis import strategies as st


def _prompt(script: str, tail: str = "[Leo means to laugh.]\n", **rest: Any) -> Prompt:
    return Prompt(kind="line", system="A play.\n", script=script, tail=tail, max_tokens=9, **rest)


def _kept(folder: Path, *prompts: Prompt) -> list[dict[str, Any]]:
    with PromptLog(folder) as kept:
        for prompt in prompts:
            kept.keep(prompt)
    return [json.loads(line) for line in (folder / FILE).read_bytes().splitlines()]


@pytest.mark.parametrize("profile", [worlds.SMALL, worlds.LARGE], ids=["small", "large"])
async def test_every_prompt_of_a_run_can_be_read_back(profile: ModelProfile, tmp_path: Path) -> None:
    model = ScriptedModel(profile=profile)
    record = await worlds.play("mindsync", tmp_path / "run", model)
    for prompt in model.seen:
        assert prompt_reader.find(tmp_path / "run", prompt.digest) == prompt
    named = {event.provenance.prompt for event in record.script} - {None}
    assert named <= {prompt.digest for prompt in model.seen}
    assert prompt_reader.find(tmp_path / "run", "0" * 64) is None


async def test_a_prompt_is_kept_before_it_is_answered(small: Path, tmp_path: Path) -> None:
    asked: list[Prompt] = []

    class Watching(ScriptedModel):
        async def complete(self, prompt: Prompt, **rest: Any) -> Any:
            assert prompt_reader.find(tmp_path / "run", prompt.digest) == prompt
            asked.append(prompt)
            if len(asked) == 5:
                raise ModelError("the model is gone")
            return await super().complete(prompt, **rest)

    with pytest.raises(ModelError):
        await Runner(worlds.plan(small), Watching(), tmp_path / "run", {}).play(lambda seen: None)
    assert prompt_reader.find(tmp_path / "run", asked[-1].digest)


def test_each_piece_is_kept_once_and_of_a_script_only_what_is_new(tmp_path: Path) -> None:
    all_of_them, two = "One.\nTwo.\n", "One.\nTwo.\nSecret.\n"
    scripts = [all_of_them, two, f"{two}More.\n", f"{all_of_them}Three.\n", f"{two}More.\nLast.\n", two]
    records = _kept(tmp_path, *map(_prompt, scripts), _prompt(two), _prompt(two, "[Mira means to laugh.]\n"))
    assert [record["record"] for record in records].count("system") == 1
    new = {record["text"] for record in records if record["record"] == "script"}
    assert new == {all_of_them, "Secret.\n", "More.\n", "Three.\n", "Last.\n"}
    assert len(records) == 1 + len(new) + 6


@pytest.mark.parametrize("groups", [1, 3], ids=["all together", "now these, now those"])
def test_the_file_grows_with_the_play_and_not_with_its_square(tmp_path: Path, groups: int) -> None:
    def size(lines: int) -> int:
        folder = tmp_path / str(lines)
        folder.mkdir()
        told = [""] * groups
        with PromptLog(folder) as kept:
            for number in range(lines):
                told[number % groups] += f"Somebody says the sentence that is number {number} of the whole play.\n"
                kept.keep(_prompt("The beginning.\n" + told[number % groups]))
        return (folder / FILE).stat().st_size

    assert size(400) < 2.1 * size(200)


@given(texts=st.lists(st.text("ab\n\u2028«", max_size=12), max_size=40))
def test_any_scripts_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("kept")
    prompts = [_prompt(text, json_schema={"enum": [text]}, stop=("\n",)) for text in texts]
    _kept(folder, *prompts)
    assert [prompt_reader.find(folder, prompt.digest) for prompt in prompts] == prompts


def test_an_archive_that_is_opened_again_goes_on(tmp_path: Path) -> None:
    first = _kept(tmp_path, _prompt("One.\n"), _prompt("One.\nTwo.\n"))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"record":"prompt","dig')  # a crash
    prompts = [_prompt("One.\nTwo.\n"), _prompt("One.\nTwo.\nThree.\n")]
    records = _kept(tmp_path, *prompts)
    assert records[: len(first)] == first
    assert len(records) == len(first) + 2
    assert [prompt_reader.find(tmp_path, prompt.digest) for prompt in prompts] == prompts


def test_a_prompt_that_was_not_kept_is_not_there(tmp_path: Path) -> None:
    assert prompt_reader.find(tmp_path, "0" * 64) is None
    prompt = _prompt("One.\n")
    _kept(tmp_path, prompt)
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-9])  # cut off by a crash
    assert prompt_reader.find(tmp_path, prompt.digest) is None


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda raw: raw.replace(b"Two.", b"Ten."), 5),
        (lambda raw: raw.replace(b'"keep":5', b'"keep":4'), 5),
        (lambda raw: raw.replace(b'"record":"system"', b'"record":"sistem"'), 5),
        (lambda raw: raw.replace(b'"kind":"line"', b'"kind":"lime"'), 5),
        (lambda raw: raw.replace(b"means to laugh", b"means to rob a bank"), 5),
        (lambda raw: raw.replace(b'"max_tokens":9', b'"max_tokens":9' + b"9" * 5000), 3),
        (lambda raw: raw.replace(b'{"record":"prompt"', b'{"rec\xff'), 3),
        (lambda raw: raw.partition(b"\n")[2], 4),
        (lambda raw: b'null\n[]\n{"hash":1}\n' + b"[" * 99_999 + b"\n\n" + raw, None),
        (lambda raw: b"".join(raw.splitlines(keepends=True)[::-1]), None),
    ],
    ids=["text", "length", "record", "prompt", "words", "digits", "bytes", "no system", "other lines", "upside down"],
)
async def test_damage_keeps_nobody_from_going_on_and_is_never_shown_as_a_prompt(
    tmp_path: Path, change: Any, line: int | None
) -> None:
    prompts = [_prompt("One.\n"), _prompt("One.\nTwo.\n")]
    _kept(tmp_path, *prompts)
    path = tmp_path / FILE
    path.write_bytes(changed := change(path.read_bytes()))
    assert prompt_log.complaint(tmp_path) is None or "cannot be read" in str(prompt_log.complaint(tmp_path))
    if line is None:
        assert prompt_reader.find(tmp_path, prompts[-1].digest) == prompts[-1]
    else:
        with pytest.raises(RecordError, match=rf"^[^\n]*{FILE}:{line}: [^\n]*$"):
            prompt_reader.find(tmp_path, prompts[-1].digest)
    other = _prompt("Three.\n")
    with PromptLog(tmp_path) as kept:
        kept.keep(other)
    assert prompt_reader.find(tmp_path, other.digest) == other
    assert path.read_bytes().startswith(changed)


STRANGE = {
    # what stands in place of the file, and whether prompts can be kept then
    "folder": (Path.mkdir, "cannot be written to"),
    "pipe": (os.mkfifo, "not a file, and is begun again"),
    "link": (lambda path: path.symlink_to(path.with_name("theirs")), "not a file, and is begun again"),
}


@pytest.mark.parametrize("what", STRANGE)
def test_what_is_no_file_is_neither_waited_for_nor_written_through(tmp_path: Path, what: str) -> None:
    make, says = STRANGE[what]
    (tmp_path / "theirs").write_text("Not yours.")
    make(tmp_path / FILE)
    assert says in str(prompt_log.complaint(tmp_path))
    assert prompt_reader.find(tmp_path, "0" * 64) is None
    with PromptLog(tmp_path) as kept:
        kept.keep(_prompt("One.\n"))
    assert (prompt_reader.find(tmp_path, _prompt("One.\n").digest) is None) == (what == "folder")
    assert (tmp_path / "theirs").read_text() == "Not yours."
