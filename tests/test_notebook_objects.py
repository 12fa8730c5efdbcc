"""What notebooks ask of models and sweeps, and how these show themselves."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lstmlab
from lstmlab.errors import UserError
from lstmlab.reports.facts import facts_html, table_html
from lstmlab.trained_model import TrainedModel

pandas = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def model(trained_run: Path) -> TrainedModel:
    return lstmlab.load(trained_run)


@pytest.fixture(scope="module")
def attending(tmp_path_factory: pytest.TempPathFactory) -> TrainedModel:
    directory = tmp_path_factory.mktemp("attending") / "run"
    return lstmlab.train(
        [
            f"hydra.run.dir={directory}", "data=sample", "data.max_characters=6000", "attention=multihead",
            "attention.memory=6", "model.hidden_size=16", "model.embedding_size=16", "trainer.max_steps=2",
            "callbacks.samples.tokens=0", "logger=csv", "debug=step",
        ]
    )  # fmt: skip


def test_a_model_shows_what_it_is_how_good_and_where_from(model: TrainedModel) -> None:
    shown = model._repr_html_()
    bits = model.summary["test/bits_per_char"]
    for fact in (
        "1 x LSTMLayer of 32 units",
        "char, 58 in the vocabulary",
        f"{bits:.4f} bits",
        str(model.path),
        "step 3",
    ):
        assert fact in shown
    score = model.score("The <b>river.")
    assert f"{score.bits_per_char:.4f}" in score._repr_html_()
    assert "<b>r" not in score._repr_html_()
    assert repr(score).startswith(f"TextScore({score.bits_per_char:.3f} bits a character")


def test_metrics_are_those_of_the_run(model: TrainedModel, tmp_path: Path) -> None:
    rows = model.metrics()
    frame = pandas.DataFrame(rows)
    assert frame["val/bits_per_char"].dropna().iloc[-1] == pytest.approx(model.summary["val/bits_per_char"], abs=1e-4)
    assert model.plot_metrics()._repr_png_().startswith(b"\x89PNG")
    shutil.copy(model.path, tmp_path / "copied.ckpt")
    copied = lstmlab.load(tmp_path / "copied.ckpt")
    for asked in (copied.metrics, copied.plot_metrics):
        with pytest.raises(UserError, match=r"copied\.ckpt lies in no run directory: metrics\.csv"):
            asked()


def test_pictures_of_gates_and_attention(model: TrainedModel, attending: TrainedModel, tmp_path: Path) -> None:
    assert attending.attention("It was")["attention"].shape == (1, 6, 12)
    for picture in (attending.plot_attention("It was"), attending.plot_gates("It was", layer=0, units=4)):
        saved = picture.save(tmp_path / "picture.png")
        assert saved.read_bytes().startswith(b"\x89PNG")
        assert "It was" in repr(picture)
    for asked in (model.attention, model.plot_attention):
        with pytest.raises(UserError, match="has no attention weights: it was trained with attention=none"):
            asked("It was")
    with pytest.raises(UserError, match="layer=3 does not exist: the model has layers 0 to 0"):
        model.plot_gates("It was", layer=3)
    with pytest.raises(UserError, match="the text to trace holds no token"):
        attending.plot_attention("")


def test_a_sweep_as_a_frame(trained_run: Path, attending: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    assert attending.directory is not None
    sweep = lstmlab.load_sweep([trained_run, attending.directory])
    frame = sweep.frame()
    assert len(frame) == 2 and {"seed", "state", "val/bits_per_char"} <= set(frame.columns)
    assert set(sweep.options) <= set(frame.columns)
    alone = lstmlab.load_sweep(trained_run)
    assert alone.best.path == trained_run
    assert alone.best.load().generate("The", 5) == lstmlab.load(trained_run).generate("The", 5)
    assert alone.best.metrics()[-1]["step"] == 3
    assert "completed" in alone.best._repr_html_() and "Trial(" in repr(alone.best)
    assert "1 of 1 trials finished" in alone._repr_html_()
    with pytest.raises(UserError, match="varies nothing but the seed"):
        alone.plot()
    with pytest.raises(UserError, match=r"option=data\.seq_lenth does not vary .* Did you mean data.seq_length"):
        sweep.plot("data.seq_lenth")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match=r"needs pandas: pip install 'lstmlab\[notebook\]'"):
        sweep.frame()


def test_what_is_no_sweep_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is neither a sweep nor a run"):
        lstmlab.load_sweep(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        lstmlab.load_sweep(tmp_path / "nowhere")


def test_reloading_needs_no_hydra(trained_run: Path) -> None:
    code = (
        "import sys, lstmlab\n"
        f"model = lstmlab.load({str(trained_run)!r})\n"
        "model.complete('The', 5); model.score('The river.'); model.surprise('The'); model.plot_gates('The')\n"
        f"lstmlab.load_sweep({str(trained_run)!r}).best.load()\n"
        "print([name for name in ('hydra', 'omegaconf', 'wandb', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_text_is_escaped() -> None:
    for html in (facts_html("<i>", [("&", "<script>")]), table_html("<i>", ["<b>"], [["<script>"]])):
        assert "<script>" not in html and "<i>" not in html and "&lt;script&gt;" in html


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(lstmlab.__file__).parent / "py.typed").is_file()
