"""The adapter as the engine reads it: a .gguf file of the kind "adapter", made of PEFT's weights."""

from __future__ import annotations

import json
import re
from pathlib import Path

import gguf
import numpy as np
from safetensors.torch import load_file

from training.base_model import LINEAR

_WEIGHT = re.compile(r"base_model\.model\.model\.layers\.(\d+)\.(.+)\.lora_([AB])\.weight")
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
    for key, value in sorted(load_file(peft / "adapter_model.safetensors").items()):
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
