import pytest

from lstmlab.errors import UserError
from lstmlab.text.simplify import simplified


def test_traditional_becomes_simplified_however_it_is_cut() -> None:
    pytest.importorskip("opencc")
    text = "話說天下大勢，分久必合。\n皇后頭髮乾了，後來發現裡面有幾個麵包。\n末"
    wanted = "话说天下大势，分久必合。\n皇后头发干了，后来发现里面有几个面包。\n末"
    assert "".join(simplified([text])) == "".join(simplified(text)) == wanted
    assert "".join(simplified(iter([]))) == ""


def test_without_opencc_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opencc", None)
    with pytest.raises(
        UserError, match=r"data\.simplified=true needs the package opencc: pip install 'lstmlab\[opencc\]'"
    ):
        list(simplified(["話"]))
