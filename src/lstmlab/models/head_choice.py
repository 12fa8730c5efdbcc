"""``head=auto``: which head suits a vocabulary."""

from typing import Any

import torch

from lstmlab.nn.adaptive_head import default_cutoffs
from lstmlab.nn.full_softmax import CHUNK_ELEMENTS

AUTO = "auto"  # the _target_ that is no class but a choice still to be made

LARGE = 10_000  # types from which the full softmax takes most of a step's time and memory


def choose_head(vocabulary_size: int, *, tied: bool, gpu: bool) -> tuple[dict[str, Any], str]:
    """The head for a vocabulary, as a configuration group, and the reason in half a sentence.

    Linear below 10,000 types. From there on adaptive on a CPU: measured with 2,048 tokens and width 256 in fp32, where
    the LSTM takes about 130 ms, the head takes 560 ms linear, 440 chunked and 105 adaptive at 10,000 types (210, 165
    and 115 at 4,000; 4,500, 3,450 and 300 at 50,000), so that whole steps are three times as fast. Chunked where the
    adaptive softmax cannot be, with tied weights, and where it is needed less, on a GPU: the exact full softmax in
    bounded memory.
    """
    if vocabulary_size < LARGE:
        return {"_target_": "lstmlab.nn.LinearHead"}, f"{vocabulary_size:,} types are few"
    if tied or gpu:
        why = "the head shares the embedding's matrix" if tied else "a GPU is fast enough for all of them"
        chunked = {"_target_": "lstmlab.nn.ChunkedHead", "chunk_elements": CHUNK_ELEMENTS}
        return chunked, f"{vocabulary_size:,} types are many, and {why}"
    return _adaptive(vocabulary_size), f"{vocabulary_size:,} types are many for a CPU"


def _adaptive(vocabulary_size: int) -> dict[str, Any]:
    return {"_target_": "lstmlab.nn.AdaptiveHead", "cutoffs": default_cutoffs(vocabulary_size), "div_value": 4.0}


def resolve_head(config: dict[str, Any], vocabulary_size: int) -> tuple[dict[str, Any], str | None]:
    """The configuration with its head fixed, and for ``head=auto`` what was chosen and why, in one sentence.

    What comes out builds the same model again whatever the machine, and whatever a later version would choose.
    """
    head = config["head"]
    if head["_target_"] == "lstmlab.nn.AdaptiveHead" and head.get("cutoffs") is None:
        return config | {"head": head | {"cutoffs": default_cutoffs(vocabulary_size)}}, None
    if head["_target_"] != AUTO:
        return config, None
    accelerator = config.get("trainer", {}).get("accelerator", "cpu")
    gpu = accelerator == "gpu" or (accelerator == "auto" and torch.accelerator.is_available())
    chosen, reason = choose_head(vocabulary_size, tied=config["model"]["tie_weights"], gpu=gpu)
    name = chosen["_target_"].rpartition(".")[2].removesuffix("Head").lower()
    return config | {"head": chosen}, f"head=auto takes head={name}: {reason}."
