"""Decoding: from a model's logits to text."""

from lstmlab.decoding.generate import generate
from lstmlab.decoding.sampling import Decoding

__all__ = ["Decoding", "generate"]
