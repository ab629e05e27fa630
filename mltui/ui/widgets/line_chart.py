"""The line chart: a widget that draws curves with plotext, and only when there is something new to draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.events import (
    Click,
    MouseDown,
    MouseEvent,
    MouseMove,
    MouseScrollDown,
    MouseScrollLeft,
    MouseScrollRight,
    MouseScrollUp,
    MouseUp,
)
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from mltui.domain.text import one_line
from mltui.ui import palette
from mltui.ui.widgets import chart_cursor as cursor
from mltui.ui.widgets.chart_cursor import Reading
from mltui.ui.widgets.chart_frame import Geometry, Picture, paint
from mltui.ui.widgets.chart_model import TITLE_LENGTH, ChartModel, Curve, Look, Vertex, View

_FIRST, _LAST = 0.5016585662, 0.501516152
"""How far inside its canvas plotext puts the limits, in cells: from the left and upper, the right and lower edge."""


class PlotextCanvas:
    """Draws lines of dots with a plotext figure of its own.

    plotext ends the process on a NaN and raises on infinity; it is given nothing but dots inside the canvas
    (:mod:`mltui.ui.widgets.chart_raster`), and asked for nothing but the dots between them: no axes, no ticks.
    """

    def __init__(self) -> None:
        self._figure: Any = None
        self._size = (0, 0)

    def __call__(self, width: int, height: int, curves: Sequence[Sequence[Vertex]]) -> list[list[str]]:
        """Each curve's rows, in braille characters and blanks; none for a curve without vertices.

        A build costs more than what is drawn in it: the curves are drawn in one, one below the other.
        """
        drawn = [vertices for vertices in curves if vertices]
        if not drawn:
            return [[] for _ in curves]
        self._clear(max(width, 2), max(height * len(drawn), 2))
        for i, vertices in enumerate(drawn):
            self._draw(vertices, height * (len(drawn) - i))
        rows = self._figure.build().string(colorless=True).split("\n")
        parts = (rows[height * i : height * (i + 1)] for i in range(len(drawn)))
        return [next(parts) if vertices else [] for vertices in curves]

    def _clear(self, width: int, height: int) -> None:
        """An empty figure of this size."""
        if self._figure is None:
            import plotext

            terminal = type(plotext.terminal)()  # one of our own: the library's is limited to the real terminal
            terminal.limit(False, False)
            self._figure = terminal._master
            self._figure.canvas("default")
            self._figure.axes(False)
        figure = self._figure
        figure.clear.data()
        if self._size != (width, height):
            self._size = width, height
            figure.plot_size(width, height)
            figure.ruler("x").frequency(0).lim(_FIRST, width - _LAST)
            figure.ruler("y").frequency(0).lim(_LAST, height - _FIRST)

    def _draw(self, vertices: Sequence[Vertex], top: int) -> None:
        """Lines on a canvas that begins ``top`` cells above the figure's lower end."""
        from plotext._kernel.clink import clink
        from plotext._primitives.marker import marker
        from plotext._signal.signal import signal_class

        # The public figure.signal().lines() and figure.draw() walk all points several times in Python and cost six
        # times as much; these are the calls they end in.
        braille, signal = marker("braille"), signal_class(len(vertices))
        into, dot = signal._pointer, braille._pointer
        append, connect = clink.signal_append_point, clink.signal_set_connected
        for i, (x, y, joined) in enumerate(vertices):
            append(into, (x + 0.5) / 2, top - (y + 0.501) / 4, dot)
            if joined:
                connect(into, i, True)
        signal._set_marker(braille)
        self._figure._signals._signal.append(signal)


def changed_part(old: Strip, new: Strip, y: int) -> tuple[int, int, int] | None:
    """First column, row and width of what differs between two rows of equal length; ``None`` if nothing does."""
    if old == new:
        return None
    same = takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))
    start = sum(segment.cell_length for segment, _ in same)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(reversed(list(old)), reversed(list(new)), strict=False))
    end = new.cell_length - sum(segment.cell_length for segment, _ in same)
    return (start, y, end - start) if end > start else (0, y, new.cell_length)


class LineChart(Widget, can_focus=True):
    """Curves over a common axis, with legend, ticks and marks for what was no number."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-chart--text", "line-chart--muted", "line-chart--frame", "line-chart--grid", "line-chart--title",
    }  # fmt: skip
    DEFAULT_CSS = """
    LineChart {
        height: 1fr;
        width: 1fr;
        & > .line-chart--text { color: $foreground; }
        & > .line-chart--muted { color: $foreground 60%; }
        & > .line-chart--frame { color: $foreground 28%; }
        & > .line-chart--grid { color: $foreground 14%; }
        & > .line-chart--title { color: $primary; text-style: bold; }
    }
    """

    view: reactive[View] = reactive(View(), repaint=False)
    """How the curves are looked at; assigning a new one redraws. Charts side by side may share one."""

    class ViewChanged(Message):
        """The user zoomed, panned or moved the crosshair: other charts may take over the view or its cursor."""

        def __init__(self, chart: LineChart, view: View) -> None:
            super().__init__()
            self.chart = chart
            self.view = view

        @property
        def control(self) -> LineChart:
            """The chart that was looked at in another way."""
            return self.chart

    def __init__(self, *, title: str = "", id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.model = ChartModel(title=one_line(title, TITLE_LENGTH))
        self.picture: Picture | None = None
        self.one_of_several = False
        """Charts stand beside it, so it shows when it has the focus."""
        self._canvas = PlotextCanvas()
        self._strips: list[Strip] = []
        self._drawn: tuple[object, ...] = ()
        """What the picture shows; empty: it is to be drawn anew."""
        self._size_drawn = Size(0, 0)
        self._dragged_from: Offset | None = None
        self._dragged = False

    def show(self, curves: Sequence[Curve], *, title: str | None = None, waiting: str | None = None) -> None:
        """Show these curves from now on.

        Their series may grow: call :meth:`poll` at the screen's clock. ``waiting`` is what an empty chart says.
        """
        self.model.set_curves(curves, palette.distinct_colors)
        self.model.title = self.model.title if title is None else one_line(title, TITLE_LENGTH)
        self.model.waiting = self.model.waiting if waiting is None else one_line(waiting)
        self._drawn = ()
        self.refresh()

    def show_model(self, model: ChartModel) -> None:
        """Show another chart's curves in the way it is looked at; what is known about them comes with it."""
        self.model = model
        self.set_reactive(LineChart.view, model.view)
        self._drawn = ()
        self.refresh()

    def poll(self) -> bool:
        """Draw again if a shown series has grown since the last frame; says whether it has.

        Costs microseconds without news. With news only the parts of rows that changed are sent to the terminal.
        """
        return self._drawn != self._state() and self._update()

    def watch_view(self, view: View) -> None:
        """Look at the curves in another way."""
        self.model.view = view
        self._update()

    def look_like(self, other: LineChart) -> None:
        """Show the place and part of the x axis that ``other`` shows, found by time where the axes differ.

        The height of the y axis stays; no :class:`ViewChanged` is posted.
        """
        self.view = cursor.translate(other.model, self.model)

    def _look_at(self, view: View) -> None:
        """What every action of the user ends in."""
        if view != self.view:
            self.view = view
            self.post_message(self.ViewChanged(self, view))

    @property
    def _geometry(self) -> Geometry | None:
        return self.picture.geometry if self.picture else None

    @property
    def reading(self) -> Reading | None:
        """What stands at the crosshair; ``None`` without one."""
        return cursor.reading(self.model)

    def action_cursor(self, direction: int) -> None:
        """Move the crosshair along the curve: 1 to the right, -1 to the left; the first call shows it."""
        if self._geometry:
            self._look_at(cursor.step(self.model, self._geometry, direction))

    def action_cursor_to(self, where: cursor.Place) -> None:
        """Move the crosshair to the ``best`` value, ``min``, ``max``, ``first``, ``last`` or the next ``nan``."""
        if self._geometry:
            self._look_at(cursor.jump(self.model, self._geometry, where))

    def action_hide_cursor(self) -> None:
        """Take the crosshair away."""
        self._look_at(replace(self.view, cursor=None))

    def action_copy_reading(self) -> None:
        """Put what the crosshair reads into the clipboard (OSC 52); without one, the newest values."""
        text = cursor.reading_text(self.model)
        if text:
            self.app.copy_to_clipboard(text)
            self.app.notify(f"Copied: {one_line(text, 200)}", timeout=3, markup=False)

    def action_zoom(self, factor: float) -> None:
        """Show a part ``factor`` as long of the x axis: 0.5 zooms in, 2 out."""
        self._look_at(cursor.zoom(self.model, factor))

    def action_pan(self, share: float) -> None:
        """Move along the x axis by a share of what is shown; to the right above zero."""
        self._look_at(cursor.pan(self.model, share))

    def action_zoom_y(self, factor: float) -> None:
        """Show a part ``factor`` as high of the y axis, around the value at the crosshair."""
        self._look_at(cursor.zoom_y(self.model, factor))

    def action_pan_y(self, share: float) -> None:
        """Move the y axis by a share of its height; up above zero."""
        self._look_at(cursor.pan_y(self.model, share))

    def action_whole(self) -> None:
        """Show everything again, and follow the end."""
        self._look_at(cursor.whole(self.view))

    def action_log_x(self) -> None:
        """Logarithmic x axis on or off."""
        self._look_at(replace(self.view, log_x=not self.view.log_x, x_window=None))

    def action_log_y(self) -> None:
        """Logarithmic y axis on or off."""
        self._look_at(replace(self.view, log_y=not self.view.log_y, y_window=None))

    def action_clip_outliers(self) -> None:
        """Leave outliers out of the y axis, or not."""
        self._look_at(replace(self.view, clip=not self.view.clip))

    def action_follow(self) -> None:
        """Let a zoomed chart move along with its end, or stand."""
        self._look_at(replace(self.view, follow=not self.view.follow))

    def action_smooth(self, steps: int) -> None:
        """One step more or less smoothing."""
        self._look_at(cursor.smoother(self.view, steps))

    def action_next_x_axis(self) -> None:
        """x as logged, as steps, as epochs, as time since the start, as time of day: the next of those there are."""
        self._look_at(cursor.next_axis(self.view, self.model.axes))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Zoom in on the place under the pointer; only with the focus, so that a page of charts still scrolls."""
        self._wheel(event, 0.8)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Zoom out."""
        self._wheel(event, 1.25)

    def on_mouse_scroll_left(self, event: MouseScrollLeft) -> None:
        """Pan, as a wheel that turns sideways or a touch pad asks for."""
        self._pan_by_wheel(event, -0.1)

    def on_mouse_scroll_right(self, event: MouseScrollRight) -> None:
        """Pan to the right."""
        self._pan_by_wheel(event, 0.1)

    def _pan_by_wheel(self, event: MouseEvent, share: float) -> None:
        if self.has_focus:
            event.stop()
            self._look_at(cursor.pan(self.model, share))

    def _wheel(self, event: MouseEvent, factor: float) -> None:
        if event.shift:
            self._pan_by_wheel(event, 0.1 if factor > 1 else -0.1)
            return
        if not self.has_focus or (geometry := self._geometry) is None:
            return
        event.stop()
        self._look_at(cursor.zoom(self.model, factor, (event.x - geometry.left) / max(geometry.width - 1, 1)))

    def on_mouse_down(self, event: MouseDown) -> None:
        """Begin to drag."""
        self._dragged_from, self._dragged = event.offset, False
        self.capture_mouse()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Drag the shown part along."""
        if self._dragged_from is None or (geometry := self._geometry) is None or event.offset == self._dragged_from:
            return
        across, down = self._dragged_from - event.offset
        self._dragged_from, self._dragged = event.offset, True
        if across:
            self._look_at(cursor.pan(self.model, across / geometry.width))
        if down:
            self._look_at(cursor.pan_y(self.model, -down / geometry.height))

    def on_mouse_up(self, event: MouseUp) -> None:
        """End a drag."""
        self._dragged_from = None
        self.release_mouse()

    def on_click(self, event: Click) -> None:
        """Put the crosshair under the pointer, unless it was dragged; a double click shows everything again."""
        if (geometry := self._geometry) is None or self._dragged:
            return
        if event.chain == 2:
            self.action_whole()
        else:
            self._look_at(cursor.place(self.model, geometry, event.x - geometry.left))

    def on_focus(self) -> None:
        """The title shows that the keys are for this chart."""
        self.poll()

    def on_blur(self) -> None:
        """The title no longer shows it."""
        self.poll()

    def _state(self) -> tuple[object, ...]:
        return (id(self.model), self.model.version, self.model.view, self.model.title, self.size, self._marked)

    @property
    def _marked(self) -> bool:
        """The chart shows that it has the focus: only where it is one of several."""
        return self.has_focus and self.one_of_several

    def notify_style_update(self) -> None:
        """Draw again in other colours."""
        self._drawn = ()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """One row of the picture, which is drawn when its first row is asked for and there is none of this size.

        A part of the rows may be asked for at any time; news waits for :meth:`poll`, which has all repainted that it
        changes.
        """
        if not self._drawn or self._size_drawn != self.size:
            self._redraw()
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

    def _update(self) -> bool:
        """Draw, and have the terminal repaint what differs from the last picture; later, if it is not on the screen."""
        if not self.is_on_screen:
            if self._drawn:
                self._drawn = ()
                self.refresh()
            return False
        before, self._strips = self._strips, []
        self._redraw()
        if len(before) != len(self._strips):
            self.refresh()
            return True
        pairs = enumerate(zip(before, self._strips, strict=True))
        changed = [Region(*span, 1) for y, (old, new) in pairs if (span := changed_part(old, new, y))]
        if changed:
            self.refresh(*changed)
        return True

    def _redraw(self) -> None:
        self._drawn, self._size_drawn = self._state(), self.size
        width, height = self.size
        self.picture = paint(self.model, width, height, self._look(), self._canvas)
        plain = self.visual_style.rich_style
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
            Style(color=palette.readable(palette.ALARM, background.hex6), bold=True), style("title"), self._marked,
        )  # fmt: skip
