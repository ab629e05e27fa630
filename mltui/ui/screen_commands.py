"""The commands of screens with keys of their own: texts, questions, forms and editors over the main screen."""

from __future__ import annotations

from mltui.ui.command import SIDEWAYS, Command, moves

#: Commands of a text over the screen.
DIALOG = (
    Command("dialog.close", "escape,q,question_mark", "close", "Close", "Go back.", footer=True),
    Command("dialog.copy", "y,c", "copy", "Copy", "Copy the text to the clipboard (OSC 52).", footer=True),
    *moves("dialog", "line"),
    *SIDEWAYS,
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
    *moves("fix", "line"),
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
    *moves("settings", "setting"),
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
    *moves("form", "field"),
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
    *moves("import", "line"),
    *SIDEWAYS,
    Command("import.help", "f1", "help", "Help", "Show every key of the place you are in.", footer=True),
    Command("import.close", "escape", "close", "Back", "Write nothing.", footer=True),
)  # fmt: skip

#: What changed, before it is saved.
DIFF = (
    Command("diff.save", "enter,y,ctrl+s", "answer(True)", "Save", "Write it to the file.", footer=True),
    Command("diff.close", "escape,n,q", "answer(False)", "Go on editing", "Save nothing yet.", footer=True),
    *moves("diff", "line"),
    *SIDEWAYS,
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
