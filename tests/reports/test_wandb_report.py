"""The report for W&B, as it would be sent: built by W&B's own library, without a server."""

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lstmlab.errors import UserError
from lstmlab.reports.wandb_report import build_wandb_report, publish

pytest.importorskip("wandb_workspaces")

ROWS = [{"arm": "seq_length=16", "bits": "2.10 | 2.12"}, {"arm": "seq_length=32", "bits": None}]


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the report asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def sent(**arguments: Any) -> dict[str, Any]:
    """What ``save`` sends as the report's content, as a plain dict."""
    given = {"title": "t", "sentences": [], "rows": [], "project": "p"} | arguments
    spec = build_wandb_report(**given)._to_model().spec
    content = json.loads(spec.model_dump_json(by_alias=True, exclude_none=True))
    assert isinstance(content, dict)
    return content


def panels_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    (grid,) = [block for block in content["blocks"] if block["type"] == "panel-grid"]
    return list(grid["metadata"]["panelBankSectionConfig"]["panels"])


def test_sentences_and_table_in_their_order(no_network: None) -> None:
    content = sent(sentences=["64 beats 32 by 0.021 bits.", "郭靖 p = 0.004."], rows=ROWS)
    kinds = [block["type"] for block in content["blocks"]]
    assert kinds == [
        "paragraph",
        "paragraph",
        "paragraph",
        "markdown-block",
        "panel-grid",
        "paragraph",
    ]  # W&B frames it
    assert [block["children"][0]["text"] for block in content["blocks"][1:3]] == [
        "64 beats 32 by 0.021 bits.",
        "郭靖 p = 0.004.",
    ]
    assert content["blocks"][3]["content"].splitlines() == [
        "| arm | bits |",
        "| --- | --- |",
        "| seq_length=16 | 2.10 \\| 2.12 |",
        "| seq_length=32 |  |",
    ]


@pytest.mark.parametrize("groups", [["seq_length"], ["it's", 'a "b"']])
def test_only_the_runs_of_the_sweeps(groups: list[str], no_network: None) -> None:
    content = sent(groups=groups)
    (grid,) = [block for block in content["blocks"] if block["type"] == "panel-grid"]
    (runs,) = grid["metadata"]["runSets"]
    (filtered,) = runs["filters"]["filters"]
    assert (filtered["key"], filtered["op"]) == ({"section": "run", "name": "group"}, "IN")
    assert filtered["value"] == groups


def test_pictures_of_each_option(no_network: None) -> None:
    panels = panels_of(sent(options=["data.seq_length", "model", "seed"]))
    by_type: dict[str, list[dict[str, Any]]] = {}
    for panel in panels:
        by_type.setdefault(panel["viewType"], []).append(panel["config"])
    lines = by_type["Run History Line Plot"]
    assert [(line["xAxis"], line["metrics"]) for line in lines] == [
        ("epoch", ["val/bits_per_char"]), ("epoch", ["train/loss"]), ("epoch", ["val/bits_per_char"]),
    ]  # fmt: skip
    assert lines[2]["groupBy"] == "data.value.seq_length" and lines[2]["groupAgg"] == "mean"
    (bars,) = by_type["Bar Chart"]
    assert (bars["metrics"], bars["groupBy"]) == (["val/bits_per_char"], "data.value.seq_length")
    scattered = [(plot["xAxis"], plot["yAxis"]) for plot in by_type["Scatter Plot"]]
    assert scattered == [
        ("config:data.value.seq_length", "summary:val/bits_per_char"),
        ("summary:train/tokens_per_second", "summary:val/bits_per_char"),
    ]
    (parallel,) = by_type["Parallel Coordinates Plot"]
    assert [column["accessor"] for column in parallel["columns"]] == [
        "config:data.value.seq_length", "config:seed.value", "summary:val/bits_per_char",
    ]  # fmt: skip
    assert [plot["targetKey"] for plot in by_type["Parameter Importance"]] == ["val/bits_per_char"]
    places = [tuple(panel["layout"].values()) for panel in panels]
    assert len(set(places)) == len(places)  # none lies on another


def test_without_options_there_are_the_curves(no_network: None) -> None:
    kinds = [panel["viewType"] for panel in panels_of(sent())]
    assert kinds == ["Run History Line Plot", "Run History Line Plot", "Scatter Plot"]
    assert len(build_wandb_report(title="x" * 500, sentences=[], rows=[], project="p").title) == 128


def test_no_key(monkeypatch: pytest.MonkeyPatch, no_network: None, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    report = build_wandb_report(title="t", sentences=[], rows=[], project="p")
    with pytest.raises(UserError, match=r"no W&B key is configured.*wandb login"):
        publish(report)


class Server(ThreadingHTTPServer):
    """Answers what saving a report asks, or nothing but that it refuses."""

    def __init__(self, refuses: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.refuses = refuses
        self.saved: dict[str, Any] = {}

    def answer(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        if "upsertView" in query:
            self.saved = given
            view = {"id": "VIEW", "name": "n", "displayName": "t", "type": "runs", "spec": given["spec"]}
            project = {"id": "1", "name": given["projectName"], "entityName": given["entityName"]}
            return {"upsertView": {"view": view | {"description": "", "project": project}, "inserted": True}}
        if "internalId" in query:
            return {"project": {"internalId": "internal"}}
        if "models(" in query:
            return {"models": {"pageInfo": {"endCursor": None, "hasNextPage": False}, "edges": []}}
        if "upsertModel" in query:
            return {"upsertModel": {"project": {"id": "1"}, "model": {"id": "1"}, "inserted": True}}
        return {"viewer": {"id": "4", "entity": "e", "username": "u", "flags": "{}", "teams": {"edges": []}}}


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.server.refuses or self.path != "/graphql":
            return self.send_error(401)
        asked = json.loads(body)
        content = json.dumps({"data": self.server.answer(asked["query"], asked.get("variables") or {})}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool], Server]]:
    servers = []

    def start(refuses: bool) -> Server:
        servers.append(Server(refuses))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{servers[-1].server_port}")
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_what_is_published(serve: Callable[[bool], Server]) -> None:
    server = serve(False)
    address = publish(build_wandb_report(title="A title", sentences=["x"], rows=[], project="p", groups=["g"]))
    assert address.endswith("/e/p/reports/A-title--VIEW")
    assert (server.saved["entityName"], server.saved["projectName"]) == ("e", "p")
    grid = next(block for block in json.loads(server.saved["spec"])["blocks"] if block["type"] == "panel-grid")
    (runs,) = grid["metadata"]["runSets"]
    assert runs["project"] == {"id": "internal", "name": "p", "entityName": "e"}


def test_a_server_that_refuses(serve: Callable[[bool], Server]) -> None:
    serve(True)
    with pytest.raises(UserError, match="could not be published on W&B"):
        publish(build_wandb_report(title="t", sentences=[], rows=[], project="p", entity="e"))


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces.reports.v2", None)
    with pytest.raises(UserError, match=r"pip install 'lstmlab\[wandb-report\]'"):
        build_wandb_report(title="t", sentences=[], rows=[], project="p")
