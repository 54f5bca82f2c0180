from __future__ import annotations

import pytest
from dreamplay.comparison import power
from dreamplay.statistics import permutation

SAYS: dict[tuple[int, int, bool], str] = {
    (1, 1, True): "One pair of runs cannot tell a change from chance: it takes 6 pairs, or 4 and 4 unpaired runs",
    (1, 1, False): "One run of each cannot tell",
    (3, 3, True): "3 pairs cannot tell a change from chance (the smallest p they can reach is 0.25): it takes 6 pairs",
    (5, 5, True): "5 pairs cannot tell a change from chance (the smallest p they can reach is 0.062)",
    (6, 6, True): "6 pairs can reach p = 0.031 at the smallest. To be told from chance by itself, a choice has to "
    "change in at least 6 of the 6 pairs, in the same direction in all of them. A change that occurs in 96% of all "
    "pairs would be found four times in five;",
    (8, 8, True): "8 pairs can reach p = 0.0078 at the smallest. To be told from chance by itself, a choice has to "
    "change in at least 6 of the 8 pairs, in the same direction in all of them. A change that occurs in 80% of all "
    "pairs would be",
    (20, 20, True): "20 pairs can reach p = 0.0001 at the smallest, the floor of 9,999 random deals. To be told from "
    "chance by itself, a choice has to change in at least 6 of the 20 pairs, in the same direction in all of them. A "
    "change that occurs in 37% of all pairs",
    (3, 3, False): "3 and 3 unpaired runs cannot tell a change from chance (the smallest p they can reach is 0.1)",
    (4, 4, False): "4 and 4 unpaired runs can reach p = 0.029 at the smallest. To be told from chance by itself, a "
    "choice that no base run takes has to be taken by at least 4 of the 4 changed runs. A change that occurs in 95%",
    (8, 8, False): "8 and 8 unpaired runs can reach p = 0.00016 at the smallest. To be told from chance by itself, a "
    "choice that no base run takes has to be taken by at least 5 of the 8 changed runs.",
}  # fmt: skip


@pytest.mark.parametrize(("base", "changed", "paired"), SAYS)
def test_it_is_said_what_so_many_runs_can_find(base: int, changed: int, paired: bool) -> None:
    deals = permutation.deal(base, changed, paired=paired)
    assert power.says(deals, base, changed, paired=paired).startswith(SAYS[base, changed, paired])
