"""What is on a page beside the novel: advertising, marks of libraries, mark-up, navigation."""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from lstmlab.text.novels.characters import counted, plain

_TAG_NAMES = (
    "a|abbr|b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|font|form|h[1-6]|head|hr|html|i|iframe|img|input|li|link"
    "|meta|noscript|ol|p|pre|s|script|small|span|strike|strong|style|sub|sup|table|tbody|td|th|title|tr|tt|u|ul"
)
_INVISIBLE = re.compile(r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1\s*>|<!doctype[^<>]*>", re.IGNORECASE)
_LINE_TAG = re.compile(
    r"</?(?:blockquote|br|center|d[dlt]|div|h[1-6]|hr|li|p|table|title|tr|[ou]l)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_TAG = re.compile(rf"</?(?:{_TAG_NAMES})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});|&nbsp", re.IGNORECASE)


def _without_html(line: str, removed: Counter[str]) -> list[str]:
    """The lines that a line is once its mark-up is gone."""
    for _ in range(4):  # &amp;lt;br&amp;gt; was escaped twice
        before = line
        line = counted(_INVISIBLE, "", line, removed, "html")
        line = counted(_LINE_TAG, "\n", line, removed, "html")
        line = counted(_TAG, "", line, removed, "html")
        unescaped = _ENTITY.sub(lambda found: html.unescape(found[0]), line)
        if unescaped != line:
            removed["html"] += len(_ENTITY.findall(line))
            line = plain(unescaped, removed)
        if line == before:
            break
    # A tag at the end of a line is that line's end, no empty line; one alone on its line is.
    return [part for part in line.split("\n") if part.strip()] or [""]


_DASH = "[-－﹣‐–—―─━]"
_IN_BRACKETS = "|".join(
    rf"{re.escape(left)}(?=[^{re.escape(right)}]*(?:{{words}}))[^{re.escape(right)}]{{{{0,60}}}}{re.escape(right)}"
    for left, right in ("〖〗", "【】", "[]", "［］", "〔〕")
)
_LIBRARY_MARK = re.compile(
    rf"{_DASH}{{2,80}}[^〖【\[［〔，。！？：；\n]{{0,12}}\s*(?:"
    + _IN_BRACKETS.format(words=r"新语丝|新語絲|文库|文庫|书库|書庫|书屋|小说网|[wｗ]{3}|\.(?:com|net|org)")
    + rf")|(?:{_DASH}\s?){{0,80}}(?:"
    + _IN_BRACKETS.format(words="新语丝电子文库|新語絲電子文庫")
    + ")",
    re.IGNORECASE,
)

_RULE = re.compile(r"(?:[=＝]\s*){5,}|(?:[-－‐–—―─━]\s*){5,}|(?:[_＿]\s*){5,}|(?:[*＊]\s*){5,}|(?:[~～]\s*){5,}")
_UPDATED = re.compile(r"last\s*(?:updated|modified)\b.{0,60}|最[后近]更新\s*[:：].{0,40}", re.IGNORECASE)
_WAYS = (
    r"返?回(?:书籍|小说|章节|本书)?(?:目录|首页|书目|主页|书页|封面)|(?:返回|回到)(?:页首|顶部)|[上下前后]一?页|[上下]一[章回节篇卷集]"
    "|章节目录|加入书签|推荐本书"
)
_BETWEEN = r"[\s\[\]【】()（）<>《》〈〉«»←→|｜/／\\·:：—-]*"
_NAVIGATION = re.compile(rf"(?=.*(?:{_WAYS})){_BETWEEN}(?:(?:{_WAYS}|目录|首页|书目){_BETWEEN})+")

_HOST = r"[a-z0-9-]{1,40}"
_TOP = "com|net|org|cn|cc|info|tv|tw|hk|us|biz|mobi|me|la|xyz|top|vip|io|co|so|club|site|online|app|wang"
_ADDRESS = re.compile(
    rf"(?:https?[:/]+)?(?:www[.。·,、]+{_HOST}(?:[.。·,、]+{_HOST}){{0,4}}"
    rf"|(?<![a-z0-9])(?:{_HOST}\.){{1,4}}(?:{_TOP})(?![a-z0-9]))(?:/[!-~]*)?"
)
_SPACE_IN_ADDRESS = re.compile(r"(?<=[a-z0-9./:。·])\s+(?=[a-z0-9./:。·])")
_ADVERTISING = re.compile(
    "本书来自|本书|来自|下载|免费|电子书|电子版|请关注|关注|更多|更新|精彩|好书|好看|欢迎|光临|访问|登录|登陆|论坛|社区|书库|文库|小说网"
    "|小说|全本|全集|完本|首发|最新|最快|最火|章节|手打|整理|制作|扫描|扫校|校对|收藏|网址|网站|站|网|书屋|书城|书院|书香门第|书包"
    "|中文|文学|阅读|在线|提供|转载|尽在|广大|热门|连载|作品|版权|原作者|作者|所有|仅供|交流|试读|支持|正版|书友|看书"
    "|记住|推荐|发布|出品|书籍|原创|手机|用户|请到|请|txt|ocr|chm|epub|e-?mail"
    "|電子書|下載|免費|歡迎|訪問|登錄|論壇|網址|網站|網|小說|書庫|閱讀|製作"
)
_LETTERS = re.compile("[a-z]+|[\u3400-\u9fff]")
_STORY = re.compile("(?<!其)[他她它]|[「『]|[说道曰][:,，“]")
SENTENCE = re.compile("[,，。．!?！？；;]")
_KNOWN_SITE = re.compile(r"(?:本书来自|更多更新免费电子书请关注)\s*www\.(?:cr173|wmtxt)\.com")
_GUTENBERG = re.compile(
    r"\W*(?:end of (?:the |this )?project gutenberg|(?:start|end) of (?:the|this) project gutenberg)", re.IGNORECASE
)


def _is_advertising(line: str) -> bool:
    """Whether a whole line is a site's: an address, and little beside the words that sites use.

    A sentence of a novel may name a site too, so what is left without the address and these words must be less than
    half of the line, and no one speaks or acts in it.
    """
    if len(line) > 160 or not re.search("[A-Za-zＡ-Ｚａ-ｚⓐ-ⓩ]", line):
        return False
    if _GUTENBERG.match(line):
        return True
    folded = unicodedata.normalize("NFKC", line).lower()
    if _KNOWN_SITE.match(folded):
        return True
    if len(line) > 80 or _STORY.search(folded):
        return False
    for text in (folded, _SPACE_IN_ADDRESS.sub("", folded)):  # w w w . site . c o m
        beside, addresses = _ADDRESS.subn(" ", text)
        if not addresses:
            continue
        left, words = _ADVERTISING.subn(" ", beside)
        strange, all_beside = len(_LETTERS.findall(left)), len(_LETTERS.findall(beside))
        if words and strange <= max(6, all_beside // 2):
            return True
        if not words and strange <= 6 and not SENTENCE.search(beside):
            return True
    return False


def cleaned(line: str, removed: Counter[str]) -> str:
    """A line without the marks of libraries; nothing where the line is not the book's."""
    if "〗" in line or "】" in line or "]" in line or "］" in line or "〕" in line:
        line = counted(_LIBRARY_MARK, "", line, removed, "library marks")
    text = line.strip()
    if len(text) <= 200:
        if _RULE.fullmatch(text) or _UPDATED.fullmatch(text) or _NAVIGATION.fullmatch(text):
            removed["page furniture"] += 1
            return ""
        if _is_advertising(text):
            removed["site lines"] += 1
            return ""
    return line


_FRAME = re.compile(r"\s*\*\*\* ?(start|end) of (?:the|this) project gutenberg", re.IGNORECASE)
_HAN = re.compile("[\u3400-\u9fff]")
_HEADER_LINES = 400  # Project Gutenberg's header has about thirty


def without_frame(lines: Iterable[str], removed: Counter[str]) -> Iterator[str]:
    """The lines between Project Gutenberg's marks of start and end, where a file has them: no header, no licence.

    The licence is what follows the end without a Chinese character: another book may follow.
    """
    coming = iter(lines)
    header = list(islice(coming, _HEADER_LINES))
    start = next(
        (number for number, line in enumerate(header) if (m := _FRAME.match(line)) and m[1].lower() == "start"), 0
    )
    dropping = False
    for number, line in enumerate(chain(header, coming)):
        mark = _FRAME.match(line)
        dropping = mark[1].lower() == "end" if mark else number < start or (dropping and not _HAN.search(line))
        if mark:
            removed["site lines"] += 1
        elif not dropping:
            yield line
        elif line.strip():
            removed["page furniture"] += 1


def without_furniture(lines: Iterable[str], removed: Counter[str]) -> Iterator[str]:
    """The book's lines, as they are indented; empty ones stay, for they part paragraphs."""
    for line in lines:
        if not line or line.isspace():
            yield ""
            continue
        parts = _without_html(line, removed) if "<" in line or "&" in line else [line]
        for part in parts:
            if not part:
                yield ""
            elif left := cleaned(part, removed).rstrip():
                yield left
