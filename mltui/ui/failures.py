"""Reports of runs that failed, made off the screen's loop and kept; and the way from a report to a changed launch."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from mltui.domain.errors import UsageError
from mltui.domain.run import Run, RunState
from mltui.ui.commands import key_of

if TYPE_CHECKING:
    from mltui.runtime.diagnosis import Report
    from mltui.runtime.profile_fix import Fix
    from mltui.ui.app import MltuiApp

#: Reports that are kept for a quick return.
_KEPT = 32
#: Seconds that the rest of a run's record is waited for.
_COMPLETE_S = 2.0

_Key = tuple[str, RunState, float | None]


class Failures:
    """Why the runs that were looked at failed."""

    def __init__(self, app: MltuiApp) -> None:
        self._app = app
        self._reports: OrderedDict[_Key, Report | None] = OrderedDict()

    def report(self, run: Run) -> Report | None:
        """The report of a run that failed; ``None`` for another one, and until it has been made."""
        if run.state not in (RunState.FAILED, RunState.LOST):
            return None
        key = (run.id, run.state, run.finished)
        if key not in self._reports:
            self._reports[key] = None
            while len(self._reports) > _KEPT:
                self._reports.popitem(last=False)
            self._app.do("", lambda: self._make(run), then=lambda report: self._take(key, report))
        return self._reports[key]

    def _make(self, run: Run) -> Report:
        from mltui.runtime.diagnosis import report
        from mltui.runtime.metric_summary import read_metrics

        folder = self._app.cockpit.launcher.folder(run.id)
        # Its supervisor writes the last points a moment after the run's end.
        late = time.monotonic() + _COMPLETE_S
        while folder.supervised and time.monotonic() < late:
            time.sleep(0.05)
        return report(run, folder, read_metrics(folder))

    def _take(self, key: _Key, report: Report) -> None:
        self._reports[key] = report
        self._app.main.report_came(key[0])

    def fix(self, run: Run) -> None:
        """Show what the cure changes in the run's profile, and launch it as the person says."""
        report = self.report(run)
        if report is None or report.diagnosis is None:
            self._app.say_error(
                UsageError("There is nothing to fix here.", f"{key_of('app.fix')} is for a run that failed.")
            )
            return
        diagnosis, figures = report.diagnosis, report.figures
        if not report.changes:
            self._app.say_error(UsageError("No change of the profile cures this.", diagnosis.cure))
            return
        if not self._app.may_act("launch"):
            return
        from mltui.runtime.profile_fix import prepare_fix

        cockpit = self._app.cockpit
        self._app.do(
            "",
            lambda: prepare_fix(cockpit.launcher, run, diagnosis, figures, cockpit.named_profile),
            then=lambda fix: self._show(run, fix),
        )

    def _show(self, run: Run, fix: Fix) -> None:
        from mltui.runtime.profile_fix import launch_fixed
        from mltui.ui.screens.fix import FixScreen

        cockpit = self._app.cockpit

        def answered(answer: str | None) -> None:
            if answer:
                write = answer == "write"
                self._app.do(
                    f"Launching {run.profile}",
                    lambda: launch_fixed(cockpit.launcher, run, fix, write=write, find=cockpit.named_profile),
                    then=self._app.show_new_run,
                )

        self._app.push_screen(FixScreen(run, fix), answered)
