"""What the last start of the app made of the user's settings: theme, keys and engine, for the next to begin with.

::

    $MLTUI_HOME/settings.last

YAML and its checks load slower than the first frame of the app; it takes what the last start knew, and the settings
file's own word a moment later.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from mltui.storage.habits import keep
from mltui.storage.locations import config_home, home

_MOST_BYTES = 64 << 10


def settings_path() -> Path:
    """The user's settings file, there or not."""
    return config_home() / "settings.yaml"


class LastStart(NamedTuple):
    """What the last start knew of the settings; empty where there was none."""

    theme: str = ""
    keys: Mapping[str, str] = MappingProxyType({})
    """Keys of the commands that have others than their own, comma separated, by the command's id."""
    engine: str = ""


def read_last_start() -> LastStart:
    """What the last start with this settings file knew. Loads nothing: plain lines."""
    try:
        with (home() / "settings.last").open(encoding="utf-8", errors="replace") as file:
            lines = file.read(_MOST_BYTES).splitlines()
    except OSError:
        return LastStart()
    pairs = [line.partition("\t")[::2] for line in lines]
    known = dict(pairs)
    if known.get("file") != str(settings_path()):
        return LastStart()
    keys = {name[4:]: value for name, value in pairs if name.startswith("key ")}
    return LastStart(known.get("theme", ""), keys, known.get("engine", ""))


def keep_last_start(start: LastStart) -> None:
    """Keep it for the next start; what cannot be written is done without."""
    pairs = {"file": str(settings_path()), "theme": start.theme, "engine": start.engine}
    pairs |= {f"key {name}": keys for name, keys in start.keys.items()}
    text = "".join(f"{name}\t{value}\n" for name, value in pairs.items())
    path = home() / "settings.last"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            return
    keep(path, text)
