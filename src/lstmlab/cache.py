"""Where what can be made again is kept."""

import os
from pathlib import Path

import platformdirs


def cache_directory() -> Path:
    """``$LSTMLAB_CACHE``, else the user's cache directory."""
    named = os.environ.get("LSTMLAB_CACHE")
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("lstmlab"))
