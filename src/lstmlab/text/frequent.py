"""The characters that Chinese text is known by."""

# The characters that make up about half of any Chinese narrative, old or new, simplified or traditional: counted in
# nine novels in the public domain, with those of modern prose added. Text decoded by a wrong codec has few of them.
FREQUENT = frozenset(
    "了不一道的来是人我他个说这那有你大去见上子在得也之著下里只儿又便此出将到老家好日如就头回三时中知小看要二何听太两行们可爷自事"
    "前起心公天么与后王无为过面等马把曰却今叫军都山门玉问正生明还宝身兵话手者十笑打然当以进安已走众才些而先相地方多因住张娘言声且若"
    "师处想姐分再贾四弟于外至路怎没请吃作用从命官口五开云内罢意金边长死甚往国年着和她会能对学发成第样种主所本经女七"
    "來個說這見裏裡兒將頭時聽兩們爺麼與後無爲為過馬卻軍門問還寶話當進衆眾張聲師處賈於沒請喫從開雲內罷邊長國會對學發樣種經"
)
