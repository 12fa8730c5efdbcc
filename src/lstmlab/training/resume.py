"""What a checkpoint holds beside weights and optimiser, so that a training goes on as if it had never stopped."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lstmlab.nn.state import fill_state, state_tensors
from lstmlab.training.checkpoint_io import FORMAT, RESUME_KEY
from lstmlab.training.metrics import Total

if TYPE_CHECKING:
    from lstmlab.training.module import LanguageModule


def what_to_resume(module: "LanguageModule") -> dict[str, Any]:
    """The position, and of every process the carried state, the generators and the sums so far.

    All processes are in here together.
    """
    from lstmlab import __version__

    return {
        "format": FORMAT,
        "version": __version__,
        "position": asdict(module.position),
        "processes": _of_all_processes(module, _own_part(module)),
        "finished_epoch": None if module.finished_epoch is None else _plain(module.finished_epoch),
        "trained": {
            "before": module.trained_before,
            "tokens": module.trained_tokens,
            "seconds": module.trained_seconds,
        },
        "logged": list(module.logged),
    }


def put_average_into(checkpoint: dict[str, Any], module: "LanguageModule") -> None:
    """The average as the weights, for everybody who loads; training's own weights beside the position."""
    assert module.averaging is not None
    saved: dict[str, Any] = {"weights": []} | module.averaging.state()
    checkpoint[RESUME_KEY]["averaging"] = saved
    if not module.averaging.average:
        return
    average, weights = module.averaging.average, [weight.detach() for weight in module.model.parameters()]
    if module.averaging.exchanged:
        average, weights = weights, average
    of_parameter = {id(parameter): mean for parameter, mean in zip(module.model.parameters(), average, strict=True)}
    for name, parameter in module.named_parameters(remove_duplicate=False):  # a tied matrix has two names
        checkpoint["state_dict"][name] = of_parameter[id(parameter)]
    saved["weights"] = weights


def restore_counts(module: "LanguageModule", saved: dict[str, Any]) -> None:
    """The sums and counts of ``what_to_resume``."""
    own = _part_of(module, saved)
    module.epoch_total, module.recent = _total(own["epoch_total"]), _total(own["recent"])
    module.finished_epoch = None if saved["finished_epoch"] is None else _total(saved["finished_epoch"])
    module.trained_before = saved["trained"]["before"]
    module.trained_tokens = saved["trained"]["tokens"]
    module.trained_seconds = saved["trained"]["seconds"]
    module.logged = (saved["logged"][0], saved["logged"][1])


def restore_training(module: "LanguageModule", saved: dict[str, Any]) -> None:
    """The carried state, training's own weights where an average was loaded, and the generators, right before they are
    needed: what Lightning does in between may draw random numbers.
    """
    own = _part_of(module, saved)
    if own["state"]:
        blank = module.model.initial_state(own["state"][0].shape[0])
        module.train_state = fill_state(blank, [tensor.to(module.device) for tensor in own["state"]])
    if module.averaging is not None and "averaging" in saved:
        module.averaging.restore(saved["averaging"])
        module.averaging.average = [weight.to(module.device) for weight in saved["averaging"]["weights"]]
        module.averaging.exchanged = bool(module.averaging.average)  # what was loaded is the average
        module.averaging.exchange(module.model.parameters())
    torch.set_rng_state(own["random"]["cpu"].cpu())
    if module.device.type == "cuda" and "cuda" in own["random"]:
        torch.cuda.set_rng_state(own["random"]["cuda"].cpu(), module.device)


def _own_part(module: "LanguageModule") -> dict[str, Any]:
    """What only this process knows."""
    state = [] if module.train_state is None else state_tensors(module.train_state)
    return {
        # Copied: a part of a larger tensor would be saved with all of it.
        "state": [tensor.detach().cpu().clone() for tensor in state],
        "random": _random_state(module.device),
        "epoch_total": _plain(module.epoch_total),
        "recent": _plain(module.recent),
    }


def _of_all_processes(module: "LanguageModule", own: dict[str, Any]) -> list[dict[str, Any]]:
    """Every process' part, in the order of their ranks."""
    if module.trainer.world_size == 1:
        return [own]
    parts: list[dict[str, Any]] = [{}] * module.trainer.world_size
    torch.distributed.all_gather_object(parts, own)
    return parts


def _part_of(module: "LanguageModule", saved: dict[str, Any]) -> dict[str, Any]:
    """This process' part of what a checkpoint holds; an earlier version wrote that of the first one alone."""
    parts: list[dict[str, Any]] = saved.get("processes", [saved])
    return parts[module.global_rank if module.global_rank < len(parts) else 0]


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def _plain(total: Total) -> dict[str, Any]:
    return {"nats": float(total.nats), "tokens": total.tokens}


def _total(plain: dict[str, Any]) -> Total:
    return Total(torch.tensor(plain["nats"], dtype=torch.float64), plain["tokens"])
