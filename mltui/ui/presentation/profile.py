"""A profile as lines: what it is, what can be set, and the exact command it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mltui.domain.figures import cores_text, format_bytes
from mltui.domain.text import clean, one_line
from mltui.ui.commands import key_of
from mltui.ui.widgets.lines import Line, Span, columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mltui.domain.errors import Problem
    from mltui.domain.launch import LaunchSpec
    from mltui.domain.param import Param
    from mltui.domain.profile import Profile

_NAME = 16


def profile_lines(profile: Profile) -> list[Line]:
    """What the profile is and what can be set at its launch."""
    lines: list[Line] = []
    if profile.tags:
        lines += [[(" ".join(f"#{one_line(tag, 30)}" for tag in profile.tags), "alt")], []]
    if profile.params:
        lines.append([("Parameters", "title")])
        names = max(_NAME, *(columns(one_line(name, 40)) for name in profile.params))
        room = max(columns(_default(param)) for param in profile.params.values())
        lines += [_param_line(name, param, names, room) for name, param in profile.params.items()]
        lines += [[(f"  {key_of('profiles.open')} changes them for one launch", "dim")], []]
    return lines


def _param_line(name: str, param: Param, names: int, room: int) -> Line:
    remarks = " · ".join(filter(None, (param.allowed, one_line(param.help, 120))))
    return [(f"  {one_line(name, 40):<{names}} ", "text"), (f"{_default(param):<{room}}  ", "strong"), (remarks, "dim")]


def _default(param: Param) -> str:
    return "–" if param.default is None else one_line(str(param.default), 30)


def launch_lines(
    spec: LaunchSpec, command: str, where: str, notes: Sequence[str], *, elsewhere: bool = False
) -> list[Line]:
    """Where it would run, with what, and the command, which ``elsewhere`` is that of a container it would not get."""
    resources = spec.resources
    facts = [
        ("runs on", where),
        ("image", spec.image + (" (built from its Dockerfile)" if spec.build else "") or "none: a plain process"),
        ("GPUs", str(spec.gpus) if spec.gpus else "none"),
        ("CPU limit", cores_text(resources.cpus) if resources.cpus else "none"),
        ("memory limit", format_bytes(resources.memory) if resources.memory else "none"),
    ]
    if spec.image:
        facts.append(("shared memory", format_bytes(spec.shm_size) if spec.shm_size else "the engine's default"))
    lines: list[Line] = [[("What a launch does", "title")]]
    lines += [[(f"  {name:<{_NAME}} ", "text"), (one_line(value, 160), "strong")] for name, value in facts]
    lines += [[("  ", "text"), (one_line(note, 300), "accent")] for note in notes if note]
    same = "The same in a container" if elsewhere else "The same by hand"
    lines += [[], [(same, "title"), (f"   {key_of('profiles.copy')} copies it", "dim")]]
    return [*lines, *([(f"  {clean(line)}", "dim")] for line in command.split("\n"))]


def problem_lines(problems: Sequence[Problem], file: str) -> list[Line]:
    """All that is wrong with a profile, where it is, and how to go on. ``file`` is the profile's own."""
    lines: list[Line] = [[("It cannot be launched:", "error-strong")], []]
    for one in problems:
        place = f"line {one.line}" if one.file == file else f"{one_line(one.file, 200)}:{one.line}"
        key: list[Span] = [(f"{clean(one.path)}  ", "strong")] if one.path else []
        lines.append([("  ", "text"), (f"{place:<8}  ", "dim"), *key, (clean(one.message), "text")])
    edit: Line = [
        (key_of("profiles.edit"), "key"),
        (" opens it in the editor; a file that changed is read again.", "dim"),
    ]
    return [*lines, [], edit]


def hindrance_lines(text: str) -> list[Line]:
    """Why a profile that is sound cannot be launched as things are."""
    said: list[Line] = [[("  ", "text"), (clean(line), "text")] for line in text.split("\n")]
    return [[("It cannot be launched as things are:", "error-strong")], [], *said]
