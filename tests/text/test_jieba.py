"""Our words are jieba's, by both segmenters, whatever the text."""

import json
import logging
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.errors import UserError
from lstmlab.text import JiebaTokenizer, tokenizer_from_dict
from lstmlab.text.segmentation import streaming
from lstmlab.text.segmentation.routes import load_jieba
from lstmlab.text.tokenizer import make_tokenizer

SEGMENTERS = ["jieba", "rjieba"]
ZH = (resources.files("lstmlab.text") / "sample" / "zh.txt").read_text("utf-8")

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=[]))
HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
COMMON = st.sampled_from("常在他洞下的一是不了人我有大来上国说们为子和你地出道也时年得就那要于着下里之后家多小心去前所")
SIGNS = st.sampled_from("aZ09%.+#&_- \n\r\t\x1c\x85\u3000，。：“”％ａ１㐀𠀀豈😀é\0\ud800")
MIXED = st.text(alphabet=HAN | COMMON | SIGNS)
_SPELT = """T恤 AT&T c++ C# 3.14 50% 1.2.3 www.cr173.com 4S店 江南style 阿Q 中华人民共和国 郭靖 黄蓉 降龙十八掌 说道
AA制 常在 在路下 他洞下 的 了 x 7 . % 𠀀 鿖 鿕 龥 〇"""
WORDS = st.lists(st.sampled_from([*_SPELT.split(), "\r\n", "\n"])).map("".join)


@pytest.fixture(scope="module")
def plain() -> Any:
    """jieba itself, untouched by us."""
    jieba = load_jieba()
    words = jieba.Tokenizer()
    words.tmp_dir = os.environ["LSTMLAB_CACHE"]
    jieba.setLogLevel(logging.CRITICAL)
    words.initialize()
    return words


def first_difference(ours: list[str], theirs: list[str]) -> str:
    """Nothing where they are the same; not a diff of a million lines where not."""
    if ours == theirs:
        return ""
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
    return f"{at}: {ours[at - 3 : at + 5]} instead of {theirs[at - 3 : at + 5]}"


@pytest.mark.parametrize("hmm", [True, False])
@pytest.mark.parametrize("segmenter", SEGMENTERS)
def test_the_bundled_novel_is_cut_as_jieba_does(plain: Any, segmenter: str, hmm: bool) -> None:
    ours = JiebaTokenizer(hmm=hmm, segmenter=segmenter).split(ZH)
    assert first_difference(list(ours), plain.lcut(ZH, HMM=hmm)) == ""
    assert "".join(ours) == ZH


@pytest.mark.parametrize("hmm", [True, False])
@pytest.mark.parametrize("segmenter", SEGMENTERS)
@settings(max_examples=300, deadline=None)
@given(text=MIXED | WORDS | ANY_TEXT | st.text(alphabet=HAN | COMMON))
def test_any_text_is_cut_as_jieba_does(plain: Any, segmenter: str, hmm: bool, text: str) -> None:
    ours = JiebaTokenizer(hmm=hmm, segmenter=segmenter).split(text)
    assert ours == plain.lcut(text, HMM=hmm)
    assert "".join(ours) == text


def chinese_corpora() -> Iterator[Path]:
    """The Chinese text below $LSTMLAB_DATA, if there is any."""
    root = os.environ.get("LSTMLAB_DATA")
    for folder in ("zh_classics", "wuxia_gb18030"):
        yield from sorted(Path(root, folder).glob("*.txt")) if root else ()


def read(path: Path) -> str:
    encoding = "gb18030" if path.parent.name.endswith("gb18030") else "utf-8"
    return path.read_bytes().decode(encoding, errors="replace")


@pytest.mark.skipif(not list(chinese_corpora()), reason="LSTMLAB_DATA names no Chinese corpora")
@pytest.mark.parametrize("segmenter", SEGMENTERS)
def test_a_stretch_of_every_novel_is_cut_as_jieba_does(plain: Any, segmenter: str) -> None:
    for path in chinese_corpora():
        text = read(path)[20_000:60_000]
        assert first_difference(list(JiebaTokenizer(segmenter=segmenter).split(text)), plain.lcut(text)) == "", path


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not list(chinese_corpora()), reason="LSTMLAB_DATA names no Chinese corpora")
@pytest.mark.parametrize("hmm", [True, False])
def test_all_novels_are_cut_as_jieba_does(plain: Any, hmm: bool) -> None:
    for path in chinese_corpora():
        text = read(path)
        wanted = plain.lcut(text, HMM=hmm)
        for segmenter in SEGMENTERS:
            ours = list(JiebaTokenizer(segmenter=segmenter, hmm=hmm).split(text))
            assert first_difference(ours, wanted) == "", (path, segmenter)


def test_the_dictionary_has_no_word_of_letters_and_digits_alone(plain: Any) -> None:
    """What rjieba joined of letters and digits were single characters: we rely on it."""
    assert [word for word, n in plain.FREQ.items() if n and len(word) > 1 and word.isascii() and word.isalnum()] == []


# -- many texts, all cores ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("segmenter", SEGMENTERS)
@pytest.mark.parametrize("workers", [1, 2])
def test_many_texts_by_several_workers_are_each_cut_alone(
    segmenter: str, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "cores", lambda: workers)
    monkeypatch.setattr(streaming, "_PAYS", {segmenter: 1})
    monkeypatch.setattr(streaming, "_BATCH", 1000)
    texts = [ZH[:9000], "", "\r", "\n", "郭", "靖", "\0", "\0郭\0靖\0", *ZH[9000:20_000].splitlines(keepends=True), ""]
    tokenizer = JiebaTokenizer(segmenter=segmenter)
    wanted = [streaming.Cutter(segmenter, True, ())(text) for text in texts]
    found = list(tokenizer.split_all(iter(texts)))
    assert ["".join(tokens) for tokens in found] == texts
    assert [[0, *positions(tokens)] for tokens in found] == [begins.tolist() for begins in wanted]


def positions(tokens: Any) -> list[int]:
    ends, end = [], 0
    for token in tokens:
        end += len(token)
        ends.append(end)
    return ends


@pytest.mark.parametrize("segmenter", SEGMENTERS)
def test_texts_are_not_taken_far_ahead(segmenter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "cores", lambda: 2)
    monkeypatch.setattr(streaming, "_PAYS", {segmenter: 1})
    monkeypatch.setattr(streaming, "_BATCH", 1000)
    taken = 0

    def texts() -> Iterator[str]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield "他说道：「好。」\n" * 200

    split = JiebaTokenizer(segmenter=segmenter).split_all(texts())
    for given_back in range(1, 20):
        next(split)
        assert taken <= given_back + 10
    split.close()  # type: ignore[attr-defined]


def test_an_error_of_the_texts_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "cores", lambda: 2)
    monkeypatch.setattr(streaming, "_PAYS", {"jieba": 1, "rjieba": 1})

    def texts() -> Iterator[str]:
        yield ZH[:1000]
        raise UserError("novel.txt is broken")

    for segmenter in SEGMENTERS:
        with pytest.raises(UserError, match=r"novel\.txt is broken"):
            list(JiebaTokenizer(segmenter=segmenter).split_all(texts()))


def test_a_worker_that_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "cores", lambda: 2)
    monkeypatch.setattr(streaming, "_PAYS", {"jieba": 1})
    monkeypatch.setattr(streaming, "_cut", os._exit)
    monkeypatch.setattr(streaming._Batch, "joined", 9)
    with pytest.raises(UserError, match=r"worker process of tokenizer=jieba died.*tokenizer\.segmenter=rjieba"):
        list(JiebaTokenizer(segmenter="jieba").split_all([ZH[:1000]]))


def test_a_script_needs_no_main_guard_and_sees_no_warning(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from lstmlab.text import JiebaTokenizer\n"
        "from lstmlab.text.segmentation import streaming\n"
        "streaming.cores, streaming._PAYS = (lambda: 2), {'jieba': 1}\n"
        "print(JiebaTokenizer(segmenter='jieba').split('郭靖說道'))\n"
    )
    done = subprocess.run([sys.executable, "-W", "default", script], capture_output=True, text=True, check=True)
    assert done.stdout.count("'") == 2 * len(JiebaTokenizer().split("郭靖說道"))
    assert done.stderr == ""


# -- the tokenizer -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("segmenter", SEGMENTERS)
@settings(deadline=None)
@given(text=MIXED | ANY_TEXT, document_ends=st.booleans())
def test_text_comes_back(segmenter: str, text: str, document_ends: bool) -> None:
    if not text:
        return
    tokenizer = JiebaTokenizer(segmenter=segmenter)
    tokenizer.fit([text], document_ends=document_ends)
    plain: dict[str, Any] = json.loads(json.dumps(tokenizer.to_dict()))
    for again in (tokenizer, tokenizer_from_dict(plain), pickle.loads(pickle.dumps(tokenizer))):
        ids = again.encode(text)
        assert again.decode(ids) == text
        assert again.unknown(text) == []
        assert "".join(again.decode_stream(ids.tolist())) == text
        assert again.to_dict() == tokenizer.to_dict()


def test_words_are_unknown_only_where_the_vocabulary_is_limited() -> None:
    counts = Counter(JiebaTokenizer().split(ZH))
    for settings_ in ({"min_count": 2}, {"max_size": 500}):
        tokenizer = JiebaTokenizer(**settings_)
        tokenizer.fit([ZH])
        assert set(tokenizer.unknown(ZH)) == set(counts) - set(tokenizer.vocabulary.types) != set()
        assert list(tokenizer.vocabulary.counts) == sorted(tokenizer.vocabulary.counts, reverse=True)


def test_the_segmenter_is_no_part_of_what_is_kept() -> None:
    one, other = (JiebaTokenizer(segmenter=segmenter) for segmenter in SEGMENTERS)
    assert one.settings() == other.settings()
    assert one.settings() == {"name": "jieba", "min_count": 1, "max_size": None, "hmm": True, "user_dict": None}
    assert one.versions() == {"jieba": "0.42.1"}


# -- user dictionaries -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_user_words_are_found(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("云长公\n\n东风夜放 20000\r\n千树 3 nz\n".encode(encoding))
    text = "东风夜放花千树，云长公笑。"
    tokenizer = JiebaTokenizer(user_dict=str(path))
    assert [word for word in ("东风夜放", "云长公", "千树") if word in tokenizer.split(text)] == [
        "东风夜放",
        "云长公",
        "千树",
    ]
    assert "东风夜放" not in JiebaTokenizer().split(text)
    settings_ = json.loads(json.dumps(tokenizer.settings()))
    assert settings_["user_dict"] == [["云长公", None], ["东风夜放", 20000], ["千树", 3]]
    path.unlink()
    assert make_tokenizer(**settings_).split(text) == tokenizer.split(text)
    assert make_tokenizer(**settings_).settings() == tokenizer.settings()


USER_WORDS = st.lists(
    st.tuples(
        st.sampled_from(["郭靖道", "蓉儿", "abc", "x1", "中", "他洞", "常在他", "a+b", "说道好", "华人"]),
        st.none() | st.integers(0, 10**6),
    ),
    max_size=4,
)


@settings(deadline=None)
@given(
    entries=USER_WORDS,
    text=st.text(alphabet=st.sampled_from("郭靖道蓉儿abcx1中他洞常在+说好华人民，")),
    hmm=st.booleans(),
)
def test_user_words_mean_what_they_mean_to_jieba(
    plain: Any, entries: list[tuple[str, int | None]], text: str, hmm: bool
) -> None:
    """In a jieba of its own: words with frequency 0 are forbidden in the whole process there."""
    jieba = load_jieba()
    words = jieba.Tokenizer()
    words.FREQ, words.total, words.initialized = dict(plain.FREQ), plain.total, True
    forced = jieba.finalseg.Force_Split_Words
    try:
        for word, frequency in entries:
            words.add_word(word, frequency)
        wanted = words.lcut(text, HMM=hmm)
    finally:
        forced.clear()
    assert JiebaTokenizer(hmm=hmm, user_dict=entries).split(text) == wanted
    assert not forced


def test_two_dictionaries_do_not_meet() -> None:
    text = "常在他洞下，云长公笑"
    first = JiebaTokenizer(user_dict=[("云长公", None), ("常在", 0)], segmenter="jieba")
    second = JiebaTokenizer(user_dict=[("长公笑", 10**7)], segmenter="jieba")
    alone = JiebaTokenizer(segmenter="jieba").split(text)
    a, b = first.split(text), second.split(text)
    assert "云长公" in a and "长公笑" not in a
    assert "长公笑" in b and "云长公" not in b
    assert first.split(text) == a
    assert JiebaTokenizer(segmenter="jieba").split(text) == alone == load_jieba().lcut(text)


@pytest.mark.parametrize("line", ["郭靖 3 nr more", "郭靖 -3", "郭靖 3.5", "郭靖 nr 3"])
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text(f"黄蓉 nr\n\n{line}\n", encoding="utf-8")
    with pytest.raises(UserError, match=rf"words\.txt:3: '{line}' is no entry of a user dictionary; write a word"):
        JiebaTokenizer(user_dict=str(path))


def test_other_mistakes_with_user_dictionaries(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("郭靖\n".encode() + b"\xff\xff\xff\n")
    with pytest.raises(UserError, match=r"words\.txt:2: the line is neither UTF-8 nor GB18030"):
        JiebaTokenizer(user_dict=str(path))
    with pytest.raises(UserError, match=r"tokenizer\.user_dict=.*none\.txt cannot be read"):
        JiebaTokenizer(user_dict=str(tmp_path / "none.txt"))
    path.write_text("哈利·波特\n", encoding="utf-8")
    JiebaTokenizer(user_dict=str(path))
    assert "哈利·波特" in caplog.text
    with pytest.raises(UserError, match=r"tokenizer\.segmenter=rjieba takes no user dictionary"):
        JiebaTokenizer(user_dict=str(path), segmenter="rjieba")
    with pytest.raises(UserError, match=r"tokenizer\.segmenter=fast is none of auto, jieba, rjieba"):
        JiebaTokenizer(segmenter="fast")


def test_without_rjieba(monkeypatch: pytest.MonkeyPatch) -> None:
    from lstmlab.text.segmentation import routes
    from lstmlab.text.tokenizers import jieba

    monkeypatch.setattr(jieba, "find_spec", lambda name: None)
    assert JiebaTokenizer()._cutter.segmenter == "jieba"
    monkeypatch.setitem(sys.modules, "rjieba", None)
    routes.route.cache_clear()
    with pytest.raises(UserError, match=r"pip install 'lstmlab\[rjieba\]'"):
        JiebaTokenizer(segmenter="rjieba").split("郭靖")
    routes.route.cache_clear()
