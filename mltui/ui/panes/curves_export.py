"""Export from the curves pane: ask for a format and a place, write, say where it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mltui.domain.text import one_line

if TYPE_CHECKING:
    from mltui.ui.app import MltuiApp
    from mltui.ui.presentation.marks import ComparedRun
    from mltui.ui.screens.export import ExportWish
    from mltui.ui.widgets.chart_model import ChartModel


def ask_and_write(app: MltuiApp, runs: Sequence[ComparedRun], models: Sequence[ChartModel], columns: int) -> None:
    """Write what is asked for: the series of ``runs``, or the picture of the charts ``models``."""
    from mltui.ui.screens.export import ExportScreen

    own = app.cockpit.launcher.folder(runs[0].id).path
    folders = (Path.cwd(), own / "exports") if own.exists() else (Path.cwd(),)
    what = f"The curves of {file_name(runs[0])}" + (f" and {len(runs) - 1} more" if len(runs) > 1 else "")

    def write(wish: ExportWish | None) -> None:
        if wish is not None and wish.form == "svg":
            from mltui.ui.widgets.chart_svg import svg

            picture = svg(models, columns, file_name(runs[0]))
            app.do("", partial(_write_picture, picture, file_name(runs[0]), wish), then=partial(_say_where, app))
        elif wish is not None:
            app.do(f"Writing {wish.form}", partial(_write_series, runs, wish), then=partial(_say_where, app))

    app.push_screen(ExportScreen(what, folders), write)


def file_name(run: ComparedRun) -> str:
    """``mnist-mlp-k3x9…``: the profile and the id."""
    return "-".join(part for part in (run.profile, run.id[:12]) if part)


class _Written(NamedTuple):
    """What was written, and what is to be said of it."""

    paths: list[Path]
    remark: str = ""


def _write_series(runs: Sequence[ComparedRun], wish: ExportWish) -> _Written:
    """A file for each run."""
    from mltui.runtime.export import ExportFormat, counted_text, export_run

    form = ExportFormat(wish.form)
    found = [(run, [series for series in list(run.store.series.values()) if len(series)]) for run in runs]
    paths = [export_run(series, form, wish.folder, file_name(run)) for run, series in found]
    whole = form is not ExportFormat.TENSORBOARD
    return _Written(paths, "" if whole else counted_text(one for _, series in found for one in series))


def _write_picture(picture: str, name: str, wish: ExportWish) -> _Written:
    from mltui.runtime.export import export_text

    return _Written([export_text(picture, wish.folder, name, ".svg")])


def _say_where(app: MltuiApp, written: _Written) -> None:
    """Say where it is, and copy that."""
    app.copy_to_clipboard("\n".join(map(str, written.paths)))
    said = [*(one_line(str(path)) for path in written.paths), "The path is copied.", written.remark]
    app.notify("\n".join(filter(None, said)), title="Written", timeout=8, markup=False)
