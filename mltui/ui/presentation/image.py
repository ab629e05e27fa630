"""Images as lines."""

from __future__ import annotations

import time

from mltui.domain.figures import format_bytes, format_duration
from mltui.domain.image import Image
from mltui.domain.text import one_line
from mltui.ui.widgets.lines import Line, Span, spread

_WIDE = 60


def image_line(image: Image, now: float, width: int) -> Line:
    """A row of the images list."""
    left: list[Span] = [(" ", "text"), (one_line(image.name, 120), "text" if image.tags else "dim")]
    right: list[Span] = [(format_bytes(image.size), "dim")]
    if width >= _WIDE:
        left.append((f"  {image.id.removeprefix('sha256:')[:12]}", "faint"))
        age = format_duration(now - image.created) if image.created else "–"
        right = [(f"{age} old  ", "dim"), *right]
    return spread(left, right, width)


def image_text(image: Image) -> str:
    """What a filter looks at."""
    return " ".join((*image.tags, image.id))


def image_lines(image: Image) -> list[Line]:
    """All that is known of an image."""
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(image.created)) if image.created else "–"
    facts = [
        *(("tag", tag) for tag in image.tags),
        ("id", image.id),
        ("size", f"{format_bytes(image.size)}, layers shared with other images included"),
        ("made", made),
        ("containers", "–" if image.containers is None else str(image.containers)),
    ]
    return [[(f"  {name:<12} ", "text"), (one_line(value, 200), "strong")] for name, value in facts]
