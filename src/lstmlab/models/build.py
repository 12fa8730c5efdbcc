"""From a configuration to a model."""

from itertools import pairwise
from typing import Any

from torch import nn

from lstmlab.models.head_choice import resolve_head
from lstmlab.models.language_model import LanguageModel
from lstmlab.nn import Attention, Cell, Core, Head, RecurrentLayer
from lstmlab.targets import build


def build_model(config: dict[str, Any], vocabulary_size: int) -> LanguageModel:
    """The model of a resolved configuration (its ``model``, ``attention`` and ``head`` groups).

    A head that is still to be chosen (``head=auto``) is chosen as in training. With ``model.tie_weights`` the last
    layer is ``model.embedding_size`` wide, as the shared matrix demands.
    """
    config, _ = resolve_head(config, vocabulary_size)
    model = config["model"]
    width = model["embedding_size"] if model["tie_weights"] else model["hidden_size"]
    sizes = [model["embedding_size"]] + [model["hidden_size"]] * (model["num_layers"] - 1) + [width]
    layers = [build_layer(model["layer"], size, above) for size, above in pairwise(sizes)]
    embedding = nn.Embedding(vocabulary_size, model["embedding_size"])
    # The library's N(0, 1) would make tied logits of variance E; AWD-LSTM's range (Merity et al. 2017, section 4).
    nn.init.uniform_(embedding.weight, -0.1, 0.1)
    attention = config["attention"]
    return LanguageModel(
        embedding,
        Core(layers, model["dropout"]),
        build(attention, Attention, "attention", width=width) if attention["_target_"] else None,
        build(
            config["head"], Head, "head",
            width=width, vocabulary_size=vocabulary_size, tied=embedding.weight if model["tie_weights"] else None,
        ),
        model["dropout"],
    )  # fmt: skip


def build_layer(spec: dict[str, Any], input_size: int, hidden_size: int) -> RecurrentLayer:
    """The layer of ``model.layer``; one that is made of a cell (``model.layer.cell``) is built around it."""
    if "cell" not in spec:
        return build(spec, RecurrentLayer, "model.layer", input_size=input_size, hidden_size=hidden_size)
    cell = build(spec["cell"], Cell, "model.layer.cell", input_size=input_size, hidden_size=hidden_size)
    options = {name: value for name, value in spec.items() if name != "cell"}
    return build(options, RecurrentLayer, "model.layer", cell=cell)
