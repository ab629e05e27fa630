"""What the charts of the curves pane show and how: all in the same way, but for the height of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mltui.domain.curve import XAxis
    from mltui.ui.presentation.charts import ChartGroup
    from mltui.ui.widgets.chart_model import ChartModel, View


class ChartModels:
    """Each chart's curves and view by its key, whether it has room now or not."""

    def __init__(self) -> None:
        self._models: dict[str, ChartModel] = {}
        self._looked: ChartModel | None = None
        """The chart that was looked at in another way last: the others follow it."""
        self._view: View | None = None
        """How charts are looked at, without what is one chart's or one run's alone."""
        self._axes: tuple[XAxis, ...] | None = None
        """What their x axis may show; ``None`` while that is not known."""

    @property
    def x_axis(self) -> XAxis:
        """What the x axis of the charts shows."""
        from mltui.domain.curve import XAxis

        return XAxis.LOGGED if self._view is None else self._view.x_axis

    def offer(self, axes: tuple[XAxis, ...]) -> None:
        """The x axis of the charts may show these."""
        self._axes = axes
        for model in self._models.values():
            model.axes = axes

    def look_at(self, model: ChartModel) -> None:
        """The charts are looked at as this one is from now on."""
        self._looked = model
        self._view = replace(model.view, log_y=False, x_window=None, y_window=None, cursor=None, follow=True)

    def forget_run(self) -> None:
        """Let go of what belonged to another run; how its charts were looked at stays, but for the place."""
        self._looked = None
        for model in self._models.values():
            model.view = replace(self._view or model.view, log_y=model.view.log_y)
            model.curves = []

    def get(self, key: str) -> ChartModel | None:
        """The chart with that key, if it was ever shown."""
        return self._models.get(key)

    def of(self, group: ChartGroup) -> ChartModel:
        """The chart of a group, looked at as the others are."""
        from mltui.ui import palette
        from mltui.ui.widgets.chart_cursor import translate
        from mltui.ui.widgets.chart_model import ChartModel

        model = self._models.get(group.key)
        if model is None:
            model = self._models[group.key] = ChartModel()
            model.view = self._view or model.view
        model.title, model.axes = group.title, self._axes or model.axes
        if [plotted.curve for plotted in model.curves] != list(group.curves):
            model.set_curves(group.curves, palette.distinct_colors)
        if self._looked is not None and self._looked is not model:
            model.catch_up()
            model.view = translate(self._looked, model)
        return model
