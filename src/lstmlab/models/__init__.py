"""Models, plain ``nn.Module``s built from plain dicts."""

from lstmlab.models.build import build_model
from lstmlab.models.head_choice import resolve_head
from lstmlab.models.language_model import LanguageModel
from lstmlab.models.stepper import Stepper

__all__ = ["LanguageModel", "Stepper", "build_model", "resolve_head"]
