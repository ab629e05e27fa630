"""Sizes, CPUs and durations as Docker, Compose and Kubernetes write them."""

from __future__ import annotations

import re

# Docker's rule (go-units RAMInBytes): one letter, upper or lower case, with or without ``i`` and ``b``, always 1024.
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,18})?) ?([kmgtp]?)i?b?", re.IGNORECASE)
_SIZE_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_CPUS = re.compile(r"(\d{1,9}(?:\.\d{1,18})?|\.\d{1,18})(m?)")
_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,18})?(?:h|ms|us|m|s)){1,9}")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")


def parse_size(text: str) -> int:
    """Bytes in ``512m``, ``2g``, ``2gb``, ``2Gi`` or ``1048576``.

    Letters count in 1024, as in Docker and Compose (Kubernetes' ``M`` and ``Mi`` are the same here).
    Raises ``ValueError``.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a size such as 512m, 2g or 2Gi, found {_shown(text)}")
    number, unit = match.groups()
    return int(float(number) * 1024 ** _SIZE_POWER[unit.lower()])


def parse_cpus(text: str) -> float:
    """Cores in ``2``, ``1.5`` or Kubernetes' ``500m`` (thousandths). Raises ``ValueError``."""
    match = _CPUS.fullmatch(text.strip())
    cores = float(match[1]) / (1000 if match[2] else 1) if match else 0.0
    if cores <= 0:
        raise ValueError(f"expected a number of CPUs such as 2, 1.5 or 500m, found {_shown(text)}")
    return cores


def parse_duration(text: str) -> float:
    """Seconds in Compose's ``30s``, ``1m30s``, ``500ms``; a bare number is seconds. Raises ``ValueError``."""
    text = text.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,18})?", text):
        return float(text)
    if not _DURATION.fullmatch(text):
        raise ValueError(f"expected a duration such as 30s or 1m30s, found {_shown(text)}")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(text))


def duration_text(seconds: float) -> str:
    """Seconds as ``parse_duration`` reads them back: ``30s``, ``1m30s``, ``1.5s``."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}m" * bool(minutes) + f"{number_text(rest)}s" * bool(rest or not minutes)


def size_text(size: int) -> str:
    """The shortest exact spelling that ``docker run`` reads back: ``2g``, ``512m``, else bytes."""
    for unit, power in (("g", 3), ("m", 2), ("k", 1)):
        if size and size % 1024**power == 0:
            return f"{size // 1024**power}{unit}"
    return str(size)


def number_text(number: float) -> str:
    """``2`` rather than ``2.0``, ``0.001`` rather than ``1e-03``."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))
