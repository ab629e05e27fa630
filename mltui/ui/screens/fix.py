"""The change that cures a failure, as a diff of the profile: written and launched, launched once, or left."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from mltui.domain.text import one_line
from mltui.ui.commands import FIX, bindings, key_of
from mltui.ui.presentation.diagnosis import diff_lines
from mltui.ui.widgets.bars import KeyBar
from mltui.ui.widgets.lines import Line
from mltui.ui.widgets.scrolling import HoldsLines
from mltui.ui.widgets.text_view import TextView, folded

if TYPE_CHECKING:
    from mltui.domain.run import Run
    from mltui.runtime.profile_fix import Fix


class FixScreen(HoldsLines, ModalScreen[str]):
    """Answers ``write``, ``once`` or nothing."""

    DEFAULT_CSS = """
    FixScreen { align: center middle; }
    FixScreen > Vertical { width: 94%; max-width: 110; height: auto; max-height: 90%; border: round $primary;
        background: $surface; padding: 0 0 0 1; }
    FixScreen TextView { background: $surface; height: auto; max-height: 30; }
    FixScreen KeyBar { dock: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(FIX)]

    def __init__(self, run: Run, fix: Fix) -> None:
        super().__init__()
        self._run = run
        self._fix = fix
        self.view: TextView = TextView()

    def compose(self) -> ComposeResult:
        """What is changed, the diff, the keys."""
        bar = KeyBar()
        # As high as it will be, so that the first picture is the right one.
        self.view.styles.height = len(self._lines())
        with Vertical() as box:
            box.border_title = Content(one_line(f"The change for {self._run.profile}", 80))
            yield self.view
            yield bar
        bar.show(tuple(c for c in FIX if c.footer and (self._fix.can_be_written or c.id != "fix.write")))

    def on_mount(self) -> None:
        """The keys go to the diff."""
        self.view.show(self._lines())
        self.view.focus()

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
