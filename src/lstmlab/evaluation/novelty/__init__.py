"""Novelty: did a model learn the language, or its book by heart?"""

from lstmlab.evaluation.novelty.index import Matches, TrainingIndex
from lstmlab.evaluation.novelty.ngrams import NgramShares, ngram_shares
from lstmlab.evaluation.novelty.passage import Passage, longest_passage
from lstmlab.evaluation.novelty.report import LONGEST_NGRAM, Measured, Novelty, measure
from lstmlab.evaluation.novelty.slots import Slot, slots

__all__ = [
    "LONGEST_NGRAM",
    "Matches",
    "Measured",
    "NgramShares",
    "Novelty",
    "Passage",
    "Slot",
    "TrainingIndex",
    "longest_passage",
    "measure",
    "ngram_shares",
    "slots",
]
