"""The line chart: a widget that draws curves with plotext, and only when there is something new to draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from mltui.ui import palette
from mltui.ui.widgets.chart_frame import Picture, paint
from mltui.ui.widgets.chart_model import ChartModel, Curve, Look, Vertex, View


class PlotextCanvas:
    """Draws lines of dots with a plotext figure of its own.

    plotext ends the process on a NaN and raises on infinity; it is given nothing but dots inside the canvas
    (:mod:`mltui.ui.widgets.chart_raster`), and asked for nothing but the dots between them: no axes, no ticks.
    """

    def __init__(self) -> None:
        self._figure: Any = None

    def __call__(self, width: int, height: int, vertices: Sequence[Vertex]) -> list[str]:
        """The canvas's rows, in braille characters and blanks."""
        if width < 2 or height < 2 or not vertices:
            return [" " * width] * height
        self._clear(width, height)
        self._draw(vertices, height)
        rows: list[str] = self._figure.build().string(colorless=True).split("\n")
        return rows[:height]

    def _clear(self, width: int, height: int) -> None:
        if self._figure is None:
            import plotext

            terminal = type(plotext.terminal)()  # one of our own: the library's is limited to the real terminal
            terminal.limit(False, False)
            self._figure = terminal._master
        figure = self._figure
        figure.clear()
        figure.plot_size(width, height)
        figure.canvas("default")
        figure.axes(False)
        for axis, cells in (("x", width), ("y", height)):
            figure.ruler(axis).frequency(0)
            figure.ruler(axis).lim(0.5, cells - 0.5)  # limits lie in the middle of the outer cells

    def _draw(self, vertices: Sequence[Vertex], height: int) -> None:
        from plotext._kernel.clink import clink
        from plotext._primitives.marker import marker
        from plotext._signal.signal import signal_class

        # The public figure.signal().lines() and figure.draw() walk all points several times in Python and cost six
        # times as much; these are the calls they end in.
        braille, signal = marker("braille"), signal_class(len(vertices))
        into, dot = signal._pointer, braille._pointer
        append, connect = clink.signal_append_point, clink.signal_set_connected
        for i, (x, y, joined) in enumerate(vertices):
            append(into, (x + 0.5) / 2, height - (y + 0.5) / 4, dot)
            if joined:
                connect(into, i, True)
        signal._set_marker(braille)
        self._figure._signals._signal.append(signal)


class LineChart(Widget, can_focus=True):
    """Curves over a common axis, with legend, ticks and marks for what was no number."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-chart--text", "line-chart--muted", "line-chart--frame", "line-chart--grid",
    }  # fmt: skip
    DEFAULT_CSS = """
    LineChart {
        height: 1fr;
        width: 1fr;
        & > .line-chart--text { color: $foreground; }
        & > .line-chart--muted { color: $foreground 60%; }
        & > .line-chart--frame { color: $foreground 28%; }
        & > .line-chart--grid { color: $foreground 14%; }
    }
    """

    view: reactive[View] = reactive(View(), layout=False)
    """How the curves are looked at; assigning a new one redraws."""

    def __init__(self, *, title: str = "", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.model = ChartModel(title=title)
        self.picture: Picture | None = None
        self._canvas = PlotextCanvas()
        self._strips: list[Strip] = []
        self._drawn: tuple[object, ...] = ()

    def show(self, curves: Sequence[Curve], *, title: str | None = None, waiting: str | None = None) -> None:
        """Show these curves from now on.

        Their series may grow: call :meth:`poll` at the screen's clock. ``waiting`` is what an empty chart says.
        Labels and title must be clean text (:func:`mltui.domain.text.one_line`).
        """
        self.model.set_curves(curves, palette.distinct_colors)
        self.model.title = self.model.title if title is None else title
        self.model.waiting = self.model.waiting if waiting is None else waiting
        self._drawn = ()
        self.refresh()

    def poll(self) -> bool:
        """Redraw if a shown series has grown since the last frame; says whether it has. Costs microseconds."""
        if self._drawn and self._drawn == self._state():
            return False
        self.refresh()
        return True

    def watch_view(self, view: View) -> None:
        """Look at the curves in another way."""
        self.model.view = view

    def _state(self) -> tuple[object, ...]:
        return (self.model.version, self.model.view, self.size, self.app.theme, self.has_focus)

    def render_line(self, y: int) -> Strip:
        """One row of the picture, which is drawn when its first row is asked for and something changed."""
        state = self._state()
        if state != self._drawn:
            self._drawn = state
            self._redraw()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def _redraw(self) -> None:
        width, height = self.size
        self.picture = paint(self.model, width, height, self._look(), self._canvas)
        plain = self.rich_style
        self._strips = [
            Strip([Segment(span.text, plain + span.style) for span in row], width) for row in self.picture.rows
        ]

    def _look(self) -> Look:
        background = self.background_colors[1]

        def style(name: str) -> Style:
            found = self.get_component_styles(f"line-chart--{name}")
            return Style(color=(background + found.color).rich_color, bold=found.text_style.bold)

        return Look(
            background.hex6.lower(),
            style("text"), style("muted"), style("frame"), style("grid"),
            Style(color=palette.readable(palette.ALARM, background.hex6), bold=True),
        )  # fmt: skip
