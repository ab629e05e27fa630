"""Every command, declared once: its name, its one line, its options, its examples and where it is carried out."""

from __future__ import annotations

from mltui.cli.engine_commands import ENGINE_COMMANDS
from mltui.cli.profile_commands import PROFILE_COMMANDS
from mltui.cli.run_commands import RUN_COMMANDS

_DECLARED = (*RUN_COMMANDS, *PROFILE_COMMANDS, *ENGINE_COMMANDS)
COMMANDS = {command.name: command for command in _DECLARED}
GROUPS = tuple(dict.fromkeys(name.partition(" ")[0] for name in COMMANDS if " " in name))


def group_overview(group: str = "") -> str:
    """The commands of a group, or all, one a line."""
    found = [command for command in _DECLARED if not group or command.name.startswith(f"{group} ")]
    wide = max(len(command.name) for command in found)
    return "\n".join(f"  {command.name:<{wide}}  {command.title}" for command in found)


def overview() -> str:
    """The text above the options in ``mltui --help``."""
    return (
        "The cockpit for machine-learning experiments in containers.\n\n"
        "  mltui [PATH…]  opens the app; PATH: a folder of profiles\n\n"
        f"commands:\n{group_overview()}\n\n"
        "`mltui COMMAND --help` shows a command's options and examples."
    )
