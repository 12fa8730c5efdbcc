"""The model card of an exported model: what it is, how good it is, how to use it."""

from collections.abc import Sequence
from typing import Any

from lstmlab.exporting.onnx_graphs import GraphCheck
from lstmlab.trained_model import TrainedModel

_ONNX_EXAMPLE = """import json
import numpy as np
import onnxruntime

vocabulary = json.load(open("tokenizer.json", encoding="utf-8"))["vocabulary"]
specials = ["<unk>", "<eod>"] if vocabulary["document_ends"] else ["<unk>"]
tokens = specials + vocabulary["types"]
session = onnxruntime.InferenceSession("step.onnx")
_, *states = session.get_inputs()
kinds = {"tensor(int64)": np.int64, "tensor(float)": np.float32, "tensor(double)": np.float64}
state = [np.zeros([1 if isinstance(n, str) else n for n in one.shape], kinds[one.type]) for one in states]
token, text = len(specials) - 1, []
for _ in range(40):
    given = dict(zip([one.name for one in states], state))
    logits, *state = session.run(None, {"ids": np.array([token]), **given})
    logits[0, 0] = -np.inf  # never <unk>
    token = int(logits[0].argmax())
    text.append(tokens[token])
print(text)"""


def model_card(model: TrainedModel, figures: dict[str, Any], parameters: int, checks: Sequence[GraphCheck]) -> str:
    """Markdown. Figures are those that were measured; where there are none it says so."""
    config, vocabulary = model.config, model.tokenizer.vocabulary
    described = config["model"]
    layer = described["layer"].get("cell", described["layer"])["_target_"].rpartition(".")[2]
    attention = config["attention"]["_target_"]
    lines = [
        "# A recurrent language model",
        "",
        f"Trained with lstmlab, exported from step {model.step:,}. It continues text and says how probable a text is.",
        "",
        "## What it is",
        "",
        "| | |",
        "| --- | --- |",
        f"| layers | {described['num_layers']} x {layer}, {described['hidden_size']} units |",
        f"| attention | {attention.rpartition('.')[2] if attention else 'none'} |",
        f"| embedding | {described['embedding_size']}{', shared with the head' if described['tie_weights'] else ''} |",
        f"| head | {config['head']['_target_'].rpartition('.')[2]} |",
        f"| parameters | {parameters:,} |",
        f"| tokens | {model.tokenizer.name}, {len(vocabulary):,} in the vocabulary, a {model.tokenizer.unit} each |",
        f"| trained on | {_data(config['data'])} |",
        "",
        "## How good it is",
        "",
        *_measured(figures, model.tokenizer.unit),
        "",
        "## How to use it",
        "",
        "```python",
        "import lstmlab",
        "",
        'model = lstmlab.load(".")  # this folder',
        'print(model.generate("", max_tokens=200, temperature=0.8))',
        "```",
        "",
        "`model.safetensors` alone opens with `safetensors.torch.load_file`; the names are those of the modules.",
    ]
    if checks:
        lines += ["", "## ONNX", "", *_graphs(checks), "", "```python", _ONNX_EXAMPLE, "```"]
    lines += [
        "",
        "## Limits",
        "",
        "It knows the text that it was trained on and nothing else: what it writes is in its manner, need not be true,"
        " and may repeat passages of it. Rights in that text may reach to what it writes.",
    ]
    return "\n".join(lines) + "\n"


def _data(data: dict[str, Any]) -> str:
    name = data["_target_"].rpartition(".")[2]
    shares = ", ".join(f"{share:g}" for share in data["split"]) if "split" in data else ""
    return f"{name}{f' (shares of training, validation and test text: {shares})' if shares else ''}"


def _measured(figures: dict[str, Any], unit: str) -> list[str]:
    rows = []
    for part, name in (("val", "validation"), ("test", "held out")):
        bits, perplexity = (
            figures.get("summary", {}).get(f"{part}/{kind}") for kind in ("bits_per_char", "perplexity")
        )
        if bits is not None:
            rows.append(f"| {name}, after training | {bits:.4f} | {perplexity:,.3f} |")
    for split, found in sorted(figures.get("evaluations", {}).items()):
        own = found["model"]
        rows.append(f"| {split}, evaluated | {own['bits_per_char']:.4f} | {own['perplexity']:,.3f} |")
        for each in found.get("adapted", ()):
            rows.append(f"| {split}, {each['kind']} | {each['bits_per_char']:.4f} | {each['perplexity']:,.3f} |")
        rows += [f"| {split}, {row['name']} | {row['bits_per_char']:.4f} | |" for row in found.get("references", ())]
    if not rows:
        return ["Not measured: there is no figure beside the checkpoint that was exported."]
    return [f"| text | bits a character | perplexity a {unit} |", "| --- | --- | --- |", *rows]


def _graphs(checks: Sequence[GraphCheck]) -> list[str]:
    lines = [
        "`prefill.onnx` takes ids (batch, time) and a state to the logits (batch, time, vocabulary) and the next state,"
        " `step.onnx` ids (batch) to logits (batch, vocabulary). A text begins with a state of zeros. Names and shapes"
        " of the state:",
        "",
        *(f"- `{name}` {shape}" for name, shape in checks[0].states),
        "",
        "Held against PyTorch when it was exported, largest difference of a logit:",
        "",
    ]
    return lines + [f"- {each.sentence()}" for each in checks]
