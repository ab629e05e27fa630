"""``mltui settings``: where they are, what holds, what is wrong with them, and the keys they can change."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict

from mltui.cli.output import paint, print_json, print_table
from mltui.domain.text import clean


def path(_: Namespace) -> int:
    """Print the file's path."""
    from mltui.storage.last_start import settings_path

    print(clean(str(settings_path())))
    return 0


def show(args: Namespace) -> int:
    """Print every setting with the value that holds; what differs from the default is marked."""
    from mltui.domain.settings import Settings
    from mltui.ui.user_settings import settings_file

    file = settings_file()
    loaded = file.read()
    now, default = (dict(_flat(one.model_dump())) for one in (loaded.settings, Settings()))
    if args.json:
        print_json({"path": str(file.path), "there": file.path.exists(), "settings": loaded.settings.model_dump()})
        return 0
    rows = [(name, _text(value), "" if value == default.get(name) else "changed") for name, value in now.items()]
    print_table(("SETTING", "VALUE", ""), rows)
    there = "" if file.path.exists() else " is not there: all settings have their defaults"
    print(paint(f"\n{clean(str(file.path))}{there}", "dim"))
    return 0


def _flat(values: dict[str, object], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _text(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g} s" if isinstance(value, float) else str(value) or "–"


def check(args: Namespace) -> int:
    """Print every problem of the file; 1 when there is one."""
    from mltui.ui.user_settings import settings_file

    file = settings_file()
    problems = file.read().problems
    if args.json:
        print_json({"path": str(file.path), "ok": not problems, "problems": [asdict(one) for one in problems]})
    else:
        for problem in problems:
            print(clean(str(problem)), file=sys.stderr)
        if not problems:
            print(f"{clean(str(file.path))}: {'ok' if file.path.exists() else 'not there, which is fine'}")
    return 1 if problems else 0


def keys(args: Namespace) -> int:
    """Print every command with its name, its keys now and what it does."""
    from mltui.ui.command import use_keys
    from mltui.ui.commands import places
    from mltui.ui.keymap import keys_by_command
    from mltui.ui.user_settings import settings_file

    changed = keys_by_command(settings_file().read().settings.keymap)
    use_keys(changed)
    commands = dict.fromkeys(one for _, found in places() for one in found)
    if args.json:
        for one in commands:
            value = {"command": one.id, "keys": one.keys_now, "default": one.keys.split(","), "help": one.help}
            print_json(value)
        return 0
    rows = [(one.id, one.every_key or "none", "changed" if one.id in changed else "", one.help) for one in commands]
    print_table(("COMMAND", "KEYS", "", "DOES"), rows)
    return 0
