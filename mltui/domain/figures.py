"""Figures as people read them. A value that is not known is an en dash."""

from __future__ import annotations

import math

UNKNOWN = "–"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def format_bytes(count: float | None) -> str:
    """Three figures and a binary unit: ``512 MiB``, ``1.46 GiB``."""
    if count is None or not math.isfinite(count):
        return UNKNOWN
    value, unit = float(count), 0
    while abs(value) >= (1000 if unit == 0 else 999.5) and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    if unit == 0:
        return f"{value:.0f} B"
    return f"{value:.{2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0}f} {_UNITS[unit]}"


def format_duration(seconds: float | None) -> str:
    """``7s``, ``3m 20s``, ``1h 05m``, ``2d 03h``."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d {whole % 86400 // 3600:02d}h"


def format_percent(ratio: float | None) -> str:
    """A share as whole percent; below ten percent with one decimal, so that little is not shown as nothing."""
    if ratio is None or not math.isfinite(ratio):
        return UNKNOWN
    percent = 100 * ratio
    if 0 < percent < 0.05:
        return "<0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 9.95 else f"{percent:.0f} %"


def format_cores(cores: float | None) -> str:
    """A number of cores: ``0.03``, ``1.5``, ``64``; what is next to nothing is no zero."""
    if cores is None or not math.isfinite(cores):
        return UNKNOWN
    if 0 < cores < 0.005:
        return "<0.01"
    return f"{cores:.2f}".rstrip("0").rstrip(".") if cores < 10 else f"{cores:.0f}"


def cores_text(cores: float | None) -> str:
    """The same with its unit: ``1 core``, ``1.5 cores``."""
    text = format_cores(cores)
    return f"{text} core{'' if text == '1' else 's'}"


def format_value(value: float | None, digits: int = 4) -> str:
    """A metric's value in ``digits`` significant digits: ``0.2913``, ``12.40``, ``1.5e-5``, ``NaN``, ``∞``."""
    if value is None:
        return UNKNOWN
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0 or (value == int(value) and abs(value) < 1e6):
        return str(int(value))
    size = float(f"{abs(value):.{digits - 1}e}")
    if 1e-3 <= size < 1e6:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        return f"{value:.{decimals}f}"
    return short_exponent(f"{value:.{digits - 1}e}")


def short_exponent(text: str) -> str:
    """``1.500e-05`` as ``1.5e-5``."""
    mantissa, _, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def counted(count: int, what: str) -> str:
    """``count`` of something, whose plural has an s."""
    return f"{format_count(count)} {what}{'' if count == 1 else 's'}"


def format_count(count: int) -> str:
    """A count with thin separators: ``1,204``."""
    return f"{count:,}"
