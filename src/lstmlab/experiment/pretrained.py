"""Beginning with pretrained word vectors: ``model.pretrained_embeddings``."""

from pathlib import Path
from typing import Any

import torch

from lstmlab.errors import UserError
from lstmlab.text import Vocabulary
from lstmlab.text.word_vectors import read_word_vectors, rows_for, wanted_words
from lstmlab.training.module import LanguageModule


def check_pretrained(model: dict[str, Any]) -> None:
    """What can be known of the file before the corpus is read.

    Raises:
        UserError: it is missing, or an embedding is to be frozen that nothing fills.
    """
    path = model["pretrained_embeddings"]
    if path is None and model["freeze_embeddings"]:
        raise UserError(
            "model.freeze_embeddings=true would keep random numbers; name a file in model.pretrained_embeddings."
        )
    if path is not None and not Path(path).is_file():
        raise UserError(f"model.pretrained_embeddings={path} is no file; look at the spelling.")


def fill_embedding(module: LanguageModule, path: Path) -> tuple[dict[str, float], str]:
    """Give the embedding the vectors of the types that the file knows; the others keep their random ones.

    Returns the shares of the vocabulary's types and of the training part's tokens that were found, and a sentence.

    Raises:
        UserError: the vectors are not ``model.embedding_size`` wide, or none is of a type of the vocabulary.
    """
    vocabulary: Vocabulary = module.tokenizer.vocabulary
    vectors = read_word_vectors(path, wanted_words(vocabulary.types))
    weight = module.model.embedding.weight
    if vectors.dimension != weight.shape[1]:
        raise UserError(
            f"model.pretrained_embeddings={path} has {vectors.dimension} numbers a word, but"
            f" model.embedding_size={weight.shape[1]}; set model.embedding_size={vectors.dimension}."
        )
    places, rows = rows_for(vectors, vocabulary.types)
    if not len(places):
        raise UserError(
            f"model.pretrained_embeddings={path}: none of its {vectors.entries:,} words is one of the vocabulary's"
            f" {len(vocabulary.types):,} types; take vectors of the corpus' language, and tokenizer=word or jieba."
        )
    with torch.no_grad():
        weight[torch.from_numpy(places) + vocabulary.specials] = torch.from_numpy(rows).to(weight)
    found = {
        "types": len(places) / len(vocabulary.types),
        "tokens": sum(vocabulary.counts[place] for place in places) / sum(vocabulary.counts),
    }
    return found, (
        f"Word vectors ({vectors.form}, {vectors.entries:,} words): {found['types']:.1%} of the vocabulary's types and"
        f" {found['tokens']:.1%} of the training tokens have one; the others begin at random"
        + (" and, frozen, stay so." if not weight.requires_grad else ".")
    )
