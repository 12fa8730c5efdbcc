"""What may be believed of a few seeds: intervals, paired comparisons, how many seeds would do."""

from lstmlab.reports.statistics.arms import compare_all
from lstmlab.reports.statistics.comparison import Comparison, compare_paired
from lstmlab.reports.statistics.interval import Interval
from lstmlab.reports.statistics.mean import mean_interval
from lstmlab.reports.statistics.multiplicity import holm
from lstmlab.reports.statistics.power import seeds_needed
from lstmlab.reports.statistics.text import mean_of_text_interval

__all__ = [
    "Comparison",
    "Interval",
    "compare_all",
    "compare_paired",
    "holm",
    "mean_interval",
    "mean_of_text_interval",
    "seeds_needed",
]
