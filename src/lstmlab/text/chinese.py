"""What this package knows about Chinese books: common characters, chapter headings, traditional to simplified."""

import importlib
import re
from collections.abc import Iterable, Iterator

from lstmlab.errors import UserError

_NUMERALS = "〇○零一二三四五六七八九十百千万两壹贰叁肆伍陆柒捌玖拾佰仟廿卅0-9０-９"

CHAPTER_NUMBER = re.compile(rf"第[ \u3000]*((?:[{_NUMERALS}][ \u3000]*)+)([回章节節卷折集篇]|部分?)")
"""The number at the start of a heading, perhaps spaced out; group 1 the numeral, group 2 the unit."""

# Prose can begin with the same words (第四回中既将薛家母子…，此回则…): a title that follows without a space or a
# colon is taken for one only if it is short and has no punctuation of sentences.
CHAPTER_START = re.compile(
    rf"^(?:第[{_NUMERALS}]+(?:[回章节節卷折集篇]|部分?)"
    r"(?:$|[ \u3000：:.．·].{0,60}$|[^\s，。！？；：、．…「」『』“”\"][^\n，。！？；：．…「」『』“”\"]{0,29}$)"
    r"|(?:楔子|序[言章幕]?|前言|引[子言]|[后後][记記]|尾[声聲]|跋|附[录錄]|[终終]章)(?:$|[ \u3000：:].{0,40}$)"
    r"|(?i:chapter) +(?:[0-9]+|[IVXLC]+)(?![A-Za-z0-9]).{0,60}$)",
    re.MULTILINE,
)
"""A line of cleaned text that starts a chapter, whole: a numbered one, a foreword, an afterword, ``CHAPTER IV``."""

# The characters that make up about half of any Chinese narrative, old or new, simplified or traditional: counted in
# nine novels in the public domain, with those of modern prose added. Text decoded by a wrong codec has few of them.
FREQUENT = frozenset(
    "了不一道的来是人我他个说这那有你大去见上子在得也之著下里只儿又便此出将到老家好日如就头回三时中知小看要二何听太两行们可爷自事"
    "前起心公天么与后王无为过面等马把曰却今叫军都山门玉问正生明还宝身兵话手者十笑打然当以进安已走众才些而先相地方多因住张娘言声且若"
    "师处想姐分再贾四弟于外至路怎没请吃作用从命官口五开云内罢意金边长死甚往国年着和她会能对学发成第样种主所本经女七"
    "來個說這見裏裡兒將頭時聽兩們爺麼與後無爲為過馬卻軍門問還寶話當進衆眾張聲師處賈於沒請喫從開雲內罷邊長國會對學發樣種經"
)


def simplified(blocks: Iterable[str]) -> Iterator[str]:
    """The text in simplified characters, by OpenCC's ``t2s``; the same however the text is cut into blocks.

    Words decide between characters, so a line is converted whole: blocks are cut behind a newline. One without any
    newline is passed on when it has a million characters.

    Raises:
        UserError: the package ``opencc`` is not installed.
    """
    try:
        opencc = importlib.import_module("opencc")
    except ImportError as error:
        raise UserError("data.simplified=true needs the package opencc: pip install 'lstmlab[opencc]'") from error
    convert = opencc.OpenCC("t2s").convert
    rest = ""
    for block in blocks:
        rest += block
        cut = rest.rfind("\n") + 1
        while len(rest) - cut >= 1 << 20:
            cut += 1 << 20
        if cut:
            yield convert(rest[:cut])
            rest = rest[cut:]
    if rest:
        yield convert(rest)
