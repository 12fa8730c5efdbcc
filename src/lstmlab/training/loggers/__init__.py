"""Loggers: the run's own CSV always, W&B or TensorBoard beside it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lstmlab.training.loggers.metrics_csv import MetricsCsv

__all__ = ["MetricsCsv"]


def __getattr__(name: str) -> Any:
    """Imported when first used: Lightning stands behind it, and starting a W&B run needs none."""
    if name == "MetricsCsv":
        from lstmlab.training.loggers.metrics_csv import MetricsCsv

        return MetricsCsv
    raise AttributeError(f"module 'lstmlab.training.loggers' has no attribute {name!r}")
