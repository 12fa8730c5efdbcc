"""A sample of generated text at each validation."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from lstmlab.decoding import Context, Decoding, Limits, decode
from lstmlab.models import Stepper
from lstmlab.training.context import opening_context
from lstmlab.training.module import LanguageModule


class Samples(Callback):
    """Writes ``samples/step-N.txt`` and keeps the text as ``latest``.

    Its random numbers come from a generator of its own, seeded with run and step: training is what it is without it.
    """

    def __init__(self, directory: Path, tokens: int, decoding: dict[str, Any], seed: int) -> None:
        self.directory = directory
        self.tokens = tokens
        self.decoding = Decoding(**decoding)
        self.seed = seed
        self.latest = ""

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, LanguageModule)
        if not trainer.is_global_zero or trainer.state.fn != "fit":
            return
        vocabulary = pl_module.tokenizer.vocabulary
        seed = self.seed * 1_000_003 + pl_module.position.step
        training = pl_module.model.training
        pl_module.model.eval()
        context = Context((), opening=tuple(opening_context(vocabulary, seed)))
        limits = Limits(self.tokens, end=vocabulary.end_id, banned=(vocabulary.unknown_id,))
        [[continuation]] = decode(Stepper(pl_module.model, 1), [context], self.decoding, limits, seed=seed)
        self.latest = pl_module.tokenizer.decode(continuation.ids)
        pl_module.model.train(training)
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / f"step-{pl_module.position.step:07d}.txt").write_text(self.latest, encoding="utf-8")
