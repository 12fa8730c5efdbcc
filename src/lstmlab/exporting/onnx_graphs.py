"""A language model as two ONNX graphs: one reads a window, one a token."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lstmlab.errors import UserError
from lstmlab.exporting.folder import PREFILL, STEP
from lstmlab.models import LanguageModel
from lstmlab.nn import State
from lstmlab.nn.state import fill_state, state_tensors
from lstmlab.nn.transformer import TransformerLayer

_SHAPES = ((1, 3), (3, 17))  # batch and time that the graphs are held against the model at
_LARGEST = 1e-3  # difference of a logit, relative to the largest logit, that rounding may make


@dataclass(frozen=True)
class GraphCheck:
    """A graph held against the model: the largest difference of a logit, at a batch size and a length."""

    graph: str
    batch: int
    time: int
    difference: float
    states: tuple[tuple[str, str], ...]  # names and shapes

    def sentence(self) -> str:
        return f"{self.graph}, batch {self.batch}, length {self.time}: {self.difference:.1e}"


def write_graphs(model: LanguageModel, folder: Path) -> list[GraphCheck]:
    """Write ``prefill.onnx`` and ``step.onnx``, batch and time dynamic, and hold them against the model.

    Raises:
        UserError: the packages are missing, a layer cannot be exported, or a graph does not say what the model says.
    """
    onnx = onnx_packages()
    model = model.eval()
    if any(bool(tensor.any()) for tensor in state_tensors(model.initial_state(1))):
        raise UserError("onnx=true: a layer begins with a state that is not zero, which the graphs cannot say.")
    step = _exported(_Step(model), time=False)
    onnx.save_model(step, str(folder / STEP))
    # torch's exporter unrolls what goes through a window position by position, for one length, and of the library's
    # networks fixes the batch size (torch 2.13): they become a scan of the step.
    direct = all(isinstance(layer, TransformerLayer) for layer in model.core.layers)
    prefill = _exported(_Prefill(model), time=True) if direct else _scanned(step, onnx)
    onnx.save_model(prefill, str(folder / PREFILL))
    return _held_against(model, folder)


def onnx_packages() -> Any:
    """The package ``onnx``, where all that is needed beside it is there too.

    Raises:
        UserError: one is missing.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401  # what the graphs are checked with
        import onnxscript  # noqa: F401  # what torch exports with
    except ImportError as error:
        raise UserError(f"onnx=true needs {error.name}: pip install 'lstmlab[onnx]'.") from error
    return onnx


class _Prefill(nn.Module):
    """Ids and the tensors of a state to logits and the tensors of the next state."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model
        self.form: State = model.initial_state(2)

    def forward(self, ids: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        hidden, after = self.model(ids, fill_state(self.form, list(tensors)))
        return (self.model.head.logits(hidden), *state_tensors(after))


class _Step(_Prefill):
    def forward(self, ids: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
        hidden, after = self.model.step(ids, fill_state(self.form, list(tensors)))
        return (self.model.head.logits(hidden), *state_tensors(after))


def state_names(state: State, prefix: str = "") -> list[str]:
    """A name for each of ``state_tensors``: ``layer_0.h``, ``attention.keys``."""
    if isinstance(state, Tensor):
        return [prefix]
    fields = getattr(state, "_fields", None)
    if prefix == "":
        core, *attention = state
        names = [name for number, one in enumerate(core) for name in state_names(one, f"layer_{number}")]
        return names + [name for one in attention for name in state_names(one, "attention")]
    parts = fields or [str(number) for number in range(len(state))]
    return [name for part, one in zip(parts, state, strict=True) for name in state_names(one, f"{prefix}.{part}")]


def _exported(module: _Prefill, time: bool) -> Any:
    """The graph of a module, as an ONNX model."""
    names = state_names(module.form)
    tensors = [tensor.clone() for tensor in state_tensors(module.form)]
    ids = torch.zeros((2, 5) if time else (2,), dtype=torch.long)
    batch = torch.export.Dim("batch")
    of_ids = {0: batch, 1: torch.export.Dim("time")} if time else {0: batch}
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                module.eval(), (ids, *tensors), dynamo=True, verbose=False,
                input_names=["ids", *names], output_names=["logits", *(f"next.{name}" for name in names)],
                dynamic_shapes=(of_ids, tuple({0: batch} for _ in tensors)),
            )  # fmt: skip
    except Exception as error:  # whatever torch's exporter raises for what it does not know
        layers = sorted({type(layer).__qualname__ for layer in module.model.core.layers})
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"onnx=true: a model of {', '.join(layers)} cannot become an ONNX graph ({reason}).") from error
    assert program is not None
    return program.model_proto


def _scanned(step: Any, onnx: Any) -> Any:
    """A graph that reads a window: the step's graph as the body of a scan over time."""
    helper, graph = onnx.helper, step.graph
    ids, *states = list(graph.input)
    logits, *after = list(graph.output)
    body = helper.make_graph(list(graph.node), "step", [*states, ids], [*after, logits], value_info=[])
    scan = helper.make_node(
        "Scan", [*(f"first.{one.name}" for one in states), "window"],
        [*(f"last.{one.name}" for one in states), "all_logits"],
        body=body, num_scan_inputs=1, scan_input_axes=[1], scan_output_axes=[1],
    )  # fmt: skip

    def renamed(value: Any, name: str, shape: list[Any]) -> Any:
        return helper.make_tensor_value_info(name, value.type.tensor_type.elem_type, shape)

    def shape_of(value: Any) -> list[Any]:
        return [one.dim_param or one.dim_value for one in value.type.tensor_type.shape.dim]

    inputs = [renamed(ids, "window", ["batch", "time"])]
    inputs += [renamed(one, f"first.{one.name}", shape_of(one)) for one in states]
    outputs = [renamed(logits, "all_logits", ["batch", "time", shape_of(logits)[-1]])]
    outputs += [renamed(one, f"last.{one.name}", shape_of(one)) for one in states]
    whole = helper.make_graph([scan], "prefill", inputs, outputs, initializer=list(graph.initializer))
    names = {"window": "ids", "all_logits": "logits"}
    names |= {f"first.{one.name}": one.name for one in states} | {
        f"last.{one.name}": f"next.{one.name}" for one in states
    }
    model = helper.make_model(
        whole, opset_imports=list(step.opset_import), ir_version=step.ir_version, functions=list(step.functions)
    )
    _rename_outside(model.graph, names, body_prefix="in_step.")
    return model


def _rename_outside(graph: Any, names: dict[str, str], body_prefix: str) -> None:
    """The outer graph's values get their public names; those of the body, which had them, another."""
    (scan,) = graph.node
    (body,) = [attribute.g for attribute in scan.attribute if attribute.name == "body"]
    outside = {one.name for one in graph.initializer}
    own = {one.name for one in (*body.input, *body.output)} | {name for node in body.node for name in node.output}

    def inner(name: str) -> str:
        return body_prefix + name if name in own and name not in outside else name

    for node in body.node:
        node.input[:] = [inner(name) for name in node.input]
        node.output[:] = [inner(name) for name in node.output]
    for value in (*body.input, *body.output):
        value.name = inner(value.name)
    scan.input[:] = [names[name] for name in scan.input]
    scan.output[:] = [names[name] for name in scan.output]
    for value in (*graph.input, *graph.output):
        value.name = names[value.name]


@torch.no_grad()
def _held_against(model: LanguageModel, folder: Path) -> list[GraphCheck]:
    """Both graphs on random ids, from a blank state and from the state that this leaves."""
    import onnxruntime

    sessions = {
        name: onnxruntime.InferenceSession(str(folder / name), providers=["CPUExecutionProvider"])
        for name in (PREFILL, STEP)
    }
    names = state_names(model.initial_state(1))
    shapes = [("batch", *tensor.shape[1:]) for tensor in state_tensors(model.initial_state(1))]
    states = tuple((name, "(" + ", ".join(map(str, shape)) + ")") for name, shape in zip(names, shapes, strict=True))
    generator = torch.Generator().manual_seed(0)
    checks = []
    for batch, time in _SHAPES:
        state, given = (
            model.initial_state(batch),
            [tensor.numpy() for tensor in state_tensors(model.initial_state(batch))],
        )
        worst = dict.fromkeys(sessions, 0.0)
        for _ in range(2):
            ids = torch.randint(0, model.embedding.num_embeddings, (batch, time), generator=generator)
            hidden, state = model(ids, state)
            expected = model.head.logits(hidden).numpy()
            logits, *given = sessions[PREFILL].run(None, {"ids": ids.numpy(), **dict(zip(names, given, strict=True))})
            worst[PREFILL] = max(worst[PREFILL], _difference(logits, expected))
            token = ids[:, 0]
            hidden, _ = model.step(token, state)
            expected = model.head.logits(hidden).numpy()
            logits, *_ = sessions[STEP].run(None, {"ids": token.numpy(), **dict(zip(names, given, strict=True))})
            worst[STEP] = max(worst[STEP], _difference(logits, expected))
        for name, difference in worst.items():
            if not difference <= _LARGEST:
                raise UserError(
                    f"onnx=true: {name} does not say what the model says (a logit differs by {difference:.2g} of the"
                    " largest); export without onnx=true and report it."
                )
            checks.append(GraphCheck(name, batch, time if name == PREFILL else 1, difference, states))
    return checks


def _difference(found: Any, expected: Any) -> float:
    return float(np.abs(found - expected).max() / max(1.0, float(np.abs(expected).max())))


@contextmanager
def _quiet() -> Iterator[None]:
    """Torch's exporter speaks of itself: of packages that no model of ours needs, of its own future."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
