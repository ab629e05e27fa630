"""What a chart is asked to draw: curves, how to look at them, and the colours of its surroundings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from rich.style import Style

from mltui.domain.curve import Smoother, Trace, XAxis
from mltui.domain.metric import Axis, Series
from mltui.domain.metric_name import Goal
from mltui.domain.text import one_line

TITLE_LENGTH, LABEL_LENGTH = 120, 40
"""Characters of a chart's title, which is cut for the room there is, and of a curve's name in its legend."""
GLYPHS = "●▲■◆▼★◢▰"
"""Marks the end of each curve and stands in the legend, so that curves are told apart without colour too."""
HOLLOW = {**dict(zip(GLYPHS, "○△□◇▽☆◿▱", strict=True)), "◉": "◎"}
"""The same marks for single points, and for the part of the data that stands behind another one."""


class CurveStyle(StrEnum):
    """How strongly a curve is drawn."""

    LINE = "line"
    FAINT = "faint"
    """A companion: behind the others, paler, without an entry in the legend."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart."""

    label: str
    """Shown in the legend."""
    series: Series
    color: str = ""
    """``#rrggbb``; empty: by the label, always the same one."""
    style: CurveStyle = CurveStyle.LINE
    goal: Goal | None = Goal.MIN
    """``None``: no value of it is better than another."""
    peak: bool = False
    """What is greatest of it is no achievement: its legend calls that the peak."""
    glyph: str = ""
    """Its mark; empty: the next one that is free in its chart."""
    pale: bool = False
    """Drawn a little paler than another curve of the same colour."""
    part: str = ""
    """The part of the data at the end of its label (``val`` of ``run 2 val``), which a brief legend leaves out."""
    origin: float | None = None
    """Zero of its relative axis, in seconds since 1970: the first point of its run; ``None``: of its chart."""


ALWAYS = (XAxis.LOGGED, XAxis.RELATIVE, XAxis.WALL)
"""What the x axis of any chart may show."""


@dataclass(frozen=True, slots=True)
class View:
    """How the curves are looked at."""

    x_axis: XAxis = XAxis.LOGGED
    log_x: bool = False
    log_y: bool = False
    smoothing: float = 0.0
    """Weight of the moving average, 0 (off) to below 1."""
    clip: bool = False
    """Leave outliers out of the y axis."""
    x_window: tuple[float, float] | None = None
    """What part of the x axis is shown; ``None``: all."""
    y_window: tuple[float, float] | None = None
    follow: bool = True
    """A window that reached the end moves along with it."""
    cursor: float | None = None
    """Where the crosshair stands on the x axis."""

    @property
    def logarithmic_x(self) -> bool:
        """The x axis is logarithmic: one of time never is."""
        return self.log_x and not self.x_axis.by_time


@dataclass(frozen=True, slots=True)
class Look:
    """Styles of everything but the curves."""

    background: str
    """``#rrggbb``"""
    text: Style
    muted: Style
    frame: Style
    grid: Style
    alarm: Style
    title: Style = field(default_factory=Style)
    focused: bool = False
    """The chart has the focus, and says so."""


class Vertex(NamedTuple):
    """A corner of a line in dots (two per cell across, four down), from the canvas's top left."""

    x: int
    y: int
    joined: bool
    """Whether a line leads here from the vertex before."""


Canvas = Callable[[int, int, Sequence[Sequence[Vertex]]], list[list[str]]]
"""Draws the lines between each list of vertices on ``width`` × ``height`` cells: its rows of braille characters."""


@dataclass(slots=True)
class Plotted:
    """A curve with what a chart keeps about it between two frames."""

    curve: Curve
    trace: Trace
    smoother: Smoother | None = None
    smooth_trace: Trace | None = None
    glyph: str = ""
    color: str = ""

    def catch_up(self, weight: float) -> None:
        """Index, and smooth with ``weight`` where it is above zero, what the series got since the last frame."""
        self.trace.catch_up()
        if weight <= 0 or self.curve.style is CurveStyle.FAINT:
            self.smoother = self.smooth_trace = None
            return
        if self.smoother is None or self.smoother.weight != weight:
            self.smoother = Smoother(self.curve.series, weight)
            self.smooth_trace = Trace(self.smoother.series)
        if self.smooth_trace is not None:
            self.smooth_trace.shift = self.trace.shift
        self.smoother.catch_up()
        if self.smooth_trace is not None:
            self.smooth_trace.catch_up()

    @property
    def main(self) -> Trace:
        """What is drawn strongly: the smoothed curve if there is one."""
        return self.smooth_trace or self.trace

    def first_time(self) -> float:
        """When the first point was read, infinity where that is not known."""
        first = self.curve.series.time[0] if len(self.curve.series) else math.inf
        return first if math.isfinite(first) else math.inf


def _free_glyph(color: str, shown: Sequence[Plotted]) -> str:
    """The next mark, or the one after it where a curve of this colour has that already."""
    # Beside a line, what a bar shows on the way is the same curve.
    lines = [p for p in shown if p.curve.style is CurveStyle.LINE]
    strong = len(lines) % len(GLYPHS)
    taken = {p.glyph for p in lines if p.color == color}
    order = GLYPHS[strong:] + GLYPHS[:strong]
    return next((glyph for glyph in order if glyph not in taken), order[0])


@dataclass(slots=True)
class ChartModel:
    """Curves and view: all that a picture of a chart depends on besides its size and colours."""

    curves: list[Plotted] = field(default_factory=list)
    view: View = field(default_factory=View)
    title: str = ""
    waiting: str = "waiting for the first value"
    axes: tuple[XAxis, ...] = ALWAYS
    """What the x axis may show."""
    changes: int = 0
    """How often the curves were replaced."""

    def set_curves(self, curves: Sequence[Curve], colors: Callable[[Sequence[str]], dict[str, str]]) -> None:
        """Show these curves; what is known about series shown before is kept."""
        known = {id(p.curve.series): p for p in self.curves}
        chosen = colors([c.label for c in curves if not c.color])
        zero = next((c.origin for c in curves if c.origin is not None), None)
        shown: list[Plotted] = []
        for given in curves:
            curve = replace(given, label=one_line(given.label, TITLE_LENGTH))
            old = known.get(id(curve.series))
            made = replace(old, curve=curve) if old else Plotted(curve, Trace(curve.series))
            made.trace.shift = curve.origin - zero if curve.origin is not None and zero is not None else 0.0
            made.color = curve.color or chosen[given.label]
            made.glyph = curve.glyph or _free_glyph(made.color, shown)
            shown.append(made)
        self.curves = shown
        self.changes += 1

    def catch_up(self) -> None:
        """Take in the newest points of every curve."""
        for plotted in self.curves:
            plotted.catch_up(self.view.smoothing)

    @property
    def strong(self) -> list[Plotted]:
        """The curves that the legend names and the crosshair reads: all but companions, where there are others."""
        return [p for p in self.curves if p.curve.style is CurveStyle.LINE] or self.curves

    def back_to_front(self) -> list[Plotted]:
        """The curves in the order in which they are drawn: pale ones behind, and of several runs the first in front."""
        compared = any(p.curve.glyph for p in self.curves)
        order = self.curves[::-1] if compared else self.curves
        return sorted(order, key=lambda plotted: not plotted.curve.pale)

    @property
    def version(self) -> int:
        """Grows with every point of every curve, and where they are replaced."""
        return self.changes + sum(p.curve.series.version for p in self.curves)

    @property
    def start(self) -> float:
        """Zero of the relative axis: what the first curve names as such, else the first point of all curves."""
        named = next((p.curve.origin for p in self.curves if p.curve.origin is not None), None)
        if named is not None:
            return named
        first = min((p.first_time() for p in self.curves), default=math.inf)
        return first if math.isfinite(first) else 0.0

    @property
    def starts_at_zero(self) -> bool:
        """Whether some point has no place on a logarithmic x axis."""
        axis = self.view.x_axis
        return any(p.trace.x(axis)[start] <= 0 for p in self.curves for start, _ in p.trace.sweeps(axis))

    @property
    def why_empty(self) -> str:
        """What stands in the place of curves where no point has a place."""
        some = any(len(p.curve.series) for p in self.curves)
        return f"log x: no {self.axis_name} above 0 yet" if some else self.waiting

    @property
    def axis_name(self) -> str:
        """What the x axis shows, in a word."""
        if self.view.x_axis is XAxis.RELATIVE:
            return "time"
        if self.view.x_axis is XAxis.WALL:
            return "clock"
        if any(not p.trace.ordered(self.view.x_axis) for p in self.curves):
            return "count"
        names = {Axis.of(p.curve.series.key.axis).counts for p in self.curves}
        return one_line(names.pop(), 16) if len(names) == 1 else "x"
