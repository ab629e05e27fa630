"""The card above the log of a run that failed: cause, evidence, cure, and the key that applies it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from mltui.ui.widgets.lines import LinesWidget

if TYPE_CHECKING:
    from mltui.domain.run import Run
    from mltui.runtime.diagnosis import Report

#: Lines at most, on a tall screen and on a short one.
_TALL, _SHORT = 8, 6


class FailureCard(LinesWidget):
    """Shows a report; hidden while there is nothing to say."""

    DEFAULT_CSS = "FailureCard { height: auto; max-height: 8; display: none; margin: 0; }"

    def __init__(self) -> None:
        super().__init__(id="card")
        self.report: Report | None = None
        """What is shown."""
        self.folded = False
        self._run: Run | None = None

    def show(self, run: Run | None, report: Report | None) -> None:
        """Show ``report`` of ``run``, or nothing."""
        self._run, self.report = run, report if report and report.diagnosis else None
        # A report may come when the app is about to end.
        if self.is_attached:
            self._draw()

    def fold(self) -> None:
        """Show the first line alone, or all of it again."""
        self.folded = not self.folded
        self._draw()

    def on_resize(self) -> None:
        """Wrap for the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        run, report = self._run, self.report
        self.display = run is not None and report is not None
        if run is None or report is None:
            self.show_lines([])
            return
        from mltui.ui.presentation.diagnosis import card_lines

        most = _SHORT if self.screen.has_class("-short") else _TALL
        # One that was hidden has no size yet: wrapped for another width it would jump a moment later.
        parent = self.parent
        width = self.size.width or (parent.content_size.width if isinstance(parent, Widget) else 0)
        may_fix = not getattr(getattr(self.app, "options", None), "read_only", False)
        self.show_lines(card_lines(report, run, width, most, folded=self.folded, may_fix=may_fix))
