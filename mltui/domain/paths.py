"""Paths as people write them."""

from __future__ import annotations

import os
from pathlib import Path


def user_path(text: str | Path) -> Path:
    """The path that ``text`` means: ``~`` is the caller's home folder and ``~name`` that of a user.

    A user who is not there leaves it as it is, so that it is refused as a path that does not exist.
    """
    return Path(os.path.expanduser(text))
