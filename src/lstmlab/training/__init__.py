"""Training: the LightningModule, optimisers, schedules, metrics, callbacks, and loading what was trained."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstmlab.training.module import LanguageModule

__all__ = ["LanguageModule"]


def __getattr__(name: str) -> Any:
    """Imported when first used: what only records or uploads a run needs no torch."""
    if name == "LanguageModule":
        from lstmlab.training.module import LanguageModule

        return LanguageModule
    raise AttributeError(f"module 'lstmlab.training' has no attribute {name!r}")
