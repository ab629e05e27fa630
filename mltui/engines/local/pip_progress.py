"""How far ``pip install`` is, told while it is silent: bytes of a download, packages of an installation.

Releases of pip from 24.1 on tell the bytes themselves (``--progress-bar raw``). Of older ones, such as the one that
comes with Python 3.11, the file that grows in its temporary folder is looked at: pip puts what it downloads into
``pip-unpack-…/FILE`` there. While it installs, it says nothing at all; what is done is known by the ``dist-info``
folders, of which each package gets one.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

_DOWNLOADING = re.compile(r"\s*Downloading (\S+) \(([\d.]+) (bytes|kB|MB|GB)\)")
_INSTALLING = re.compile(r"\s*Installing collected packages: (.+)")
#: A download's progress in pip's own words.
_RAW = re.compile(r"Progress (\d+) of (\d+)")
_UNITS = {"bytes": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9}
#: Smaller downloads are over before anybody has read of them.
_WORTH_BYTES = 5e6


class PipProgress:
    """Follows what pip says. ``scratch`` is its temporary folder, ``environment`` the one that it installs into."""

    def __init__(self, scratch: Path, environment: Path) -> None:
        self._scratch = scratch
        self._environment = environment
        self._file = ""
        self._size, self._unit = 0.0, "MB"
        self._done: float | None = None
        """Bytes of the download, as pip tells them."""
        self._packages: list[str] = []
        self._before = 0

    def takes(self, line: str) -> bool:
        """Learn from a line of output; tells whether it is nothing but progress."""
        if raw := _RAW.fullmatch(line):
            self._done = float(raw[1])
            return True
        if line:
            self._file, self._packages, self._done = "", [], None
        if found := _DOWNLOADING.match(line):
            self._file, self._unit = found[1].rpartition("/")[2], found[3]
            self._size = float(found[2]) * _UNITS[self._unit]
        elif found := _INSTALLING.match(line):
            self._packages, self._before = found[1].split(", "), self._installed()
        return False

    def now(self) -> tuple[str, float | None]:
        """What is under way, in words and as a share; nothing where that is not known."""
        if self._packages:
            done = min(self._installed() - self._before, len(self._packages) - 1)
            return f"Installing {done + 1} of {len(self._packages)}: {self._packages[done]}", done / len(self._packages)
        if self._file and self._size >= _WORTH_BYTES:
            loaded = min(self._size, self._done if self._done is not None else self._downloaded())
            unit = _UNITS[self._unit]
            name = " ".join(self._file.split("-")[:2]) if self._file.endswith(".whl") else self._file
            return (
                f"Downloading {name}: {loaded / unit:.0f} of {self._size / unit:.0f} {self._unit}",
                loaded / self._size,
            )
        return "", None

    def _downloaded(self) -> float:
        with contextlib.suppress(OSError):
            return float(sum(path.stat().st_size for path in self._scratch.glob(f"pip-unpack-*/{self._file}")))
        return 0.0

    def _installed(self) -> int:
        return sum(1 for _ in self._environment.glob("lib/python*/site-packages/*.dist-info"))
