"""The Jin Yong novels, in the form in which they are passed on: GB18030 files with an index beside them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lstmlab.data.files import FileData
from lstmlab.errors import UserError
from lstmlab.nearest import did_you_mean
from lstmlab.text.document import Part
from lstmlab.text.reading import find_texts, read_text
from lstmlab.text.tokenizer import Tokenizer

INDEX = "inf.txt"


class JinYong(FileData):
    """A folder of novels, one a file, or a single novel; a book is called by its file's name without ``.txt``.

    Where the folder has an index, ``inf.txt`` (names separated by commas, in one line), the books are those it names,
    in its order; other files are no books. Without one they are all ``.txt`` files below the folder, sorted.

    Args:
        path: the folder or the file.
        books: only these, in this order.
        exclude: not these.
        **options: those of ``FileData``.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        path: str | None = None,
        books: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str = (),
        cleaning: str = "novel",
        **options: Any,
    ) -> None:
        super().__init__(tokenizer, cleaning=cleaning, **options)
        if not path:
            raise UserError("data=jinyong needs data.path: the folder of the novels, or one novel.")
        self.path = path
        self.books = None if books is None else _names("data.books", books)
        self.exclude = _names("data.exclude", exclude)
        if self.books == []:
            raise UserError("data.books is empty, which leaves no book; name some, or null for all.")

    def sources(self) -> list[tuple[Path, Part | None]]:
        shelf = self._shelf()
        books = list(shelf) if self.books is None else self._found("data.books", self.books, shelf)
        exclude = self._found("data.exclude", self.exclude, shelf)
        chosen = [name for name in books if name not in exclude]
        if not chosen:
            raise UserError("data.exclude leaves no book; leave out fewer, or give other data.books.")
        return [(shelf[name], None) for name in chosen]

    def _found(self, option: str, names: Sequence[str], shelf: dict[str, Path]) -> list[str]:
        """The books that were named, each once: a name that is no book's may be several, 甲，乙."""
        found = []
        for given in names:
            for name in [given] if _book(given, shelf) else _split_names(given) or [given]:
                book = _book(name, shelf)
                if book is None:
                    raise UserError(
                        f"{option}: there is no book {name} in {self.path}.{did_you_mean(name, shelf)}"
                        f" The books are {', '.join(shelf)}."
                    )
                found.append(book)
        return list(dict.fromkeys(found))

    def _shelf(self) -> dict[str, Path]:
        """The books by name, in order."""
        folder = Path(self.path).expanduser()
        # Archives from a Mac bring a hidden twin of every file, which is no text.
        files = [file for file in find_texts(self.path) if not file.name.startswith(".")]
        indices = [file for file in files if file.name.lower() == INDEX]
        novels = [file for file in files if file not in indices]
        if not novels and folder.is_file():
            raise UserError(f"data.path={self.path} is the index, no novel; give the folder that it is in.")
        if not novels:
            raise UserError(f"data.path={self.path} holds no novel; put the novels (.txt files) there.")
        index = next((file for file in indices if folder.is_dir() and file.parent == folder), None)
        if index is None:
            return _by_name(novels)
        beside = _by_name([file for file in novels if file.parent == folder])
        named = {name: _book(name, beside) for name in _read_index(index)}
        missing = [name for name, book in named.items() if book is None]
        if missing:
            raise UserError(
                f"{index} names {', '.join(missing)}, but {'there is' if len(missing) == 1 else 'there are'} no"
                f" {', '.join(f'{name}.txt' for name in missing)} beside it;"
                f" put {'it' if len(missing) == 1 else 'them'} there or take the name out of the index."
            )
        return {book: beside[book] for book in named.values() if book is not None}


def _by_name(files: Sequence[Path]) -> dict[str, Path]:
    """Raises UserError where two files have one name: they could not be told apart."""
    shelf: dict[str, Path] = {}
    for file in files:
        if file.stem in shelf:
            raise UserError(f"{file} and {shelf[file.stem]} have the same name; keep one of them.")
        shelf[file.stem] = file
    return shelf


def _read_index(path: Path) -> list[str]:
    text = None
    for encoding in ("auto", "gb18030"):  # a few names are too little text to tell an encoding by
        try:
            text = read_text(path, encoding)
            break
        except UserError:
            continue
    names = _split_names(text or "")
    if not names:
        raise UserError(f"{path} names no book; write the books' names into it, with commas between, or remove it.")
    return names


def _names(option: str, names: Sequence[str] | str) -> list[str]:
    """What was typed: a list of names, or one. A number is the name that it spells."""
    given = list(names) if isinstance(names, Sequence) and not isinstance(names, str) else [names]
    if any(isinstance(name, bool) or not isinstance(name, (str, int)) for name in given):
        raise UserError(f"{option}={names} must be names of books, as in {option}=[射雕英雄传,神雕侠侣].")
    return [str(name) for name in given]


def _book(name: str, shelf: dict[str, Path]) -> str | None:
    """The book of that name: as it is written, else without ``.txt`` and the marks that titles are put in."""
    if name in shelf:
        return name
    return next((book for book in shelf if _plain(book) == _plain(name)), None)


def _plain(name: str) -> str:
    name = re.sub("[\x00-\x1f\x7f《》“”\"']", "", name).strip()
    return re.sub(r"\.txt$", "", name, flags=re.IGNORECASE)


def _split_names(text: str) -> list[str]:
    """The names in a text, each once."""
    names = map(_plain, re.split(r"[,，、;；\r\n]", text))
    return list(dict.fromkeys(name for name in names if name))
