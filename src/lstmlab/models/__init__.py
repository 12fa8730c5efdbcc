"""Models, plain ``nn.Module``s built from plain dicts."""

from lstmlab.models.build import build_model
from lstmlab.models.head_choice import resolve_head
from lstmlab.models.language_model import LanguageModel

__all__ = ["LanguageModel", "build_model", "resolve_head"]
