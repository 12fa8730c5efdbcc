"""lstmlab: a configuration-driven experiment framework for recurrent language models.

``lstmlab.load(place)`` opens what was trained, ``lstmlab.load_sweep(place)`` a sweep, ``lstmlab.train(overrides)``
trains. All are imported when they are first used: the command line must answer ``--help`` before torch could be loaded.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lstmlab.errors import UserError

if TYPE_CHECKING:
    from lstmlab.experiment.python_api import train
    from lstmlab.loading import load
    from lstmlab.reports.sweep.loading import load_sweep
    from lstmlab.trained_model import TrainedModel

__version__ = version("lstmlab")
__all__ = ["TrainedModel", "UserError", "__version__", "load", "load_sweep", "train"]

_LAZY = {
    "load": "lstmlab.loading",
    "load_sweep": "lstmlab.reports.sweep.loading",
    "TrainedModel": "lstmlab.trained_model",
    "train": "lstmlab.experiment.python_api",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'lstmlab' has no attribute {name!r}")
