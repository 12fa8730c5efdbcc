"""What a sweep found: its trials, its arms compared, and the report about them."""

from lstmlab.reports.sweep.arms import Arm, arms_of
from lstmlab.reports.sweep.effects import Effect, effect_of
from lstmlab.reports.sweep.findings import Findings, find
from lstmlab.reports.sweep.loading import load_sweep
from lstmlab.reports.sweep.trials import Sweep, Trial
from lstmlab.reports.sweep.writing import Written, write_report

__all__ = [
    "Arm", "Effect", "Findings", "Sweep", "Trial", "Written", "arms_of", "effect_of", "find", "load_sweep",
    "write_report",
]  # fmt: skip
