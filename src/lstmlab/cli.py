"""The console command: ``lstmlab JOB [overrides]``. Nothing heavy is imported before the job is known."""

import errno
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstmlab.conf_path import conf_directory, config_name
from lstmlab.errors import Interrupted, TrialsFailed, UserError
from lstmlab.nearest import did_you_mean
from lstmlab.overrides import FLAGS_WITH_VALUE, as_typed, literal

if TYPE_CHECKING:
    from omegaconf import DictConfig

JOBS = {
    "prepare": "read and tokenise a corpus into the cache, and say what is in it",
    "train": "train a model into a run directory, or go on with one (run=DIRECTORY)",
    "tune": "search for the best options of a training (sweep.space), in trials that end early where they do badly",
    "wandb-sweep": "write a sweep as a file whose W&B agents run lstmlab train",
    "evaluate": "held-out figures of a trained model, beside what they can be judged by",
    "generate": "text from a trained model",
    "surprise": "a page on which a text is coloured by how surprising each token was",
    "novelty": "did the model learn the language or the book by heart: what its texts share with the training text",
    "export": "a trained model as a folder of its own: safetensors, vocabulary, model card, ONNX",
    "report": "what a sweep found: sentences, a page, pictures and tables",
}

_OF_SEVERAL = ("tune", "wandb-sweep")  # several trainings: the sweeper of train.yaml runs them
_CFG = ("job", "hydra", "all")
_FLAGS = FLAGS_WITH_VALUE | {
    "--help",
    "-h",
    "--version",
    "--hydra-help",
    "--resolve",
    "--run",
    "-r",
    "--multirun",
    "-m",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a job; gives the exit code: 0, 1 where trials failed, 2 for a user's mistake, 130 or 143 when interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in ("-sc", "--shell-completion"):
        from lstmlab.completion import complete

        return complete(words, list(JOBS))
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    if words[0] in ("-V", "--version"):
        from lstmlab import __version__

        print(f"lstmlab {__version__}")
        return 0
    job, rest = words[0], words[1:]
    if job in JOBS and "--version" in rest:
        return main(["--version"])
    if job not in JOBS:
        print(f"lstmlab: {job} is no job.{did_you_mean(job, JOBS)} There is {', '.join(JOBS)}.", file=sys.stderr)
        return 2
    if "--help" in rest or "-h" in rest:
        from lstmlab.help import job_help

        print(job_help(job, JOBS[job], rest))
        return 0
    return _run(job, rest)


def _help() -> str:
    width = max(map(len, JOBS))
    jobs = "\n".join(f"  {name:{width}}  {what}" for name, what in JOBS.items())
    return (
        "lstmlab JOB [option=value ...]\n\n"
        f"{jobs}\n\n"
        "lstmlab JOB --help      the job's options and their groups\n"
        "lstmlab JOB --cfg job   the configuration as it would run\n"
        "lstmlab train -m model.num_layers=1,2 seed=1,2,3    every combination in turn\n"
        "lstmlab JOB --config-dir DIRECTORY                  configs of your own\n"
        'eval "$(lstmlab -sc install=bash)"                  completion in this shell (bash, zsh or fish)\n'
    )


def _run(job: str, words: list[str]) -> int:
    try:
        _call_hydra(job, _flags_first(as_typed(_sweeping(job, _going_on(job, words)))))
    except UserError as error:
        print(f"lstmlab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lstmlab: stopped.", file=sys.stderr)
        return 130
    except SystemExit as stop:  # Hydra's and argparse's own
        return stop.code if isinstance(stop.code, int) else 1
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:
        message, code = _of_a_user(error, job, words)
        if message is None:
            raise
        print(f"lstmlab: {message}", file=sys.stderr)
        return code
    return 0


def _of_a_user(error: Exception, job: str, words: list[str]) -> tuple[str | None, int]:
    """The sentence and the exit code for what is no bug of ours; no sentence for what is."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    if isinstance(error, (HydraException, OmegaConfBaseException)) or "Config group override" in str(error):
        from lstmlab.experiment.mistakes import explain

        return explain(error, job, words), 2
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}.", 2
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):  # a write knows no file's name
        return "the disk is full, or your share of it; make room, and give the command again.", 2
    if isinstance(error, Interrupted):
        return f"{error}; {error.goes_on}.", 128 + error.signum
    if isinstance(error, TrialsFailed):
        return str(error), 1
    return None, 1


def _going_on(job: str, words: list[str]) -> list[str]:
    """``train run=DIR`` works in DIR: Hydra is told so, or it would make a new directory."""
    run = next((word[len("run=") :] for word in words if word.startswith("run=")), None)
    if job != "train" or run is None:
        return words
    from lstmlab.experiment.latest import named_run

    place = named_run(run)
    if not (place / "config.yaml").is_file():
        raise UserError(f"run={run} is no run directory: it holds no config.yaml.")
    return [*words, f"hydra.run.dir={literal(str(place))}"]


def _sweeping(job: str, words: list[str]) -> list[str]:
    """``train sweep=grid`` is a multirun, and so is what says how one runs, and jobs of several trainings."""
    # Hydra adds no keys to what is there unless it is told to; these three are filled with names of options.
    filled = ("sweep.options=", "sweep.choose=", "sweep.space=")
    words = [f"++{word}" if word.startswith(filled) else word for word in words]
    asks = any(word.lstrip("+").startswith(("sweep=", "sweep.")) and word != "sweep=none" for word in words)
    shows = any(word.partition("=")[0] in ("-m", "--multirun", "--cfg", "-c", "--info", "-i") for word in words)
    if job in _OF_SEVERAL:
        words = [*words, f"hydra.job.name={job}"]  # by which the sweeper knows it
    return [*words, "--multirun"] if job in _OF_SEVERAL + ("train",) * asks and not shows else words


def _flags_first(words: list[str]) -> list[str]:
    """Hydra's argument parser refuses a flag between two overrides; people type them anywhere.

    Raises:
        UserError: there is no such flag.
    """
    flags: list[str] = []
    overrides: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            overrides.append(word)
            continue
        name = word.partition("=")[0]
        if name not in _FLAGS:
            raise UserError(f"{name} is no flag.{did_you_mean(name, _FLAGS)}")
        flags.append(word)
        value = next(rest, None) if word in FLAGS_WITH_VALUE else None
        if name in ("--cfg", "-c") and (value or word.partition("=")[2]) not in _CFG:
            raise UserError(f"{name} takes one of {', '.join(_CFG)}.")
        if value is not None:
            flags.append(value)
    if {"-m", "--multirun"} & set(flags) and {"--cfg", "-c", "--info", "-i"} & {f.partition("=")[0] for f in flags}:
        raise UserError("-m runs and --cfg and --info only show: give one of them.")
    return flags + overrides


class _Stop(BaseException):
    """Carries an interruption past Hydra, which would go on with the next trial after an ordinary exception."""


def _call_hydra(job: str, words: list[str]) -> None:
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises what went wrong instead of printing its own account and exiting
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # a user's own module, named by a _target_, lies beside where they work
    import hydra
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver("lstmlab_scratch", _scratch_directory, use_cache=True, replace=True)
    arguments, sys.argv = sys.argv, [f"lstmlab {job}", *words]
    terminal = _terminal_handler()
    logging.getLogger("lstmlab").addHandler(terminal)
    failures: dict[int | None, Exception] = {}
    on_config = hydra.main(version_base="1.3", config_path=str(conf_directory()), config_name=config_name(job))
    try:
        on_config(_task(job, failures))()
    except _Stop as stop:
        assert stop.__cause__ is not None
        raise stop.__cause__ from None
    finally:
        logging.getLogger("lstmlab").removeHandler(terminal)
        sys.argv = arguments
    if None in failures:  # a single run
        raise failures[None]
    if failures:
        trials = "trial" if len(failures) == 1 else "trials"
        raise UserError(f"{trials} {', '.join(map(str, failures))} failed, for what is said above.")


def _task(job: str, failures: dict[int | None, Exception]) -> Callable[["DictConfig"], Any]:
    def task(composed: "DictConfig") -> Any:
        """One run. Failures are kept, not raised: of a multirun's trials one must not take the others with it."""
        import traceback
        from importlib import import_module

        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode
        from omegaconf import OmegaConf

        from lstmlab.experiment.run_directory import remove_empty

        hydra_config = HydraConfig.get()
        directory = Path(hydra_config.runtime.output_dir)
        trial = hydra_config.job.num if hydra_config.mode is RunMode.MULTIRUN else None
        try:
            if job in _OF_SEVERAL:
                raise UserError(f"hydra/sweeper=… knows nothing of lstmlab {job}; leave it out.")
            run = import_module(f"lstmlab.experiment.{job}").run
            if job == "train":
                run(composed, directory, OmegaConf.to_container(hydra_config.overrides.task, resolve=False))
            else:
                run(composed)
        except Interrupted as interruption:
            raise _Stop from interruption
        except Exception as error:
            failures[trial] = error
            if trial is not None:
                print(f"lstmlab: trial {trial}: {error}", file=sys.stderr)
                if not isinstance(error, UserError):
                    traceback.print_exception(error)
        finally:
            if job == "train":  # Hydra made it, and the configuration was refused; the other jobs make none
                remove_empty(directory)

    return task


def _terminal_handler() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("lstmlab: %(message)s"))
    return handler


def _scratch_directory() -> str:
    """For what Hydra writes about a multirun of a job that makes no directories; removed at the end."""
    import atexit
    import shutil
    import tempfile

    directory = tempfile.mkdtemp(prefix="lstmlab-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def console() -> None:
    """The entry point of the installed command."""
    sys.exit(main())


if __name__ == "__main__":
    console()
