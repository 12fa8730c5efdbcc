"""``wandb sync`` itself, run as the command says, against a server that keeps what it is sent."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import wandb

from lstmlab.experiment.wandb_crash import record_crash
from lstmlab.experiment.wandb_upload import upload_command
from lstmlab.training.loggers.wandb_pieces import STEP, offline_pieces
from lstmlab.training.loggers.wandb_run import start_run

SPEC = {"name": "wandb", "project": "p", "entity": None, "run_name": "n", "group": "g", "tags": ["a"],
        "mode": "offline", "init_timeout": 20}  # fmt: skip
CONFIG = {"logger": SPEC, "seed": 1}


class Server(ThreadingHTTPServer):
    """Keeps each run's history by line number, and the exit codes in their order, as W&B's server does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.runs: dict[str, dict[str, Any]] = {}

    def run(self, name: str) -> dict[str, Any]:
        return self.runs.setdefault(name, {"history": {}, "exit_codes": []})

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """To the questions of ``wandb sync``."""
        place = {"id": "1", "name": given.get("project"), "entity": {"id": "2", "name": "e"}}
        if operation == "UpsertBucket":
            self.run(given["name"]).update(group=given.get("groupName"), config=given.get("config"))
            return {"upsertBucket": {"bucket": {"id": "3", "name": given["name"], "project": place}, "inserted": True}}
        if operation == "RunResumeStatus":
            known = self.runs.get(given["name"])
            return {"model": place | {"bucket": self.resumed(given["name"], known) if known else None}}
        if operation == "CreateRunFiles":
            files = [{"name": name, "uploadUrl": f"http://127.0.0.1:{self.server_port}/up"} for name in given["files"]]
            return {"createRunFiles": {"runID": "3", "uploadHeaders": [], "files": files}}
        if operation == "Viewer":
            return {"viewer": {"id": "4", "entity": "e", "username": "u", "flags": "{}", "teams": {"edges": []}}}
        return {}

    def resumed(self, name: str, known: dict[str, Any]) -> dict[str, Any]:
        last = known["history"].get(len(known["history"]) - 1)
        return {
            "id": "3", "name": name, "summaryMetrics": "{}", "logLineCount": 0, "eventsLineCount": 0,
            "historyLineCount": len(known["history"]), "historyTail": json.dumps([last] if last else []),
            "eventsTail": "[]", "config": known["config"], "tags": [], "wandbConfig": '{"t": 1}',
        }  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        answer: dict[str, Any] = {}
        if self.path == "/graphql":
            asked = json.loads(body)
            answer = {"data": self.server.answer(asked.get("operationName", ""), asked.get("variables") or {})}
        elif self.path.endswith("/file_stream"):
            sent, run = json.loads(body), self.server.run(self.path.split("/")[-2])
            rows = (sent.get("files") or {}).get("wandb-history.jsonl", {"offset": 0, "content": []})
            run["history"].update(enumerate(rows["content"], start=rows["offset"]))
            if sent.get("complete"):
                run["exit_codes"].append(sent["exitcode"])
        self.reply(answer)

    def do_GET(self) -> None:
        self.reply({})

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.reply({})

    def reply(self, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def logged(directory: Path, steps: range, exit_code: int, run_id: str | None = None) -> str:
    """What one process logs of a run; gives the run's id."""
    directory.mkdir(parents=True, exist_ok=True)
    run = start_run(SPEC, CONFIG, directory, run_id)
    for step in steps:
        run.log({"train/loss": 1 / (1 + step), STEP: step})
    run.finish(exit_code=exit_code)
    wandb.teardown()  # it waits until all is in the file
    return str(run.id)


def test_the_pieces_of_a_run_are_joined(tmp_path: Path, server: Server) -> None:
    sweep = tmp_path / "my sweep"
    once = logged(sweep / "a=1", range(3), 0)
    resumed = logged(sweep / "a=2", range(5), 143)
    logged(sweep / "a=2", range(5, 8), 0, resumed)
    killed = logged(sweep / "a=3", range(4), 0)
    (piece,) = offline_pieces(sweep / "a=3")
    piece.write_bytes(piece.read_bytes()[:-25])  # it ends within a record, and says nothing about its end
    record_crash(sweep / "a=3", CONFIG, killed, -9, "killed by SIGKILL")
    wandb.teardown()
    command = upload_command(sweep)
    assert command == f"wandb sync '{sweep}'/*/wandb"
    environment = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    environment |= {
        "WANDB_API_KEY": "a" * 40,
        "WANDB_BASE_URL": f"http://127.0.0.1:{server.server_port}",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=True
    )
    assert "ERROR" not in done.stderr, done.stderr
    steps = {
        name: [json.loads(run["history"][line])[STEP] for line in sorted(run["history"])]
        for name, run in server.runs.items()
    }
    assert steps == {once: [0, 1, 2], resumed: list(range(8)), killed: [0, 1, 2, 3]}
    codes = {name: run["exit_codes"] for name, run in server.runs.items()}
    assert codes == {once: [0], resumed: [143, 0], killed: [1, 137]}
    assert {run["group"] for run in server.runs.values()} <= {"g", None}
    assert upload_command(sweep) is None
