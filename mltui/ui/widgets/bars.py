"""The line at the top (where one is) and the line at the bottom (which keys count there)."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.strip import Strip
from textual.widget import Widget

from mltui.ui.command import Command
from mltui.ui.theme import roles
from mltui.ui.widgets.lines import Line, Span, line_length, make_strip, spread


class TopBar(Widget):
    """Two texts, one at each end."""

    DEFAULT_CSS = "TopBar { height: 1; dock: top; background: $panel; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: Line = ()
        self._right: Line = ()

    def show(self, left: Line, right: Line) -> None:
        """Show these; drawn again only if they differ from what is shown."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        width = self.size.width
        return make_strip(spread(self._left, self._right, width), width, roles(self.app), self.visual_style.rich_style)


class KeyBar(Widget):
    """Keys and what they do; those that do not fit are left out, the help key last."""

    DEFAULT_CSS = "KeyBar { height: 1; dock: bottom; background: $panel; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._commands: Sequence[Command] = ()
        self._places: list[tuple[int, int, Command]] = []

    def show(self, commands: Sequence[Command]) -> None:
        """Show the keys of ``commands``, the most wanted first."""
        if commands != self._commands:
            self._commands = commands
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        width = self.size.width
        line: list[Span] = [(" ", "text")]
        self._places = []
        keep = [c for c in self._commands if c.id.endswith(".help")]
        reserve = sum(len(f"{c.key} {c.title}  ") for c in keep)
        for command in self._commands:
            if not command.key:
                continue
            piece = [(command.key, "key"), (f" {command.title}  ", "text")]
            start = line_length(line)
            room = width - (0 if command in keep else reserve)
            if start + line_length(piece) - 2 > room:
                continue
            reserve -= line_length(piece) if command in keep else 0
            self._places.append((start, start + line_length(piece) - 2, command))
            line += piece
        # The gap behind the last one is no text that was cut.
        line[-1] = (line[-1][0].rstrip() or " ", line[-1][1])
        return make_strip(line, width, roles(self.app), self.visual_style.rich_style)

    async def on_click(self, event: events.Click) -> None:
        """A click on a key is the key."""
        for start, end, command in self._places:
            if start <= event.x < end:
                target = self.screen.focused or self.screen
                await target.run_action(command.action) if hasattr(
                    target, f"action_{command.action.partition('(')[0]}"
                ) else await self.app.run_action(command.action)
                return


class PaneTitle(Widget):
    """The one line above a pane: its key, its name and what is in it."""

    DEFAULT_CSS = "PaneTitle { height: 1; }"

    def __init__(self, key: str, title: str) -> None:
        super().__init__()
        self._key = key
        self._title = title
        self._focused = False
        self._left: Line = ()
        self._right: Line = ()

    def show(self, left: Line = (), right: Line = (), *, focused: bool | None = None) -> None:
        """Show ``left`` behind the name and ``right`` at the end."""
        focused = self._focused if focused is None else focused
        if (left, right, focused) != (self._left, self._right, self._focused):
            self._left, self._right, self._focused = left, right, focused
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line: a rule with the texts on it, stronger where the focus is."""
        width = self.size.width
        rule = "title" if self._focused else "faint"
        line: list[Span] = [
            ("━" if self._focused else "─", rule),
            (f" {self._key} ", "key"),
            (self._title, _title(self._focused)),
        ]
        line += [(" ", "text"), *self._left, (" ", "text")]
        right: list[Span] = [(" ", "text"), *self._right, (" ", "text")] if self._right else []
        fill = width - line_length(line) - line_length(right)
        if fill < 0 and right:
            right, fill = [], width - line_length(line)
        line += [(("━" if self._focused else "─") * max(0, fill), rule), *right]
        return make_strip(line, width, roles(self.app), self.visual_style.rich_style)


def _title(focused: bool) -> str:
    return "title" if focused else "strong"
