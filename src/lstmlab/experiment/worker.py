"""One process of a training of several: ``python -m lstmlab.experiment.worker DIRECTORY CONFIG RESUME``."""

import json
import os
import sys
from pathlib import Path

from lstmlab.errors import Interrupted, UserError
from lstmlab.experiment.configuration import read_config
from lstmlab.experiment.train import train


def main() -> int:
    """Exit code: 0, 2 for a user's mistake, 128 + the signal when interrupted."""
    directory, config, resume = sys.argv[1:]
    sys.path.insert(0, str(Path.cwd()))  # for a user's own classes, as the command line does
    try:
        train(read_config(Path(config)), Path(directory), resume=json.loads(resume))
    except UserError as error:
        print(f"lstmlab: {error}", file=sys.stderr)
        return 2
    except Interrupted as interruption:
        return 128 + interruption.signum
    except Exception as error:  # the traceback is in run.log; the launcher says which process began it
        print(f"lstmlab: process {os.environ.get('RANK', '0')}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
