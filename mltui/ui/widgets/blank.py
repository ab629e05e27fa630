"""Containers that show nothing of their own, drawn without being styled cell by cell."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Blank(Widget):
    """Background alone, where its children leave some; no border and no content."""

    BLANK: ClassVar[bool] = True

    def render_lines(self, crop: Region) -> list[Strip]:
        """Background in colours that the terminal has; Textual draws it past the filters."""
        strips = super().render_lines(crop)
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, self.background_colors[1]) for strip in strips]
        return strips


class Row(Horizontal, Blank):
    """Widgets side by side."""


class Column(Vertical, Blank):
    """Widgets one below the other."""
