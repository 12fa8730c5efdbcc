"""Loggers: the run's own CSV always, W&B or TensorBoard beside it."""

from lstmlab.training.loggers.metrics_csv import MetricsCsv

__all__ = ["MetricsCsv"]
