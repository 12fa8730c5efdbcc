"""How much memory training takes, estimated before any of it is taken."""

from dataclasses import dataclass
from typing import Any

import torch

from lstmlab.errors import UserError
from lstmlab.models.build import build_model
from lstmlab.models.head_choice import AUTO

# What a recurrent layer keeps of a token for its backward pass, in numbers a hidden unit: four gates, cell and output,
# and of each a gradient while that pass is in the layer; the input of the layer comes on top. Measured with oneDNN's.
_NUMBERS_A_UNIT = 16

_LIBRARIES = 40e6  # bytes that torch and Lightning come to need in the first step, whatever the model


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a training takes beyond what the program itself does, by what takes them."""

    weights: float  # parameters, their gradients and the optimiser's state; under 16-bit autocast their copies too
    activations: float  # what a window keeps of embedding and layers for the backward pass
    logits: float  # what the head needs for the loss
    reloading: float = (
        0.0  # in place of all these at the end, when the best checkpoint is read beside the trained model
    )

    @property
    def total(self) -> float:
        return _LIBRARIES + max(self.weights + self.activations + self.logits, self.reloading)

    @property
    def largest(self) -> str:
        """What takes the most, as the name of a part and its bytes can be read out."""
        parts = {
            "the weights, their gradients and the optimiser": max(self.weights, self.reloading),
            "the windows' hidden vectors": self.activations,
            "the logits of the vocabulary": self.logits,
        }
        return max(parts, key=lambda name: parts[name])


def estimate_memory(config: dict[str, Any], vocabulary_size: int, state_per_weight: float) -> MemoryEstimate | None:
    """The estimate for one process of a training; None where a class of the user's cannot be built without memory.

    The model is built on torch's meta device: nothing is allocated, and no random number is drawn.

    Args:
        state_per_weight: numbers that the optimiser keeps for each weight: 2 for Adam, 0 for SGD without momentum.
    """
    trainer, data, model = config["trainer"], config["data"], config["model"]
    try:
        with torch.device("meta"):
            built = build_model(config, vocabulary_size)
    except UserError:
        raise
    except Exception:
        parts = (model["layer"]["_target_"], config["attention"]["_target_"], config["head"]["_target_"])
        if any(part and not part.startswith("lstmlab.") and part != AUTO for part in parts):
            return None  # it looks at its weights while it is built, and here they have no values
        return MemoryEstimate(float("inf"), 0.0, 0.0)  # ours fail where a product of sizes is no number for torch
    half = trainer["precision"] in ("bf16-mixed", "16-mixed")
    number = 8 if trainer["precision"] == "64-true" else 4
    streams, length = data["batch_size"] // (trainer["devices"] * trainer["num_nodes"]), data["seq_length"]
    tokens = streams * length
    parameters = sum(parameter.numel() for parameter in built.parameters())
    embedding = built.embedding.weight.numel()
    weights = parameters * number * (2 + state_per_weight)
    if half:
        weights += (parameters - embedding) * 2  # autocast keeps the copies for the backward pass
    if (config.get("averaging") or {}).get("_target_"):
        weights += parameters * number * 2  # the average, and its copy while it changes places with the weights
    if model["tie_weights"]:
        weights += embedding * number  # the shared gradient comes in two parts
    in_layers = _NUMBERS_A_UNIT * model["num_layers"] * model["hidden_size"] * (2 if half else number)
    activations = tokens * (in_layers + 3 * model["embedding_size"] * number)
    for group in [config["attention"]] + [model["layer"]] * model["num_layers"]:
        if group.get("memory"):
            # Keys and values of memory and window, joined, and their gradients; and in each head who sees whom.
            kept = 4 * model["hidden_size"] + 2 * length * (group.get("num_heads") or 1)
            activations += streams * (group["memory"] + length) * kept * number
    logits = built.head.working_bytes(tokens, vocabulary_size, half) * (2 if number == 8 else 1)
    reloading = parameters * number * (2 * (1 + state_per_weight) + 1)  # weights and state twice, and a model to fill
    return MemoryEstimate(weights, activations, logits, reloading)
