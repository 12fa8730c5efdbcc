"""lstmlab prepare: a corpus into the cache, and what is in it."""

from omegaconf import DictConfig
from rich.console import Console

from lstmlab.data.prepared import PreparedCorpus
from lstmlab.experiment.building import build_data, check_data_target, quieten
from lstmlab.experiment.configuration import plain_config
from lstmlab.experiment.corpus_report import corpus_table, documents_table


def run(composed: DictConfig) -> PreparedCorpus:
    """The job."""
    quieten()
    config = plain_config("prepare", composed)
    check_data_target(config)
    corpus = build_data(config).prepare()
    console = Console(soft_wrap=True, highlight=False)
    if any(document.report for document in corpus.documents):
        console.print(documents_table(corpus))
    console.print(corpus_table(corpus))
    vocabulary = corpus.tokenizer.vocabulary
    specials = " and ".join(vocabulary.token(i) for i in range(vocabulary.specials))
    console.print(
        f"Vocabulary: {len(vocabulary.types):,} types and {specials}, one token a {corpus.tokenizer.unit}",
        markup=False,
    )
    console.print(f"Cached in {corpus.directory}", markup=False)
    return corpus
