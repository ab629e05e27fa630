"""``mltui profile list``, ``show``, ``check``, ``schema`` and ``import``."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mltui.cli.output import paint, print_json, print_table, say
from mltui.cli.session import load, profiles
from mltui.domain.errors import UsageError
from mltui.domain.paths import user_path
from mltui.domain.text import clean, one_line
from mltui.domain.units import number_text

if TYPE_CHECKING:
    from mltui.domain.import_remarks import Remark
    from mltui.domain.param import Param
    from mltui.domain.profile import Profile
    from mltui.storage.profiles import ProfileEntry


def list_profiles(args: Namespace) -> int:
    """Print the profiles that can be named from here; a broken one with what is wrong with it."""
    found = profiles()
    entries = found.list()
    if args.json:
        for entry in entries:
            print_json(_entry_value(entry))
    elif entries:
        rows = [(e.name, "broken" if e.problem else "ok", str(e.path), _about(e)) for e in entries]
        print_table(("PROFILE", "STATE", "FILE", "ABOUT"), rows)
    else:
        looked = ", ".join(map(str, found.folders))
        say(f"There is no profile here. Looked in {looked}.")
    if found.absent:
        say(found.absent)
    return 0


def _about(entry: ProfileEntry) -> str:
    problem = entry.problem
    if problem is None:
        return entry.description
    return ": ".join(filter(None, (f"line {problem.line}", problem.path, problem.message)))


def _entry_value(entry: ProfileEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "path": str(entry.path),
        "description": entry.description,
        "tags": entry.tags,
        "problem": asdict(entry.problem) if entry.problem else None,
    }


def show(args: Namespace) -> int:
    """Print a profile's parameters and its file."""
    profile = load(args.profile)
    if args.json:
        print_json(_profile_value(profile))
        return 0
    for name, text in (("profile", profile.name), ("file", str(profile.path)), ("about", profile.description)):
        if text:
            print(f"{paint(f'{name:<8}', 'bold')} {clean(text)}")
    if profile.params:
        print()
        print_table(("PARAMETER", "TYPE", "DEFAULT", "ALLOWED", "ABOUT"), _param_rows(profile))
    print(f"\n{clean(profile.path.read_text(encoding='utf-8', errors='replace')).rstrip()}")
    return 0


def _param_rows(profile: Profile) -> Iterator[tuple[str, ...]]:
    for name, param in profile.params.items():
        default = "needed" if param.value is None else str(param.value)
        yield name, param.type, default, _allowed(param), param.help


def _allowed(param: Param) -> str:
    if param.choices:
        return ", ".join(map(str, param.choices))
    low, high = ("" if bound is None else number_text(bound) for bound in (param.min, param.max))
    return f"{low}…{high}" if low or high else ""


def _profile_value(profile: Profile) -> dict[str, object]:
    params = {
        name: {
            "type": param.type,
            "default": param.value,
            "min": param.min,
            "max": param.max,
            "choices": param.choices,
            "help": param.help,
        }
        for name, param in profile.params.items()
    }
    return {
        "name": profile.name,
        "path": str(profile.path),
        "description": profile.description,
        "tags": profile.tags,
        "engine": profile.engine,
        "params": params,
        "source": profile.source,
    }


def check(args: Namespace) -> int:
    """Print every problem of the profiles, on stderr in the form of a compiler; 1 when there is one."""
    from mltui.runtime.preflight import problems_and_warnings

    broken = False
    found = profiles()
    for path in [found.find(name) for name in args.profiles] if args.profiles else found.files():
        problems, warnings = problems_and_warnings(found.check(path))
        broken |= bool(problems)
        if args.json:
            said = {"problems": [asdict(one) for one in problems], "warnings": [asdict(one) for one in warnings]}
            print_json({"path": str(path), "ok": not problems, **said})
            continue
        for problem in problems:
            print(clean(str(problem)), file=sys.stderr)
        for problem in warnings:
            print(clean(str(replace(problem, message=f"warning: {problem.message}"))), file=sys.stderr)
        if not problems:
            print(f"{clean(str(path))}: ok")
    return 1 if broken else 0


def schema(args: Namespace) -> int:
    """Print what a profile may say: a JSON Schema, or the reference page."""
    if args.format == "markdown":
        from mltui.domain.reference_page import reference_page

        print(reference_page(), end="")
        return 0
    from mltui.domain.json_schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def import_profile(args: Namespace) -> int:
    """Make a profile of a Compose file's service, or of a ``docker run`` line; say all that is not in it as it was."""
    from mltui.storage.profile_import import draft_from_text, write_draft

    file, text = _to_import(args.source)
    to_stdout = args.output == "-"
    target = user_path(args.output) if args.output and not to_stdout else None
    # Its name decides where it goes, and where it goes decides its paths.
    draft = draft_from_text(text, file=file, target=Path.cwd(), service=args.service)
    place = target or Path("profiles") / draft.name
    folder = Path.cwd() if to_stdout else place.parent if place.suffix in (".yaml", ".yml") else place
    draft = draft_from_text(text, file=file, target=Path(os.path.abspath(folder)), service=args.service)
    written = None if to_stdout else write_draft(draft, place)
    if to_stdout:
        print(draft.text, end="")
    if args.json:
        remarks = [{"change": str(one.change), "path": list(one.path), "message": one.message} for one in draft.remarks]
        print_json({"name": draft.name, "path": str(written or ""), "remarks": remarks})
        return 0
    _say_remarks(draft.remarks)
    if written:
        say(f"Look at it: mltui profile check {written}; mltui run {written} --dry-run")
        print(clean(str(written)))
    return 0


def _to_import(source: str) -> tuple[Path, str]:
    """The file that is imported, and its text; a text that was given itself stands in this folder."""
    from mltui.storage.profile_import import MOST_BYTES, decoded, is_command, read_named

    here = Path.cwd() / "compose.yaml"
    if source == "-":
        return here, decoded(sys.stdin.buffer.read(MOST_BYTES + 1), "Standard input")
    if is_command(source):
        return here, source
    if not source.strip():
        raise UsageError("There is nothing to import.", "Give a Compose file, or a line such as: docker run IMAGE")
    return read_named(source, Path.cwd())


def _say_remarks(remarks: Iterable[Remark]) -> None:
    from mltui.domain.import_remarks import Change

    for change in Change:
        found = [remark for remark in remarks if remark.change is change]
        if found:
            say(f"{change.heading}:")
        for remark in found:
            say(f"  {one_line(str(remark), 400)}")
