"""What stands below the two views of a profile: the command that it stands for, or everything that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from textual.timer import Timer

from mltui.domain.figures import counted
from mltui.domain.run import new_run_id
from mltui.domain.text import one_line
from mltui.ui.presentation.command_lines import command_lines, first_marked, parts_of
from mltui.ui.widgets.lines import Line, Span
from mltui.ui.widgets.text_view import folded

if TYPE_CHECKING:
    from mltui.domain.errors import Problem
    from mltui.runtime.cockpit import Explanation
    from mltui.runtime.profile_draft import Draft
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
        self._missing: tuple[Draft | None, tuple[Problem, ...]] = (None, ())
        """Files that a state of the text names and that are not there."""
        self._run_id = new_run_id()
        self._timer: Timer | None = None
        self._known: tuple[str, ...] = ()
        """What the command before was made of: what is new is marked."""
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
        problems = self._problems
        if self._command:
            self._show_command(problems)
        elif problems:
            self._show_problems(problems)
        else:
            self._screen.below.show_lines([[("─ ", "faint"), ("The command it stands for", "dim")]])
            self._panel.show([[("Nothing is wrong.", "ok")]])

    @property
    def _problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong, in the order of the file; of files that are not there what is known by now."""
        draft, missing = self._missing
        if draft is None or draft is not self._profile.draft or not missing:
            return self._profile.problems
        from mltui.storage.profiles import in_order

        return in_order((*draft.problems, *missing), str(self._profile.read.path))

    @property
    def _width(self) -> int:
        """Columns, with one left for a scroll bar."""
        return max(20, (self._panel.size.width or 81) - 1)

    def _show_command(self, problems: Sequence[Problem]) -> None:
        title: list[Span] = [("─ ", "faint"), ("The command it stands for", "strong")]
        if problems:
            title += [("  ! ", "error"), (one_line(where_and_what(problems[0]), 300), "error")]
        self._screen.below.show_lines([title])
        draft = self._profile.draft
        state = (self.explained, draft is not None and draft.profile is not None, self._width)
        if state == self._folded:
            self._panel.show(self._lines, top=False)
            return
        self._folded = state
        lines = _command_lines(self.explained, state[1], self._width, self._known)
        self._lines = folded(lines, self._width)
        self._panel.show(self._lines, top=False)
        changed = first_marked(self._lines)
        if changed is not None:
            self._panel.go_to(changed)

    def _show_problems(self, problems: Sequence[Problem]) -> None:
        title: list[Span] = [
            ("─ ", "faint"), (counted(len(problems), "problem"), "error"), ("  f8 goes to the next", "dim")
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
        """Look for the files that it names and, where it is sound, work out the command; in a thread."""
        screen, draft = self._screen, self._profile.draft
        if draft is None or draft.sound is None:
            return
        cockpit, run_id, sound, profile = screen.mltui.cockpit, self._run_id, draft.sound, draft.profile

        def look() -> tuple[tuple[Problem, ...], Explanation | None]:
            from mltui.runtime.preflight import missing_files

            return missing_files(sound), cockpit.explain_profile(profile, run_id=run_id) if profile else None

        def show(result: tuple[tuple[Problem, ...], Explanation | None]) -> None:
            if not screen.is_attached or self._profile.draft is not draft:
                return
            missing, found = result
            self._missing = (draft, missing)
            if found is not None:
                if self.explained is not None and self.explained.command != found.command:
                    self._known = tuple(parts_of(self.explained.command))
                self.explained = found
            self.show()

        screen.mltui.do("", look, then=show)


def _command_lines(found: Explanation | None, sound: bool, width: int, known: Collection[str]) -> list[Line]:
    """The command that a profile stands for, with what is not among ``known`` marked; dim where the text has gone on
    and is not sound now."""
    if found is None:
        return [[("working it out …", "dim")]] if sound else [[("nothing sound yet", "dim")]]
    if found.problem:
        return [[(one_line(found.problem, 400), "warn")]]
    role = "text" if sound else "dim"
    lines = command_lines(found.command, width, role, known if known and sound else None)
    return [*lines, *([("# ", "dim"), (one_line(note, 300), "dim")] for note in found.notes)]


def where_and_what(problem: Problem) -> str:
    """A problem in one line."""
    return f"line {problem.line}: {problem.path + ': ' if problem.path else ''}{problem.message}"
