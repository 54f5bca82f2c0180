"""The model that an adapter is trained on: the weights of the engine's own file, dequantized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import torch
from gguf.quants import dequantize
from transformers import Qwen2Config, Qwen2ForCausalLM

LINEAR = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}  # fmt: skip
"""What the engine calls the linear layers of a block, and what transformers calls them."""
_BLOCK = LINEAR | {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
_OUTSIDE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def load(path: Path, dtype: torch.dtype = torch.bfloat16) -> Qwen2ForCausalLM:
    """Load a Qwen2 model from a .gguf file, for training: some 30 seconds, and 3.6 GB in bfloat16. transformers reads
    such files as well, but keeps the weights packed, which is slow to train with.

    Raises:
        ValueError: the file holds another kind of model.
    """
    reader = gguf.GGUFReader(path)
    kind = _value(reader, "general.architecture")
    if kind != "qwen2":
        raise ValueError(f"{path} holds a model of the kind {kind!r}; only qwen2 can be trained")
    weights = {
        _name(each.name): torch.from_numpy(dequantize(each.data, each.tensor_type).copy()).to(dtype)
        for each in reader.tensors
    }
    weights.setdefault("lm_head.weight", weights["model.embed_tokens.weight"])
    model = Qwen2ForCausalLM._from_config(_config(reader, weights), dtype=dtype)
    model.load_state_dict(weights, assign=True)
    model.requires_grad_(False)
    return model.eval()


def _config(reader: gguf.GGUFReader, weights: dict[str, torch.Tensor]) -> Qwen2Config:
    def of(key: str) -> Any:
        return _value(reader, f"qwen2.{key}")

    return Qwen2Config(
        vocab_size=weights["model.embed_tokens.weight"].shape[0],
        hidden_size=of("embedding_length"),
        intermediate_size=of("feed_forward_length"),
        num_hidden_layers=of("block_count"),
        num_attention_heads=of("attention.head_count"),
        num_key_value_heads=of("attention.head_count_kv"),
        rms_norm_eps=of("attention.layer_norm_rms_epsilon"),
        rope_theta=of("rope.freq_base"),
        max_position_embeddings=of("context_length"),
        tie_word_embeddings=False,
    )


def _value(reader: gguf.GGUFReader, key: str) -> Any:
    return reader.fields[key].contents()


def _name(name: str) -> str:
    """A weight's name in transformers."""
    parts = name.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{_BLOCK[parts[2]]}.{parts[3]}"
    return f"{_OUTSIDE[parts[0]]}.{parts[1]}"
