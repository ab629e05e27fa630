"""What a running container may use and uses, to change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from mltui.domain.limits import change_text
from mltui.domain.text import one_line
from mltui.ui.command import bindings
from mltui.ui.screen_commands import LIMITS
from mltui.ui.screens.form_keys import FormKeys
from mltui.ui.widgets.bars import KeyBar
from mltui.ui.widgets.field_table import FieldTable
from mltui.ui.widgets.lines import Line, LinesWidget
from mltui.ui.widgets.text_view import folded

if TYPE_CHECKING:
    from mltui.domain.container import Limits
    from mltui.domain.run import LimitChange
    from mltui.runtime.limits import LimitsNow
    from mltui.ui.app import MltuiApp
    from mltui.ui.presentation.limits_form import LimitsForm


class LimitsScreen(FormKeys, ModalScreen[None]):
    """Opens at once; limits and use are filled in when the engine has told them."""

    DEFAULT_CSS = """
    LimitsScreen { align: center middle; }
    LimitsScreen > Vertical { width: 96%; max-width: 104; height: auto; max-height: 90%; border: round $primary;
        background: $surface; padding: 1 1 0 1; }
    LimitsScreen FieldTable { background: $surface; height: 3; }
    LimitsScreen LinesWidget { height: 4; margin: 1 0 0 0; }
    LimitsScreen KeyBar { dock: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LIMITS)]
    SHOWN = LIMITS

    def __init__(
        self, what: str, read: Callable[[], LimitsNow], change: Callable[[Limits], tuple[LimitChange, ...]]
    ) -> None:
        """``read`` and ``change`` are called in threads."""
        super().__init__()
        self._what = one_line(what, 80)
        self._read = read
        self._change = change
        self.table = FieldTable(empty="asking the engine …")
        self.said = LinesWidget()
        self.keys = KeyBar()
        self.form: LimitsForm | None = None

    @property
    def mltui(self) -> MltuiApp:
        """The app, by its own type."""
        return cast("MltuiApp", self.app)

    def compose(self) -> ComposeResult:
        """The form, what a change means, the keys."""
        with Vertical() as box:
            box.border_title = Content(f"Limits of {self._what}")
            yield self.table
            yield self.said
            yield self.keys

    def on_mount(self) -> None:
        """Ask what there is."""
        self.show_keys()
        self.table.focus()
        self.mltui.do("", self._read, then=self._take, failed=self.action_close, keys_wait=True)

    def _take(self, now: LimitsNow) -> None:
        from mltui.ui.presentation.limits_form import LimitsForm

        if self.is_attached:
            self.form = LimitsForm(now)
            self.table.show(self.form.fields)

    def on_field_table_changed(self) -> None:
        """Say what the change means."""
        self._say()

    def on_field_table_shown(self) -> None:
        """What the row under the cursor has no room for is said below."""
        self.show_keys()
        self._say()

    def on_resize(self) -> None:
        """Fold the text into the room it has."""
        self.call_after_refresh(self._say)

    def _say(self) -> None:
        doubts: list[Line] = [[(f"▲ {text}", "warn")] for text in self.form.warnings()] if self.form else []
        remark = self.table.remark()
        lines = [*([remark] if remark else []), *doubts]
        width = self.said.size.width
        self.said.show_lines(folded(lines, width)[:4] if width else ())

    def on_list_table_chosen(self, message: FieldTable.Chosen) -> None:
        """A click on the value under the cursor types it."""
        message.stop()
        self.table.begin()

    def action_change(self) -> None:
        """Change what was changed; below what is in use it is asked first."""
        form = self.form
        if form is None or not self.mltui.may_act("change limits"):
            return
        if form.wrong:
            self.table.go_to(form.wrong)
            self.app.bell()
            return
        if not any(field.changed for field in form.fields):
            self.app.notify("No limit is another than before.", timeout=3)
            return
        wanted, doubts, app = form.wanted(), form.warnings(), self.mltui
        doing = f"Changing the limits of {self._what}"

        def change() -> None:
            changes = self._change(wanted)
            app.call_from_thread(app.notify, "; ".join(map(change_text, changes)) or "It had these already.")

        self.dismiss()
        if doubts:
            app.ask(f"Change the limits of {self._what}?\n\n" + "\n".join(doubts), "Change", doing, change)
        else:
            app.do(doing, change)

    def action_close(self) -> None:
        """Change nothing."""
        self.dismiss()
