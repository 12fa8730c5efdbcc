"""The data module: from documents to windows, through a cache."""

import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import Any, get_args

import numpy as np
import pytorch_lightning as pl

from lstmlab.cache import cache_directory
from lstmlab.data.build import build
from lstmlab.data.prepared import DamagedCacheError, PreparedCorpus, PreparedPart
from lstmlab.data.spans import Position, SpanLoader
from lstmlab.data.streams import ScoringLoader, Streams, Window
from lstmlab.data.window_plan import WindowPlan
from lstmlab.errors import UserError
from lstmlab.text.division import Holdout
from lstmlab.text.document import Document, Part
from lstmlab.text.tokenizer import Tokenizer

log = logging.getLogger(__name__)


# Of the cache: another one makes every corpus anew.
_FORMAT = 2


class TextData(pl.LightningDataModule, ABC):
    """Base of all data modules. A subclass says where its documents come from; everything else is here.

    Args:
        tokenizer: unfitted, it is fitted on the training part; fitted (of a trained model), it is used as it stands.
        seq_length: T, the tokens of a window: how far gradients reach back.
        variable_length: windows of about T tokens, drawn anew each epoch, in place of exactly T.
        batch_size: B, the streams read side by side, over all devices.
        split: shares of train, val and test; 0 leaves a part out.
        holdout: what the shares are cut from: "position" within each document, its whole "chapter"s, or whole
            documents ("book"). Training comes first, the test last.
        scoring_streams: rows in which held-out text is scored; None lets its length decide (1 where it is short).
    """

    document_ends: bool = True

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        seq_length: int = 64,
        batch_size: int = 32,
        split: Sequence[float] = (0.9, 0.05, 0.05),
        holdout: Holdout = "position",
        scoring_streams: int | None = None,
        variable_length: bool = False,
    ) -> None:
        super().__init__()
        for option, value in (("seq_length", seq_length), ("batch_size", batch_size)):
            if value < 1:
                raise UserError(f"data.{option}={value} must be at least 1.")
        if scoring_streams is not None and scoring_streams < 1:
            raise UserError(f"data.scoring_streams={scoring_streams} must be at least 1, or null.")
        if len(split) != 3 or min(split) < 0 or split[0] <= 0 or not abs(sum(split) - 1) <= 1e-6:
            raise UserError(
                f"data.split={list(split)} must be three shares (train, val, test) that add up to 1, train above 0."
            )
        if holdout not in get_args(Holdout):
            raise UserError(f"data.holdout={holdout} is none of {', '.join(get_args(Holdout))}.")
        self.tokenizer = tokenizer
        self.seq_length = seq_length
        self.batch_size = batch_size
        self.split = tuple(split)
        self.holdout: Holdout = holdout
        self.scoring_streams = scoring_streams
        self.variable_length = variable_length
        self.position = Position()
        self._prepared: PreparedCorpus | None = None

    @abstractmethod
    def documents(self) -> Iterator[Document]:
        """The cleaned documents of the corpus, one at a time, the same at every call."""

    def fingerprint(self) -> Iterable[bytes]:
        """What the documents depend on, for the cache's key: by default their own text."""
        for document in self.documents():
            yield document.name.encode("utf-8", "surrogateescape")
            yield (document.part or "").encode()
            for block in document.blocks():
                yield block.encode("utf-8", "surrogatepass")

    # -- preparing -----------------------------------------------------------------------------------------------

    def prepare_data(self) -> None:
        """Tokenise into the cache, where that was not done before."""
        self.prepare()

    def prepare(self) -> PreparedCorpus:
        """The corpus as ids, from the cache or made now; a damaged cache is made again."""
        if self._prepared is None:
            directory = cache_directory() / "prepared" / self.cache_key()
            prepared = None
            if directory.exists():
                try:
                    prepared = PreparedCorpus.open(directory)
                except DamagedCacheError as damage:
                    log.warning("The prepared corpus in the cache is damaged and is made again (%s).", damage)
            self._prepared = prepared or build(
                directory, self.documents, self.tokenizer, self.split,
                document_ends=self.document_ends, holdout=self.holdout, fit=not self.tokenizer.fitted,
            )  # fmt: skip
            self.tokenizer = self._prepared.tokenizer
        return self._prepared

    def cache_key(self) -> str:
        """Of the text's bytes, the settings that shape the ids, and the versions of what made them."""
        digest = hashlib.blake2b(digest_size=16)
        tokenizer: Any = self.tokenizer.to_dict() if self.tokenizer.fitted else self.tokenizer.settings()
        shape = (_FORMAT, self.split, self.holdout, self.document_ends)
        settings = (type(self).__qualname__, shape, tokenizer, sorted(self.tokenizer.versions().items()))
        for piece in (repr(settings).encode(), version("lstmlab").encode(), np.__version__.encode()):
            digest.update(len(piece).to_bytes(8, "big") + piece)
        for piece in self.fingerprint():
            digest.update(len(piece).to_bytes(8, "big") + piece)
        return digest.hexdigest()

    def part(self, name: Part) -> PreparedPart:
        """A prepared part.

        Raises:
            UserError: the split gives it no share.
        """
        parts = self.prepare().parts
        if name not in parts:
            raise UserError(
                f"split={name}: this corpus has no {name} part (data.split={list(self.split)}); choose another."
            )
        return parts[name]

    # -- windows -------------------------------------------------------------------------------------------------

    def train_streams(self, rank: int = 0, world_size: int = 1) -> Streams:
        """The training streams that one process of ``world_size`` owns: a contiguous block of them.

        Raises:
            UserError: the training part does not fill one window, or the streams do not divide.
        """
        ids = self.part("train").ids
        if len(ids) <= self.batch_size * self.seq_length:
            raise UserError(
                f"the training part has {len(ids):,} tokens, fewer than one window of data.batch_size={self.batch_size}"
                f" x data.seq_length={self.seq_length} and one more; lower either or give more text."
            )
        own, rest = divmod(self.batch_size, world_size)
        if rest:
            raise UserError(
                f"data.batch_size={self.batch_size} does not divide by {world_size} processes (trainer.devices x"
                " trainer.num_nodes); it counts the streams over all of them."
            )
        return Streams(ids, self.batch_size, first=rank * own, own=own)

    def window_plan(self, length: int, seed: int = 0, limit: int | None = None) -> WindowPlan:
        """How streams of ``length`` tokens are cut into windows, epoch by epoch."""
        return WindowPlan(length, self.seq_length, self.variable_length, seed, limit)

    def train_dataloader(self) -> SpanLoader:
        trainer = self.trainer
        if trainer is None:
            streams = self.train_streams()
            return SpanLoader(streams, self.window_plan(streams.length), 1, Position())
        module: Any = trainer.lightning_module
        streams = self.train_streams(trainer.global_rank, trainer.world_size)
        return SpanLoader(
            streams,
            self.window_plan(streams.length, module.config["seed"], module.config["trainer"]["limit_train_windows"]),
            module.accumulate,
            module.position,
            stops=module.span_stops,
            max_steps=trainer.max_steps if trainer.max_steps > 0 else None,
            # Under DistributedDataParallel one forward is followed by one backward: a window a batch.
            single=trainer.world_size > 1,
        )

    def scoring_windows(self, name: Part) -> Iterator[Window]:
        """The windows in which a part is scored."""
        return iter(ScoringLoader(self.part(name).ids, self.scoring_streams))

    def val_dataloader(self) -> ScoringLoader | list[Any]:
        return ScoringLoader(self.part("val").ids, self.scoring_streams) if "val" in self.prepare().parts else []
