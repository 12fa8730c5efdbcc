"""Published corpora: found on disk, else downloaded and checked."""

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from lstmlab.cache import cache_directory
from lstmlab.errors import UserError
from lstmlab.text.reading import read_bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishedFile:
    """A file by its place below ``data.root``, where it is published, and its hash, where it never changes."""

    place: str  # folder/name
    url: str
    sha256: str | None


def corpora_directory(root: str | None) -> Path:
    """``data.root``, else ``$LSTMLAB_DATA``, else a folder of the cache directory."""
    named = root or os.environ.get("LSTMLAB_DATA")
    return Path(named).expanduser() if named else cache_directory() / "corpora"


def obtain(file: PublishedFile, root: str | None) -> Path:
    """The local copy of a published file; where there is none, it is downloaded into the cache directory.

    Raises:
        UserError: it is not there and cannot be downloaded, or what arrived is not what was published.
    """
    for directory in (corpora_directory(root), cache_directory() / "corpora"):
        found = directory / file.place
        if found.is_file():
            if file.sha256 and hashlib.sha256(read_bytes(found)).hexdigest() != file.sha256:
                log.warning("%s differs from the published file: figures will not compare with published ones.", found)
            return found
    return _download(file, root)


def _download(file: PublishedFile, root: str | None) -> Path:
    import pooch
    import requests

    wanted = corpora_directory(root) / file.place
    target = cache_directory() / "corpora" / file.place
    log.info("Downloading %s", file.url)
    try:
        pooch.retrieve(
            file.url, file.sha256 and f"sha256:{file.sha256}", fname=target.name, path=target.parent,
            downloader=pooch.HTTPDownloader(progressbar=True, timeout=20),
        )  # fmt: skip
    except requests.RequestException as error:
        raise UserError(
            f"{wanted} is missing and {file.url} cannot be reached; put the file there or set data.root."
        ) from error
    except OSError as error:
        raise UserError(
            f"{wanted} is missing and {file.url} cannot be stored as {target} ({error.strerror or error}); put the file"
            " there yourself or set data.root."
        ) from error
    except ValueError as error:  # pooch's word for a hash that differs; it has removed the file
        raise UserError(
            f"{file.url} gave a file with another sha256 than the published one; put the right one at {wanted}."
        ) from error
    return target
