"""Colours of curves: told apart with every common colour vision, readable on dark and light, stable by name.

The hues are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which stay distinct for people with
protanopia, deuteranopia and tritanopia; :func:`readable` moves them towards black or white for the background. Yellow
and vermilion are chosen so that they stay apart from orange there too, grey so that it does from purple.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import lru_cache

from mltui.domain.metric_name import Scope

SERIES = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f7ef80", "#b84a00", "#7c8cff", "#646464")
"""Curve colours, the most distinct first."""
_STRONG = 4
"""So many of them are told apart at a glance; the others serve when these are taken."""
NEUTRAL, _NEUTRAL_ON_LIGHT = "#c8ccd4", "#16181d"
"""What has none of these colours: one grey that is readable on dark and light is too near to purple and to grey."""
ALARM = "#f0433a"
"""Values that are NaN or infinite."""
_BY_SCOPE = {Scope.TRAIN: SERIES[0], Scope.VALIDATION: SERIES[1], Scope.TEST: SERIES[3]}


def scope_color(scope: Scope | None) -> str:
    """One colour per part of the data, the same in every chart; what names no part is training."""
    return _BY_SCOPE[scope or Scope.TRAIN]


def series_colors(name: str) -> tuple[str, ...]:
    """All colours in the order in which a name takes one that is free.

    It depends on the name alone, so that a run or rank has its colour in every chart and every session.
    """
    at = zlib.crc32(name.encode()) % _STRONG
    return SERIES[at:_STRONG] + SERIES[:at] + SERIES[_STRONG:]


def distinct_colors(names: Iterable[str]) -> dict[str, str]:
    """A colour for each name: its own one, or the next free one where two names would share it."""
    chosen: dict[str, str] = {}
    free: list[str] = []
    for name in dict.fromkeys(names):
        free = free or list(SERIES)
        chosen[name] = next(c for c in series_colors(name) if c in free)
        free.remove(chosen[name])
    return chosen


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def blend(color: str, towards: str, share: float) -> str:
    """``color`` moved a share of the way to another one."""
    mixed = (round(a + (b - a) * share) for a, b in zip(_channels(color), _channels(towards), strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def luminance(color: str) -> float:
    """Relative luminance, 0 (black) to 1 (white), by WCAG 2.2."""
    linear = [c / 3294.6 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in _channels(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, 1 to 21, by WCAG 2.2."""
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(maxsize=256)
def readable(color: str, background: str, ratio: float = 3.0) -> str:
    """``color``, moved towards black or white as little as gives that contrast (3 is WCAG's for graphics)."""
    on_light = luminance(background) > 0.3
    towards = "#000000" if on_light else "#ffffff"
    color = _NEUTRAL_ON_LIGHT if color == NEUTRAL and on_light else color
    for share in range(0, 11):
        found = blend(color, towards, share / 10)
        if contrast(found, background) >= ratio:
            return found
    return towards


def faint(color: str, background: str) -> str:
    """``color`` as it looks behind others: the companion of a curve."""
    return blend(color, background, 0.55)
