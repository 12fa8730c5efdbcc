"""How much of the spread of the trials' figures each option explains."""

import warnings
from dataclasses import dataclass

import numpy as np

from lstmlab.reports.sweep.trials import SEED, Sweep, Trial
from lstmlab.reports.sweep.values import key

_TREES = 16
_REPEATS = 20


@dataclass(frozen=True)
class Importance:
    """An option's share of the variance of validation bits a character, in the middle 95 % of the repeats too."""

    option: str
    share: float
    low: float
    high: float


def importances_of(sweep: Sweep) -> list[Importance]:
    """Functional ANOVA on a random forest (Hutter et al. 2014, Optuna's), most important first.

    Repeated with seeds drawn anew with replacement, and another forest each time. The seed is one of the options, to
    compare with. Nothing where fewer than two options vary, or the texts differ.
    """
    trials = sweep.counted
    if len(sweep.options) < 2 or not sweep.one_text or len(trials) < 4:
        return []
    by_seed: dict[str, list[Trial]] = {}
    for trial in trials:
        by_seed.setdefault(key(trial.seed), []).append(trial)
    names = [*sweep.options, *([SEED] if len(by_seed) > 1 else [])]
    levels = {name: sorted({_level(trial, name) for trial in trials}) for name in names}
    names = [name for name in names if len(levels[name]) > 1]
    random = np.random.default_rng(0)
    seeds = list(by_seed)
    shares = []
    for repeat in range(_REPEATS):
        drawn = random.choice(len(seeds), len(seeds)) if len(seeds) > 1 else [0]
        sample = [trial for index in drawn for trial in by_seed[seeds[index]]]
        shares.append(_shares(sample, {name: levels[name] for name in names}, repeat))
    whole = np.mean([_shares(list(trials), {name: levels[name] for name in names}, n) for n in range(4)], axis=0)
    low, high = np.quantile(np.array(shares), (0.025, 0.975), axis=0)
    found = [
        Importance(name, float(whole[n]), float(min(low[n], whole[n])), float(max(high[n], whole[n])))
        for n, name in enumerate(names)
    ]
    return sorted(found, key=lambda one: -one.share)


def _shares(trials: list[Trial], levels: dict[str, list[str]], seed: int) -> list[float]:
    import optuna
    from optuna.distributions import BaseDistribution, CategoricalDistribution
    from optuna.importance import FanovaImportanceEvaluator

    spread = {trial.bits for trial in trials}
    if len(spread) < 2:
        return [0.0] * len(levels)
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = optuna.create_study()
            spaces: dict[str, BaseDistribution] = {name: CategoricalDistribution(of) for name, of in levels.items()}
            study.add_trials(
                [
                    optuna.trial.create_trial(
                        params={name: _level(trial, name) for name in levels}, distributions=spaces, value=trial.bits
                    )
                    for trial in trials
                ]
            )
            found = FanovaImportanceEvaluator(n_trees=_TREES, seed=seed).evaluate(study, params=list(levels))
    finally:
        optuna.logging.set_verbosity(verbosity)
    return [float(found.get(name, 0.0)) for name in levels]


def _level(trial: Trial, name: str) -> str:
    return key(trial.seed) if name == SEED else trial.level(name)
