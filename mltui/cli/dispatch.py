"""From the words of a command line to the command they mean."""

from __future__ import annotations

import importlib
import os
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from mltui import __version__
from mltui.cli.command import Command, add_app_options
from mltui.cli.commands import COMMANDS, GROUPS, group_overview, overview
from mltui.cli.parser import Parser, nearest
from mltui.domain.errors import UsageError
from mltui.domain.text import one_line


def dispatch(words: list[str]) -> int:
    """Carry the command out; returns its exit code."""
    at = _command_at(words)
    parser = Parser("mltui", overview())
    add_app_options(parser)
    parser.add_argument("--version", action="version", version=f"mltui {__version__}")
    known = parser.read(words[:at])
    rest = words[at:]
    if rest and rest[0] == "help":
        return _help(rest[1:])
    if not rest or _is_folder(rest[0]):
        return _call("mltui.cli.app:open_app", _app_arguments(rest, known))
    if rest[0] in GROUPS and rest[1:2] in (["-h"], ["--help"]):
        return _help(rest[:1])
    if known.read_only or known.theme:
        raise UsageError(
            "--read-only and --theme are for the app.", f"Leave them out of: mltui {one_line(rest[0], 80)}"
        )
    command, rest = _find(rest)
    return _call(command.handler, command.parser().read(rest, known))


def _app_arguments(words: list[str], known: Namespace) -> Namespace:
    """Options may stand behind the folders too."""
    parser = Parser("mltui")
    add_app_options(parser)
    parser.add_argument("folders", nargs="*", type=Path)
    return parser.read(words, known)


def _command_at(words: Sequence[str]) -> int:
    """Index of the first word that is no option of mltui itself nor the value of one."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        at += 2 if words[at] in ("--engine", "--context", "--host", "--theme") else 1
    return min(at, len(words))


def _is_folder(word: str) -> bool:
    return word not in COMMANDS and word not in GROUPS and os.path.isdir(os.path.expanduser(word))


def _find(words: list[str]) -> tuple[Command, list[str]]:
    """The command, and the words after its name."""
    name = words[0]
    if name in COMMANDS:
        return COMMANDS[name], words[1:]
    if name not in GROUPS:
        hint = nearest(name, [*COMMANDS, *GROUPS]) or " It is no folder either."
        raise UsageError(f"There is no command {one_line(name, 80)!r}.{hint}", "See: mltui --help")
    return _find_in_group(name, words[1:])


def _find_in_group(group: str, words: list[str]) -> tuple[Command, list[str]]:
    members = [name.partition(" ")[2] for name in COMMANDS if name.startswith(f"{group} ")]
    if words and words[0] in members:
        return COMMANDS[f"{group} {words[0]}"], words[1:]
    known = f"Known: {', '.join(members)}."
    if not words:
        raise UsageError(f"mltui {group} needs one more word.", known)
    near = nearest(words[0], members)
    raise UsageError(f"There is no command '{group} {one_line(words[0], 80)}'.{near}", known)


def _help(words: list[str]) -> int:
    if not words:
        return dispatch(["--help"])
    if len(words) == 1 and words[0] in GROUPS:
        print(
            f"{group_overview(words[0])}\n\n`mltui {words[0]} COMMAND --help` shows a command's options and examples."
        )
        return 0
    command, _ = _find(words)
    print(command.parser().format_help(), end="")
    return 0


def _call(handler: str, args: Namespace) -> int:
    module, _, name = handler.partition(":")
    function: Callable[[Namespace], int] = getattr(importlib.import_module(module), name)
    return function(args)
