"""Starting the app."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from mltui.domain.errors import UsageError
from mltui.domain.options import AppOptions
from mltui.domain.paths import user_path

if TYPE_CHECKING:
    from argparse import Namespace


def open_app(args: Namespace | None = None) -> int:
    """Open the app, where there is a terminal for it; without ``args`` as it is opened by ``mltui`` alone."""
    require_terminal()
    if args is None:
        return _run_app(AppOptions())
    for folder in args.folders:
        if not user_path(folder).is_dir():
            raise UsageError(f"{folder} is no folder.", "Name a folder of profiles, or a command: see mltui --help")
    return run(args, tuple(user_path(folder) for folder in args.folders))


def require_terminal() -> None:
    """Refuse, naming what works without, where the app cannot be shown."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The app needs a terminal, and there is none here.",
            "Without one use: mltui run PROFILE, mltui runs, mltui logs RUN; see mltui --help",
        )
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError(
            "The app needs a terminal that can move its cursor; TERM says that this one cannot.",
            "Set TERM (for example xterm-256color), or use: mltui run PROFILE, mltui runs",
        )


def run(args: Namespace, folders: tuple[os.PathLike[str], ...] = (), select_run: str = "") -> int:
    """Run the app with the options of the command line; returns its exit code."""
    from pathlib import Path

    from mltui.cli.session import endpoint

    return _run_app(
        AppOptions(
            engine=args.engine,
            endpoint=endpoint(args),
            profile_folders=tuple(map(Path, folders)),
            read_only=args.read_only,
            select_run=select_run,
            theme=args.theme,
        )
    )


def _run_app(options: AppOptions) -> int:
    # Nearly everything that is made at the start stays: looking for garbage among it only takes time. The app switches
    # the collector on again.
    gc.disable()
    from mltui.ui.app import run_app

    return run_app(options)
