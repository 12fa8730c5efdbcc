"""From a configuration to a model."""

from itertools import pairwise
from typing import Any

from torch import nn

from lstmlab.models.head_choice import resolve_head
from lstmlab.models.language_model import LanguageModel, Regularisation
from lstmlab.nn import Attention, Cell, Core, Head, RecurrentLayer
from lstmlab.targets import build


def build_model(config: dict[str, Any], vocabulary_size: int) -> LanguageModel:
    """The model of a resolved configuration (its ``model``, ``attention`` and ``head`` groups).

    A head that is still to be chosen (``head=auto``) is chosen as in training. With ``model.tie_weights`` the last
    layer is ``model.embedding_size`` wide, as the shared matrix demands.
    """
    config, _ = resolve_head(config, vocabulary_size)
    model = config["model"]
    tied = model["tie_weights"]
    width = model["embedding_size"] if tied else model["hidden_size"]
    sizes = [model["embedding_size"]] + [model["hidden_size"]] * (model["num_layers"] - 1) + [width]
    layers = [build_layer(model["layer"], size, above) for size, above in pairwise(sizes)]
    embedding = nn.Embedding(vocabulary_size, model["embedding_size"])
    # The library's N(0, 1) would make tied logits of variance E; AWD-LSTM's range (Merity et al. 2017, section 4).
    nn.init.uniform_(embedding.weight, -0.1, 0.1)
    embedding.weight.requires_grad_(not model.get("freeze_embeddings", False))
    attention = config["attention"]
    regularisation, between_layers = regularisation_of(model)
    return LanguageModel(
        embedding,
        Core(layers, between_layers, locked=regularisation.locked, norm=model.get("output_norm", False)),
        build(attention, Attention, "attention", width=width) if attention["_target_"] else None,
        build(
            config["head"], Head, "head",
            width=width, vocabulary_size=vocabulary_size, tied=embedding.weight if tied else None,
        ),
        regularisation,
    )  # fmt: skip


def regularisation_of(model: dict[str, Any]) -> tuple[Regularisation, float]:
    """What a ``model`` group says of dropout and penalties, and the dropout between layers.

    ``model.dropout`` is the rate of all places that have none of their own. Options that a configuration of an earlier
    version lacks are off.
    """

    def rate(place: str) -> float:
        own = model.get(f"{place}_dropout")
        return float(model["dropout"] if own is None else own)

    regularisation = Regularisation(
        embedding_dropout=model.get("embedding_dropout", 0.0),
        input_dropout=rate("input"),
        output_dropout=rate("output"),
        locked=model.get("locked_dropout", False),
        activation_penalty=model.get("activation_penalty", 0.0),
        temporal_activation_penalty=model.get("temporal_activation_penalty", 0.0),
    )
    return regularisation, rate("hidden")


def build_layer(spec: dict[str, Any], input_size: int, hidden_size: int) -> RecurrentLayer:
    """The layer of ``model.layer``; one that is made of a cell (``model.layer.cell``) is built around it."""
    if "cell" not in spec:
        return build(spec, RecurrentLayer, "model.layer", input_size=input_size, hidden_size=hidden_size)
    cell = build(spec["cell"], Cell, "model.layer.cell", input_size=input_size, hidden_size=hidden_size)
    options = {name: value for name, value in spec.items() if name != "cell"}
    return build(options, RecurrentLayer, "model.layer", cell=cell)
