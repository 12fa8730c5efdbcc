"""Several processes for one training: started here, watched here, ended together."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lstmlab.errors import Interrupted, UserError
from lstmlab.experiment.configuration import write_config
from lstmlab.experiment.run_directory import RunDirectory

_SAVING_SECONDS = 600.0  # for all, once a signal has come: they stop behind a step, a validation may be before it
_GRACE_SECONDS = 30.0  # for the others, once one process has ended badly


def must_launch(config: dict[str, Any]) -> bool:
    """Whether this process is to start the training processes rather than be one.

    Lightning would start them by running this command line again; under a sweep that runs the whole sweep again. Where
    torchrun or Slurm started this process already, it is one of them.
    """
    trainer = config["trainer"]
    started = "LOCAL_RANK" in os.environ or "SLURM_PROCID" in os.environ
    if trainer["num_nodes"] > 1 and not started:
        raise UserError(
            f"trainer.num_nodes={trainer['num_nodes']} needs torchrun or Slurm to start the processes on every node."
        )
    return trainer["devices"] > 1 and not started


def launch_processes(config: dict[str, Any], place: RunDirectory, resume: bool) -> dict[str, Any]:
    """Run ``trainer.devices`` processes of ``lstmlab.experiment.worker``; gives the summary that the first one wrote.

    Signals are handed on. When one process dies the others are ended, so that a lost rank is an error and never a hang.

    Raises:
        UserError: a process failed.
        Interrupted: a signal ended them.
    """
    place.path.mkdir(parents=True, exist_ok=True)
    handed = place.path / f".processes-{os.getpid()}.yaml"
    write_config(config, handed)
    devices = config["trainer"]["devices"]
    threads = config["trainer"].get("threads") or max(
        1,
        (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) // devices,
    )
    address = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        "WORLD_SIZE": str(devices),
        "NODE_RANK": "0",
    }
    processes: list[subprocess.Popen[bytes]] = []
    received: list[int] = []
    before = {
        number: signal.signal(number, lambda s, _: received.append(s))
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN  # a trial of a sweep leaves Ctrl-C to the sweep
    }
    try:
        for rank in range(devices):
            environment = {
                "OMP_NUM_THREADS": str(threads),
                **os.environ,
                **address,
                "LOCAL_RANK": str(rank),
                "RANK": str(rank),
            }
            command = [
                sys.executable,
                "-m",
                "lstmlab.experiment.worker",
                str(place.path),
                str(handed),
                json.dumps(resume),
            ]
            processes.append(subprocess.Popen(command, env=environment, start_new_session=True))
        cause = _watch(processes, received)
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)
        handed.unlink(missing_ok=True)
        _tidy(place.path)
    if received and cause is not None and cause[1] == 128 + received[0]:
        raise Interrupted(received[0])
    if cause is not None:
        rank, code = cause
        how = f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"
        reason = f"process {rank} of {devices} {how}; see {place.log}"
        # The run is theirs alone if one of them marked it: a directory in use belongs to another training.
        if place.status.get("status") == "running" and place.status["pid"] in [p.pid for p in processes]:
            place.mark("failed", reason)
        raise UserError(f"The training stopped: {reason}.")
    summary: dict[str, Any] = json.loads(place.summary.read_text(encoding="utf-8"))
    return summary


def _watch(processes: list[subprocess.Popen[bytes]], received: list[int]) -> tuple[int, int] | None:
    """Waits until all have ended; gives (rank, exit code) of the one that ended badly first, None if none did.

    When one has, the others get a little time, then they are ended. Of two found dead together the killed one counts:
    what its peers die of is the lost connection.
    """
    handed_on, deadline = 0, None
    cause: tuple[int, int] | None = None
    while any(process.poll() is None for process in processes):
        while handed_on < len(received):
            for process in processes:
                if process.poll() is None:
                    process.send_signal(received[handed_on])
            handed_on += 1
        bad = [(process.returncode, rank) for rank, process in enumerate(processes) if process.poll()]
        if bad and cause is None:
            code, rank = min(bad)
            cause = rank, code
        if received and deadline is None:
            deadline = time.monotonic() + _SAVING_SECONDS
        if bad and not received and deadline is None:
            deadline = time.monotonic() + _GRACE_SECONDS
            for process in processes:
                if process.poll() is None:
                    process.terminate()
        if deadline is not None and time.monotonic() > deadline:
            for process in processes:
                if process.poll() is None:
                    process.kill()
        time.sleep(0.05)
    last = [(process.wait(), rank) for rank, process in enumerate(processes)]
    bad = [(code, rank) for code, rank in last if code]
    return cause or ((min(bad)[1], min(bad)[0]) if bad else None)


def _tidy(directory: Path) -> None:
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
