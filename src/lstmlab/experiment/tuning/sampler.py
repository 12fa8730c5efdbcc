"""Draws from the space: Optuna's TPE, the same for the same trial, never the same point twice."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial

_ATTEMPTS = 20  # before the points that are left are counted out


class Draws(BaseSampler):
    """A tree-structured Parzen estimator whose generator is made anew for each trial, from ``seed`` and its number: a
    search that was killed draws what it would have drawn, and two workers draw different things.

    A point that was tried is drawn again: its training would be the same one. In a finite space every point comes in
    the end; asking for more is an error of the caller.
    """

    def __init__(self, space: Mapping[str, BaseDistribution], seed: int) -> None:
        self._space = dict(space)
        self._seed = seed

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._space

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        tried = {_key(t.params) for t in study.get_trials(deepcopy=False) if t.number != trial.number}
        for attempt in range(_ATTEMPTS):
            drawn = self._drawn(study, trial, attempt)
            if _key(drawn) not in tried:
                return drawn
        left = [point for point in self._points() if _key(point) not in tried]
        return left[self._generator(trial.number, _ATTEMPTS).integers(len(left))]

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        raise NotImplementedError(f"{param_name} is not in the space")

    def _drawn(self, study: Study, trial: FrozenTrial, attempt: int) -> dict[str, Any]:
        seed = int(self._generator(trial.number, attempt).integers(2**31))
        sampler = TPESampler(seed=seed, multivariate=True)
        inferred = sampler.infer_relative_search_space(study, trial)
        known = {name: self._space[name] for name in sorted(inferred) if name in self._space}
        found = sampler.sample_relative(study, trial, known)
        return {
            name: found[name] if name in found else sampler.sample_independent(study, trial, name, distribution)
            for name, distribution in self._space.items()
        }

    def _generator(self, number: int, attempt: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, number, attempt])

    def _points(self) -> list[dict[str, Any]]:
        """All points of a finite space; ranges of floats, of which nothing comes twice, never lead here."""
        values: list[list[Any]] = []
        for distribution in self._space.values():
            if isinstance(distribution, CategoricalDistribution):
                values.append(list(distribution.choices))
            elif isinstance(distribution, IntDistribution):
                values.append(list(range(distribution.low, distribution.high + 1)))
            else:
                assert isinstance(distribution, FloatDistribution)
                values.append(list(np.linspace(distribution.low, distribution.high, 1000)))
        return [dict(zip(self._space, row, strict=True)) for row in product(*values)]


def _key(params: Mapping[str, Any]) -> str:
    return repr(sorted(params.items()))
