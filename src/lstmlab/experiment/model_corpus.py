"""The corpus that a trained model was trained on."""

from typing import Any

from lstmlab.data import TextData
from lstmlab.data.prepared import PreparedCorpus
from lstmlab.experiment.building import build_data
from lstmlab.text.tokenizer import make_tokenizer
from lstmlab.trained_model import TrainedModel


def model_corpus(model: TrainedModel, where: dict[str, Any]) -> tuple[TextData, PreparedCorpus]:
    """The corpus of the training, wherever it is now, in the model's own vocabulary."""
    moved = {name: value for name, value in where.items() if value is not None}
    config = model.config | {"data": model.config["data"] | moved}
    # Not the configuration's: the user dictionary that it names may be gone, and the checkpoint holds its words.
    data = build_data(config, make_tokenizer(**model.tokenizer.settings()))
    corpus = data.prepare()
    if corpus.tokenizer.to_dict() == model.tokenizer.to_dict():
        return data, corpus
    data = build_data(config, model.tokenizer)  # another text than that of the training: the model's vocabulary counts
    return data, data.prepare()
