"""What is on a page beside the novel: advertising, marks of libraries, mark-up, navigation."""

import html
import re
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from lstmlab.text.novels.characters import counted, plain

_HAN = re.compile("[\u3400-\u9fff]")

_TAG_NAMES = (
    "a|abbr|area|b|base|bgsound|big|blockquote|body|br|caption|center|cite|code|col|colgroup|dd|div|dl|dt|em|embed|font"
    "|form|h[1-6]|head|hr|html|i|iframe|img|input|li|link|map|marquee|meta|nobr|noscript|o:p|object|ol|p|param|pre|q|s"
    "|script|small|span|strike|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|wbr"
)
_INVISIBLE = re.compile(r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1\s*>|<!doctype[^<>]*>|<\?xml[^<>]*>", re.IGNORECASE)
_LINE_TAG = re.compile(
    r"</?(?:blockquote|br|center|d[dlt]|div|h[1-6]|hr|li|p|table|title|tr|[ou]l)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_TAG = re.compile(rf"</?(?:{_TAG_NAMES})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});|&nbsp", re.IGNORECASE)
_LINK_OF_A_SITE = re.compile(
    r"<a\s[^<>]*>\s*(?:本书来自|更多更新免费电子书请关注)[^<>，。！？「“]{0,40}</a>", re.IGNORECASE
)

_OPENING = re.compile(
    rf"(?P<comment><!--)|<(?P<name>script|style)\b[^<>]*>|(?P<tag></?(?:{_TAG_NAMES})(?:\s[^<>]*)?$)", re.IGNORECASE
)
_BROKEN_TAG = re.compile(
    rf"</?(?:{_TAG_NAMES})(?:\s+[a-z][a-z0-9:-]*(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+))?)*\s*/?>",
    re.IGNORECASE,
)
# What is hidden over more than this is more likely a mark without its end, and the book behind it.
_MOST_HIDDEN_LINES = 200
_MOST_HIDDEN = 20_000
_MOST_HIDDEN_HAN = 200


def _without_hidden(lines: Iterable[str], removed: Counter[str]) -> Iterator[str]:
    """The lines without comments, scripts and styles, also those of several lines; every tag in one line."""
    coming = iter(lines)
    ahead: deque[str] = deque()  # read, and still to be looked at
    while True:
        line = ahead.popleft() if ahead else next(coming, None)
        if line is None:
            return
        while "<" in line:
            visible = counted(_INVISIBLE, "", line, removed, "html")
            if visible != line and not visible.strip():  # no empty line, which would part paragraphs
                line = ""
                break
            line = visible
            opening = _OPENING.search(line)
            rest = _behind(line, opening, ahead, coming) if opening else None
            if opening is None or rest is None:
                yield line
                break
            if opening["tag"]:
                line = rest
                continue
            removed["html"] += 1
            if line[: opening.start()].strip():
                yield line[: opening.start()]
            line = rest
            if not line.strip():
                break
        else:
            yield line


def _behind(line: str, opening: re.Match[str], ahead: deque[str], coming: Iterator[str]) -> str | None:
    """What follows the end of a comment, script or style on its last line; the line with its broken tag whole.

    None, and nothing is taken from the lines ahead, where that end does not come soon.
    """
    if opening["tag"]:
        again, end = re.compile("<"), re.compile(">")
    elif opening["comment"]:
        again, end = re.compile("<!--"), re.compile("-->")
    else:
        name = opening["name"]
        again = re.compile(rf"<{name}\b", re.IGNORECASE)
        end = re.compile(rf"</{name}\s*>", re.IGNORECASE)
    size = len(line) - opening.end()
    han = len(_HAN.findall(line, opening.end()))
    for number in range(_MOST_HIDDEN_LINES):
        if number == len(ahead):
            following = next(coming, None)
            if following is None:
                return None
            ahead.append(following)
        text = ahead[number]
        found = end.search(text)
        hidden = text[: found.start()] if found else text
        size += len(hidden)
        han += len(_HAN.findall(hidden))
        if again.search(hidden) or size > _MOST_HIDDEN or han > _MOST_HIDDEN_HAN:
            return None
        if not found:
            continue
        rest = text[found.start() :] if opening["tag"] else text[found.end() :]
        if opening["tag"]:
            rest = " ".join([line, *list(ahead)[:number], hidden]) + rest
            if not _BROKEN_TAG.match(rest, opening.start()):
                return None
        for _ in range(number + 1):
            ahead.popleft()
        return rest
    return None


def _without_html(line: str, removed: Counter[str]) -> list[str]:
    """The lines that a line is once its mark-up is gone."""
    for _ in range(4):  # &amp;lt;br&amp;gt; was escaped twice
        before = line
        line = counted(_LINK_OF_A_SITE, "", line, removed, "site lines")
        line = counted(_INVISIBLE, "", line, removed, "html")
        line = counted(_LINE_TAG, "\n", line, removed, "html")
        line = counted(_TAG, "", line, removed, "html")
        unescaped = _ENTITY.sub(_character, line)
        if unescaped != line:
            removed["html"] += len(_ENTITY.findall(line))
            line = plain(unescaped, removed)
        if line == before:
            break
    # A tag at the end of a line is that line's end, no empty line; one alone on its line is.
    return [part for part in line.split("\n") if part.strip()] or [""]


def _character(entity: re.Match[str]) -> str:
    return "\xa0" if entity[0].lower().startswith("&nbsp") else html.unescape(entity[0])


_IN_BRACKETS = "|".join(
    rf"{re.escape(left)}(?=[^{re.escape(right)}]{{{{0,60}}}}(?:{{words}}))[^{re.escape(right)}]{{{{0,60}}}}{re.escape(right)}"
    for left, right in ("〖〗", "【】", "[]", "［］", "〔〕")
)
_NAME = "|".join(r"\s*".join(name) for name in ("新语丝电子文库", "新語絲電子文庫", "亦凡公益图书馆"))
# A mark has dashes of its own, and those of the book before them stay: -- or a run of one wide dash at the bracket.
_DASHES = r"(?:(?:-\s?){2,80}|([－﹣‐–—―─━＝])\1{1,79})\s*"
_CREDITS = (
    r"(?:-\s?){2,80}(?:[^-\s〖【\[［〔，。！？：；…—「」『』“”]{0,12}"
    r"(?:输入|录入|扫描|扫校|校对|校|整理|制作)[，、,;\s]*){1,4}"
)
_LIBRARY_MARK = re.compile(
    rf"(?:{_DASHES}|{_CREDITS})(?:"
    + _IN_BRACKETS.format(words=rf"新语丝|新語絲|文库|文庫|书库|書庫|书屋|小说网|[wｗ]{{3}}|\.(?:com|net|org)|{_NAME}")
    + r")|(?:[-=]\s?){0,80}(?:"
    + _IN_BRACKETS.format(words=_NAME)
    + ")",
    re.IGNORECASE,
)
_WITH_ADDRESS = rf"(?:{_NAME})\s*(?:[(（][^()（）〗]{{0,40}}[)）]?)?"
# At the end of a paragraph only: in brackets that a sentence has too, never closed, or without any.
_LAST_MARK = re.compile(
    rf"(?:(?:{_DASHES})?(?:〖\s*{_WITH_ADDRESS}|[(（]\s*(?:{_NAME})\s*(?:[(（][^()（）]{{0,40}}[)）]\s*)?[)）])"
    rf"|-{{2,80}}\s*{_WITH_ADDRESS})\s*$"
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
_TOP = "com|net|org|cn|cc|info|tv|tw|hk|us|biz|mobi|me|la|xyz|top|vip|io|co|so|club|site|online|app"
_ADDRESS = re.compile(
    rf"(?:https?[:/]+)?(?:www[.。·,、]+{_HOST}(?:[.。·,、]+{_HOST}){{0,4}}"
    rf"|(?<![a-z0-9])(?!(?:mr|mrs|ms|miss|dr|st|prof)\.)(?:{_HOST}\.){{1,4}}(?:{_TOP})(?![a-z0-9]))(?:/[!-~]*)?"
)
_SPACE_IN_ADDRESS = re.compile(r"(?<=[a-z0-9./:。·])\s+(?=[a-z0-9./:。·])")
_ADVERTISING = re.compile(
    '本书来自|欢迎来玩|网友(?:[“"][^”"]{1,12}[”"])?上传至?|本书|来自|下载|免费|电子书|电子版|请关注|关注|更多|更新|精彩|好书|好看|欢迎|光临|访问|登录|登陆|论坛|社区|书库|文库|小说网'
    "|小说|全本|全集|完本|首发|最新|最快|最火|章节|手打|整理|制作|扫描|扫校|校对|收藏|网址|网站|站|网|书屋|书城|书院|书香门第|书包"
    "|中文|文学|阅读|在线|提供|转载|尽在|广大|热门|连载|作品|版权|原作者|作者|所有|仅供|交流|试读|支持|正版|书友|看书"
    "|记住|推荐|发布|出品|书籍|原创|手机|用户|请到|请|txt|ocr|chm|epub|e-?mail"
    "|亦凡公益图书馆|会员上传|如有侵权|联系我们|天天更新"
    "|電子書|下載|免費|歡迎|訪問|登錄|論壇|網址|網站|網|小說|書庫|閱讀|製作"
)
_LATIN = re.compile("[A-Za-zＡ-Ｚａ-ｚⓐ-ⓩ]")
_LETTERS = re.compile("[a-z]+|[\u3400-\u9fff]")
_STORY = re.compile("(?<!其)[他她它]|[「『]|[说道曰][:,，“]")
SENTENCE = re.compile("[,，。．!?！？；;]")


def _wide(address: str) -> str:
    """The pattern of an address, also in full-width characters and with spaces between them."""
    return r"\s*".join(f"[{char}{chr(ord(char) + 0xFEE0)}]" for char in address)


_KNOWN = "本书来自|更多更新免费电子书请关注"
_KNOWN_AD = re.compile(
    rf"(?:{_KNOWN})[^。！？「」『』“”]{{0,12}}?{_wide('www.')}\s*(?:{_wide('cr173')}|{_wide('wmtxt')})\s*{_wide('.com')}",
    re.IGNORECASE,
)
_LONGEST_AD = 1000  # a longer line that begins as an advertisement has the book behind it
_AT_A_SENTENCE = re.compile(rf"(?<=[。！？」』”…])\s*(?={_KNOWN}|[【(（])")
_BRACKETED = re.compile(r"\s*(?:【[^【】]{1,78}】|[(（][^()（）]{1,78}[)）])\s*")
_FIRST_SENTENCE = re.compile("[^。!?]*[。!?]")
_GUTENBERG = re.compile(
    r"\W*(?:end of (?:the |this )?project gutenberg|(?:start|end) of (?:the|this) project gutenberg)", re.IGNORECASE
)


def _is_advertising(line: str) -> bool:
    """Whether a whole line is a site's: an address, and little beside the words that sites use.

    A sentence of a novel may name a site too, so what is left without the address and these words must be less than
    half of the line, and no one speaks or acts in it.
    """
    if len(line) > _LONGEST_AD or not _LATIN.search(line):
        return False
    if _KNOWN_AD.match(line):
        return True
    if len(line) > 160:
        return False
    if _GUTENBERG.match(line):
        return True
    folded = _folded(line)
    if len(line) > 80 or _STORY.search(folded) or _begins_with_the_book(line, folded):
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


def _folded(line: str) -> str:
    return unicodedata.normalize("NFKC", line).lower()


def _strange(text: str) -> int:
    """How many letters are in no word that sites use."""
    return len(_LETTERS.findall(_ADVERTISING.sub(" ", _folded(text))))


def _begins_with_the_book(line: str, folded: str) -> bool:
    """Whether an advertisement follows what may be the book's: such a line is never a site's as a whole."""
    known = _KNOWN_AD.search(line)
    starts = [known.start()] if known else []
    if (cut := _glued(line)) is not None:
        starts.append(cut)
    if any(_strange(line[:start]) for start in starts):
        return True
    first = _FIRST_SENTENCE.match(folded)
    return (
        first is not None
        and len(_HAN.findall(first[0])) >= 4
        and not _ADVERTISING.search(first[0])
        and not _ADDRESS.search(first[0])
    )


def _glued(line: str) -> int | None:
    """Where an advertisement begins that hangs at the end of a line, behind a sentence."""
    for place in _AT_A_SENTENCE.finditer(line, max(0, len(line) - 100)):
        text = line[place.end() :]
        if known := _KNOWN_AD.match(text):
            tail = text[known.end() :].rstrip("。！!）)】 \u3000")
            if not re.search("[。！？「」『』“”]", tail) and _strange(tail) <= 2:
                return place.start()
        elif _BRACKETED.fullmatch(text):
            folded = _folded(text)
            if _ADDRESS.search(folded) and not _STORY.search(folded) and _is_advertising(text):
                return place.start()
    return None


def _end(line: str) -> tuple[int, str] | None:
    """Where a paragraph ends, if something that is not the book's hangs at it, and the rule that says so."""
    if mark := _LAST_MARK.search(line, max(0, len(line) - 200)):
        return mark.start(), "library marks"
    if _LATIN.search(line, max(0, len(line) - 100)) and (cut := _glued(line)) is not None:
        return cut, "site lines"
    return None


def cleaned(line: str, removed: Counter[str], whole: bool = False) -> str:
    """A line without the marks of libraries; nothing where the line is not the book's.

    A ``whole`` paragraph loses what hangs at its end, too; in a line of a wrapped file that may go on in the next.
    """
    if "〗" in line or "】" in line or "]" in line or "］" in line or "〕" in line:
        line = counted(_LIBRARY_MARK, "", line, removed, "library marks")
    while whole and (end := _end(line)):
        line = line[: end[0]]
        removed[end[1]] += 1
    text = line.strip()
    if len(text) <= 200 and (_RULE.fullmatch(text) or _UPDATED.fullmatch(text) or _NAVIGATION.fullmatch(text)):
        removed["page furniture"] += 1
        return ""
    broken_mark = re.match("[^〖〗]*〗", text) or text.rfind("〖") > text.rfind("〗")
    if (whole or not broken_mark) and _is_advertising(text):
        removed["site lines"] += 1
        return ""
    return line


_FRAME = re.compile(r"\s*\*\*\* ?(start|end) of (?:the|this) project gutenberg", re.IGNORECASE)
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
    for line in _without_hidden(lines, removed):
        if not line or line.isspace():
            yield ""
            continue
        parts = _without_html(line, removed) if "<" in line or "&" in line else [line]
        for part in parts:
            if not part:
                yield ""
            elif left := cleaned(part, removed).rstrip():
                yield left
