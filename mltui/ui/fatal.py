"""The app's last words, when it fails by its own fault: nothing that was typed is lost with it."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path

from textual.screen import Screen

from mltui.domain.text import one_line
from mltui.storage.locations import home


def last_words(screens: Iterable[Screen[object]]) -> str:
    """What is said of the exception that is being handled. Its traceback goes to a file, without the values of
    variables: they may be secrets. Each of ``screens`` with an ``unsaved`` text has it kept in another."""
    kind, error, _ = sys.exc_info()
    name = kind.__name__ if kind else "Error"
    said = [f"mltui failed in a way that is its own fault: {name}: {one_line(str(error), 300)}."]
    for text in filter(None, (getattr(screen, "unsaved", "") for screen in screens)):
        kept = _kept(f"unsaved-{time.strftime('%Y%m%d-%H%M%S')}.yaml", text)
        said.append(f"What was not saved is in {kept}." if kept else "What was not saved could not be kept.")
    log = _kept("crash.log", traceback.format_exc())
    said.append(f"Runs go on. Please report it with {log}." if log else "Runs go on.")
    return " ".join(said)


def _kept(name: str, text: str) -> Path | None:
    """Write a file of the home that nobody else may read; ``None`` where that cannot be done."""
    path = home() / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(
            path, "w", encoding="utf-8", newline="", opener=lambda name, flags: os.open(name, flags, 0o600)
        ) as file:
            file.write(text)
    except (OSError, UnicodeError):
        return None
    return path
