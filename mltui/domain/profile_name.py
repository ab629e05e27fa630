"""The name of a profile that says none of its own."""

from __future__ import annotations

import re
from pathlib import Path


def default_name(path: Path) -> str:
    """Its folder's for ``profile.yaml``, else the file's own."""
    name = path.parent.name if path.stem == "profile" else path.stem
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-._")[:63] or "profile"
