"""Training: the LightningModule, optimisers, schedules, metrics, callbacks, and loading what was trained."""

import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstmlab.training.module import LanguageModule

__all__ = ["LanguageModule"]

# Lightning imports a progress bar that nobody sees here, and that in a notebook misses widgets.
warnings.filterwarnings("ignore", message="IProgress not found")


def __getattr__(name: str) -> Any:
    """Imported when first used: what only records or uploads a run needs no torch."""
    if name == "LanguageModule":
        from lstmlab.training.module import LanguageModule

        return LanguageModule
    raise AttributeError(f"module 'lstmlab.training' has no attribute {name!r}")
