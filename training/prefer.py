"""Training on preferences: of several replies to a prompt, the best becomes likelier and the worst less likely."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from dreamplay.errors import UsageError
from transformers import Qwen2ForCausalLM

from training.adapter_file import WEIGHTS
from training.packing import NO_TARGET, Pack, Sample, pack
from training.preference import Preference
from training.train import Recipe, Trainer

STEEPNESS = {"line": 0.1, "epilogue": 0.03}
"""Beta of DPO by what was asked for. A reply five times as long changes its likelihood by as much more."""
LIKELIHOOD = 0.1
"""Weight of the likelihood of the best reply itself. Without it all replies become less likely."""


@dataclass(frozen=True)
class Choice:
    """What was preferred among some samples of a pack."""

    samples: tuple[int, ...]
    """Their numbers in the pack."""
    best: int
    """The number of the best, among them."""
    worst: int
    """The number of the worst."""
    fit: float
    """How fit the best is to be heard, from 0 to 1."""
    steepness: float
    """Beta of DPO."""


@dataclass(frozen=True)
class ChoicePack(Pack):
    """A pack of samples, and what was preferred among them."""

    choices: tuple[Choice, ...]


def choice_pack(asked: Sequence[tuple[Preference, Sequence[Sample]]]) -> ChoicePack:
    """One sequence of the preferences of a scene.

    Args:
        asked: each with its replies as samples.
    """
    samples, choices = list[Sample](), list[Choice]()
    for each, replies in asked:
        numbers = tuple(range(len(samples), len(samples) + len(replies)))
        choices.append(Choice(numbers, each.best, each.worst, each.fit / 2, STEEPNESS[each.kind]))
        samples += replies
    return ChoicePack(**vars(pack(samples)), choices=tuple(choices))


class PreferenceTrainer(Trainer):
    """Trains an adapter further on choice packs.

    The loss is that of direct preference optimization (DPO, Rafailov et al. 2023) under the model of Plackett and Luce
    (their appendix A.3) for the best of all replies, and for the worst of them. The negative log-likelihood of a token
    of the best reply is added (Pang et al., *Iterative reasoning preference optimization*, 2024).
    """

    def __init__(
        self, base: Qwen2ForCausalLM, recipe: Recipe, out: Path, device: str = "cpu", start: Path | None = None
    ) -> None:
        super().__init__(base, recipe, out, device, start)
        begun = hashlib.sha256((start / WEIGHTS).read_bytes()).hexdigest()[:24] if start else "new"
        self.before = out / "before" / begun
        """How likely the replies were with the adapter that it began with."""

    def train(self, packs: Sequence[Pack], held_out: Sequence[Pack]) -> None:
        """As `Trainer.train`. How likely the replies were before is computed first, and kept on disk."""
        for each in (*packs, *held_out):
            self._before(each)
        super().train(packs, held_out)

    @torch.no_grad()
    def agreement(self, packs: Sequence[ChoicePack]) -> float | None:
        """The share of choices whose best reply has become likelier, against before, than the worst; None of none."""
        self.inner.eval()
        told = [gain[choice.best] > gain[choice.worst] for each in packs for choice, gain in self._gains(each)]
        return sum(map(bool, told)) / len(told) if told else None

    def _loss(self, each: Pack) -> torch.Tensor:
        assert isinstance(each, ChoicePack)
        now = self._likelihoods(each)
        losses = []
        for choice, gain in self._gains(each, now):
            steep = choice.steepness * gain
            best = choice.samples[choice.best]
            tokens = int((each.samples == best).sum())
            losses.append(
                -torch.log_softmax(steep, 0)[choice.best] - torch.log_softmax(-steep, 0)[choice.worst]
                - LIKELIHOOD * choice.fit * now[best] / tokens
            )  # fmt: skip
        return torch.stack(losses).mean()

    def _gains(self, each: ChoicePack, now: torch.Tensor | None = None) -> Iterator[tuple[Choice, torch.Tensor]]:
        """Each choice, and by how much the log-likelihood of its replies has changed."""
        gained = (self._likelihoods(each) if now is None else now) - self._before(each)
        for choice in each.choices:
            yield choice, gained[list(choice.samples)]

    @torch.no_grad()
    def _before(self, each: Pack) -> torch.Tensor:
        """The log-likelihoods before the first step.

        Raises:
            UsageError: they were not kept then, and cannot be had any more.
        """
        name = hashlib.sha256(each.tokens.tobytes() + each.samples.tobytes()).hexdigest()[:24]
        file = self.before / f"{name}.pt"
        if file.exists():
            kept: torch.Tensor = torch.load(file, weights_only=True)
            return kept.to(self.device)
        if self.step:
            raise UsageError(
                f"{self.out} was begun with another adapter or other preferences; give those, or another folder"
            )
        self.inner.eval()
        likelihoods = self._likelihoods(each)
        file.parent.mkdir(parents=True, exist_ok=True)
        torch.save(likelihoods.cpu(), file)
        return likelihoods

    def _likelihoods(self, each: Pack) -> torch.Tensor:
        """The log-likelihood of the reply of each sample."""
        told = each.targets != NO_TARGET
        losses = self._losses(each)
        numbers = torch.from_numpy(each.samples[told]).to(self.device)
        return losses.new_zeros(int(numbers.max()) + 1).index_add(0, numbers, -losses)
