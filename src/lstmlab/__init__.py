"""lstmlab: a configuration-driven experiment framework for recurrent language models.

``lstmlab.load(place)`` opens what was trained, ``lstmlab.train(overrides)`` trains. Both are imported when they are
first used: the command line must answer ``--help`` before torch could be loaded.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lstmlab.errors import UserError

if TYPE_CHECKING:
    from lstmlab.experiment.python_api import train
    from lstmlab.loading import load
    from lstmlab.trained_model import TrainedModel

__version__ = version("lstmlab")
__all__ = ["TrainedModel", "UserError", "__version__", "load", "train"]

_LAZY = {
    "load": "lstmlab.loading",
    "TrainedModel": "lstmlab.trained_model",
    "train": "lstmlab.experiment.python_api",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'lstmlab' has no attribute {name!r}")
