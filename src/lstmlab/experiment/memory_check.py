"""Whether a training fits into the memory there is: said before any of it is taken."""

import copy
import logging
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from lstmlab.errors import UserError
from lstmlab.experiment.available_memory import available_memory
from lstmlab.models.head_choice import LARGE
from lstmlab.models.memory import MemoryEstimate, estimate_memory
from lstmlab.nn.adaptive_head import default_cutoffs
from lstmlab.training.optimizer import make_optimizer

log = logging.getLogger(__name__)

Options = dict[str, Any]  # by dotted name, as on the command line

_ROOM = 0.9  # of what is free may a proposal take: the estimate is one


def check_memory(config: dict[str, Any], vocabulary_size: int) -> None:
    """Whether the training of a resolved configuration fits into the free memory.

    Raises:
        UserError: it does not; the message says what needs most of it, and names options with which it would fit.
    """
    free = available_memory(config["trainer"]["accelerator"])
    if free is None:
        return
    state = optimiser_state(config["optim"])
    # Processes on CPUs share the memory; each on a GPU has its own.
    on_gpu = config["trainer"]["accelerator"] != "cpu" and torch.cuda.is_available()
    sharing = 1 if on_gpu else config["trainer"]["devices"]
    estimate = estimate_memory(config, vocabulary_size, state)
    if estimate is None:
        log.info("How much memory the training needs cannot be estimated with classes of one's own that need values.")
        return
    if estimate.total * sharing <= free:
        return
    proposal = _proposal(config, vocabulary_size, state, free * _ROOM / sharing)
    advice = (
        f"{' '.join(f'{name}={value}' for name, value in proposal.items())} would fit"
        if proposal
        else "no smaller model would fit either: free some memory"
    )
    raise UserError(
        f"the training would need about {_readable(estimate.total * sharing)} of memory, most of it for"
        f" {estimate.largest}{_sizes(config, vocabulary_size, estimate)}, and {_readable(free)} are free; {advice}."
    )


def optimiser_state(spec: dict[str, Any]) -> float:
    """Numbers that an optimiser keeps for every weight, found out on a small matrix."""
    with torch.random.fork_rng(devices=[]):
        probe = nn.Linear(32, 32, bias=False)
    optimizer = make_optimizer(spec, probe)
    probe.weight.grad = torch.zeros_like(probe.weight)
    try:
        optimizer.step()
    except (RuntimeError, TypeError):  # one that needs more than gradients, such as LBFGS its closure
        return 2.0
    kept = [value for value in optimizer.state[probe.weight].values() if isinstance(value, torch.Tensor)]
    return sum(value.numel() for value in kept if value.numel() > 1) / probe.weight.numel()


def _sizes(config: dict[str, Any], vocabulary_size: int, estimate: MemoryEstimate) -> str:
    model, data = config["model"], config["data"]
    if "weights" in estimate.largest:
        return (
            f" (model.hidden_size={model['hidden_size']}, model.embedding_size={model['embedding_size']},"
            f" {vocabulary_size:,} vocabulary entries)"
        )
    return f" (data.batch_size={data['batch_size']} x data.seq_length={data['seq_length']} tokens)"


def _readable(size: float) -> str:
    if size == float("inf"):
        return "more bytes than can be counted"
    scaled = size / 1e6
    for unit in ("MB", "GB"):
        if scaled < 1000:
            return f"{scaled:.3g} {unit}"
        scaled /= 1000
    return f"{scaled:,.3g} TB" if scaled < 1000 else f"{scaled:,.0f} TB"


def _proposal(config: dict[str, Any], vocabulary_size: int, state: float, room: float) -> Options:
    """The mildest change of options with which the estimate is within ``room`` bytes; empty where none helps.

    One kind of change alone, where that is enough, in the order of ``_ladders``; else one on top of the other.
    """

    def needed(options: Options) -> float:
        changed = copy.deepcopy(config)
        for name, value in options.items():
            if name == "head":
                changed["head"] = {"_target_": f"lstmlab.nn.{value.capitalize()}Head"}
            else:
                group, _, option = name.partition(".")
                changed[group][option] = value
        entries = min(vocabulary_size, options.get("tokenizer.max_size", vocabulary_size) + 2)
        if entries < vocabulary_size and (cutoffs := changed["head"].get("cutoffs")):
            if cutoffs == default_cutoffs(vocabulary_size):
                # They were chosen by the size, and would be chosen again; by head=auto perhaps another head.
                changed["head"]["cutoffs"] = None
                if entries < LARGE:
                    changed["head"] = {"_target_": "lstmlab.nn.LinearHead"}
            elif entries <= cutoffs[-1]:
                return float("inf")
        estimate = estimate_memory(changed, entries, state)
        return estimate.total if estimate else float("inf")

    ladders = list(_ladders(config, vocabulary_size))
    for ladder in ladders:
        for options in ladder:
            if needed(options) <= room:
                return options
    together: Options = {}
    for ladder in ladders:
        for options in ladder:
            if needed(together | options) <= room:
                return together | options
        best = min(ladder, key=lambda options: needed(together | options))
        if needed(together | best) < 0.9 * needed(together):
            together |= best
    return {}


def _ladders(config: dict[str, Any], vocabulary_size: int) -> Iterator[list[Options]]:
    """Changes of one kind each, from the mildest to the hardest."""
    data, model, trainer = config["data"], config["model"], config["trainer"]
    if config["head"]["_target_"] == "lstmlab.nn.LinearHead":
        heads = ["chunked"] if model["tie_weights"] else ["chunked", "adaptive"]
        yield [{"head": head} for head in heads]
    processes = trainer["devices"] * trainer["num_nodes"]
    windows: list[Options] = []
    batch, length = data["batch_size"], data["seq_length"]
    while batch % (2 * processes) == 0 and batch > 2 * processes:
        batch //= 2
        windows.append({"data.batch_size": batch})
    while length > 16:
        length //= 2
        windows.append({"data.batch_size": batch, "data.seq_length": length})
    if windows:
        yield windows
    sizes = [size for size in (200_000, 100_000, 50_000, 20_000, 10_000, 5_000) if size < vocabulary_size]
    if sizes:
        yield [{"tokenizer.max_size": size} for size in sizes]
    widths: list[Options] = []
    width = 2 ** (max(model["hidden_size"], model["embedding_size"]).bit_length() - 1)
    while width >= 32:
        smaller = {f"model.{name}": width for name in ("hidden_size", "embedding_size") if model[name] > width}
        if smaller:
            widths.append(smaller)
        width //= 2
    if widths:
        yield widths
