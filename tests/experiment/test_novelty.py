"""The job from a run to its picture, and what it refuses."""

import json
import shutil
from pathlib import Path

import pytest

from lstmlab.cli import main
from lstmlab.evaluation.novelty import TrainingIndex, measure
from lstmlab.experiment.compose import compose_job
from lstmlab.experiment.model_corpus import model_corpus
from lstmlab.experiment.novelty import run
from lstmlab.loading import load

# Three hundred characters are held out.
SMALL = ["texts=3", "prompt_characters=10", "characters=150"]


@pytest.fixture(scope="module")
def trained(trained_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(trained_run, tmp_path_factory.mktemp("novelty") / "run"))


def test_a_run_gets_table_picture_texts_and_figures(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    composed, *_ = compose_job("novelty", [f"run={trained}", *SMALL])
    found = run(composed)
    names = [one.name for one in found.generated]
    assert names == ["greedy", "sample", "temperature 0.7", "top_p 0.9", "beam"]
    assert (found.texts, found.characters) == (3, 50)
    said = " ".join(capsys.readouterr().out.split())
    assert f"{found.sentence()}." in said and "held-out, " in said
    assert (trained / "novelty.png").read_bytes().startswith(b"\x89PNG")
    written = json.loads((trained / "novelty.json").read_text(encoding="utf-8"))
    assert written["sentence"] == found.sentence() and [one["name"] for one in written["generated"]] == names
    assert len(written["prompts"]) == 3 and all(len(one["prompt"]) == 10 for one in written["prompts"])
    # What is written down is what was measured: the texts that were kept give the figures again.
    _, corpus = model_corpus(load(trained), {})
    index = TrainingIndex(corpus.documents_of("train"))
    for one in (found.human, *found.generated):
        stem = one.name.replace(" ", "_")
        texts = [path.read_bytes().decode() for path in sorted((trained / "novelty").glob(f"{stem}-*.txt"))]
        assert [len(text) for text in texts] == [50, 50, 50]
        assert measure(one.name, one.spoken, texts, index) == one
    held_out = corpus.parts["test"].text()
    for prompt in written["prompts"]:
        human = held_out[prompt["character"] + 10 :][:50]
        assert prompt["prompt"] + human in held_out


def test_a_copied_checkpoint_and_decodings_of_ones_own(trained: Path, tmp_path: Path) -> None:
    """The same seed gives the same texts, however many are written at once; another one other texts."""
    checkpoint = shutil.copy(trained / "checkpoints" / "last.ckpt", tmp_path / "copied.ckpt")
    out = tmp_path / "a" / "b"
    words = [f"run={checkpoint}", f"out={out}", "decodings=[{name:sample,top_k:5}]", *SMALL]

    def texts(*more: str) -> list[str]:
        assert main(["novelty", *words, *more]) == 0
        return [path.read_text() for path in sorted((out / "novelty").glob("top_k_5-*.txt"))]

    first = texts()
    assert len(first) == 3 and (out / "novelty.json").is_file() and (out / "novelty.png").is_file()
    assert texts("batch_size=1") == first != texts("seed=1")
    assert len(texts("texts=2")) == 2  # none is left of the three


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["texts=20"], "characters=150 and texts=20 make texts of 7 characters"),
        (["prompt_characters=90"], "the test part has 299 characters, too few for texts=3"),
        (["texts=0"], "texts=0 must be at least 1"),
        (["split=train"], "split=train must be 'val' or 'test'"),
        (["decodings=[]"], "decodings=[] must have 1 entries"),
        (["decodings=[{name:greedy,top_k:3}]"], "decodings: decoding=greedy and decoding.top_k=3 exclude each other"),
        (["decodings=[{name:sample},{name:sample,temperature:1.0}]"], "decodings names sample twice"),
        (["decodings=[{name:sample,topk:3}]"], "decodings.0.topk is no option"),
        (["decodings=[{name:greedy,no_repeat_ngram:1}]"], "no token to choose after"),
        (["max_train_characters=100"], "more than max_train_characters=100"),
    ],
)
def test_what_cannot_be_is_refused(
    words: list[str], said: str, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["novelty", f"run={trained}", *SMALL, *words]) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_checkpoint_alone_needs_a_place(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = shutil.copy(trained / "checkpoints" / "last.ckpt", tmp_path / "copied.ckpt")
    assert main(["novelty", f"run={checkpoint}", *SMALL]) == 2
    assert "set out=DIRECTORY" in capsys.readouterr().err
    assert main(["novelty", f"run={checkpoint}", f"out={checkpoint}", *SMALL]) == 2
    assert "cannot be written" in capsys.readouterr().err
