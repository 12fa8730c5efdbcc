"""A trained model as people use it: generate, score, look inside."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from lstmlab.data.streams import ScoringLoader
from lstmlab.errors import UserError
from lstmlab.evaluation.document import scored_document
from lstmlab.evaluation.scoring import score_windows
from lstmlab.evaluation.surprise import text_surprise
from lstmlab.evaluation.tracing import Arrays, trace_ids
from lstmlab.generation import Generation, Writer, decoding_of, unknown_tokens
from lstmlab.reports.facts import facts_html
from lstmlab.reports.metrics_rows import read_metrics
from lstmlab.reports.picture import Picture
from lstmlab.reports.surprise import Surprise
from lstmlab.text import Tokenizer
from lstmlab.training.metrics import bits_per_char, perplexity
from lstmlab.training.module import LanguageModule


@dataclass(frozen=True)
class TokenScore:
    """One token of a scored text."""

    token: str
    nats: float  # of the token, or of ``<unk>`` in its place
    spelling_nats: float  # what the spelling of an unknown token costs on top


@dataclass(frozen=True, repr=False)
class TextScore:
    """How probable a text is: total ``nats``, ``bits_per_char``, ``perplexity`` a token, and every token by itself."""

    nats: float
    bits_per_char: float
    perplexity: float
    tokens: tuple[TokenScore, ...]

    def table(self) -> list[dict[str, Any]]:
        """A row a token, ready for a data frame."""
        return [{"token": t.token, "nats": t.nats, "spelling_nats": t.spelling_nats} for t in self.tokens]

    def __repr__(self) -> str:
        figures = f"{self.bits_per_char:.3f} bits a character, perplexity {self.perplexity:,.2f}"
        return f"TextScore({figures}, {self.nats:,.1f} nats over {len(self.tokens):,} tokens)"

    def _repr_html_(self) -> str:
        dear = sorted(self.tokens, key=lambda one: -one.nats - one.spelling_nats)[:5]
        facts = [
            ("bits a character", f"{self.bits_per_char:.4f}"),
            ("perplexity a token", f"{self.perplexity:,.3f}"),
            ("tokens", f"{len(self.tokens):,}, {self.nats:,.1f} nats"),
            ("the dearest", ", ".join(f"{one.token!r} {one.nats + one.spelling_nats:.1f}" for one in dear)),
        ]
        return facts_html("TextScore", facts)


class TrainedModel:
    """A trained model: it writes (``generate``, ``complete``, ``stream``), says how probable a text is (``score``,
    ``surprise``), and shows what happens inside (``trace``, ``attention``, ``plot_gates``, ``plot_metrics``).

    ``lstmlab.load`` gives one. Its ``config``, ``tokenizer``, ``figures`` and LightningModule ``module`` are there too.
    """

    def __init__(self, module: LanguageModule, path: Path, step: int, figures: dict[str, Any] | None = None) -> None:
        self.module = module.eval()
        self.path = path
        self.step = step
        self._figures = figures

    @property
    def config(self) -> dict[str, Any]:
        """The resolved configuration of the training."""
        return self.module.config

    @property
    def tokenizer(self) -> Tokenizer:
        return self.module.tokenizer

    @property
    def directory(self) -> Path | None:
        """The run directory, where the checkpoint lies in one."""
        place = self.path.parent.parent
        return place if self.path.parent.name == "checkpoints" and (place / "config.yaml").is_file() else None

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json of the run; empty where the checkpoint was copied out of it."""
        found: dict[str, Any] = self.figures()["summary"]
        return found

    def figures(self) -> dict[str, Any]:
        """What was measured: ``summary`` of the training, ``evaluations`` by split; empty where nothing is known."""
        if self._figures is not None:
            return self._figures
        place = self.directory
        evaluations = sorted(place.glob("evaluation_*.json")) if place else []
        return {
            "summary": _read(place / "summary.json") if place else {},
            "evaluations": {path.stem.removeprefix("evaluation_"): _read(path) for path in evaluations},
        }

    def unknown(self, prompt: str) -> list[str]:
        """The tokens of a prompt that the vocabulary lacks, each once."""
        return unknown_tokens(self.tokenizer, prompt)

    @overload
    def generate(self, prompt: str = ..., max_tokens: int = ..., **options: Any) -> str: ...
    @overload
    def generate(self, prompt: Sequence[str], max_tokens: int = ..., **options: Any) -> list[str]: ...
    def generate(self, prompt: str | Sequence[str] = "", max_tokens: int = 200, **options: Any) -> str | list[str]:
        """Text that continues a prompt, without the prompt; a list of them for several prompts, written side by side.

        ``options`` are those of ``complete``, which tells more about each text and writes several a prompt.

        Raises:
            UserError: as ``complete``.

        Example:
            >>> text = model.generate("The old man", max_tokens=20, temperature=0.7, seed=1)
            >>> text == model.generate("The old man", max_tokens=20, temperature=0.7, seed=1)
            True
            >>> len(model.generate(["The ", "A "], max_tokens=5, name="greedy"))
            2
        """
        found = self.complete(prompt, max_tokens, **options)
        if not isinstance(prompt, str):
            return [each.text for each in found]
        if len(found) > 1:
            raise UserError(f"num_sequences={len(found)}: generate gives one text a prompt; complete gives them all.")
        return found[0].text

    def complete(
        self,
        prompts: str | Sequence[str] = "",
        max_tokens: int = 200,
        *,
        min_tokens: int = 0,
        num_sequences: int = 1,
        stop: str | Sequence[str] = (),
        seed: int = 0,
        on_unknown: Literal["continue", "refuse"] = "continue",
        **decoding: Any,
    ) -> list[Generation]:
        """Continue prompts side by side: ``num_sequences`` generations of the first, then those of the second, ….

        A prompt's texts do not depend on the prompts beside it, but for rounding; equal prompts with the same seed
        give the same texts, ``num_sequences`` different ones.

        Args:
            prompts: texts of any length, the empty one included: that begins a document.
            max_tokens: at which a text is finished, if the end of its document or a stop string does not come first.
            min_tokens: before so many tokens neither of these finishes it.
            num_sequences: texts a prompt.
            stop: strings that finish a text, which holds what stands before them.
            seed: of all that is drawn.
            on_unknown: what to do about a prompt's tokens that the vocabulary lacks: read ``<unk>`` there and say so
                in ``Generation.unknown``, or refuse.
            decoding: ``name`` ("sample" by default, "greedy" or "beam") and the other fields of
                ``lstmlab.decoding.Decoding``.

        Raises:
            UserError: an option is unknown or out of range, two exclude each other, or a token is to be refused.

        Example:
            >>> found = model.complete("The ", max_tokens=8, num_sequences=2, stop=["."], top_p=0.9)
            >>> [one.finish in ("end", "stop", "length") for one in found]
            [True, True]
            >>> best, second = model.complete("The ", 8, name="beam", num_beams=4, num_sequences=2)
            >>> best.score >= second.score
            True
        """
        given = [prompts] if isinstance(prompts, str) else list(prompts)
        return self._writer(
            decoding, max_tokens, min_tokens=min_tokens, num_sequences=num_sequences, stop=stop, seed=seed,
            on_unknown=on_unknown,
        ).complete(given)  # fmt: skip

    def stream(self, prompt: str = "", max_tokens: int = 200, **options: Any) -> Iterator[str]:
        """``generate`` piece by piece: the text of each token as soon as it is chosen, of a byte with its character.

        ``options`` are those of ``complete``. What may be the beginning of a stop string waits until it is none; beam
        search knows its text at the end only.

        Raises:
            UserError: as ``complete``, or several sequences are asked for.
        """
        place = ("min_tokens", "num_sequences", "stop", "seed", "on_unknown")
        decoding = {name: value for name, value in options.items() if name not in place}
        asked = {name: options[name] for name in place if name in options}
        return self._writer(decoding, max_tokens, **asked).stream(prompt)

    def _writer(
        self,
        decoding: dict[str, Any],
        max_tokens: int,
        *,
        on_unknown: str = "continue",
        **options: Any,
    ) -> Writer:
        if on_unknown not in ("continue", "refuse"):
            raise UserError(f"on_unknown={on_unknown} must be continue or refuse.")
        return Writer(
            self.module.model, self.tokenizer, decoding_of(decoding), max_tokens,
            refuse_unknown=on_unknown == "refuse", **options,
        )  # fmt: skip

    def score(self, text: str) -> TextScore:
        """The probability of a text, read as a document of its own.

        Where the corpus has document ends the text is read after one, so every token is scored; elsewhere the first
        token is context. Unknown tokens pay for their spelling.

        Raises:
            UserError: the text holds no token to score.
        """
        document = scored_document(self.tokenizer, text)
        scores = score_windows(self.module.model, ScoringLoader(document.ids, streams=1))
        spelt = document.spelling_nats.tolist()
        return TextScore(
            nats=scores.total + sum(spelt),
            bits_per_char=bits_per_char(scores.total + sum(spelt), document.characters),
            perplexity=perplexity(scores.total / len(scores.nats)),
            tokens=tuple(
                TokenScore(t, float(n), s) for t, n, s in zip(document.tokens, scores.nats, spelt, strict=True)
            ),
        )

    def surprise(self, text: str, alternatives: int = 5) -> Surprise:
        """How surprising each token of a text is, and what was expected in its place.

        Read as ``score`` reads it, whose figures these are. A notebook shows the result in colours, ``save(path)``
        writes a page, ``table()`` has a row a token, and ``surprise[3]`` is a token with its ``bits``,
        ``probability``, ``rank`` and the ``alternatives`` most probable tokens there.

        Raises:
            UserError: the text holds no token to score, or ``alternatives`` is negative.
        """
        measured = text_surprise(self.module.model, self.tokenizer, text, alternatives)
        model = self.config["model"]
        size = f"{model['num_layers']} x {model['hidden_size']}, {len(self.tokenizer.vocabulary):,} tokens"
        return Surprise.of(measured, f"{self.path}: {size}, step {self.step:,}")

    def trace(self, text: str) -> Arrays:
        """What happens inside while a text of T tokens is read as a document of its own, as NumPy arrays.

        "layer 0/forget gate", "layer 0/cell state", "layer 0/output" and so on, by what the layers are made of, (T, H)
        each; "tokens" (T,), the text's own, and "before", those read in front of it: the end of a document, where the
        corpus has document ends. With attention, "attention" (heads, T, M + T): how much each token looks at the M
        positions of the memory, of which the last are those of "before", and at the text; rows add up to 1. What the
        vocabulary lacks is read as ``<unk>``; ``unknown(text)`` names it. ``lstmlab.reports.inspection`` draws it.

        Raises:
            UserError: the text holds no token.
        """
        vocabulary = self.tokenizer.vocabulary
        tokens = list(self.tokenizer.prompt_tokens(text))
        if not tokens:
            raise UserError("the text to trace holds no token; give a longer one.")
        before = [] if vocabulary.end_id is None else [vocabulary.end_id]
        traced = trace_ids(self.module.model, [vocabulary.id(token) for token in tokens], before)
        shown = np.array([vocabulary.token(one) for one in before], dtype=np.str_)
        return {"tokens": np.array(tokens), "before": shown, **traced}

    def attention(self, text: str) -> Arrays:
        """Who looks at whom while a text is read: "attention" (heads, T, M + T) of ``trace``, and the T tokens.

        Raises:
            UserError: the model has no attention, or the text holds no token.
        """
        traced = self.trace(text)
        if "attention" not in traced:
            raise UserError(
                f"{self.path} has no attention weights: it was trained with attention=none; train with"
                " attention=multihead to look at them."
            )
        return {name: traced[name] for name in ("attention", "tokens", "before")}

    def plot_attention(self, text: str) -> Picture:
        """``attention`` as heat maps, one a head.

        Raises:
            UserError: as ``attention``.
        """
        from lstmlab.reports.inspection import attention_figure

        found = self.attention(text)
        tokens = [*found["before"].tolist(), *found["tokens"].tolist()]
        return Picture(attention_figure(found["attention"], tokens), f"attention over {text!r}")

    def plot_gates(self, text: str, layer: int = 0, units: int = 32) -> Picture:
        """Gates, cell state and output of one layer while a text is read, as heat maps of its first units.

        Raises:
            UserError: there is no such layer, or the text holds no token.
        """
        from lstmlab.reports.inspection import gates_figure

        traced, prefix = self.trace(text), f"layer {layer}/"
        trace = {name.removeprefix(prefix): array for name, array in traced.items() if name.startswith(prefix)}
        if not trace:
            count = self.config["model"]["num_layers"]
            raise UserError(f"layer={layer} does not exist: the model has layers 0 to {count - 1}.")
        figure = gates_figure(trace, traced["tokens"].tolist(), units, title=f"layer {layer}")
        return Picture(figure, f"layer {layer} over {text!r}")

    def metrics(self) -> list[dict[str, float | None]]:
        """metrics.csv of the run: a row a logged step, a number or None for every column; ready for a data frame.

        Raises:
            UserError: the checkpoint lies in no run directory, or the file is damaged.
        """
        return read_metrics(self._metrics_file())

    def plot_metrics(self) -> Picture:
        """The learning curve: training and validation perplexity against steps.

        Raises:
            UserError: as ``metrics``.
        """
        from lstmlab.reports.learning_curve import learning_curve

        return Picture(learning_curve(self._metrics_file(), self.tokenizer.unit), "learning curve")

    def _metrics_file(self) -> Path:
        if self.directory is None:
            raise UserError(f"{self.path} lies in no run directory: metrics.csv was not copied with it.")
        return self.directory / "metrics.csv"

    def __repr__(self) -> str:
        model = self.config["model"]
        figure = self._held_out()
        return (
            f"TrainedModel({self.path}: {model['num_layers']} x {model['hidden_size']},"
            f" {self.tokenizer!r}, step {self.step:,}"
            + (f", {figure:.3f} bits a character held out)" if figure else ")")
        )

    def _held_out(self) -> float | None:
        return self.summary.get("test/bits_per_char") or self.summary.get("val/bits_per_char")

    def _repr_html_(self) -> str:
        model, attention = self.config["model"], self.config["attention"]["_target_"]
        layer = model["layer"].get("cell", model["layer"])["_target_"].rpartition(".")[2]
        weights = sum(parameter.numel() for parameter in self.module.model.parameters())
        figure, unit = self._held_out(), self.tokenizer.unit
        facts = [
            ("what", f"{model['num_layers']} x {layer} of {model['hidden_size']} units, {weights:,} parameters"),
            ("attention", attention.rpartition(".")[2] if attention else "none"),
            ("tokens", f"{self.tokenizer.name}, {len(self.tokenizer.vocabulary):,} in the vocabulary"),
            ("how good", f"{figure:.4f} bits a character held out" if figure else "not measured"),
            ("where from", f"{self.path}, step {self.step:,}"),
        ]
        if perplexity := self.summary.get("test/perplexity"):
            facts.insert(4, ("", f"perplexity {perplexity:,.2f} a {unit}"))
        return facts_html("TrainedModel", facts)


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found
