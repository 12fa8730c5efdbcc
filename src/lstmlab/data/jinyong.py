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
        books: Sequence[str] | None = None,
        exclude: Sequence[str] = (),
        cleaning: str = "novel",
        **options: Any,
    ) -> None:
        super().__init__(tokenizer, cleaning=cleaning, **options)
        if not path:
            raise UserError("data=jinyong needs data.path: the folder of the novels, or one novel.")
        self.path = path
        self.books = _names("data.books", books)
        self.exclude = _names("data.exclude", exclude) or []

    def sources(self) -> list[tuple[Path, Part | None]]:
        shelf = self._shelf()
        for option, names in (("data.books", self.books), ("data.exclude", self.exclude)):
            for name in names or []:
                if name not in shelf:
                    raise UserError(
                        f"{option}: there is no book {name} in {self.path}.{did_you_mean(name, shelf)}"
                        f" The books are {', '.join(shelf)}."
                    )
        chosen = [name for name in self.books or shelf if name not in self.exclude]
        if not chosen:
            raise UserError("data.exclude leaves no book; leave out fewer, or give other data.books.")
        return [(shelf[name], None) for name in chosen]

    def _shelf(self) -> dict[str, Path]:
        """The books by name, in order."""
        folder = Path(self.path).expanduser()
        files = find_texts(self.path)
        indices = [file for file in files if file.name.lower() == INDEX]
        novels = [file for file in files if file not in indices]
        if not novels and folder.is_file():
            raise UserError(f"data.path={self.path} is the index, no novel; give the folder that it is in.")
        if not novels:
            raise UserError(f"data.path={self.path} holds {INDEX} and no novel; put the novels (.txt files) beside it.")
        index = next((file for file in indices if folder.is_dir() and file.parent == folder), None)
        if index is None:
            return _by_name(novels)
        beside = _by_name([file for file in novels if file.parent == folder])
        named = _read_index(index)
        missing = [name for name in named if name not in beside]
        if missing:
            raise UserError(
                f"{index} names {', '.join(missing)}, but {'there is' if len(missing) == 1 else 'there are'} no"
                f" {', '.join(f'{name}.txt' for name in missing)} beside it;"
                f" put {'it' if len(missing) == 1 else 'them'} there or take the name out of the index."
            )
        return {name: beside[name] for name in named}


def _by_name(files: Sequence[Path]) -> dict[str, Path]:
    """Raises UserError where two files have one name: they could not be told apart."""
    shelf: dict[str, Path] = {}
    for file in files:
        if file.stem in shelf:
            raise UserError(f"{file} and {shelf[file.stem]} have the same name; keep one of them.")
        shelf[file.stem] = file
    return shelf


def _read_index(path: Path) -> list[str]:
    try:
        text = read_text(path)
    except UserError:  # a few names are too little text to tell an encoding by
        text = read_text(path, "gb18030")
    names = [name.strip().removesuffix(".txt") for name in re.split(r"[,，、;；\n]", text)]
    return list(dict.fromkeys(name for name in names if name))


def _names(option: str, names: Sequence[str] | None) -> list[str] | None:
    if names is None:
        return None
    if isinstance(names, str):  # a single one needs no brackets
        names = [names]
    if not all(isinstance(name, str) for name in names):
        raise UserError(f"{option}={list(names)} must be names of books: {option}=[射雕英雄传,神雕侠侣].")
    if option == "data.books" and not names:
        raise UserError("data.books=[] leaves no book; name some, or null for all.")
    return [name.removesuffix(".txt") for name in dict.fromkeys(names)]
