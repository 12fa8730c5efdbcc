"""Corpora as cached ids, streams and windows, and the LightningDataModules that serve them."""

from lstmlab.data.corpora import ChineseClassics, Sample, Synthetic, TimeMachine, TinyShakespeare, WikiText2
from lstmlab.data.files import TextFiles
from lstmlab.data.jinyong import JinYong
from lstmlab.data.module import TextData
from lstmlab.data.prepared import PreparedCorpus, PreparedPart
from lstmlab.data.streams import Streams

__all__ = [
    "ChineseClassics",
    "JinYong",
    "PreparedCorpus",
    "PreparedPart",
    "Sample",
    "Streams",
    "Synthetic",
    "TextData",
    "TextFiles",
    "TimeMachine",
    "TinyShakespeare",
    "WikiText2",
]
