"""Which curves share a chart, and in which order the charts stand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mltui.domain.curve import XAxis
from mltui.domain.metric import STAGES, TRAINING, Axis, MetricKind, MetricStore, Series
from mltui.domain.metric_name import Goal, MetricName, Scope, goal_of_series, is_learning_rate, parse_name
from mltui.domain.text import natural, one_line
from mltui.ui import palette
from mltui.ui.presentation.fuzzy import Match, match
from mltui.ui.presentation.marks import ComparedRun
from mltui.ui.presentation.places import BySteps, OverSteps, Places, joinable, tells_epochs
from mltui.ui.widgets.chart_model import ALWAYS, GLYPHS, HOLLOW, TITLE_LENGTH, Curve, CurveStyle

#: Between the name of a chart and that of one of its curves (see ``runtime.system_series``).
_PART = " · "
_SCOPE_ORDER = (None, Scope.TRAIN, Scope.VALIDATION, Scope.TEST)


@dataclass(frozen=True, slots=True)
class ChartGroup:
    """The curves of one chart."""

    key: str
    """Tells the chart from the others, and stays the same while curves join it."""
    title: str
    curves: tuple[Curve, ...]
    kind: MetricKind = MetricKind.METRIC

    @property
    def metric(self) -> str:
        """The kind and the metric of the key: charts of one metric over several axes have it in common."""
        return self.key.rpartition("/")[0]

    @property
    def axis(self) -> str:
        """What the x axis counts in the log's own word."""
        return self.key.rpartition("/")[2]

    def fits(self, query: str) -> Match | None:
        """How the title fits a fuzzy query, else the name of a curve; ``None`` where neither does.

        The places are those in the title, none where a curve's name fitted.
        """
        found = match(query, self.title)
        if found is None:
            others = [match(query, curve.series.name) for curve in self.curves]
            best = max((other.score for other in others if other), default=None)
            found = None if best is None else Match(best - 1, ())
        return found


@dataclass(slots=True)
class _Member:
    series: Series
    name: MetricName
    axis: str = ""
    """What its x counts, without the fold."""
    fold: str = ""

    @classmethod
    def of(cls, series: Series) -> _Member:
        """Its name and axis taken apart: each fold counts anew, and is one of several makers of a metric."""
        name, (axis, fold) = parse_name(series.name), Axis.of(series.key.axis)
        return cls(series, name._replace(source=name.source or fold), axis, fold)


# What follows another of its kind, of which the first has no name.
_FOLLOWING = STAGES | {TRAINING}

_Charts = dict[tuple[str, str], list[_Member]]
"""Series by the metric and the x axis of their chart."""


def group_series(store: MetricStore, places: Places | None = None) -> list[ChartGroup]:
    """The charts of a run: one for each metric and x axis, with training, validation, test and ranks together.

    What is told by the epoch shares the chart of its training's steps where ``places`` can put it there. Values of a
    progress bar are faint companions of the metric they lead to. Loss and accuracy come first, then the other metrics
    by name, the learning rate, and throughput.
    """
    return _told_apart(_charts_of(store, places or Places()))


def _charts_of(store: MetricStore, places: Places) -> list[ChartGroup]:
    """The charts of a run; two of one metric have the same title."""
    metrics, running, speeds = _sorted_out(store, places)
    zero = _first_time(store)
    groups = [_group(axis, found, running.pop((metric, axis), [])) for (metric, axis), found in metrics.items()]
    groups += [_group(axis, found, []) for (_, axis), found in (*running.items(), *speeds.items())]
    found = ([(store, replace(curve, origin=zero)) for curve in group.curves] for group in groups)
    return [replace(group, curves=_drawn_together(curves, places)) for group, curves in zip(groups, found, strict=True)]


def _drawn_together(curves: Sequence[tuple[MetricStore, Curve]], places: Places) -> tuple[Curve, ...]:
    """The curves of a chart, each with the metrics of its run, where they stand on its x axis: all of them or none."""
    found = [places.drawn(store, curve.series) for store, curve in curves]
    if len(set(map(places.counted, found))) > 1:
        found = [curve.series for _, curve in curves]
    return tuple(replace(curve, series=series) for (_, curve), series in zip(curves, found, strict=True))


def _sorted_out(store: MetricStore, places: Places) -> tuple[_Charts, _Charts, _Charts]:
    """The series of a run by chart: metrics, values of progress bars, throughput."""
    members = [_Member.of(series) for series in list(store.series.values())]
    metrics = _by_chart(m for m in members if m.series.key.kind is MetricKind.METRIC)
    running = _by_chart(m for m in members if m.series.key.kind is MetricKind.RUNNING)
    _join(metrics, running, store, places)
    return metrics, running, _by_chart(m for m in members if m.series.key.kind is MetricKind.THROUGHPUT)


def _join(metrics: _Charts, running: _Charts, store: MetricStore, places: Places) -> None:
    """Move what is told by the epoch into the chart of the same metric's steps, where all of it has a place there."""
    axes: dict[str, list[str]] = {}
    for metric, axis in metrics:
        axes.setdefault(metric, []).append(axis)
    for metric, known in axes.items():
        found = joinable({axis: [member.name for member in metrics[metric, axis]] for axis in known})
        if found is None or (metric, found[1]) in running:
            continue
        steps, epochs = metrics[metric, found[0]], metrics[metric, found[1]]
        drawn = [made for member in epochs if (made := _placed(member, steps, partial(places.beside, store)))]
        on = [*(places.drawn(store, member.series) for member in steps), *(member.series for member in drawn)]
        if len(drawn) == len(epochs) and len(set(map(places.counted, on))) == 1:
            steps += drawn
            del metrics[metric, found[1]]


def _placed(
    member: _Member, steps: Sequence[_Member], place: Callable[[Series, Series], Series | None]
) -> _Member | None:
    """What is told by the epoch, on the steps of the same fold."""
    beside = next((one for one in steps if one.fold == member.fold), None)
    series = place(member.series, beside.series) if beside else None
    return replace(member, series=series) if series else None


def group_all(runs: Sequence[ComparedRun], places: Places, *, system: bool) -> list[ChartGroup]:
    """The charts of one run or of several, those of what they used at the end."""
    groups = group_series(runs[0].store, places) if len(runs) == 1 else group_runs(runs, places)
    return [*groups, *group_system(runs, places)] if system else groups


def axes_of(runs: Sequence[ComparedRun]) -> tuple[XAxis, ...]:
    """What the x axis of the charts of these runs may show: steps or epochs where that draws a chart of theirs anew."""
    chosen = {*ALWAYS}
    if any(_has_steps(run.store) for run in runs):
        chosen.add(XAxis.STEPS)
    if any(tells_epochs(run.store) for run in runs):
        chosen.add(XAxis.EPOCHS)
    return tuple(axis for axis in XAxis if axis in chosen)


def _has_steps(store: MetricStore) -> bool:
    """Whether a chart of a run over epochs has places over steps."""
    if not any(key.kind is MetricKind.PLACE for key in store.places):
        return False
    over_steps = OverSteps()
    curves = (curve.series for group in _charts_of(store, BySteps()) for curve in group.curves)
    return any(over_steps.drawn(store, series) is not series for series in curves)


def group_runs(runs: Sequence[ComparedRun], places: Places | None = None) -> list[ChartGroup]:
    """The charts of several runs: each metric's curves of all of them in one, coloured and marked by run.

    Of a run's training and validation the latter stands in front: the former is paler, with a hollow mark. Values of
    progress bars are left out where there are others. What is told by the epoch shares the chart of the steps where
    that holds for all runs; where one x axis is for all charts the runs share a metric's, whatever each of them counts.
    """
    places = places or Places()
    if places.by_one:
        return _over_one_axis(runs, places)
    charts = (chart for run in runs for chart in _sorted_out(run.store, places)[0])
    over_epochs = {metric for metric, axis in charts if axis == "epoch"}
    of_all = _OfAll(places, over_epochs)
    return _laid_over([(run, group) for run in runs for group in _charts_of(run.store, of_all)])


class _OfAll(Places):
    """As logged, for several runs: a metric that one of them has over epochs alone is so for all."""

    def __init__(self, places: Places, over_epochs: set[str]) -> None:
        self._places = places
        self._over_epochs = over_epochs

    def beside(self, store: MetricStore, epochs: Series, steps: Series) -> Series | None:
        """Nothing of such a metric has a place over steps."""
        if parse_name(epochs.name).metric in self._over_epochs:
            return None
        return self._places.beside(store, epochs, steps)


def _over_one_axis(runs: Sequence[ComparedRun], places: Places) -> list[ChartGroup]:
    """The charts of several runs over one axis; a metric that a run has two charts of has them by their axes.

    What has no place on it is not laid over what has.
    """
    found = [(run, group) for run in runs for group in _charts_of(run.store, places)]
    counts = Counter((run.id, group.metric) for run, group in found)
    several = {metric for (_, metric), count in counts.items() if count > 1}
    keys: dict[str, str] = {}
    axes: dict[str, set[str]] = {}
    for _, group in found:
        keys.setdefault(group.metric, group.key)
        axes.setdefault(group.metric, set()).add(places.counted(group.curves[0].series))
    shared = []
    for run, group in found:
        counted = places.counted(group.curves[0].series)
        if group.metric in several:
            key = group.key if len(axes[group.metric]) == 1 else f"{group.metric}/{group.axis} over {counted}"
        else:
            key = keys[group.metric] if len(axes[group.metric]) == 1 else f"{group.metric}/{counted}"
        shared.append((run, replace(group, key=key)))
    return _laid_over(shared)


def _laid_over(charts: Iterable[tuple[ComparedRun, ChartGroup]]) -> list[ChartGroup]:
    """Charts of several runs, those with the same key in one."""
    found: dict[str, list[tuple[ComparedRun, ChartGroup]]] = {}
    for run, group in charts:
        found.setdefault(group.key, []).append((run, group))
    groups = []
    for parts in found.values():
        curves = [curve for run, group in parts for curve in _of_run(run, group)]
        titles = {group.title for _, group in parts}
        metric = parts[0][1].metric.partition("/")[2]
        title = titles.pop() if len(titles) == 1 else one_line(metric, TITLE_LENGTH)
        groups.append(replace(parts[0][1], title=title, curves=tuple(curves)))
    return _told_apart(groups)


def group_system(runs: Sequence[ComparedRun], places: Places | None = None) -> list[ChartGroup]:
    """The charts of what the runs used: one a figure, with a curve for each GPU, direction or run."""
    charts: dict[str, list[tuple[MetricStore, Curve]]] = {}
    kind = MetricKind.SYSTEM
    for run in runs:
        store = run.system
        zero = _first_time(run.store) or (_first_time(store) if store else None)
        for series in list(store.series.values()) if store else ():
            title, _, part = series.name.partition(_PART)
            label = " ".join(filter(None, (run.label if len(runs) > 1 else "", part))) or title
            color = run.color if len(runs) > 1 else ""
            glyph = run.glyph if len(runs) > 1 else ""
            curve = Curve(one_line(label, TITLE_LENGTH), series, color, goal=Goal.MAX, glyph=glyph, origin=zero)
            charts.setdefault(title, []).append((run.store, replace(curve, peak=True)))
    places = places or Places()
    return [
        ChartGroup(f"{kind}/{title}/", one_line(title, TITLE_LENGTH), _drawn_together(curves, places), kind)
        for title, curves in charts.items()
    ]


def _of_run(run: ComparedRun, group: ChartGroup) -> list[Curve]:
    lines = [curve for curve in group.curves if curve.style is CurveStyle.LINE]
    several = len(lines) > 1
    named = [replace(c, label=f"{run.label} {c.label}" if several else run.label, color=run.color) for c in lines]
    return _ranked(named, run.glyph)


def _scope(curve: Curve) -> Scope | None:
    return parse_name(curve.series.name).scope


def _first_time(store: MetricStore) -> float | None:
    """When the first point of a run was read."""
    times = (series.time[0] for series in list(store.series.values()) if len(series))
    return min((time for time in times if math.isfinite(time)), default=None)


def _told_apart(groups: Sequence[ChartGroup]) -> list[ChartGroup]:
    """The charts in their order, with their x axes in the titles of those that have the same title."""
    titles = Counter(group.title for group in groups)
    return sorted((group if titles[group.title] == 1 else _by_axis(group) for group in groups), key=_rank)


def _by_axis(group: ChartGroup) -> ChartGroup:
    title = f"{one_line(group.title, TITLE_LENGTH - 14)} by {one_line(group.axis, 10)}"
    curves = (replace(curve, label=title) if curve.label == group.title else curve for curve in group.curves)
    return replace(group, title=title, curves=tuple(curves))


def _by_chart(members: Iterable[_Member]) -> _Charts:
    found: _Charts = {}
    for member in members:
        found.setdefault((member.name.metric, member.axis), []).append(member)
    return found


def _first_named(members: list[_Member]) -> list[_Member]:
    """The first of several trainings or stages has no name in its axis, since nobody knew that others would follow."""
    return [m if m.name.source else replace(m, name=m.name._replace(source="first")) for m in members]


def _group(axis: str, members: list[_Member], companions: list[_Member]) -> ChartGroup:
    members.sort(key=lambda m: (natural(m.name.source), _SCOPE_ORDER.index(m.name.scope)))
    if any(m.fold.partition(" ")[0] in _FOLLOWING for m in members):
        members, companions = _first_named(members), _first_named(companions)
    first = members[0]
    title = first.name.metric if len(members) > 1 else first.series.name
    colors = _colors([*members, *companions])
    front = _front(members, colors)
    rest = zip(companions, colors[len(members) :], strict=True)
    behind = [_curve(m, m.series.name, color, CurveStyle.FAINT) for m, color in rest]
    key = "/".join((first.series.key.kind, first.name.metric, axis))
    return ChartGroup(key, one_line(title, TITLE_LENGTH), (*behind, *front), first.series.key.kind)


def _front(members: list[_Member], colors: list[str]) -> list[Curve]:
    """The curves of the members; of several ranks or folds with training and validation the latter stands in front."""
    sources = list(dict.fromkeys(m.name.source for m in members))
    curves = [_curve(m, label, color) for m, label, color in zip(members, _labels(members), colors, strict=False)]
    if len(sources) < 2 or len(members) == len(sources):
        return curves
    parts = [
        (source, [c for m, c in zip(members, curves, strict=True) if m.name.source == source]) for source in sources
    ]
    return [c for i, (_, part) in enumerate(parts) for c in _ranked(part, GLYPHS[i % len(GLYPHS)])]


def _ranked(curves: list[Curve], glyph: str) -> list[Curve]:
    """Curves of one colour told apart by the part of the data: one in front, the others with hollow marks."""
    if len(curves) == 1:
        return [replace(curves[0], glyph=glyph)]
    front = next((curve for curve in curves if _scope(curve) is Scope.VALIDATION), curves[-1])
    return [
        replace(
            curve,
            pale=_scope(curve) in (None, Scope.TRAIN) and curve is not front,
            glyph=glyph if curve is front else HOLLOW.get(glyph, glyph),
            part=_part_of(curve),
        )
        for curve in curves
    ]


def _part_of(curve: Curve) -> str:
    """The part of the data that stands at the end of its label, if one does."""
    scope = str(_scope(curve) or Scope.TRAIN)
    return scope if curve.label.endswith(f" {scope}") else ""


def _curve(member: _Member, label: str, color: str, style: CurveStyle = CurveStyle.LINE) -> Curve:
    return Curve(one_line(label, TITLE_LENGTH), member.series, color, style, goal_of_series(member.series.key))


def _colors(members: Sequence[_Member]) -> list[str]:
    """By part of the data, or by rank or fold where there are several of these."""
    sources = {m.name.source for m in members}
    if len(sources) < 2:
        return [palette.scope_color(m.name.scope) for m in members]
    chosen = palette.distinct_colors(m.name.source for m in members)
    return [chosen[m.name.source] for m in members]


def _labels(members: Sequence[_Member]) -> list[str]:
    """As short as tells the curves of one chart apart: ``train``, ``val``, ``rank0``; else the name as logged."""
    if len(members) == 1:
        return [members[0].series.name]
    scoped = len({m.name.scope for m in members}) > 1
    short = [_short_label(m.name, scoped) for m in members]
    return short if len(set(short)) == len(short) else [m.series.name for m in members]


def _short_label(name: MetricName, scoped: bool) -> str:
    if name.source:
        return f"{name.source} {name.scope or Scope.TRAIN}" if scoped else name.source
    return name.scope or Scope.TRAIN


def _rank(group: ChartGroup) -> tuple[int, list[str | int], str]:
    """Where a chart stands: its section, then its name."""
    metric = group.key.split("/")[1]
    if group.kind is MetricKind.THROUGHPUT:
        section = 6
    elif is_learning_rate(metric):
        section = 5
    elif metric == "loss":
        section = 0
    elif metric == "accuracy":
        section = 1
    elif "loss" in metric:
        section = 2
    elif "acc" in metric:
        section = 3
    else:
        section = 4
    return section, natural(metric), group.key
