"""``lstmlab.train``: the command line's training, from Python."""

from collections.abc import Sequence
from pathlib import Path

from lstmlab.loading import load
from lstmlab.trained_model import TrainedModel


def train(overrides: Sequence[str] = (), *, config_dir: str | Path | None = None) -> TrainedModel:
    """Train as ``lstmlab train OVERRIDES`` does, and give the trained model.

    Args:
        overrides: as typed on the command line, ``["data=time_machine", "model.hidden_size=512"]``.
        config_dir: a directory with configs of your own.

    Raises:
        UserError: an option is wrong.

    Example:
        >>> import lstmlab
        >>> model = lstmlab.train(["data=sample", "debug=step", "logger=csv"])  # doctest: +SKIP
        >>> model.generate("The river", max_tokens=20)  # doctest: +SKIP
    """
    from lstmlab.experiment.compose import compose_job
    from lstmlab.experiment.train import run

    composed, directory, given = compose_job("train", overrides, config_dir)
    return load(run(composed, directory, given))
