"""Memory does not grow with the corpus."""

import subprocess
import sys
from pathlib import Path

PEAKS = """
import resource, sys
from pathlib import Path
from lstmlab.data import TextFiles
from lstmlab.data.streams import ScoringLoader
from lstmlab.text.tokenizer import make_tokenizer

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)

folder, cleaning = Path(sys.argv[1]), sys.argv[2]
tale = (Path(sys.argv[3])).read_text(encoding="utf-8")
for megabytes in (2, 40):
    path = folder / f"{megabytes}.txt"
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1_000_000:
            file.write(tale + f"\\n{file.tell()}\\n")
    data = TextFiles(make_tokenizer("char"), path=str(path), cleaning=cleaning)
    corpus = data.prepare()
    span = next(iter(data.train_dataloader()))
    windows = list(span)
    assert corpus.parts["train"].figures.tokens > 0.2 * megabytes * 1_000_000
    print(peak())
"""


def test_twenty_times_the_text_takes_no_more_memory(tmp_path: Path) -> None:
    tale = Path(__file__).parents[2] / "src/lstmlab/text/sample/zh.txt"
    for cleaning in ("none", "novel"):
        done = subprocess.run(
            [sys.executable, "-c", PEAKS, str(tmp_path), cleaning, str(tale)],
            capture_output=True,
            text=True,
            check=True,
        )
        short, long = map(float, done.stdout.split())
        assert long - short < 40, f"{cleaning}: {short} MB, then {long} MB"  # the text itself would be 27 MB, and more
