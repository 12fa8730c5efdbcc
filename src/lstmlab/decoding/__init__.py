"""Decoding: from a model's scores to sequences, over anything that can be read step by step."""

from lstmlab.decoding.beam import beam_search
from lstmlab.decoding.context import Context
from lstmlab.decoding.continuation import Continuation
from lstmlab.decoding.decode import check_request, decode
from lstmlab.decoding.drawing import sequence_seeds
from lstmlab.decoding.limits import Finish, Limits
from lstmlab.decoding.settings import Decoding
from lstmlab.decoding.step_model import StepModel
from lstmlab.decoding.stepwise import stepwise

__all__ = [
    "Context",
    "Continuation",
    "Decoding",
    "Finish",
    "Limits",
    "StepModel",
    "beam_search",
    "check_request",
    "decode",
    "sequence_seeds",
    "stepwise",
]
