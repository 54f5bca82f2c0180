from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.packing import NO_TARGET, Sample, pack

_TOKENS = st.lists(st.integers(0, 3), min_size=1, max_size=8).map(tuple)
_SAMPLES = st.lists(st.builds(Sample, _TOKENS, _TOKENS), min_size=1, max_size=6)


@given(_SAMPLES)
def test_each_reply_is_predicted_from_its_own_prompt_and_nothing_else(samples: list[Sample]) -> None:
    made = pack(samples)
    found = []
    for end in np.flatnonzero(made.targets != NO_TARGET):
        seen = np.flatnonzero(made.mask[end])
        ordered = seen[np.argsort(made.positions[seen])]
        assert list(made.positions[ordered]) == list(range(len(ordered)))
        found.append((tuple(made.tokens[ordered]), int(made.targets[end])))
    wanted = [
        ((*sample.prompt, *sample.reply[:n]), token) for sample in samples for n, token in enumerate(sample.reply)
    ]
    assert sorted(found) == sorted(wanted)


def test_what_prompts_have_in_common_is_computed_once() -> None:
    history = tuple(range(100))
    made = pack([Sample((*history, 200 + n), (7, 8)) for n in range(10)])
    assert len(made) == 100 + 10 * 2


def test_a_sample_without_a_reply_is_refused() -> None:
    with pytest.raises(ValueError, match="a prompt and a reply"):
        pack([Sample((1,), ())])
