"""What stands below the two views of a profile: the command that it stands for, or everything that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.timer import Timer

from mltui.domain.run import new_run_id
from mltui.domain.text import clean, one_line
from mltui.ui.widgets.lines import Line, Span
from mltui.ui.widgets.text_view import folded

if TYPE_CHECKING:
    from mltui.domain.errors import Problem
    from mltui.runtime.cockpit import Explanation
    from mltui.ui.screens.editor_profile import EditedProfile
    from mltui.ui.screens.profile_editor import ProfileEditor

#: The command is worked out when nothing was typed for so long.
_REST_S = 0.25


class Below:
    """Fills the title and the panel."""

    def __init__(self, screen: ProfileEditor, profile: EditedProfile) -> None:
        self._screen = screen
        self._profile = profile
        self._panel = screen.panel
        self._command = True
        """The command is shown; else what is wrong."""
        self.explained: Explanation | None = None
        """The command of the newest sound state."""
        self._run_id = new_run_id()
        self._timer: Timer | None = None
        self._folded: tuple[Explanation | None, bool, int] | None = None
        self._lines: Sequence[Line] = ()
        """The command's lines, folded, for what is in ``_folded``."""

    def switch(self) -> None:
        """The command, or what is wrong."""
        self._command = not self._command
        self.show()

    def copy(self) -> None:
        """Copy the command."""
        if self.explained and self.explained.command:
            self._screen.app.copy_to_clipboard(self.explained.command)
            self._screen.app.notify("Copied.", timeout=2)

    def show(self) -> None:
        """The title of the panel, and what is in it."""
        problems = self._profile.problems
        if self._command:
            self._show_command(problems)
        elif problems:
            self._show_problems(problems)
        else:
            self._screen.below.show_lines([[("─ ", "faint"), ("The command it stands for", "dim")]])
            self._panel.show([[("Nothing is wrong.", "ok")]])

    @property
    def _width(self) -> int:
        return self._panel.scrollable_content_region.width or 80

    def _show_command(self, problems: Sequence[Problem]) -> None:
        title: list[Span] = [("─ ", "faint"), ("The command it stands for", "strong")]
        if problems:
            title += [("  ! ", "error"), (one_line(where_and_what(problems[0]), 300), "error")]
        self._screen.below.show_lines([title])
        draft, first = self._profile.draft, len(self._panel.lines) < 2
        state = (self.explained, draft is not None and draft.profile is not None, self._width)
        if state != self._folded:
            self._folded, self._lines = state, folded(_command_lines(*state[:2]), self._width)
        self._panel.show(self._lines, top=False)
        if first:
            # The build is above: what is looked for is how it runs.
            runs = (at for at, line in enumerate(self._lines) if line and line[0][0].startswith("docker run"))
            self._panel.go_to(next(runs, 0))

    def _show_problems(self, problems: Sequence[Problem]) -> None:
        title: list[Span] = [
            ("─ ", "faint"), (f"{len(problems)} wrong", "error"), ("  f8 goes to the next", "dim")
        ]  # fmt: skip
        self._screen.below.show_lines([title])
        lines: list[Line] = [
            [(f"{p.line:>4}:{p.column:<3} ", "dim"), (f"{p.path}  " if p.path else "", "strong"), (p.message, "error")]
            for p in problems
        ]
        self._panel.show(folded(lines, self._width), top=False)

    def rest(self) -> None:
        """Something was typed: work out the command when no more is."""
        if self._timer:
            self._timer.stop()
        self._timer = self._screen.set_timer(_REST_S, self._explain)

    def _explain(self) -> None:
        """Work out the command for what is sound, in a thread."""
        screen, draft = self._screen, self._profile.draft
        if draft is None or draft.profile is None:
            return
        profile, cockpit, run_id = draft.profile, screen.mltui.cockpit, self._run_id

        def show(found: Explanation) -> None:
            if screen.is_attached and self._profile.draft is draft:
                self.explained = found
                self.show()

        screen.mltui.do("", lambda: cockpit.explain_profile(profile, run_id=run_id), then=show)


def _command_lines(found: Explanation | None, sound: bool) -> list[Line]:
    """The command that a profile stands for; dim where the text has gone on and is not sound now."""
    if found is None:
        return [[("working it out …", "dim")]] if sound else [[("nothing sound yet", "dim")]]
    if found.problem:
        return [[(one_line(found.problem, 400), "warn")]]
    lines: list[Line] = [[(clean(line), "text" if sound else "dim")] for line in found.command.split("\n")]
    return [*lines, *([("# ", "dim"), (one_line(note, 300), "dim")] for note in found.notes)]


def where_and_what(problem: Problem) -> str:
    """A problem in one line."""
    return f"line {problem.line}: {problem.path + ': ' if problem.path else ''}{problem.message}"
