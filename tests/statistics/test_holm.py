from __future__ import annotations

from dreamplay.statistics import holm


def test_the_smallest_p_counts_for_all_tests_and_the_next_for_one_less() -> None:
    """Worked by hand: 0.01 x 4, 0.013 x 3 (no less than the one before), 0.03 x 2, then 0.04 is pulled up."""
    assert holm([0.03, 0.01, 0.04, 0.013]) == [0.06, 0.04, 0.06, 0.04]
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []
