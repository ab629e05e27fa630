"""The gauges of a run that has ended: average and peak of what it used, from the samples that are kept with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mltui.domain.text import one_line
from mltui.domain.used import Used, used, used_cells
from mltui.ui.presentation.gauges import ratio
from mltui.ui.widgets.gauge_lines import Gauge
from mltui.ui.widgets.lines import Line, columns

if TYPE_CHECKING:
    from mltui.domain.run import Run
    from mltui.storage.sample_file import SampleReader

#: Pieces of the history.
_SLICES = 40
_USED = "what it used"


def ended_gauges(run: Run, samples: SampleReader) -> list[Gauge]:
    """CPU, memory and each GPU of ``run``; empty where nothing was sampled."""
    group = one_line(f"Run {run.id}: average and peak", 80)
    return [_gauge(samples, one, group) for one in used(samples.names, samples.rows)]


def usage_lines(samples: SampleReader) -> list[Line]:
    """The same in a line each, beside the run's record; empty where nothing was sampled."""
    rows = used_cells(used(samples.names, samples.rows))
    if not rows:
        return []
    heads = (_USED[2:], "average", "", "peak", "", "")
    wide = [max(map(columns, column)) for column in zip(heads, *rows, strict=True)]
    share, peak_share = (f"  {{:>{width}}}" if width else "" for width in (wide[2], wide[4]))
    head = f"  {'average':>{wide[1]}}{share.format('')}   {'peak':>{wide[3]}}"
    lines: list[Line] = [[(f"{_USED:<{wide[0] + 2}}", "strong"), (head, "dim")]]
    for title, average, of_average, peak, of_peak, limit in rows:
        lines.append([
            (f"  {title:<{wide[0]}}  ", "text"),
            (f"{average:>{wide[1]}}", "strong"), (share.format(of_average), "text"),
            (f"   {peak:>{wide[3]}}", "strong"), (peak_share.format(of_peak), "text"), (f"  {limit}", "dim"),
        ])  # fmt: skip
    return [*lines, []]


def _gauge(samples: SampleReader, one: Used, group: str) -> Gauge:
    scale = one.limit or one.peak
    return Gauge(
        _label(one.what),
        f"ø {one.text(one.average)}",
        one.limit_text,
        ratio(one.average, one.limit),
        "ok" if one.unit == "share" else "primary",
        tuple(_history(samples, one.column, scale)),
        title=one.what,
        group=group,
        peak=ratio(one.peak, scale),
        peak_said=one.text(one.peak),
        main=True,
    )


def _label(what: str) -> str:
    """``GPU0 mem`` for ``GPU 0 memory``: a label has ten letters."""
    return what.replace("GPU ", "GPU").replace("memory", "mem") if what.endswith(" memory") else what


def _history(samples: SampleReader, name: str, scale: float) -> Iterator[float | None]:
    """The greatest of each piece of the run's time, as a share of ``scale``."""
    at, rows = samples.names.index(name), samples.rows
    began, span = rows[0].time, max(rows[-1].time - rows[0].time, 1e-9)
    pieces: list[float | None] = [None] * min(_SLICES, len(rows))
    for row in rows:
        if at < len(row.peak) and not math.isnan(row.peak[at]) and scale:
            piece = min(len(pieces) - 1, int((row.time - began) / span * len(pieces)))
            pieces[piece] = max(pieces[piece] or 0.0, row.peak[at] / scale)
    yield from pieces
