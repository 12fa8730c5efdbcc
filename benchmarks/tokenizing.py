"""Seconds to cut Chinese novels into words: plain jieba line by line, lstmlab with jieba, lstmlab with rjieba.

    python benchmarks/tokenizing.py [text ...] [--megabytes 17] [--rounds 3]

In turn, each in a process of its own, from its start to the last token, with the dictionary's cache written before;
the ratio is taken round by round, and its median is what counts: the machine may be shared and its speed drift. Texts
are files or folders of them, UTF-8 or GB18030; without any, the Chinese ones below $LSTMLAB_DATA are taken, as often as
it takes to make so many megabytes of UTF-8.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLAIN = """
import logging, sys, warnings
warnings.simplefilter("ignore")
import jieba
jieba.setLogLevel(logging.CRITICAL)
jieba.dt.tmp_dir = sys.argv[2]
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    print(sum(len(jieba.lcut(line)) for line in file))
"""
OURS = """
import sys
from lstmlab.text import JiebaTokenizer
tokenizer = JiebaTokenizer(segmenter="{segmenter}")
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    print(sum(len(tokens) for tokens in tokenizer.split_all(iter(lambda: "".join(file.readlines(1 << 20)), ""))))
"""
PROGRAMS = {
    "plain jieba": PLAIN,
    "lstmlab jieba": OURS.format(segmenter="jieba"),
    "lstmlab rjieba": OURS.format(segmenter="rjieba"),
}


def seconds(program: str, text: Path, cache: Path) -> tuple[float, int]:
    """How long a program takes, and how many tokens it finds."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, text, cache], check=True, capture_output=True, text=True,
        env={**os.environ, "LSTMLAB_CACHE": str(cache)},
    )  # fmt: skip
    return time.perf_counter() - begun, int(done.stdout)


def novels(places: list[str], megabytes: float) -> str:
    """The texts one after another, over and over."""
    if not places:
        root = os.environ.get("LSTMLAB_DATA")
        places = [f"{root}/zh_classics", f"{root}/wuxia_gb18030"] if root else []
    files = [file for place in map(Path, places) for file in (sorted(place.glob("*.txt")) or [place])]
    if not files:
        sys.exit("name a text, or a directory of corpora with LSTMLAB_DATA")
    texts = []
    for file in files:
        content = file.read_bytes()
        try:
            texts.append(content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            texts.append(content.decode("gb18030", errors="replace"))
    once = "\n".join(texts)
    wanted, size = round(megabytes * 1e6), len(once.encode())
    return (once * -(-wanted // size)).encode()[:wanted].decode(errors="ignore")


def main() -> None:
    """Print a line a program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", nargs="*")
    parser.add_argument("--megabytes", type=float, default=17.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        text = Path(place, "novels.txt")
        content = novels(arguments.text, arguments.megabytes)
        text.write_text(content, encoding="utf-8", newline="")
        short = Path(place, "short.txt")
        short.write_text(content[:1000], encoding="utf-8", newline="")
        for program in PROGRAMS.values():
            seconds(program, short, Path(place))
        print(f"{text.stat().st_size / 1e6:.1f} MB, {len(content):,} characters, {arguments.rounds} rounds (medians)")
        rounds = []
        for _ in range(arguments.rounds):
            measured = {name: seconds(program, text, Path(place)) for name, program in PROGRAMS.items()}
            assert len({tokens for _, tokens in measured.values()}) == 1, measured
            rounds.append({name: took for name, (took, _) in measured.items()})
        for name in PROGRAMS:
            ratios = sorted(one[name] / one["plain jieba"] for one in rounds)
            print(
                f"{name:15} {statistics.median(one[name] for one in rounds):7.2f} s   ratio"
                f" {statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
            )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest process {peak:,.0f} MB")


if __name__ == "__main__":
    main()
