"""Packs the prompts of a scene into one sequence, so that what they have in common is computed once.

The prompts of a scene are nearly the same: each goes on where the last one ended, but for a note. Put into a tree by
their tokens, they are five to ten times shorter. A token attends to those on its own path alone and has its place in
that path, so each reply is predicted from exactly the tokens of its own prompt; what is computed is the same as with
each prompt in a sequence of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

NO_TARGET = -100
"""Of a token after which nothing is to be predicted."""


@dataclass(frozen=True)
class Sample:
    """A prompt and its reply as tokens."""

    prompt: tuple[int, ...]
    reply: tuple[int, ...]


@dataclass(frozen=True)
class Pack:
    """Several samples in one sequence of length n."""

    tokens: npt.NDArray[np.int64]
    """(n,): the tokens."""
    positions: npt.NDArray[np.int64]
    """(n,): the place of each in its prompt, from 0."""
    parents: npt.NDArray[np.int64]
    """(n,): the index of the token before it in its prompt; -1 for the first."""
    targets: npt.NDArray[np.int64]
    """(n,): the token to be predicted after each, or `NO_TARGET`."""
    samples: npt.NDArray[np.int64]
    """(n,): of each token that has a target, the number of the sample whose reply that belongs to; -1 of all others."""

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """(n, n): whether the token of a row attends to that of a column."""
        seen = np.eye(len(self), dtype=np.bool_)
        for index, parent in enumerate(self.parents):
            if parent >= 0:
                seen[index] |= seen[parent]
        return seen


@dataclass
class _Tree:
    tokens: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)
    known: dict[tuple[int, int], int] = field(default_factory=dict)
    """The index of a token after a parent."""

    def step(self, parent: int, token: int, *, own: bool) -> int:
        """The index of a token after a parent. One of a reply is nobody else's."""
        index = None if own else self.known.get((parent, token))
        if index is None:
            index = len(self.tokens)
            self.tokens.append(token)
            self.positions.append(self.positions[parent] + 1 if parent >= 0 else 0)
            self.parents.append(parent)
            self.targets.append(NO_TARGET)
            self.samples.append(-1)
            if not own:
                self.known[parent, token] = index
        return index

    def add(self, number: int, sample: Sample) -> None:
        at = -1
        for token in sample.prompt[:-1]:
            at = self.step(at, token, own=False)
        # The last token of a prompt predicts the first of its reply, which two equal prompts do not share.
        at = self.step(at, sample.prompt[-1], own=True)
        for token in sample.reply[:-1]:
            self.aim(at, token, number)
            at = self.step(at, token, own=True)
        self.aim(at, sample.reply[-1], number)

    def aim(self, index: int, token: int, number: int) -> None:
        self.targets[index], self.samples[index] = token, number


def pack(samples: Sequence[Sample]) -> Pack:
    """Put samples into one sequence.

    Raises:
        ValueError: one of them has no prompt or no reply.
    """
    tree = _Tree()
    for number, sample in enumerate(samples):
        if not sample.prompt or not sample.reply:
            raise ValueError("a sample needs a prompt and a reply")
        tree.add(number, sample)
    arrays = (tree.tokens, tree.positions, tree.parents, tree.targets, tree.samples)
    return Pack(*(np.asarray(each, dtype=np.int64) for each in arrays))
