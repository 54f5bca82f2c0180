"""The adapter as the engine reads it, a .gguf file of the kind "adapter": made of PEFT's weights, and read back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import gguf
import numpy as np
import torch
from peft import LoraConfig
from safetensors.torch import load_file, save_file

from training.base_model import LINEAR

WEIGHTS = "adapter_model.safetensors"
"""What PEFT calls the file of the weights."""
_WEIGHT = re.compile(r"base_model\.model\.model\.layers\.(\d+)\.(.+)\.lora_([AB])\.weight")
_TENSOR = re.compile(r"blk\.(\d+)\.(.+)\.weight\.lora_([ab])")
_ENGINE = {ours: theirs for theirs, ours in LINEAR.items()}


def write(peft: Path, out: Path, *, name: str, base: str) -> None:
    """Write an adapter for the engine.

    Args:
        peft: a folder as PEFT saves it.
        out: the new file.
        name: of the adapter.
        base: the SHA-256 of the model file that it was trained on; the engine does not ask, dreamplay does.
    """
    config = json.loads((peft / "adapter_config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(out, "qwen2")
    writer.add_type("adapter")
    writer.add_name(name)
    writer.add_license("MIT")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(config["lora_alpha"]))
    writer.add_string("dreamplay.base_sha256", base)
    for key, value in sorted(load_file(peft / WEIGHTS).items()):
        found = _WEIGHT.fullmatch(key)
        if found is None:
            raise ValueError(f"{peft}: {key} is no weight of a linear layer of a block")
        block, layer, side = found.groups()
        writer.add_tensor(
            f"blk.{block}.{_ENGINE[layer]}.weight.lora_{side.lower()}", value.float().numpy().astype(np.float16)
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(file: Path, peft: Path) -> None:
    """Read an engine's file back into a folder as PEFT saves it, to train the adapter further.

    Args:
        file: the adapter, as `write` makes it.
        peft: the new folder.

    Raises:
        ValueError: it holds no adapter of the linear layers of a block.
    """
    reader = gguf.GGUFReader(file)
    alpha = reader.get_field("adapter.lora.alpha")
    weights, blocks, rank = dict[str, torch.Tensor](), set[int](), 0
    for each in reader.tensors:
        found = _TENSOR.fullmatch(each.name)
        if found is None or found[2] not in LINEAR:
            raise ValueError(f"{file}: {each.name} is no adapter of a linear layer of a block")
        block, layer, side = found.groups()
        weight = torch.from_numpy(np.array(each.data))
        weights[f"base_model.model.model.layers.{block}.{LINEAR[layer]}.lora_{side.upper()}.weight"] = weight
        blocks.add(int(block))
        rank = min(weight.shape)
    if alpha is None or not weights:
        raise ValueError(f"{file} holds no LoRA adapter")
    config = LoraConfig(
        r=rank, lora_alpha=round(alpha.contents()), layers_to_transform=sorted(blocks),
        target_modules=[name.split(".")[1] for name in LINEAR.values()], task_type="CAUSAL_LM",
    )  # fmt: skip
    peft.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(str(peft))
    save_file(weights, peft / WEIGHTS)
