"""Every command a person can give, declared once: it feeds the bindings, the footer, the help and the palette."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True)
class Command:
    """One command."""

    id: str
    """Stable name, by which a keymap refers to it."""
    keys: str
    """Keys, comma separated, the one that is shown first."""
    action: str
    title: str
    """One or two words for the footer and the palette."""
    help: str
    """One sentence for the help and the palette."""
    footer: bool = False
    dangerous: bool = False
    """It ends or deletes something: it asks, and is absent in read-only mode."""
    acts: bool = False
    """It changes something outside the viewer: absent in read-only mode."""
    palette: bool = True
    shown: str = ""
    """How the keys are written, where that is not the first of ``keys``."""

    @property
    def keys_now(self) -> tuple[str, ...]:
        """The keys that count: the user's where the keymap names the command, else ``keys``."""
        return tuple(filter(None, _users.get(self.id, self.keys).split(",")))

    @property
    def key(self) -> str:
        """The key as a person writes it; empty where the user gave it none."""
        if self.shown and self.id not in _users:
            return self.shown
        return written(self.keys_now[0]) if self.keys_now else ""

    @property
    def every_key(self) -> str:
        """All its keys as a person writes them, for the help."""
        return " ".join(map(written, self.keys_now))

    def binding(self) -> Binding:
        """The Textual binding."""
        return Binding(self.keys, self.action, self.title, show=self.footer, tooltip=self.help, id=self.id)


#: Keys that the user's keymap gives to commands, by the command's id, as ``Command.keys`` are.
_users: dict[str, str] = {}


def use_keys(keys: Mapping[str, str]) -> None:
    """Take these keys for the commands with these ids, and their own for all others."""
    _users.clear()
    _users.update(keys)


def written(key: str) -> str:
    """A key as a person writes it."""
    before, plus, name = key.rpartition("+")
    return before + plus + _WRITTEN.get(name, name)


_WRITTEN = {
    "question_mark": "?",
    "slash": "/",
    "plus": "+",
    "equals_sign": "=",
    "left": "←",
    "right": "→",
    "escape": "esc",
    "down": "↓",
    "up": "↑",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "full_stop": ".",
    "comma": ",",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "minus": "-",
    "ampersand": "&",
    "colon": ":",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "delete": "del",
    "backspace": "⌫",
}


def _moves(place: str, what: str) -> tuple[Command, ...]:
    return (
        Command(f"{place}.down", "down,j", "cursor(1)", "Down", f"Next {what}.", palette=False, shown="↓ j"),
        Command(f"{place}.up", "up,k", "cursor(-1)", "Up", f"Previous {what}.", palette=False, shown="↑ k"),
        Command(f"{place}.page_down", "pagedown,ctrl+d", "page(1)", "Page down", "A screen down.", palette=False),
        Command(f"{place}.page_up", "pageup,ctrl+u", "page(-1)", "Page up", "A screen up.", palette=False),
        Command(f"{place}.first", "home,g", "edge(False)", "First", f"First {what}.", palette=False),
        Command(f"{place}.last", "end,G", "edge(True)", "Last", f"Last {what}.", palette=False),
    )


def _list(place: str, what: str) -> tuple[Command, ...]:
    return (
        *_moves(place, what),
        Command(f"{place}.filter", "slash", "filter", "Filter", f"Show only {what}s whose text fits.", palette=False),
    )


#: Commands of the whole app.
APP = (
    Command("app.help", "question_mark,f1", "help", "Help", "Show every key of the place you are in.", footer=True),
    Command(
        "app.palette", "ctrl+p,colon", "palette", "Commands", "Find any command by name.", footer=True, palette=False
    ),
    Command("app.quit", "q,ctrl+q", "quit", "Quit", "Leave; runs go on and are found again.", footer=True),
    Command("app.enlarge", "z", "enlarge", "Enlarge", "Give the pane the whole screen, or give it back."),
    Command(
        "app.back", "escape", "back", "Back", "Shrink the pane, clear its filter, go back to the list.", palette=False
    ),
    Command("app.next", "tab", "next_pane(1)", "Next pane", "Go to the next pane.", palette=False),
    Command("app.previous", "shift+tab", "next_pane(-1)", "Previous pane", "Go to the previous pane.", palette=False),
    Command("app.profiles", "1", "jump('profiles')", "Profiles", "Go to the profiles."),
    Command("app.runs", "2", "jump('runs')", "Runs", "Go to the runs."),
    Command("app.containers", "3", "jump('containers')", "Containers", "Go to the containers."),
    Command("app.images", "4", "jump('images')", "Images", "Go to the images."),
    Command("app.curves", "5", "jump('curves')", "Curves", "Go to the curves."),
    Command("app.log", "6", "jump('log')", "Log", "Go to the log."),
    Command("app.fix", "F", "fix", "Fix", "Show the change of the profile that cures the failed run, and launch it.",
            acts=True),
    Command("app.doctor", "D", "doctor", "Doctor", "Check this machine and its engine, and say what to do."),
    Command("app.fold", "E", "fold_card", "Fold the card", "Show why the run failed in one line, or whole."),
    Command("app.settings", "comma,f2", "settings", "Settings", "Theme, keys, engine and more: kept in one file."),
    Command("app.gauges", "7", "jump('gauges')", "Gauges", "Go to the gauges."),
    Command("app.theme", "T", "next_theme", "Dark / light", "Switch between the dark and the light theme."),
    Command("app.suspend", "ctrl+z", "suspend_process", "Suspend", "Give the terminal back to the shell; fg goes on."),
    Command("app.refresh", "ctrl+r", "refresh_lists", "Refresh", "Ask the engine again, and try to reach one."),
)  # fmt: skip

#: Commands of each pane, by the pane's id.
PANES: dict[str, tuple[Command, ...]] = {
    "profiles": (
        Command("profiles.open", "enter", "choose", "Launch …",
                "Choose values and resources; enter again launches.", footer=True, acts=True),
        Command("profiles.launch", "L", "launch", "Launch at once", "Start a run of it just as it says.", acts=True),
        Command("profiles.launch_cpu", "c", "launch_cpu", "Launch on CPU",
                "Start it at once, without a GPU.", acts=True),
        Command("profiles.inspect", "i", "inspect", "Inspect",
                "Show the exact docker command it stands for.", footer=True),
        Command("profiles.edit", "e", "edit", "Edit", "Change it: a form beside its text.", footer=True),
        Command("profiles.new", "n", "new", "New", "Make a profile from a template.", acts=True),
        Command("profiles.import", "I", "import", "Import",
                "Make a profile of a docker run line or a Compose file; pasting one into the list does the same.",
                footer=True, acts=True),
        Command("profiles.duplicate", "C", "duplicate", "Duplicate", "Copy it under another name.", acts=True),
        Command("profiles.rename", "R", "rename", "Rename", "Give it another name.", acts=True),
        Command("profiles.delete", "d,delete", "delete", "Delete", "Delete its file.", dangerous=True),
        Command("profiles.copy", "y", "copy", "Copy command", "Copy the docker command it stands for (OSC 52)."),
        *_list("profiles", "profile"),
    ),
    "runs": (
        Command("runs.open", "enter", "choose", "Curves", "Go to the run's curves; fold or unfold a sweep."),
        Command("runs.stop", "s", "stop", "Stop", "Ask the run to end.", footer=True, dangerous=True),
        Command("runs.kill", "K", "kill", "Kill", "End the run at once.", dangerous=True),
        Command("runs.limits", "l", "limits", "Limits",
                "What it may use and uses: CPU, memory, processes; change that while it runs.", acts=True),
        Command("runs.rerun", "r", "rerun", "Run again", "Launch it again as it was.", footer=True, acts=True),
        Command("runs.cpu", "c", "launch_cpu", "On the CPU", "Launch its profile without a GPU.", acts=True),
        Command(
            "runs.remove", "d,delete", "remove", "Remove", "Remove its container, record and outputs.",
            footer=True, dangerous=True,
        ),
        Command("runs.inspect", "i", "inspect", "Inspect", "Show the run's record and command.", footer=True),
        Command("runs.mark", "space", "mark", "Compare",
                "Mark the run: its curves are drawn beside those of the run under the cursor.", footer=True),
        Command("runs.mark_sweep", "m", "mark_sweep", "Compare sweep", "Mark all runs of the run's sweep, or none."),
        Command("runs.unmark", "u", "unmark", "Compare none", "Take all marks away."),
        *_list("runs", "run"),
    ),
    "containers": (
        Command("containers.open", "enter", "choose", "Log", "Go to the container's log."),
        Command("containers.stop", "s", "stop", "Stop", "Ask the container to end.", footer=True, dangerous=True),
        Command("containers.kill", "K", "kill", "Kill", "End the container at once.", dangerous=True),
        Command("containers.restart", "R", "restart", "Restart", "Stop it if it runs, then start it.", dangerous=True),
        Command("containers.limits", "l", "limits", "Limits",
                "What it may use and uses: CPU, memory, processes; change that while it runs.", acts=True),
        Command("containers.remove", "d,delete", "remove", "Remove",
                "Remove the container.", footer=True, dangerous=True),
        Command("containers.inspect", "i", "inspect", "Inspect", "Show all the engine knows of it.", footer=True),
        *_list("containers", "container"),
    ),
    "images": (
        Command("images.remove", "d,delete", "remove", "Remove", "Remove the image.", footer=True, dangerous=True),
        *_list("images", "image"),
    ),
    "log": (
        Command("log.follow", "f", "follow", "Follow", "Keep the newest line in view, or stand still.", footer=True),
        Command("log.search", "slash", "search", "Search",
                "Type or paste a text: the log stands still at the newest line that has it, in its first 4,000 "
                "characters.", footer=True),
        Command("log.earlier", "N", "hit(-1)", "Hit before", "To the line before that has what is searched."),
        Command("log.later", "n", "hit(1)", "Next hit", "To the next line that has what is searched."),
        Command("log.only", "ampersand", "only", "Only hits",
                "Show only the lines that have what is searched, also as they come; or all lines."),
        Command("log.clear", "escape", "clear", "Back", "Clear the search, leave the pane.", palette=False),
        *_moves("log", "line"),
        Command("log.right", "right,l", "sideways(1)", "Right",
                "Show what long lines have further right.", palette=False),
        Command("log.left", "left,h", "sideways(-1)", "Left", "Back to the left.", palette=False),
    ),
    "gauges": (
        Command("gauges.enlarge", "enter", "enlarge", "History",
                "All the screen: history of each gauge, and who is on which GPU.", footer=True),
        Command("gauges.span", "w", "span", "Minutes",
                "A history of 1, 5, 15 or 60 minutes: ╎ and ▲ are its peak, ┃ is what was promised.", footer=True),
        *_moves("gauges", "line"),
    ),
    "curves": (
        Command("curves.single", "enter", "single", "One chart",
                "One chart in all the room, or the grid.", footer=True),
        Command("curves.filter", "slash", "filter", "Filter",
                "Type letters of a metric's name: the charts narrow; space pins or hides one.", footer=True),
        Command("curves.pin", "space", "pin", "Pin, hide", "Put the chart first, hide it, or neither, in turn."),
        Command("curves.clear", "escape", "clear", "Back", "Clear the filter, show the grid, leave the pane.",
                palette=False),
        Command("curves.chart", "c", "next_chart(1)", "Next chart", "Go to the next chart of the grid."),
        Command("curves.chart_before", "C", "next_chart(-1)", "Chart before", "Go to the chart before."),
        Command("curves.export", "e", "export", "Export",
                "Write the curves to a file: CSV, JSON lines, TensorBoard's, or the picture as SVG.", footer=True),
        Command("curves.right", "right,l", "chart('cursor', 1)", "Crosshair", "Move the crosshair to the right.",
                footer=True, palette=False, shown="← →"),
        Command("curves.left", "left,h", "chart('cursor', -1)", "Crosshair left", "Move the crosshair to the left.",
                palette=False),
        Command("curves.best", "b", "chart('cursor_to', 'best')", "Best", "Crosshair to the best value.", footer=True),
        Command("curves.min", "m", "chart('cursor_to', 'min')", "Minimum", "Crosshair to the smallest value."),
        Command("curves.max", "M", "chart('cursor_to', 'max')", "Maximum", "Crosshair to the greatest value."),
        Command("curves.nan", "n", "chart('cursor_to', 'nan')", "Next NaN", "Crosshair to the next NaN or infinity."),
        Command("curves.start", "home,g", "chart('cursor_to', 'first')", "First", "Crosshair to the first point."),
        Command("curves.end", "end,G", "chart('cursor_to', 'last')", "Last", "Crosshair to the last point."),
        Command("curves.hide", "backspace", "chart('hide_cursor')", "No crosshair", "Take the crosshair away."),
        Command("curves.copy", "y", "chart('copy_reading')", "Copy",
                "Copy what the crosshair reads, else the newest values (OSC 52)."),
        Command("curves.in", "plus,equals_sign", "chart('zoom', 0.5)", "Zoom in", "Half of the x axis.", footer=True),
        Command("curves.out", "minus", "chart('zoom', 2.0)", "Zoom out", "Twice as much of the x axis.", shown="-"),
        Command("curves.pan_right", "greater_than_sign", "chart('pan', 0.25)", "Pan right",
                "Move along the x axis."),
        Command("curves.pan_left", "less_than_sign", "chart('pan', -0.25)", "Pan left",
                "Move back along the x axis."),
        Command("curves.taller", "up,k", "chart('zoom_y', 0.5)", "Zoom in y",
                "Half of this chart's y axis, around the crosshair.", shown="↑ k"),
        Command("curves.flatter", "down,j", "chart('zoom_y', 2.0)", "Zoom out y",
                "Twice this chart's y axis.", shown="↓ j"),
        Command("curves.higher", "shift+up,K", "chart('pan_y', 0.25)", "Pan up", "Move up along a zoomed y axis."),
        Command("curves.lower", "shift+down,J", "chart('pan_y', -0.25)", "Pan down",
                "Move down along a zoomed y axis."),
        Command("curves.whole", "0,w", "chart('whole')", "Whole", "Show everything again and follow the end."),
        Command("curves.follow", "f", "chart('follow')", "Follow",
                "A zoomed chart moves along with its end, or stands."),
        Command("curves.axis", "x", "chart('next_x_axis')", "x axis", "As logged, time since start, time of day.",
                footer=True),
        Command("curves.log_y", "L", "chart('log_y')", "Log y", "Logarithmic y axis of this chart, or linear."),
        Command("curves.log_x", "X", "chart('log_x')", "Log x", "Logarithmic x axis of all charts, or linear."),
        Command("curves.smoother", "s", "chart('smooth', 1)", "Smoother",
                "More smoothing of all charts (a debiased moving average)."),
        Command("curves.rougher", "S", "chart('smooth', -1)", "Rougher", "Less smoothing."),
        Command("curves.clip", "o", "chart('clip_outliers')", "Outliers", "Leave outliers out of the y axis, or not."),
        Command("curves.system", "u", "system", "Usage",
                "Show or hide the charts of CPU, memory and GPU behind those of the metrics."),
        Command("curves.next", "right_square_bracket", "charts(1)", "Next charts", "Show the next charts.", shown="]"),
        Command("curves.previous", "left_square_bracket", "charts(-1)", "Previous",
                "Show the charts before.", shown="["),
    ),
}  # fmt: skip

_SIDEWAYS = (
    Command("text.right", "right,l", "sideways(1)", "Right", "Show what long lines have further right.", palette=False),
    Command("text.left", "left,h", "sideways(-1)", "Left", "Back to the left.", palette=False),
)

PANES["detail"] = (
    Command("detail.copy", "y", "copy", "Copy", "Copy the command to the clipboard (OSC 52).", footer=True),
    *_moves("detail", "line"),
    *_SIDEWAYS,
)

#: Commands of a text over the screen.
DIALOG = (
    Command("dialog.close", "escape,q,question_mark", "close", "Close", "Go back.", footer=True),
    Command("dialog.copy", "y,c", "copy", "Copy", "Copy the text to the clipboard (OSC 52).", footer=True),
    *_moves("dialog", "line"),
    *_SIDEWAYS,
)

#: What curves are written as.
EXPORT = (
    Command("export.csv", "c", "write('csv')", "CSV", "A row a point."),
    Command("export.jsonl", "j", "write('jsonl')", "JSON lines", "An object a point."),
    Command("export.tensorboard", "t", "write('tensorboard')", "TensorBoard", "A folder with an event file."),
    Command("export.svg", "s", "write('svg')", "SVG", "The picture of the charts that are shown."),
    Command("export.place", "o", "place", "Elsewhere", "The current folder, or the run's own."),
    Command("export.close", "escape,q", "close", "Back", "Write nothing."),
)

#: The form before a launch.
LAUNCH = (
    Command("launch.go", "enter", "go", "Launch", "Start the run, or all runs of the sweep.", footer=True),
    Command("launch.edit", "e,i", "edit", "Type", "Type a value; 0.1, 0.01 or 1..5 are a sweep.", footer=True),
    Command(
        "launch.more",
        "right,l,plus",
        "step(1)",
        "More",
        "The next value: one more, twice as much, the next choice.",
        shown="← →",
        footer=True,
    ),
    Command("launch.less", "left,h,minus", "step(-1)", "Less", "The value before."),
    Command("launch.reset", "u,backspace", "reset", "Reset", "Back to the profile's own value.", footer=True),
    Command("launch.reset_all", "U", "reset_all", "Reset all", "All values back to the profile's own."),
    Command("launch.copy", "y", "copy", "Copy command", "Copy the docker command it stands for (OSC 52).", footer=True),
    Command("launch.scroll", "pagedown,J", "scroll_preview(1)", "Command down", "Scroll the command."),
    Command("launch.scroll_back", "pageup,K", "scroll_preview(-1)", "Command up", "Scroll the command back."),
    Command("launch.next", "down,j,tab", "cursor(1)", "Next", "Next value.", shown="↓ j"),
    Command("launch.previous", "up,k,shift+tab", "cursor(-1)", "Previous", "Previous value.", shown="↑ k"),
    Command("launch.first", "home,g", "edge(False)", "First", "First value."),
    Command("launch.last", "end,G", "edge(True)", "Last", "Last value."),
    Command("launch.help", "question_mark,f1", "help", "Help", "Show every key of the place you are in.", footer=True),
    Command("launch.close", "escape,q", "close", "Back", "Launch nothing.", footer=True),
)

#: Limits of a running container.
LIMITS = (
    Command("limits.change", "enter", "change", "Change", "Change the limits.", footer=True),
    Command("limits.edit", "e,i", "edit", "Type", "Type a value.", footer=True),
    Command(
        "limits.more", "right,l,plus", "step(1)", "More", "One core more, twice the memory.", shown="← →", footer=True
    ),
    Command("limits.less", "left,h,minus", "step(-1)", "Less", "One core less, half the memory."),
    Command("limits.reset", "u,backspace", "reset", "Reset", "Back to the limit that it has.", footer=True),
    Command("limits.next", "down,j,tab", "cursor(1)", "Next", "Next value.", shown="↓ j"),
    Command("limits.previous", "up,k,shift+tab", "cursor(-1)", "Previous", "Previous value.", shown="↑ k"),
    Command("limits.close", "escape,q", "close", "Back", "Change nothing.", footer=True),
)

#: What to do with a change that cures a failure.
FIX = (
    Command("fix.write", "enter,y", "answer('write')", "Write and launch", "Change the profile's file and launch it.",
            footer=True),
    Command("fix.once", "o", "answer('once')", "Launch once", "Launch it changed; the file stays as it is.",
            footer=True),
    Command("fix.close", "escape,n,q", "close", "Leave it", "Change nothing.", footer=True),
    *_moves("fix", "line"),
)  # fmt: skip

#: The user's settings.
SETTINGS = (
    Command(
        "settings.change",
        "enter",
        "change",
        "Change",
        "Type the value, or press the new key of a command.",
        footer=True,
    ),
    Command("settings.edit", "e,i", "edit", "Type", "Type the value; keys with spaces between them.", footer=True),
    Command("settings.more", "right,l,plus", "step(1)", "More", "The next value.", shown="← →", footer=True),
    Command("settings.less", "left,h,minus", "step(-1)", "Less", "The value before."),
    Command("settings.reset", "u,backspace", "reset", "Reset", "Back to the default: out of the file.", footer=True),
    Command(
        "settings.filter", "slash", "filter", "Find", "Show only what fits: settings, commands, keys.", footer=True
    ),
    Command("settings.copy", "y", "copy", "Copy path", "Copy the path of the file (OSC 52)."),
    *_moves("settings", "setting"),
    Command(
        "settings.help", "question_mark,f1", "help", "Help", "Show every key of the place you are in.", footer=True
    ),
    Command("settings.close", "escape,q", "close", "Back", "Go back; what was changed is in the file.", footer=True),
)

#: The editor of a profile. What the text takes as typing counts in the form alone.
EDITOR = (
    Command("editor.save", "ctrl+s", "save", "Save", "Show what changed, then save.", footer=True),
    Command("editor.switch", "tab,shift+tab", "switch", "Form/text", "Go to the other view.", footer=True),
    Command("editor.undo", "ctrl+z", "undo", "Undo", "Take the last change back, in form and text."),
    Command("editor.redo", "ctrl+y,ctrl+shift+z", "redo", "Redo", "Do it again."),
    Command(
        "editor.panel",
        "f3",
        "panel",
        "Command/problems",
        "Show below the docker command that it stands for, or what is wrong.",
        footer=True,
    ),
    Command("editor.problem", "f8", "next_problem", "Next problem", "Go to the next thing that is wrong."),
    Command("editor.outside", "ctrl+o", "outside", "$EDITOR", "Open it in your own editor; what you save is taken in."),
    Command("editor.copy", "f4", "copy", "Copy command", "Copy the docker command it stands for (OSC 52)."),
    Command("editor.palette", "ctrl+p", "app.palette", "Commands", "Find any command by name.", palette=False),
    Command("editor.help", "f1", "help", "Help", "Show every key of the place you are in.", footer=True),
    Command("editor.close", "escape,ctrl+q", "close", "Back", "Leave; what is not saved is asked for.", footer=True),
)

#: The form of the editor.
FORM = (
    Command(
        "form.choose",
        "enter",
        "screen.choose",
        "Change",
        "Type the value; unfold or fold what has entries.",
        footer=True,
    ),
    Command(
        "form.find",
        "slash",
        "screen.find",
        "Find field",
        "Type letters of a field's name: go there, or add it.",
        footer=True,
    ),
    Command("form.add", "a", "screen.add", "Add", "Add an entry to the list or the mapping, or a key.", footer=True),
    Command("form.remove", "d,delete", "screen.remove", "Remove", "Take it out of the file.", footer=True),
    Command("form.move_down", "alt+down", "screen.move(1)", "Move down", "Put the entry of a list after the next."),
    Command(
        "form.move_up", "alt+up", "screen.move(-1)", "Move up", "Put the entry of a list before the one before it."
    ),
    Command("form.more", "plus,equals_sign,right,l", "screen.step(1)", "More", "The next value; unfold.", shown="+"),
    Command("form.less", "minus,left,h", "screen.step(-1)", "Less", "The value before; fold.", shown="-"),
    Command("form.rename", "r", "screen.rename", "Rename", "Give a name of one's own another one."),
    Command("form.text", "t", "screen.show_in_text", "In the text", "Go to where it stands in the text."),
    Command("form.undo", "u", "screen.undo", "Undo", "Take the last change back."),
    Command("form.panel", "p", "screen.panel", "Command/problems", "The docker command, or what is wrong."),
    Command("form.copy", "y", "screen.copy", "Copy command", "Copy the docker command it stands for (OSC 52)."),
    Command("form.outside", "E", "screen.outside", "$EDITOR", "Open it in your own editor."),
    Command("form.help", "question_mark", "screen.help", "Help", "Show every key of the place you are in."),
    Command("form.panel_down", "J", "screen.scroll_panel(1)", "Below down", "Scroll what is below."),
    Command("form.panel_up", "K", "screen.scroll_panel(-1)", "Below up", "Scroll it back."),
    Command("form.close", "q", "screen.close", "Back", "Leave; what is not saved is asked for."),
    *_moves("form", "field"),
)

#: A line to type, or one of a few to take.
PROMPT = (
    Command("prompt.take", "enter", "take", "Take it", "Take what is typed or chosen.", footer=True),
    Command("prompt.complete", "tab", "complete", "Complete", "Type what is chosen.", footer=True),
    Command("prompt.down", "down,ctrl+n", "cursor(1)", "Next", "Next one."),
    Command("prompt.up", "up", "cursor(-1)", "Previous", "Previous one."),
    Command("prompt.close", "escape", "close", "Back", "Nothing.", footer=True),
)

#: A value that is being typed in a form.
TYPED = tuple(one for one in PROMPT if one.id in ("prompt.take", "prompt.close"))

#: A profile made of what is pasted.
IMPORT = (
    Command("import.take", "enter,ctrl+s", "take", "Write …",
            "Give it a name, write it and open it; in several lines that are typed, enter begins one more.",
            shown="enter ctrl+s", footer=True),
    Command("import.next", "tab", "next(1)", "Next", "Complete the path; else go to the next text.",
            footer=True),
    Command("import.previous", "shift+tab", "next(-1)", "Previous", "Go to the text before."),
    Command("import.service", "ctrl+n", "service(1)", "Service", "Take the next service of the Compose file.",
            footer=True),
    Command("import.service_before", "ctrl+b", "service(-1)", "Service before", "Take the service before."),
    *_moves("import", "line"),
    *_SIDEWAYS,
    Command("import.help", "f1", "help", "Help", "Show every key of the place you are in.", footer=True),
    Command("import.close", "escape", "close", "Back", "Write nothing.", footer=True),
)  # fmt: skip

#: What changed, before it is saved.
DIFF = (
    Command("diff.save", "enter,y,ctrl+s", "answer(True)", "Save", "Write it to the file.", footer=True),
    Command("diff.close", "escape,n,q", "answer(False)", "Go on editing", "Save nothing yet.", footer=True),
    *_moves("diff", "line"),
    *_SIDEWAYS,
)

#: Answers to a question.
QUESTION = (
    Command("question.yes", "y", "answer(True)", "Yes", "Do it."),
    Command("question.no", "n,escape,q", "answer(False)", "No", "Leave it."),
)


#: Screens with keys of their own: what the app binds does not reach them.
SCREENS: dict[str, tuple[Command, ...]] = {
    "dialog": DIALOG, "export": EXPORT, "fix": FIX, "launch": LAUNCH, "editor": EDITOR, "form": FORM,
    "prompt": PROMPT, "diff": DIFF, "question": QUESTION, "settings": SETTINGS, "limits": LIMITS,
    "import": IMPORT,
}  # fmt: skip


#: A place whose keys count in another one too: the editor's in its form.
TOGETHER: dict[str, str] = {"form": "editor"}
#: Places where characters are text.
TYPED_IN = frozenset({"prompt", "import", "editor"})


def places() -> Iterator[tuple[str, tuple[Command, ...]]]:
    """Every place where keys count, with its commands: the app, its panes, its other screens."""
    yield "app", APP
    yield from PANES.items()
    yield from SCREENS.items()


def command(command_id: str) -> Command:
    """The command with this id."""
    return next(one for _, commands in places() for one in commands if one.id == command_id)


def key_of(command_id: str) -> str:
    """The key of a command as a person writes it, for sentences that tell what to press."""
    return command(command_id).key


def bindings(commands: tuple[Command, ...]) -> list[Binding]:
    """Bindings of ``commands``, for a widget's ``BINDINGS``."""
    return [command.binding() for command in commands]
