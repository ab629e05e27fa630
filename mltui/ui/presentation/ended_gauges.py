"""The gauges of a run that has ended: average and peak of what it used, from the samples that are kept with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from mltui.domain.figures import cores_text, format_bytes, format_cores, format_percent
from mltui.domain.samples import device_number, summary
from mltui.domain.text import one_line
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
    return list(filter(None, _gauges(samples, group)))


def usage_lines(run: Run, samples: SampleReader) -> list[Line]:
    """The same in a line each, beside its record; empty where nothing was sampled."""
    rows = [
        (one.title, one.use.removeprefix("ø "), format_percent(one.ratio) if one.limit else "", one.peak_said,
         format_percent(one.peak) if one.limit else "", f"of {one.limit}" if one.limit else "")
        for one in ended_gauges(run, samples)
    ]  # fmt: skip
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


def _gauges(samples: SampleReader, group: str) -> Iterator[Gauge | None]:
    yield _gauge(samples, "CPU", "CPU", "run.cpu", "run.cpu_limit", format_cores, group, cores_text)
    yield _gauge(samples, "Memory", "Memory", "run.memory", "run.memory_limit", format_bytes, group)
    for uuid in dict.fromkeys(name[4:].rpartition(".")[0] for name in samples.names if name.startswith("gpu.")):
        number = device_number(samples.names, samples.rows, uuid)
        used, total = f"gpu.{uuid}.memory_used", f"gpu.{uuid}.memory_total"
        yield _gauge(samples, f"GPU {number}", f"GPU {number}", f"gpu.{uuid}.utilization", "", format_percent, group)
        yield _gauge(samples, f"GPU{number} mem", f"GPU {number} memory", used, total, format_bytes, group)


def _gauge(
    samples: SampleReader, label: str, title: str, name: str, limit_name: str, write: Callable[[float | None], str],
    group: str, write_limit: Callable[[float | None], str] | None = None,
) -> Gauge | None:  # fmt: skip
    found = summary(samples.names, samples.rows, name)
    if found is None:
        return None
    known = summary(samples.names, samples.rows, limit_name) if limit_name else None
    # A share is one of the whole.
    limit = known.last if known else None if limit_name else 1.0
    scale = limit or found.peak
    return Gauge(
        label,
        f"ø {write(found.average)}",
        (write_limit or write)(limit) if limit and limit_name else "",
        ratio(found.average, limit),
        "ok" if name.endswith(".utilization") else "primary",
        tuple(_history(samples, name, scale)),
        title=title,
        group=group,
        peak=ratio(found.peak, scale),
        peak_said=write(found.peak),
        main=True,
    )


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
