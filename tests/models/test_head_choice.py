"""head=auto: a rule of the vocabulary's size, the device and the ties, and what is made of it."""

from typing import Any

import pytest
import torch

from lstmlab.models import build_model, resolve_head
from lstmlab.models.head_choice import LARGE, choose_head
from lstmlab.nn import AdaptiveHead, ChunkedHead, Head, LinearHead


@pytest.mark.parametrize(
    ("size", "tied", "gpu", "expected"),
    [
        (11, False, False, LinearHead),
        (LARGE - 1, False, False, LinearHead),
        (LARGE - 1, True, True, LinearHead),
        (LARGE, False, False, AdaptiveHead),
        (LARGE, True, False, ChunkedHead),
        (LARGE, False, True, ChunkedHead),
        (10**6, False, False, AdaptiveHead),
    ],
)
def test_the_rule(size: int, tied: bool, gpu: bool, expected: type[Head]) -> None:
    chosen, reason = choose_head(size, tied=tied, gpu=gpu)
    assert chosen["_target_"] == f"lstmlab.nn.{expected.__name__}"
    assert f"{size:,} types" in reason


def config_of(config: dict[str, Any], head: dict[str, Any], **model: Any) -> dict[str, Any]:
    return config | {"head": head, "model": config["model"] | model}


def test_a_choice_is_written_and_kept(model_config: dict[str, Any]) -> None:
    auto = config_of(model_config, {"_target_": "auto"})
    resolved, said = resolve_head(auto, 20_000)
    assert resolved["head"] == {"_target_": "lstmlab.nn.AdaptiveHead", "cutoffs": [2000, 8000], "div_value": 4.0}
    assert said == "head=auto takes head=adaptive: 20,000 types are many for a CPU."
    assert auto["head"] == {"_target_": "auto"}  # what was given is not changed
    assert resolve_head(resolved, 20_000) == (resolved, None)
    built = build_model(auto, 20_000).head
    assert isinstance(built, AdaptiveHead) and built.bounds == [2000, 8000, 20_000]


def test_default_cutoffs_are_written(model_config: dict[str, Any]) -> None:
    head = {"_target_": "lstmlab.nn.AdaptiveHead", "cutoffs": None, "div_value": 2.0}
    resolved, said = resolve_head(config_of(model_config, head), 5000)
    assert resolved["head"] == head | {"cutoffs": [2000]} and said is None


def test_small_vocabularies_get_what_linear_gives(model_config: dict[str, Any]) -> None:
    models = []
    for target in ("auto", "lstmlab.nn.LinearHead"):
        torch.manual_seed(0)
        models.append(build_model(config_of(model_config, {"_target_": target}), 11).state_dict())
    assert list(models[0]) == list(models[1])
    assert all(torch.equal(tensor, models[1][name]) for name, tensor in models[0].items())


@pytest.mark.parametrize(
    ("trainer", "available", "expected"),
    [
        ("cpu", True, AdaptiveHead),
        ("gpu", True, ChunkedHead),
        ("auto", True, ChunkedHead),
        ("auto", False, AdaptiveHead),
    ],
)
def test_the_device(
    model_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, trainer: str, available: bool, expected: type[Head]
) -> None:
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: available)
    config = config_of(model_config, {"_target_": "auto"}) | {"trainer": {"accelerator": trainer}}
    resolved, _ = resolve_head(config, LARGE)
    assert resolved["head"]["_target_"] == f"lstmlab.nn.{expected.__name__}"


@pytest.mark.parametrize("head", ["LinearHead", "ChunkedHead", "AdaptiveHead"])
def test_windows_and_steps_agree_with_every_head(model_config: dict[str, Any], head: str) -> None:
    """The log-probabilities of a window's targets, and of one token after the other."""
    torch.manual_seed(0)
    spec: dict[str, Any] = {"_target_": f"lstmlab.nn.{head}"}
    if head == "AdaptiveHead":
        spec |= {"cutoffs": [4, 9]}
    model = build_model(config_of(model_config, spec), 17).double().eval()
    ids, targets = torch.randint(0, 17, (3, 6)), torch.randint(0, 17, (3, 6))
    nats, correct, _ = model.score(ids, targets)
    torch.testing.assert_close(model.total(ids, targets)[0], nats.sum())
    state = None
    for t in range(6):
        hidden, state = model.step(ids[:, t], state)
        log_p = model.head.logits(hidden).log_softmax(-1)
        torch.testing.assert_close(-log_p.gather(1, targets[:, t : t + 1])[:, 0], nats[:, t])
        assert torch.equal(log_p.argmax(-1) == targets[:, t], correct[:, t])
