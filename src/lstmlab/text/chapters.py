"""Where a chapter begins."""

import re

_NUMERALS = "〇○零一二三四五六七八九十百千万两壹贰叁肆伍陆柒捌玖拾佰仟廿卅0-9０-９"

CHAPTER_NUMBER = re.compile(rf"第\s*((?:[{_NUMERALS}]\s*)+)([回章节節卷折集篇]|部分?)")
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
