"""Every command a person can give, declared once: it feeds the bindings, the footer, the help and the palette.

Here are those of the app and its panes; ``screen_commands`` has those of other screens.
"""

from __future__ import annotations

from collections.abc import Iterator

from mltui.ui.command import SIDEWAYS, Command, moves
from mltui.ui.screen_commands import SCREENS


def _typed(place: str, key: str, title: str, help: str) -> Command:
    return Command(f"{place}.typed_{key}", key, f"simulate_key('{key}')", title, help, palette=False)


def _list(place: str, what: str) -> tuple[Command, ...]:
    return (
        *moves(place, what),
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

#: Keys that count while a filter or a search is typed; all others are its text. By what it is typed for.
TYPING: dict[str, tuple[Command, ...]] = {
    "list": (
        _typed("list", "enter", "Keep", "Show only what fits."),
        _typed("list", "escape", "All", "Show all again."),
    ),
    "charts": (
        _typed("charts", "enter", "Keep", "Show only the charts that fit."),
        _typed("charts", "space", "Pin, hide", "Put the chart first, hide it, or neither, in turn."),
        Command("charts.typed_move", "down,up", "simulate_key('down')", "Another", "Go to another chart of the list.",
                palette=False, shown="↓ ↑"),
        _typed("charts", "escape", "All", "Show all charts again."),
    ),
    "log": (
        _typed("log", "enter", "Done", "Go on from line to line."),
        Command("log.typed_move", "up,down", "simulate_key('up')", "Another", "Go to another line that has it.",
                palette=False, shown="↑ ↓"),
        _typed("log", "escape", "Clear", "Search nothing any more."),
    ),
}  # fmt: skip

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
        *moves("log", "line"),
        Command("log.right", "right,l", "sideways(1)", "Right",
                "Show what long lines have further right.", palette=False),
        Command("log.left", "left,h", "sideways(-1)", "Left", "Back to the left.", palette=False),
    ),
    "gauges": (
        Command("gauges.enlarge", "enter", "enlarge", "History",
                "All the screen: history of each gauge, and who is on which GPU.", footer=True),
        Command("gauges.span", "w", "span", "Minutes",
                "A history of 1, 5, 15 or 60 minutes: ╎ and ▲ are its peak, ┃ is what was promised.", footer=True),
        *moves("gauges", "line"),
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
        Command("curves.axis", "x", "chart('next_x_axis')", "x axis",
                "As logged, steps or epochs where the log tells both, time since start, time of day.", footer=True),
        Command("curves.log_y", "L", "chart('log_y')", "Log y", "Logarithmic y axis of this chart, or linear."),
        Command("curves.log_x", "X", "chart('log_x')", "Log x", "Logarithmic x axis of all charts, or linear."),
        Command("curves.smoother", "s", "chart('smooth', 1)", "Smoother",
                "More smoothing of all charts (a debiased moving average); their y axis fits the smooth curves."),
        Command("curves.rougher", "S", "chart('smooth', -1)", "Rougher", "Less smoothing."),
        Command("curves.clip", "o", "chart('clip_outliers')", "Outliers", "Leave outliers out of the y axis, or not."),
        Command("curves.system", "u", "system", "Usage",
                "Show or hide the charts of CPU, memory and GPU behind those of the metrics."),
        Command("curves.next", "right_square_bracket", "charts(1)", "Next charts", "Show the next charts.", shown="]"),
        Command("curves.previous", "left_square_bracket", "charts(-1)", "Previous",
                "Show the charts before.", shown="["),
    ),
}  # fmt: skip

PANES["detail"] = (
    Command("detail.copy", "y", "copy", "Copy", "Copy the command to the clipboard (OSC 52).", footer=True),
    *moves("detail", "line"),
    *SIDEWAYS,
)


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
