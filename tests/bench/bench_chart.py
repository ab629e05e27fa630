"""What a chart costs: a frame, a pan over a million points, and the bytes a live chart sends.

Run: ``python tests/bench/bench_chart.py``. Medians, in milliseconds of one core; plotext's own frame is measured in the
same run as the floor that a chart without any work of ours would cost.
"""

from __future__ import annotations

import fcntl
import os
import pty
import random
import select
import signal
import statistics
import struct
import termios
import time
from array import array
from collections.abc import Callable, Sequence

from rich.style import Style
from textual.app import App, ComposeResult

from mltui.domain.metric import Series, SeriesKey
from mltui.ui import palette
from mltui.ui.widgets import chart_cursor as cursor
from mltui.ui.widgets.chart_frame import paint
from mltui.ui.widgets.chart_model import Canvas, ChartModel, Curve, Look, View
from mltui.ui.widgets.line_chart import LineChart, PlotextCanvas

WIDTH, HEIGHT, RATE = 120, 40, 2.0
LOOK = Look(background="#121212", text=Style(), muted=Style(), frame=Style(), grid=Style(), alarm=Style(color="red"))


def curve(name: str, points: int, noise: float, seed: int) -> Curve:
    """A falling loss with noise."""
    rng = random.Random(seed)
    series = Series(SeriesKey(name, "step"))
    values = array("d", (2.0 / (1 + 5 * i / points) + seed * 0.1 + rng.gauss(0, noise) for i in range(points)))
    series.extend(array("d", range(points)), values, array("d", range(points)))
    return Curve(name, series)


def model_of(count: int, points: int, noise: float = 0.02, view: View | None = None) -> ChartModel:
    """A chart of ``count`` curves."""
    model = ChartModel(title="loss", view=view or View())
    model.set_curves([curve(f"run-{i}", points, noise, i) for i in range(count)], palette.distinct_colors)
    return model


def median_ms(action: Callable[[], object], times: int = 25) -> float:
    """Milliseconds of processor time that ``action`` takes, once warm."""
    action()
    spent = []
    for _ in range(times):
        start = time.process_time()
        action()
        spent.append((time.process_time() - start) * 1000)
    return statistics.median(spent)


def plotext_frame(model: ChartModel, points: int) -> Callable[[], object]:
    """plotext alone: the same curves, cut to ``points`` each, with its own axes, in its own way."""
    import plotext

    terminal = type(plotext.terminal)()
    terminal.limit(False, False)
    figure = terminal._master
    data: list[tuple[Sequence[float], Sequence[float]]] = []
    for plotted in model.curves:
        series, step = plotted.curve.series, max(1, len(plotted.curve.series) // points)
        data.append((list(series.x[::step]), list(series.value[::step])))

    def draw() -> object:
        figure.clear()
        figure.plot_size(WIDTH, HEIGHT)
        for x, y in data:
            figure.draw(figure.signal(x, y, marker="braille").lines())
        return figure.build().string()

    return draw


def frames() -> None:
    """One frame of five curves, by points and noise."""
    print(f"{'a frame of 5 curves at 120x40':44} {'ms':>7} {'plotext, 240 points each':>26}")
    for points, noise in [(100, 0.02), (240, 0.02), (1000, 0.02), (20_000, 0.02), (1_000_000, 0.02), (1_000_000, 0.3)]:
        model, canvas = model_of(5, points, noise), PlotextCanvas()
        ours = median_ms(lambda m=model, c=canvas: paint(m, WIDTH, HEIGHT, LOOK, c))  # type: ignore[misc]
        floor = median_ms(plotext_frame(model, 240), 5)
        print(f"  {points:>9,} points each, noise {noise:<4} {ours:>22.1f} {floor:>26.1f}")
    model, canvas = model_of(5, 20_000, 0.1, View(smoothing=0.9)), PlotextCanvas()
    spent = median_ms(lambda: paint(model, WIDTH, HEIGHT, LOOK, canvas))
    print(f"     20,000 points each, smoothed over raw {spent:>12.1f}")


def pans() -> None:
    """Frames a second while panning, at several zooms."""
    for count in (1, 5):
        model, canvas = model_of(count, 1_000_000, 0.1), PlotextCanvas()
        for share in (0.5, 0.01, 0.0001):
            model.view = View()
            paint(model, WIDTH, HEIGHT, LOOK, canvas)
            model.view = cursor.zoom(model, share, 0.5)
            spent = median_ms(lambda m=model, c=canvas: pan(m, c))  # type: ignore[misc]
            print(f"  {count} x 1,000,000 points, {share:>7.2%} shown {spent:>16.1f} ms {1000 / spent:>7.0f} frames/s")


def pan(model: ChartModel, canvas: Canvas) -> None:
    """One frame, a hundredth of the picture further."""
    model.view = cursor.pan(model, 0.01)
    paint(model, WIDTH, HEIGHT, LOOK, canvas)


class Live(App[None]):
    """Five curves that get a point each at ``RATE`` Hz."""

    def __init__(self) -> None:
        super().__init__()
        self.chart = LineChart(title="loss")
        self.curves = [curve(f"run-{i}", 240, 0.02, i) for i in range(5)]

    def compose(self) -> ComposeResult:
        yield self.chart

    def on_mount(self) -> None:
        self.chart.show(self.curves)
        self.set_interval(1 / RATE, self.grow)

    def grow(self) -> None:
        """One more point of every curve."""
        for i, shown in enumerate(self.curves):
            x = float(len(shown.series))
            shown.series.add(x, 2.0 / (1 + 5 * x / 240) + i * 0.1 + random.gauss(0, 0.02), time.time())
        self.chart.poll()


def live(seconds: float = 10.0) -> None:
    """Bytes that a real terminal gets from the live chart, and the processor time it takes."""
    child, terminal = pty.fork()
    if child == 0:
        Live().run()
        os._exit(0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    _read_for(terminal, 3.0)
    before = _processor_seconds(child)
    sent = _read_for(terminal, seconds)
    spent = _processor_seconds(child) - before
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print(f"live, 5 curves, {RATE:g} Hz: {sent / seconds / 1000:.1f} KB/s, {spent / seconds:.1%} of a core")


def _read_for(terminal: int, seconds: float) -> int:
    """Bytes read from a terminal until ``seconds`` are over."""
    end, total = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            total += len(os.read(terminal, 65536))
    return total


def _processor_seconds(process: int) -> float:
    with open(f"/proc/{process}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print every figure."""
    frames()
    pans()
    live()


if __name__ == "__main__":
    main()
