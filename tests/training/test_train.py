"""Training itself, on a model of some thousand weights. It needs the dependency group `training`."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the dependency group training")
pytest.importorskip("peft", reason="needs the dependency group training")

import numpy as np  # noqa: E402
from dreamplay.errors import UsageError  # noqa: E402
from dreamplay.models import adapter  # noqa: E402
from transformers import Qwen2Config, Qwen2ForCausalLM  # noqa: E402

from training import adapter_file  # noqa: E402
from training.packing import Sample, pack  # noqa: E402
from training.prefer import ChoicePack, PreferenceTrainer, choice_pack  # noqa: E402
from training.preference import Preference  # noqa: E402
from training.train import Recipe, Trainer, rate  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")
SAMPLES = [
    Sample((1, 2, 3), (4, 5)), Sample((1, 2, 3, 4, 6), (7, 8, 9)), Sample((1, 2, 9, 9), (3,)),
]  # fmt: skip
RECIPE = Recipe(rank=2, first_layer=1, epochs=3, scenes=1, evaluate_every=2, warmup=1, learning_rate=1e-2)


def _base() -> Qwen2ForCausalLM:
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=16, hidden_size=16, intermediate_size=32, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, tie_word_embeddings=False,
    )  # fmt: skip
    return Qwen2ForCausalLM(config).requires_grad_(False).eval()


def test_a_pack_has_the_loss_of_its_samples(tmp_path: Path) -> None:
    base = _base()
    found = Trainer(base, RECIPE, tmp_path).evaluate([pack(SAMPLES)])
    losses = []
    for sample in SAMPLES:
        logits = base(torch.tensor([[*sample.prompt, *sample.reply]])).logits[0, len(sample.prompt) - 1 : -1]
        losses.append(torch.nn.functional.cross_entropy(logits, torch.tensor(sample.reply), reduction="none"))
    assert found == pytest.approx(torch.cat(losses).mean().item(), abs=1e-3)


def test_training_learns_and_goes_on_after_a_stop_as_if_there_had_been_none(tmp_path: Path) -> None:
    packs = [pack([sample]) for sample in SAMPLES]
    whole = Trainer(_base(), RECIPE, tmp_path / "whole")
    before = whole.evaluate(packs)
    whole.train(packs, packs)
    assert whole.evaluate(packs) < before

    class Stopped(Exception):
        pass

    class Stopping(Trainer):
        def _backward(self, each: object) -> float:
            if self.step == 4:
                raise Stopped
            return super()._backward(each)  # type: ignore[arg-type]

    with pytest.raises(Stopped):
        Stopping(_base(), RECIPE, tmp_path / "stopped").train(packs, packs)
    resumed = Trainer(_base(), RECIPE, tmp_path / "stopped")
    assert resumed.step == 4
    resumed.train(packs, packs)
    for ours, theirs in zip(resumed.masters, whole.masters, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_step_whose_gradient_is_not_finite_is_left_out(tmp_path: Path) -> None:
    class Broken(Trainer):
        def _backward(self, each: object) -> float:
            loss = super()._backward(each)  # type: ignore[arg-type]
            if self.step == 1:
                self.weights[0].grad.fill_(float("nan"))  # type: ignore[union-attr]
            return loss

    packs = [pack([sample]) for sample in SAMPLES]
    trainer = Broken(_base(), RECIPE, tmp_path)
    trainer.train(packs, packs)
    assert all(bool(torch.isfinite(weight).all()) for weight in trainer.masters)
    assert (tmp_path / "log.jsonl").read_text(encoding="utf-8").count("not finite") == 1


def test_the_engines_file_says_what_it_was_made_for(tmp_path: Path) -> None:
    trainer = Trainer(_base(), RECIPE, tmp_path)
    trainer.save()
    adapter_file.write(tmp_path, tmp_path / "adapter.gguf", name="a voice", base="0" * 64)
    found = adapter.read(tmp_path / "adapter.gguf")
    assert (found.name, found.base_sha256) == ("a voice", "0" * 64)


def test_an_engines_file_is_trained_further(tmp_path: Path) -> None:
    packs = [pack(SAMPLES)]
    trained = Trainer(_base(), RECIPE, tmp_path / "first")
    trained.train(packs, packs)
    adapter_file.write(tmp_path / "first", tmp_path / "adapter.gguf", name="a voice", base="0" * 64)
    adapter_file.read(tmp_path / "adapter.gguf", tmp_path / "start")
    further = Trainer(_base(), RECIPE, tmp_path / "second", start=tmp_path / "start")
    assert further.step == 0
    assert further.evaluate(packs) == pytest.approx(trained.evaluate(packs), abs=1e-2)
    assert further.evaluate(packs) < Trainer(_base(), RECIPE, tmp_path / "none").evaluate(packs)


def test_the_rate_rises_and_falls() -> None:
    rates = [rate(step, 100, Recipe(warmup=10)) for step in range(100)]
    assert np.argmax(rates) in range(8, 12)
    assert rates[0] < rates[5] > rates[-1] > 0


def _choices() -> list[ChoicePack]:
    liked = Preference(scene="a", kind="line", number=0, replies=("a", "b", "c"), best=1, worst=2, fit=2)
    return [choice_pack([(liked, [Sample((1, 2, 3), reply) for reply in ((4, 5), (6, 7), (8,))])])]


def test_what_readers_preferred_becomes_likelier_than_what_they_did_not(tmp_path: Path) -> None:
    packs = _choices()
    trainer = PreferenceTrainer(_base(), RECIPE, tmp_path)
    with torch.no_grad():
        first = trainer._loss(packs[0]).item()
    # Nothing has changed yet: of three replies each is as likely to be the best, and to be the worst.
    likelihood = trainer._likelihoods(packs[0])[1].item() / 2
    assert first == pytest.approx(2 * math.log(3) - 0.1 * likelihood, abs=1e-3)
    trainer.train(packs, packs)
    assert trainer.agreement(packs) == 1
    resumed = PreferenceTrainer(_base(), RECIPE, tmp_path)
    assert resumed.agreement(packs) == 1, "what was before is what was before the first step"


def test_preferences_of_which_none_is_held_out_are_learnt(tmp_path: Path) -> None:
    packs, trainer = _choices(), PreferenceTrainer(_base(), RECIPE, tmp_path)
    trainer.train(packs, [])
    assert (trainer.agreement(packs), trainer.agreement([])) == (1, None)


def test_what_was_before_is_of_the_adapter_that_training_began_with(tmp_path: Path) -> None:
    packs, out = _choices(), tmp_path / "out"
    for name, learnt in (("one", SAMPLES[:1]), ("other", SAMPLES)):
        Trainer(_base(), RECIPE, tmp_path / name).train([pack(learnt)], packs)
    PreferenceTrainer(_base(), RECIPE, out, start=tmp_path / "one")._before(packs[0])  # and it is stopped
    other = PreferenceTrainer(_base(), RECIPE, out, start=tmp_path / "other")
    assert torch.equal(other._before(packs[0]), other._likelihoods(packs[0]))
    other.train(packs, packs)
    with pytest.raises(UsageError, match="was begun with another adapter"):
        PreferenceTrainer(_base(), RECIPE, out).train(packs, packs)


def test_too_few_scenes_for_a_step_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 scenes, each seen 3 times, are fewer than the 4 of a step"):
        Trainer(_base(), replace(RECIPE, scenes=4), tmp_path).train([pack(SAMPLES)], [])
