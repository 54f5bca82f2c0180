from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import worlds
from dreamplay.comparison import alignment, provenance
from dreamplay.errors import UsageError
from dreamplay.models import profile_table
from dreamplay.rendering.comparison_origins import origins
from dreamplay.runs.transcript import RunLog
from dreamplay.statistics import permutation
from dreamplay.validation.config import CheckConfig

DAY = date(2045, 1, 1)


def _named(name: str, seed: int, **change: object) -> RunLog:
    run = worlds.record(seed=seed)
    settings = {"length": "full", "beats": ["day", "night"], "reflect": False, "sampling": {"temperature": 0.8}}
    return replace(run, name=name, header=run.header.model_copy(update={"settings": settings} | change))


def _told(base: list[RunLog], changed: list[RunLog]) -> dict[str, str]:
    matched = alignment.match(base, changed)
    deals = permutation.deal(len(matched.base), len(matched.changed), paired=matched.paired)
    return dict(origins(provenance.provenance(matched, deals, 12, DAY)))


def test_it_is_said_where_a_comparison_comes_from() -> None:
    told = _told([_named("a-1", 1), _named("a-2", 2)], [_named("b-1", 1), _named("b-2", 2)])
    assert told["Compared with"].endswith(", on 2045-01-01")
    assert told["Compared with"].startswith("dreamplay 0.")
    assert told["Base runs"] == "a-1 (seed 1), a-2 (seed 2)"
    assert told["Changed runs"] == "b-1 (seed 1), b-2 (seed 2)"
    assert told["Model"] == "made-up"
    assert told["Settings"] == "length full; beats day, night; reflect off; temperature 0.8"
    assert (told["Pairs"], told["Permutations"], told["Measures tested"]) == ("2", "all 4", "12")


def test_what_the_groups_do_not_share_is_said_of_each() -> None:
    told = _told([_named("a", 1)], [_named("", 9, model="larger", settings={}, versions={"openai": "3"})])
    assert told["Changed runs"] == "seed 9"
    assert told["Model"] == "base: made-up; changed: larger"
    assert told["Settings"].endswith("; changed: not recorded")
    assert told["Played with"] == "base: not recorded; changed: openai 3"
    assert told["Pairs"] == "none: no seed is in both groups"


def test_an_adapter_is_named_in_a_word_or_two() -> None:
    with_one = {"length": "full", "adapter": {"name": "dreamplay voice", "sha256": "0123456789abcdef" * 4}}
    told = _told([_named("a", 1)], [_named("b", 1, settings=with_one)])
    assert told["Settings"].endswith("; changed: length full; adapter dreamplay voice (0123456789ab)")


def test_of_what_an_older_version_did_not_record_only_what_is_unusual_is_said() -> None:
    told = []
    for name in ("", "dreamplay voice"):
        comes = profile_table.look_up("embedded", "made-up", name).recorded()
        before = {key: value for key, value in comes.items() if key != "second_adapter"}
        adapter = {"adapter": {"name": name, "sha256": "0" * 64}} if name else {}
        run = _named("a", 1, settings={"provider": "embedded", "length": "full", "profile": before} | adapter)
        told.append(_told([run], [run])["Settings"])
    assert told[0] == "length full"
    assert "second_adapter none" in told[1].split("; ")


def test_what_comes_with_the_model_is_not_repeated() -> None:
    name = "voice"
    comes = profile_table.look_up("embedded", "made-up", name).recorded()
    adapter = {"name": name, "sha256": "0" * 64}
    settings = {"provider": "embedded", "adapter": adapter, "profile": comes | {"candidates": 5}}
    settings |= {"length": "full", "checks": {"names": ["empty"], "strays": 0.5} | {"quoted": CheckConfig().quoted}}
    told = _told([_named("a", 1, settings=settings)], [_named("b", 1, settings=settings)])
    assert told["Settings"] == "candidates 5; length full; checks strays 0.5; adapter voice (000000000000)"


def test_deals_that_were_drawn_are_said_to_be() -> None:
    runs = [_named("", seed) for seed in range(20)]
    assert _told(runs, runs)["Permutations"] == "9,999 of 1,048,576, at random"


def test_the_date_can_be_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "2366841600")
    assert provenance.today() == DAY
    for wrong in ("soon", "9" * 40):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(UsageError, match=r"SOURCE_DATE_EPOCH='[^']*' is no time; set it to seconds since 1970"):
            provenance.today()
