"""What a person chose for the app when starting it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AppOptions:
    """Choices of the command line for the app; an empty one leaves the choice to the app."""

    engine: str = ""
    """Name of the engine to use; empty: a container engine that answers, else this machine's processes."""
    endpoint: str = ""
    """Address of the engine; empty: its usual place."""
    profile_folders: tuple[Path, ...] = ()
    """Further folders to look for profiles in, before the usual ones."""
    read_only: bool = False
    """Nothing is launched, stopped or removed."""
    select_run: str = ""
    """Id of the run to look at first."""
    theme: str = ""
    """Name of the theme; empty: the one of the settings."""
