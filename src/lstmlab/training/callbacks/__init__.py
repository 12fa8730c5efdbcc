"""Callbacks: everything that watches training or acts beside it."""

from lstmlab.training.callbacks.checkpoints import Checkpoints
from lstmlab.training.callbacks.console import Console
from lstmlab.training.callbacks.inspection import Inspection
from lstmlab.training.callbacks.interruption import Interruption
from lstmlab.training.callbacks.pruning import Pruning
from lstmlab.training.callbacks.samples import Samples

__all__ = ["Checkpoints", "Console", "Inspection", "Interruption", "Pruning", "Samples"]
