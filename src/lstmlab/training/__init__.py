"""Training: the LightningModule, optimisers, schedules, metrics, callbacks, and loading what was trained."""

from lstmlab.training.module import LanguageModule

__all__ = ["LanguageModule"]
