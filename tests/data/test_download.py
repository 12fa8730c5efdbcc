import hashlib
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lstmlab.data.download import PublishedFile, corpora_directory, obtain
from lstmlab.errors import UserError

CONTENT = b"It is a truth universally acknowledged.\n" * 5000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/absent.txt":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2] if self.path == "/broken.txt" else CONTENT)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LSTMLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LSTMLAB_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


def files_in(directory: Path) -> list[str]:
    return sorted(str(file.relative_to(directory)) for file in directory.rglob("*") if not file.is_dir())


def test_a_download_that_arrives_whole(cache: Path, address: str) -> None:
    wanted = PublishedFile("novels/pride.txt", f"{address}/pride.txt", SHA256)
    found = obtain(wanted, None)
    assert found == cache / "corpora/novels/pride.txt"
    assert found.read_bytes() == CONTENT
    assert files_in(cache) == ["corpora/novels/pride.txt"]
    gone = PublishedFile("novels/pride.txt", "http://127.0.0.1:9/pride.txt", SHA256)
    assert obtain(gone, None) == found  # the second time, nobody is asked


def test_a_download_of_something_else_leaves_nothing_behind(cache: Path, address: str) -> None:
    wanted = PublishedFile("novels/pride.txt", f"{address}/pride.txt", "0" * 64)
    with pytest.raises(UserError, match="another sha256") as caught:
        obtain(wanted, None)
    assert str(cache / "corpora/novels/pride.txt") in str(caught.value)
    assert files_in(cache) == []


@pytest.mark.parametrize("name", ["broken.txt", "absent.txt"])
def test_a_server_that_breaks_off_or_has_nothing(cache: Path, address: str, name: str, tmp_path: Path) -> None:
    wanted = PublishedFile("novels/pride.txt", f"{address}/{name}", SHA256)
    with pytest.raises(UserError, match=f"{name} cannot be reached") as caught:
        obtain(wanted, str(tmp_path / "mine"))
    assert f"{tmp_path}/mine/novels/pride.txt is missing" in str(caught.value)
    assert "data.root" in str(caught.value)
    assert files_in(cache) == []


def test_a_cache_that_cannot_be_written(cache: Path, address: str) -> None:
    cache.write_text("a file where the directory should be")
    wanted = PublishedFile("novels/pride.txt", f"{address}/pride.txt", SHA256)
    with pytest.raises(UserError, match="cannot be stored"):
        obtain(wanted, None)


def test_where_a_file_is_looked_for(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = PublishedFile("novels/pride.txt", "http://127.0.0.1:9/pride.txt", SHA256)
    for place in ("cache/corpora", "environment", "root"):
        (tmp_path / place / "novels").mkdir(parents=True)
        (tmp_path / place / "novels/pride.txt").write_bytes(CONTENT)
    assert obtain(wanted, None) == cache / "corpora/novels/pride.txt"
    monkeypatch.setenv("LSTMLAB_DATA", str(tmp_path / "environment"))
    assert obtain(wanted, None) == tmp_path / "environment/novels/pride.txt"
    assert obtain(wanted, str(tmp_path / "root")) == tmp_path / "root/novels/pride.txt"
    assert corpora_directory(None) == tmp_path / "environment"
    assert obtain(wanted, str(tmp_path / "nowhere")) == cache / "corpora/novels/pride.txt"
    assert not caplog.records

    (tmp_path / "root/novels/pride.txt").write_bytes(CONTENT + b"!")
    with caplog.at_level(logging.WARNING):
        assert obtain(wanted, str(tmp_path / "root")) == tmp_path / "root/novels/pride.txt"
    assert "differs from the published file" in caplog.text
