"""The launch screen: parameters and resources as a short form, what they stand for, and the key that launches."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer

from mltui.domain.run import new_run_id
from mltui.domain.text import one_line
from mltui.ui.command import bindings
from mltui.ui.presentation.command_lines import command_lines
from mltui.ui.presentation.launch_facts import fact_lines
from mltui.ui.screen_commands import LAUNCH
from mltui.ui.screens.form_keys import FormKeys
from mltui.ui.screens.prompts import answer_from
from mltui.ui.widgets.bars import KeyBar
from mltui.ui.widgets.field_table import FieldTable
from mltui.ui.widgets.lines import Line, LinesWidget
from mltui.ui.widgets.text_view import TextView, folded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mltui.domain.run import Run
    from mltui.runtime.cockpit import Cockpit, Explanation
    from mltui.runtime.starting import Wish
    from mltui.storage.profiles import ProfileEntry
    from mltui.ui.app import MltuiApp
    from mltui.ui.presentation.launch_form import LaunchForm

#: After a change the command is worked out anew when nothing more was typed for so long.
_REST_S = 0.15
#: How often it is looked who is on the GPUs, while there are some.
_GPUS_S = 3.0


class LaunchScreen(FormKeys, ModalScreen[None]):
    """Opens at once; the profile, the engine and the GPUs are filled in as they are known."""

    DEFAULT_CSS = """
    LaunchScreen { align: center middle; }
    LaunchScreen > Vertical { width: 96%; height: 96%; border: round $primary; background: $background; padding: 0 1; }
    LaunchScreen #about { height: auto; max-height: 2; }
    LaunchScreen FieldTable { max-height: 60%; margin: 1 0 0 0; }
    LaunchScreen #remark { height: 2; }
    LaunchScreen #facts { height: auto; margin: 0 0 1 0; }
    LaunchScreen TextView { height: 1fr; min-height: 2; }
    LaunchScreen.-short > Vertical { width: 100%; height: 100%; }
    LaunchScreen.-short #remark { height: auto; min-height: 1; }
    LaunchScreen.-short FieldTable { margin: 0; max-height: 65%; }
    LaunchScreen.-short #facts { margin: 0; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - Textual's own type
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(LAUNCH)]
    SHOWN = LAUNCH

    def __init__(self, entry: ProfileEntry) -> None:
        super().__init__()
        self._entry = entry
        self.about = LinesWidget(id="about")
        self.table = FieldTable(empty="reading the profile …")
        self.facts = LinesWidget(id="facts")
        self.remark = LinesWidget(id="remark")
        self.preview = TextView()
        self.keys = KeyBar()
        self.form: LaunchForm | None = None
        self._explained: Explanation | None = None
        self._wanted: tuple[Wish, int] | None = None
        """What the command is being worked out for."""
        self._timer: Timer | None = None
        self._go = False
        """Enter was pressed before the profile was read."""
        self._launching = False
        self._run_id = new_run_id()
        """Of the run that the command is shown for, so that it stands still while values change."""

    @property
    def mltui(self) -> MltuiApp:
        """The app, by its own type."""
        return cast("MltuiApp", self.app)

    def compose(self) -> ComposeResult:
        """What it is, the form, what it stands for, the keys."""
        with Vertical() as box:
            box.border_title = Content(f"Launch {one_line(self._entry.name, 80)}")
            yield self.about
            yield self.table
            yield self.remark
            yield self.facts
            yield self.preview
            yield self.keys

    def on_mount(self) -> None:
        """Read the profile, and what was used for it last."""
        self.show_keys()
        self.about.show_lines([[(one_line(self._entry.description, 300) or str(self._entry.path), "dim")]])
        self.table.focus()
        self.set_interval(_GPUS_S, self._look_at_gpus)
        cockpit, path = self.mltui.cockpit, self._entry.path
        self.mltui.do("", lambda: _read(cockpit, path), then=self._take, failed=self.action_close, keys_wait=True)

    def _take(self, form: LaunchForm) -> None:
        if not self.is_attached:
            return
        self.form = form
        self.table.show(form.items)
        self._changed(at_once=True)
        if self._go:
            self.action_go()

    # -- what it stands for -------------------------------------------------------------------------------------------

    def on_field_table_shown(self) -> None:
        """What the row under the cursor has no room for is said below."""
        self.show_keys()
        width = self.remark.size.width
        self.remark.show_lines(folded([self.table.remark()], width)[:2] if width else ())

    def on_field_table_changed(self) -> None:
        """Say what the form stands for now."""
        self._changed()

    def _changed(self, *, at_once: bool = False) -> None:
        self._show_facts()
        self._show_preview()
        if self._timer:
            self._timer.stop()
        if at_once:
            self._explain()
        else:
            self._timer = self.set_timer(_REST_S, self._explain)

    def _look_at_gpus(self) -> None:
        """Others use them meanwhile."""
        found = self._explained
        if found and found.resolution and found.resolution.gpu_uses:
            self._explain(again=True)

    def _explain(self, *, again: bool = False) -> None:
        """Work out the command in a thread; of several changes meanwhile the last one counts."""
        form = self.form
        if form is None or form.wrong:
            return
        _, sound = form.sweep_text()
        if not sound:
            return
        runs = form.runs()
        wanted = (runs[0], len(runs))
        if wanted == self._wanted and not again:
            return
        self._wanted = wanted
        cockpit, path, run_id = self.mltui.cockpit, self._entry.path, self._run_id
        self.mltui.do(
            "", lambda: cockpit.explain(path, wanted[0], run_id), then=lambda found: self._show(wanted, found)
        )

    def _show(self, wanted: tuple[Wish, int], found: Explanation) -> None:
        if wanted != self._wanted or not self.is_attached:
            return
        self._explained = found
        if self.form and found.resolution:
            self.form.resolved(found.resolution.spec)
        self._show_facts()
        self.table.show_again()
        self._show_preview()

    def on_resize(self) -> None:
        """Fold the texts into the room they have."""
        self.call_after_refresh(self._show_facts)
        self.call_after_refresh(self._show_preview)

    def _show_facts(self) -> None:
        """How many runs, where, and why there."""
        lines: list[Line] = []
        if self.form:
            said, sound = self.form.sweep_text()
            lines += [[(f"≡ {said}", "accent" if sound else "error")]] if said else []
        found = self._explained
        if found is None:
            lines.append([("looking for the engine …", "dim")])
        elif found.problem:
            lines.append([(one_line(found.problem, 400), "error")])
        else:
            lines += fact_lines(found, gpus=not self.has_class("-short"))
        width = self.facts.size.width
        self.facts.show_lines(within(folded(lines, width) if width else lines, 4 if self.has_class("-short") else 8))

    def _show_preview(self) -> None:
        found = self._explained
        if found is None:
            return
        width = self.preview.scrollable_content_region.width or 80
        lines = command_lines(found.command, width, "dim")
        if found.elsewhere and lines:
            lines.insert(0, [("# in a container it would be; here it runs as a plain process", "dim")])
        runs = self._wanted[1] if self._wanted else 1
        if runs > 1 and lines:
            lines.insert(0, [(f"# the first of {runs}; the others have their own values and names", "accent")])
        wrong = self.form.wrong if self.form else None
        if wrong and lines:
            lines.insert(0, [(f"# as it was before {one_line(wrong.title, 40)} was wrong", "warn")])
        self.preview.show(folded(lines, width), top=False)

    def on_list_table_chosen(self, message: FieldTable.Chosen) -> None:
        """A click on the value under the cursor types it."""
        message.stop()
        self.table.begin()

    # -- commands -----------------------------------------------------------------------------------------------------

    def action_go(self) -> None:
        """Launch; where something is wrong, go there."""
        form = self.form
        if form is None:
            self._go = True
            return
        if self._launching:
            return
        if form.wrong:
            self.table.go_to(form.wrong)
            self.app.bell()
            return
        wish, grid = form.wish()
        profile, used = form.profile, form.used()
        cockpit = self.mltui.cockpit

        def launch() -> tuple[Run, ...]:
            from mltui.storage.launch_values import LaunchHabits

            runs = cockpit.launcher.launch_sweep(profile, wish, grid)
            LaunchHabits(cockpit.home).save(profile.path, used)
            return runs

        self._launching = True
        self.mltui.do(f"Launching {one_line(profile.name, 60)}", launch, then=self._launched, failed=self._not_launched)

    def _launched(self, runs: tuple[Run, ...]) -> None:
        answer_from(self, None)
        self.mltui.main.show_runs(runs)

    def _not_launched(self) -> None:
        self._launching = self._go = False

    def action_reset_all(self) -> None:
        """All back to their defaults."""
        self.table.reset(every=True)

    def action_scroll_preview(self, pages: int) -> None:
        """Scroll the command."""
        self.preview.action_page(pages)

    def action_copy(self) -> None:
        """Copy the command."""
        if self._explained and self._explained.command:
            self.app.copy_to_clipboard(self._explained.command)
            self.app.notify("Copied.", timeout=2)

    def action_help(self) -> None:
        """Every key of the form."""
        from mltui.ui.screens.dialogs import help_lines

        self.mltui.show_text("Keys", help_lines([("the launch form", LAUNCH)]))

    def action_close(self) -> None:
        """Launch nothing."""
        self.dismiss()


def _read(cockpit: Cockpit, path: Path) -> LaunchForm:
    """The form of the profile at ``path``, with the values that were used last. Raises ``ProfileError``."""
    from mltui.plugins import engine_names
    from mltui.storage.launch_values import LaunchHabits
    from mltui.ui.presentation.launch_form import LaunchForm

    last = LaunchHabits(cockpit.home).load(path)
    return LaunchForm(cockpit.read_profile(path), last, engine_names(), len(cockpit.sampler.devices))


def within(lines: Sequence[Line], most: int) -> Sequence[Line]:
    """``lines``, of which the last says where there are more than ``most``."""
    return lines if len(lines) <= most else [*lines[: most - 1], [*lines[most - 1], (" …", "dim")]]
