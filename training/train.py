"""Training: low-rank adapters (LoRA, Hu et al. 2021) on the upper layers, with the lower layers computed only once.

A scene is one packed sequence (see `packing`), the loss is that of its replies alone, and what the lower layers make of
a scene is kept on disk, so that a second epoch costs half. Everything that a run needs to go on after a stop is in its
folder: the adapter as PEFT saves it, the state of the optimizer, and the log.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from dreamplay.errors import UsageError
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import Qwen2ForCausalLM

from training.base_model import LINEAR
from training.packing import NO_TARGET, Pack

STATE = "state.pt"
LOG = "log.jsonl"


@dataclass(frozen=True)
class Recipe:
    """How an adapter is trained."""

    rank: int = 16
    alpha: int = 32
    first_layer: int = 14
    """The lowest layer that is adapted, from 0."""
    epochs: float = 2.0
    learning_rate: float = 2e-4
    """The highest, after the warm-up; it falls to a tenth as a cosine."""
    warmup: int = 8
    """Steps in which the rate rises."""
    scenes: int = 2
    """Packed scenes in a step."""
    weight_decay: float = 0.01
    seed: int = 1
    evaluate_every: int = 20
    """Steps between two looks at scenes that are kept apart, and between two saves."""
    evaluated: int = 8
    """Of the scenes that are kept apart, those that are looked at then; at the end it is all of them."""


class Trainer:
    """Trains an adapter on packed scenes.

    Args:
        base: the model, frozen.
        recipe: how it is trained.
        out: the folder of the run. If it holds one, that goes on.
        device: where it is computed: "cpu" or "cuda".
        start: the folder of an earlier run, whose adapter is trained further. None: a new one.
    """

    def __init__(
        self, base: Qwen2ForCausalLM, recipe: Recipe, out: Path, device: str = "cpu", start: Path | None = None
    ) -> None:
        torch.manual_seed(recipe.seed)
        out.mkdir(parents=True, exist_ok=True)
        self.recipe, self.out, self.device = recipe, out, device
        layers = list(range(recipe.first_layer, base.config.num_hidden_layers))
        base = base.to(device)  # type: ignore[arg-type]
        before = out if (out / STATE).exists() else start
        if before:
            self.model = PeftModel.from_pretrained(base, str(before), is_trainable=True, autocast_adapter_dtype=False)
        else:
            self.model = get_peft_model(base, LoraConfig(
                r=recipe.rank, lora_alpha=recipe.alpha, layers_to_transform=layers,
                target_modules=[name.split(".")[1] for name in LINEAR.values()], task_type="CAUSAL_LM",
            ), autocast_adapter_dtype=False)  # fmt: skip
        self.inner = self.model.get_base_model()
        self.weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        # What is computed with has the precision of the base; what is learnt is too small for it, and added up in full.
        self.masters = [weight.detach().float().clone() for weight in self.weights]
        self.optimizer = torch.optim.AdamW(self.masters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        self.step = 0
        if (out / STATE).exists():
            state = torch.load(out / STATE, weights_only=True)
            self.step, self.masters = state["step"], state["masters"]
            self.optimizer = torch.optim.AdamW(self.masters)
            self.optimizer.load_state_dict(state["optimizer"])
            self._take_over()

    def train(self, packs: Sequence[Pack], held_out: Sequence[Pack]) -> None:
        """Train to the end of the recipe, and save what comes of it. It can be stopped at any moment.

        Raises:
            UsageError: there are too few packs for a step.
        """
        recipe = self.recipe
        order = list(_order(len(packs), recipe))
        steps = len(order) // recipe.scenes
        if not steps:
            seen = f"{len(packs)} scenes, each seen {recipe.epochs:g} times"
            raise UsageError(f"{seen}, are fewer than the {recipe.scenes} of a step; give more scenes or more epochs")
        if self.step == 0:
            self._log(recipe=asdict(recipe), weights=sum(w.numel() for w in self.weights), steps=steps)
            self._log_held_out(held_out[: recipe.evaluated], "held_out")
        began = time.monotonic()
        while self.step < steps:
            for group in self.optimizer.param_groups:
                group["lr"] = rate(self.step, steps, recipe)
            torch.manual_seed(recipe.seed + self.step)
            self.inner.train()
            chosen = order[self.step * recipe.scenes : (self.step + 1) * recipe.scenes]
            told = sum(self._backward(packs[n]) for n in chosen) / len(chosen)
            self._update()
            self.step += 1
            self._log(step=self.step, of=steps, loss=round(told, 4), seconds=round(time.monotonic() - began))
            if self.step % recipe.evaluate_every == 0 or self.step == steps:
                self.save()
                self._log_held_out(held_out[: recipe.evaluated], "held_out")
        self._log_held_out(held_out, "held_out_all")

    def save(self) -> None:
        """Save the adapter and everything with which training goes on."""
        self.model.save_pretrained(str(self.out), safe_serialization=True)
        partial = self.out / f"{STATE}.part"
        torch.save({"step": self.step, "masters": self.masters, "optimizer": self.optimizer.state_dict()}, partial)
        partial.replace(self.out / STATE)

    @torch.no_grad()
    def evaluate(self, packs: Sequence[Pack]) -> float:
        """The mean loss of a token over some packs."""
        self.inner.eval()
        found = [(self._loss(each).item(), int((each.targets != NO_TARGET).sum())) for each in packs]
        return round(sum(loss * count for loss, count in found) / sum(count for _, count in found), 4)

    def prepare(self, packs: Sequence[Pack]) -> None:
        """Compute what the lower layers make of some packs, and keep it."""
        for number, each in enumerate(packs):
            self._lower(each)
            print(f"lower layers: {number + 1} of {len(packs)}", end="\r", flush=True)

    def _update(self) -> None:
        for master, weight in zip(self.masters, self.weights, strict=True):
            master.grad = weight.grad.float() if weight.grad is not None else None
            weight.grad = None
        norm = torch.nn.utils.clip_grad_norm_(self.masters, 1.0)
        # Seen on a GPU, of one scene in some hundred. One such step would make every weight a NaN.
        if torch.isfinite(norm):
            self.optimizer.step()
        else:
            self._log(step=self.step, skipped="the gradient is not finite")
        self.optimizer.zero_grad(set_to_none=True)
        self._take_over()

    @torch.no_grad()
    def _take_over(self) -> None:
        for master, weight in zip(self.masters, self.weights, strict=True):
            weight.copy_(master)

    def _backward(self, each: Pack) -> float:
        loss = self._loss(each)
        (loss / self.recipe.scenes).backward()  # type: ignore[no-untyped-call]
        return float(loss.item())

    def _loss(self, each: Pack) -> torch.Tensor:
        return self._losses(each).mean()

    def _losses(self, each: Pack) -> torch.Tensor:
        """The loss of each token that is to be predicted."""
        hidden = self._layers(self._lower(each), each, self.recipe.first_layer, self.inner.config.num_hidden_layers)
        targets = torch.from_numpy(each.targets).to(self.device)
        told = targets != NO_TARGET
        logits = self.inner.lm_head(self.inner.model.norm(hidden[0, told]))
        return torch.nn.functional.cross_entropy(logits.float(), targets[told], reduction="none")

    @torch.no_grad()
    def _lower(self, each: Pack) -> torch.Tensor:
        """What the layers below the adapted ones make of a pack."""
        name = hashlib.sha256(each.tokens.tobytes() + each.parents.tobytes()).hexdigest()[:24]
        file = self.out / "lower" / f"{self.recipe.first_layer}-{name}.pt"
        if file.exists():
            kept: torch.Tensor = torch.load(file, weights_only=True)
            return kept.to(self.device)
        tokens = torch.from_numpy(each.tokens)[None].to(self.device)
        hidden = self._layers(self.inner.model.embed_tokens(tokens), each, 0, self.recipe.first_layer)
        file.parent.mkdir(exist_ok=True)
        torch.save(hidden.cpu(), file)
        return hidden

    def _layers(self, hidden: torch.Tensor, each: Pack, first: int, last: int) -> torch.Tensor:
        positions = torch.from_numpy(each.positions)[None].to(self.device)
        rotary = self.inner.model.rotary_emb(hidden, positions)
        mask = torch.from_numpy(each.mask)[None, None].to(self.device)
        for layer in self.inner.model.layers[first:last]:
            made: Any = layer(
                hidden, attention_mask=mask, position_ids=positions, position_embeddings=rotary, use_cache=False
            )
            hidden = made[0] if isinstance(made, tuple) else made
        return hidden

    def _log_held_out(self, packs: Sequence[Pack], name: str) -> None:
        """Log the loss of what is held out, if anything is."""
        if packs:
            self._log(step=self.step, **{name: self.evaluate(packs)})

    def _log(self, **values: Any) -> None:
        with (self.out / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
        print(json.dumps(values), flush=True)


def rate(step: int, steps: int, recipe: Recipe) -> float:
    """The learning rate of a step: it rises in a line, and falls to a tenth as a cosine."""
    rising = min(1.0, (step + 1) / recipe.warmup)
    return recipe.learning_rate * rising * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def _order(packs: int, recipe: Recipe) -> Iterator[int]:
    """The packs in the order in which they are seen: each epoch has them shuffled."""
    left = math.ceil(packs * recipe.epochs)
    for epoch in range(math.ceil(recipe.epochs)):
        numbers = list(range(packs))
        random.Random(f"{recipe.seed}/{epoch}").shuffle(numbers)
        yield from numbers[: min(left, packs)]
        left -= packs
