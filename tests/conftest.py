"""What all tests share: a cache of their own, no account of anybody's, and one small finished training."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or fills the user's cache or logs into the user's account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("WANDB_") or name == "NETRC":
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("LSTMLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        # One thread each: on busy cores the threads of several processes wait for each other more than they compute.
        patch.setenv("OMP_NUM_THREADS", "1")
        torch.set_num_threads(1)
        # Where a shell runs the tests in the background Ctrl-C is ignored, and so would every process started here.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a small finished training on the bundled sample. Do not change it: copy it."""
    import lstmlab

    directory = tmp_path_factory.mktemp("trained") / "run"
    lstmlab.train(
        [
            f"hydra.run.dir={directory}", "data=sample", "data.max_characters=6000", "data.seq_length=16",
            "data.batch_size=8", "model.hidden_size=32", "model.embedding_size=32", "trainer.max_steps=3",
            "callbacks.samples.tokens=10", "logger=csv",
        ]
    )  # fmt: skip
    return directory


@pytest.fixture
def model_config() -> dict[str, Any]:
    """A small model with everything on that can matter: two layers of different widths, dropout."""
    return {
        "model": {
            "layer": {"_target_": "lstmlab.nn.LSTMLayer"}, "num_layers": 2, "hidden_size": 12,
            "embedding_size": 8, "dropout": 0.5, "tie_weights": False,
        },
        "attention": {"_target_": None},
        "head": {"_target_": "lstmlab.nn.LinearHead"},
    }  # fmt: skip


def _sharp(model: Any, factor: float = 20.0) -> Any:
    """An untrained model is nearly uniform: larger weights make it sure of something."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.startswith(("head.", "embedding.")):
                weight.mul_(factor if name.startswith("head.") else 3.0)
    return model.double().eval()


@pytest.fixture
def sharp_model(model_config: dict[str, Any]) -> Any:
    """A LanguageModel of six types in fp64 that is sure of something."""
    from lstmlab.models import build_model

    torch.manual_seed(0)
    return _sharp(build_model(model_config, 6))


@pytest.fixture(scope="session")
def model_of_kind() -> Callable[..., Any]:
    """The like of any kind: ``conf/model`` by its name, with further overrides and a vocabulary."""
    from lstmlab.experiment.compose import compose_job
    from lstmlab.experiment.configuration import plain_config
    from lstmlab.models import build_model

    def build(kind: str, *overrides: str, vocabulary: int = 6) -> Any:
        small = [f"model={kind}", "model.num_layers=2", "model.hidden_size=8", "model.embedding_size=8"]
        torch.manual_seed(1)
        config = plain_config("train", compose_job("train", [*small, "head=linear", *overrides])[0])
        return _sharp(build_model(config, vocabulary))

    return build
