"""The change that cures a failure, as a diff of the profile: written and launched, launched once, or left."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from mltui.domain.text import one_line
from mltui.ui.command import bindings, without
from mltui.ui.commands import key_of
from mltui.ui.presentation.diagnosis import diff_lines
from mltui.ui.screen_commands import FIX
from mltui.ui.screens.reading import ReadingScreen
from mltui.ui.widgets.lines import Line
from mltui.ui.widgets.text_view import folded

if TYPE_CHECKING:
    from mltui.domain.run import Run
    from mltui.runtime.profile_fix import Fix


class FixScreen(ReadingScreen[str]):
    """Answers ``write``, ``once`` or nothing."""

    DEFAULT_CSS = """
    FixScreen > Vertical { max-width: 110; height: auto; max-height: 90%; }
    FixScreen TextView { height: auto; max-height: 30; }
    FixScreen KeyBar { dock: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(FIX)]

    def __init__(self, run: Run, fix: Fix) -> None:
        possible = FIX if fix.can_be_written else without(FIX, "fix.write")
        super().__init__(f"The change for {one_line(run.profile, 80)}", possible)
        self._fix = fix
        # As high as it will be, so that the first picture is the right one.
        self.view.styles.height = len(self._lines())

    def on_mount(self) -> None:
        """Show it."""
        self.view.show(self._lines())

    def on_resize(self) -> None:
        """Fold the text into the room it has."""
        self.call_after_refresh(self._fold)

    def _fold(self) -> None:
        width = self.view.scrollable_content_region.width or 76
        lines = folded(self._lines(), width)
        self.view.show(lines)
        self.view.styles.height = min(len(lines), max(4, self.size.height * 9 // 10 - 4))

    def _lines(self) -> list[Line]:
        key = key_of("fix.write")
        where = f"{key} writes this to" if self._fix.can_be_written else "It can be launched once; you may not write"
        head: list[Line] = [[(f"{where} ", "dim"), (one_line(str(self._fix.path)), "text")], []]
        return [*head, *diff_lines(self._fix.diff)]

    def action_answer(self, answer: str) -> None:
        """Answer, with what is possible."""
        if answer == "write" and not self._fix.can_be_written:
            self.app.bell()
            return
        self.dismiss(answer)

    def action_close(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)
