"""What a study asks for: its file, the tasks that it makes, and what is refused with file and line."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import worlds
from dreamplay import settings
from dreamplay.errors import UsageError
from dreamplay.studies import planning, study
from dreamplay.studies.tasks import Task

Write = Callable[..., Path]


def tasks(path: Path, **flags: Any) -> tuple[Task, ...]:
    return planning.tasks(study.read(path), settings.load(**flags))


def test_every_phrasing_is_played_with_every_seed_and_the_conditions_fill_side_by_side(write: Write) -> None:
    found = tasks(write())
    first = [("base", "plain"), ("calm", "plain"), ("calm", "terse"), ("told", "plain")]
    assert [(each.condition, each.phrasing, each.seed) for each in found] == [
        (*each, seed) for seed in (1, 2) for each in first
    ]
    assert [each.parent for each in found] == [None, None, None, found[0].name, None, None, None, found[4].name]
    voices = [each.header.cast["ada"].voice for each in found[:4]]
    assert voices == ["Short and plain.", "Calm and slow.", "Slow, calm.", "Short and plain."]


@pytest.mark.parametrize(
    ("seeds", "expected"), [("3", [1, 2, 3]), ("5-7", [5, 6, 7]), (["3", "8"], [3, 8])], ids=["number", "range", "list"]
)
def test_seeds_are_counted_ranged_or_listed(write: Write, seeds: object, expected: list[int]) -> None:
    assert list(study.read(write(lambda data: data.update(seeds=seeds))).seeds) == expected


def test_a_name_says_what_is_asked_for_and_not_how_its_files_are_called(write: Write, tmp_path: Path) -> None:
    names = [each.name for each in tasks(write())]
    assert len(set(names)) == 8

    def otherwise(data: dict[str, Any]) -> None:
        (tmp_path / "calm.yaml").rename(tmp_path / "slow.yaml")
        data |= {"title": "Another title", "seeds": "4", "conditions": {
            "slow": {"swaps": {"ada": "slow.yaml"}}, "start": {}, "told": data["conditions"]["told"],
        }, "baseline": "start"}  # fmt: skip

    again = [each.name for each in tasks(write(otherwise))]
    assert again[:3] == [names[0], names[1], names[3]]  # the terse phrasing is gone, the rest is the same
    assert set(again) & set(names) == {names[n] for n in (0, 1, 3, 4, 5, 7)}
    assert not set(names) & {each.name for each in tasks(write(lambda data: data.update(temperature="0.3")))}
    assert not set(names) & {each.name for each in tasks(write(lambda data: data.update(length="full")))}


def test_a_task_travels_as_json_and_by_pickle(write: Write) -> None:
    for each in tasks(write()):
        assert Task.model_validate_json(each.model_dump_json()) == each
        assert pickle.loads(pickle.dumps(each)) == each


def test_what_is_asked_for_on_the_command_line_counts_more_than_the_file_and_that_more_than_the_environment(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMPLAY_MODEL", "embedded")
    monkeypatch.setenv("DREAMPLAY_DIRECTION", "free")
    path = write(lambda data: data.update(direction="guided"))
    assert {each.model for each in tasks(path)} == {"scripted"}
    assert {each.header.settings["profile"]["direction"] for each in tasks(path)} == {"guided"}
    assert {each.model for each in tasks(path, model="fake", base_url="http://127.0.0.1:1/v1")} == {"fake"}


def _set(*keys: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        for key in keys[:-1]:
            data = data.setdefault(key, {})
        data[keys[-1]] = to

    return change


CALM = "conditions", "calm"


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (
            _set("seeds", to="1"),
            "seeds:",
            "seeds: from fewer than two seeds nothing can be concluded; ask for at least 2",
        ),
        (
            _set("seeds", to=["5"]),
            "seeds:",
            "seeds: from fewer than two seeds nothing can be concluded; ask for at least 2",
        ),
        (_set("seeds", to="9-2"), "seeds: 9-2", "seeds: a range goes up; write the smaller seed first"),
        (_set("seeds", to=["3", "3"]), "seeds:", "seeds: a seed is listed twice"),
        (_set("seeds", to="many"), "seeds: many", "seeds: write how many seeds, which, or a range"),
        (_set("baseline", to="bass"), "baseline: bass", "baseline: no condition 'bass'; there are base, calm, told"),
        (
            _set("conditions", "told", "say", to=[{"ada": "a", "bo": "b"}]),
            "-",
            "say.0: needs at most 1 entry, and has",
        ),
        (_set("conditions", "told", "at", to="Noon"), "at: Noon", "conditions.told.at: an id is up to 40 of a-z"),
        (
            _set("model", to="http://x:y@h/v1"),
            "model: http",
            "model: that is an address, and no name",
        ),
        (_set("placebo", to="sugar"), "placebo: sugar", "placebo: no condition 'sugar'"),
        (_set("placebo", to="base"), "placebo: base", "placebo: the baseline cannot be its own placebo"),
        (_set("conditions", "base", "at", to="night"), "at: night", "conditions.base.at: the baseline is played from"),
        (_set(*CALM, "say", to=[{"bo": "Hm."}]), "say:", "conditions.calm.say: a line is said at a point"),
        (_set(*CALM, "swap", to={}), "swap: {}", "unknown key (did you mean 'swaps'?)"),
        (_set("story", to="nowhere"), "story: nowhere", "story: no file and no shipped story called 'nowhere'"),
        (_set("beats", to="dusk"), "beats: dusk", "beats: no beat 'dusk' in this story; it has day, night, dawn"),
        (_set(*CALM, "swaps", "ada", to="no.yaml"), "ada: no.yaml", "conditions.calm.swaps.ada: no file and no"),
        (_set(*CALM, "swaps", "eve", to="calm.yaml"), "eve: calm.yaml", "swaps.eve: no role 'eve' in this story"),
        (_set(*CALM, "drop", to="eve"), "drop: eve", "conditions.calm.drop: no role 'eve' in this story"),
        (
            _set(*CALM, "drop", to=["ada", "bo"]),
            "drop:",
            "conditions.calm.drop: ada, bo: nobody would be left to talk to; keep one of them",
        ),
        (
            _set("conditions", "told", to={"at": "night", "drop": ["ada", "bo"]}),
            "drop:",
            "drop: nobody would be left in night/attic",
        ),
        (
            _set("conditions", "told", "at", to="noon"),
            "at: noon",
            "no beat or scene 'noon' is played; there are day, s",
        ),
        (_set("conditions", "told", "say", to=[{"eve": "Hm."}]), "say:", "conditions.told.say: no role 'eve'"),
        (
            _set("conditions", "told", "say", to=[{"cyrus": "Hm."}]),
            "say:",
            "say: cyrus is not in night/attic",
        ),
        (
            _set("conditions", "told", "at", to="road"),
            "at: road",
            "told.at: nobody can speak in dawn/road",
        ),
        (_set("conditions", "told", "story_edit", to="later.yaml"), "story_edit:", "the run has played day/square"),
        (_set("conditions", "void", to={"swaps": {"ada": "ada"}}), "void:", "conditions.void: nothing is changed"),
        (_set("conditions", "void", to={"at": "night", "swaps": {"ada": "ada"}}), "void:", "nothing is changed at nig"),
        (_set("conditions", "more", to={"swaps": {"ada": "calm.yaml"}}), "more:", "asked for by calm, plain"),
        (_set("model", to="scirpted"), "model: scirpted", "did you mean scripted?"),
        (_set("base_url", to="ftp://x"), "base_url: ftp", "base_url: an address begins with http"),
        (
            _set("base_url", to=["http://a/v1", "http://b:c@d/v1"]),
            "- http://b:c@d",
            "base_url.1: the address http://d/v1",
        ),
        (_set("base_url", to="http://a/v1?api_key=c"), "base_url:", "base_url: the address http://a/v1 has more to it"),
        (_set("adapter", to="bogus"), "adapter:", "adapter: bogus: only the embedded model and .gguf files take an ad"),
        (_set("memory", to="bogus"), "memory:", "memory: unknown memory 'bogus'"),
        (_set("no_check", to="bogus"), "no_check:", "no_check: unknown check 'bogus'"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_what_cannot_be_played_is_refused_with_file_and_line(
    write: Write, change: Callable[[dict[str, Any]], None], line: str, message: str
) -> None:
    path = write(change)
    later = worlds.story(3)
    later["beats"][0]["scenes"][0]["kind"] = "dream"
    worlds.dump(path.with_name("later.yaml"), later)
    with pytest.raises(UsageError) as refused:
        tasks(path)
    assert message in str(refused.value)
    assert "`" not in str(refused.value).replace("`base_url`", "")  # of a key it is not said that it is a flag
    number = next(n for n, text in enumerate(path.read_text().splitlines(), start=1) if text.strip().startswith(line))
    assert f"{path}:{number}: " in str(refused.value)


def test_an_edited_story_with_other_roles_is_refused(write: Write, tmp_path: Path) -> None:
    worlds.write(tmp_path / "other", roles=4)
    path = write(_set(*CALM, "story_edit", to="other/story.yaml"))
    with pytest.raises(UsageError, match=r"story\.yaml has other roles \(ada, bo, cyrus, dee\) than the baseline"):
        tasks(path)


def test_an_adapter_is_read_also_when_a_study_is_tried_out_on_a_model_that_takes_none(write: Write) -> None:
    path = write(_set("adapter", to="bogus"))
    with pytest.raises(UsageError, match=r"adapter: bogus: no such file or directory; give the path of a LoRA"):
        tasks(path, model="scripted")


def test_what_is_asked_before_the_point_of_every_condition_could_never_move(write: Write) -> None:
    def late(data: dict[str, Any]) -> None:
        del data["conditions"]["calm"]
        data["control"] = ["lines.bo@square"]

    with pytest.raises(UsageError, match=r"control: lines\.bo@square looks at what comes before night, where"):
        tasks(write(late))
    for change in (_set("control", to=["lines.bo@square"]), _set("control", to=["lines.bo@porch"])):
        assert tasks(write(change))  # somebody is calm from the start, or it comes after the point
