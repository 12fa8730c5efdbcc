"""Evaluation: held-out scoring and what its figures can be judged by."""

from lstmlab.evaluation.scoring import HeldOut, Scores, score_part, score_windows

__all__ = ["HeldOut", "Scores", "score_part", "score_windows"]
