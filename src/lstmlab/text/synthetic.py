"""A source of text whose entropy rate is known exactly."""

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from lstmlab.errors import UserError

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class MarkovSource:
    """A Markov chain of letters, its transition probabilities drawn once from a Dirichlet distribution.

    The entropy rate is H = Σₛ π(s) H(P(·|s)) bits a character, π the stationary distribution over contexts
    (Cover & Thomas, Elements of Information Theory, theorem 4.2.4): no model can stay below it on average.

    Args:
        symbols: size of the alphabet, 2 to 26.
        order: how many preceding characters decide the next one.
        concentration: of the Dirichlet distribution; small values make the text predictable.
        seed: of the transition probabilities.
    """

    symbols: int = 8
    order: int = 1
    concentration: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.symbols <= len(_LETTERS):
            raise UserError(f"data.symbols={self.symbols} must be from 2 to {len(_LETTERS)}.")
        if self.order < 1 or self.symbols**self.order > 4096:
            raise UserError(f"data.order={self.order} must be at least 1 and data.symbols ** data.order at most 4096.")
        if self.concentration <= 0:
            raise UserError(f"data.concentration={self.concentration} must be above 0.")

    @cached_property
    def transitions(self) -> NDArray[np.float64]:
        """P(next | context), (contexts, symbols). Context c is followed, after x, by (c · symbols + x) mod contexts."""
        rng = np.random.default_rng(self.seed)
        contexts = self.symbols**self.order
        return rng.dirichlet(np.full(self.symbols, self.concentration), size=contexts) * 0.99 + 0.01 / self.symbols

    @cached_property
    def _next(self) -> NDArray[np.int64]:
        contexts = self.symbols**self.order
        return np.asarray((np.arange(contexts)[:, None] * self.symbols + np.arange(self.symbols)) % contexts)

    @cached_property
    def _chain(self) -> NDArray[np.float64]:
        """Context to context, (contexts, contexts)."""
        contexts = len(self.transitions)
        chain = np.zeros((contexts, contexts))
        np.add.at(chain, (np.arange(contexts)[:, None], self._next), self.transitions)
        return chain

    @cached_property
    def stationary(self) -> NDArray[np.float64]:
        """π, (contexts,): π P = π, Σ π = 1."""
        contexts = len(self.transitions)
        # With 𝟙 the matrix of ones, π (I − P + 𝟙) = 1ᵀ has one solution, and it sums to 1 by itself.
        return np.asarray(np.linalg.solve((np.eye(contexts) - self._chain + 1.0).T, np.ones(contexts)))

    @property
    def entropy_rate(self) -> float:
        """H in bits a character."""
        return float(self.stationary @ self._context_entropies)

    @property
    def _context_entropies(self) -> NDArray[np.float64]:
        p = self.transitions
        return np.asarray(-(p * np.log2(p)).sum(axis=1))

    def sampling_interval(self, characters: int, confidence: float = 0.99) -> tuple[float, float]:
        """Where the source's own −log₂ p a character of a text of that length falls, with that probability.

        Central limit theorem of a Markov chain: the variance comes from the martingale increments
        f(s, x) − H + g(s′) − g(s), g solving Poisson's equation (I − P) g = H(P(·|s)) − H
        (Meyn & Tweedie, Markov Chains and Stochastic Stability, chapter 17.4).
        """
        rate, contexts = self.entropy_rate, len(self.transitions)
        # g is free by a constant; adding 𝟙 πᵀ to the singular matrix picks the one with π g = 0.
        g = np.linalg.solve(np.eye(contexts) - self._chain + self.stationary, self._context_entropies - rate)
        increments = -np.log2(self.transitions) - rate + g[self._next] - g[:, None]
        variance = float(self.stationary @ (self.transitions * increments**2).sum(axis=1))
        half = NormalDist().inv_cdf(0.5 + confidence / 2) * (variance / characters) ** 0.5
        return rate - half, rate + half

    def draw(self, characters: int, seed: int) -> str:
        """A text from the source, begun in the stationary distribution."""
        rng = np.random.default_rng(seed)
        uniform = rng.random(characters).tolist()
        cumulative = np.cumsum(self.transitions, axis=1).tolist()
        start = np.clip(self.stationary, 0, None)
        context = int(rng.choice(len(start), p=start / start.sum()))
        contexts, drawn = len(cumulative), []
        for u in uniform:
            row = cumulative[context]
            symbol = 0
            while symbol < self.symbols - 1 and u > row[symbol]:
                symbol += 1
            drawn.append(_LETTERS[symbol])
            context = (context * self.symbols + symbol) % contexts
        return "".join(drawn)
