"""How the figures of a report were computed, for its reader."""

from lstmlab.reports.sweep.findings import Findings


def methods_of(findings: Findings) -> list[str]:
    """Sentences for the report at hand."""
    said = [
        "Everything is compared and chosen by validation bits a character, lower is better: the total cost of the part"
        " in bits, divided by the characters of its raw text, whatever it is cut into.",
        "Values are compared on the seeds that both have, difference by difference: a paired t test and a t interval"
        " below ten seeds, a permutation test and a bootstrap interval from ten on. Intervals are of each comparison"
        " alone; p is corrected by Holm's method over all pairs of values of an option. A difference counts as real"
        " where that p is below 0.05.",
        "Intervals of means are over seeds, so intervals of two arms may overlap though their paired difference is"
        " sure: what the seeds have in common falls out of the difference.",
    ]
    if len(findings.sweep.options) > 1:
        said.append(
            "The figure of a value is, for each seed, the mean over those combinations of the other options that are"
            " complete for all its values."
        )
    if any(winner.test_interval for winner in findings.winners):
        said.append(
            "The test part's interval comes from a circular block bootstrap over the tokens in the order of the text:"
            " it says how far the figure would be off on another text of the same kind and length, not what another"
            " seed would do."
        )
    if findings.importances:
        said.append(
            "The importance is a functional ANOVA on a random forest fitted to the trials (Hutter, Hoos and"
            " Leyton-Brown 2014, Optuna's implementation): the share of the variance of validation bits a character"
            " that an option explains by itself. What is missing to 100 % is interactions and what no option explains."
            " The bars' lines are the middle 95 % of 20 repeats with seeds drawn anew and other forests; it is a"
            " description of this grid, no test."
        )
    if findings.choices:
        said.append(
            f"Every arm chose {', '.join(findings.sweep.choose)} on validation before the comparison; the"
            " trials that were made only for that take no part in it."
        )
    return said
