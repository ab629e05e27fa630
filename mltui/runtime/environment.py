"""The variables of a run: those the profile writes, those of its files, and the caller's; and which are secrets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mltui.domain.compose import EnvFile
from mltui.domain.interpolation import InterpolationError, interpolate
from mltui.domain.param import NAME
from mltui.domain.paths import user_path
from mltui.domain.profile import Profile
from mltui.domain.profile_faults import Fault
from mltui.domain.secret_names import is_secret_name
from mltui.domain.secret_text import gives_itself_away

#: Variables of every login that are nobody's secret.
PUBLIC = frozenset({"HOME", "USER", "LOGNAME", "PWD", "LANG", "TZ", "HOSTNAME", "UID", "GID", "CUDA_VISIBLE_DEVICES"})
_LONE_VARIABLE = re.compile(r"\$(\w+|\{\w+([:?+-].*)?\})")
_LINE = re.compile(r"(?:export\s+)?(?P<name>[^\s=#]+)\s*(?P<equals>=)?\s*(?P<value>.*)")
#: Nobody's file of variables is larger.
_MAX_FILE = 1 << 20


@dataclass(frozen=True)
class Variables:
    """A run's environment, and what is wrong with it."""

    values: Mapping[str, str]
    secrets: frozenset[str]
    """Names whose values may not be shown."""
    faults: tuple[Fault, ...] = ()


def variables_in(text: str) -> set[str]:
    """Names of the variables that ``text`` refers to."""
    names: set[str] = set()

    def record(name: str) -> str:
        names.add(name)
        return ""

    try:
        interpolate(text, record)
    except InterpolationError:
        return names
    return names


def read_environment(
    written: Profile, filled: Profile, params: Mapping[str, str], caller: Mapping[str, str]
) -> Variables:
    """The variables of ``filled``, whose texts ``written`` has as they stand in the file.

    Files come first, ``environment`` wins over them. A name without a value, and one under ``secrets``, is the
    caller's; one that the caller does not have is a fault.
    """
    values: dict[str, str] = {}
    secrets: set[str] = set()
    faults: list[Fault] = []
    for index, entry in enumerate(filled.env_file):
        try:
            found = read_env_file(entry, filled.folder, caller)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            faults.append(Fault(("env_file", index), f"{entry.path} cannot be read: {reason}"))
            continue
        values |= found
        secrets |= set(found)
    for name, value in filled.environment.items():
        asked = caller.get(name) if value is None else value
        if asked is None:
            faults.append(_missing(name, "environment"))
            continue
        values[name] = asked
        secrets.discard(name)
        if value is None or _is_secret(name, written.environment.get(name) or "", params, caller):
            secrets.add(name)
    for index, name in enumerate(filled.secrets):
        if name not in values and name not in caller:
            faults.append(_missing(name, "secrets", index))
        values.setdefault(name, caller.get(name, ""))
        secrets.add(name)
    # A value built around a secret gives it away as well.
    declared = set(filled.secrets) | {name for name, value in filled.environment.items() if value is None}
    secrets |= {name for name in filled.environment if variables_in(written.environment.get(name) or "") & declared}
    return Variables(values, frozenset(secrets), tuple(faults))


def _missing(name: str, *path: str | int) -> Fault:
    return Fault(
        (*path, name) if len(path) == 1 else path,
        f"{name} is taken from your environment and is not set there: export {name}",
    )


def _is_secret(name: str, written: str, params: Mapping[str, str], caller: Mapping[str, str]) -> bool:
    """A name that says so, or a value that is, or holds, a secret of the caller's."""
    taken = {used for used in variables_in(written) if used not in params and used in caller}
    lone = bool(taken - PUBLIC) and _LONE_VARIABLE.fullmatch(written) is not None
    return is_secret_name(name) or lone or any(is_callers_secret(used, caller) for used in taken)


def is_callers_secret(name: str, caller: Mapping[str, str]) -> bool:
    """A variable of the caller's that is a secret by its name, or by what it holds."""
    return is_secret_name(name) or gives_itself_away(caller.get(name, ""))


def read_env_file(entry: EnvFile, folder: Path, caller: Mapping[str, str]) -> dict[str, str]:
    """The variables of an ``env_file``: ``NAME=value`` lines, quoted or not, ``#`` comments, ``export``.

    A name without ``=`` takes the caller's value, if there is one. Raises ``OSError``, ``ValueError`` with the line.
    """
    path = folder / user_path(entry.path)
    if not path.is_file() and not entry.required:
        return {}
    with path.open("rb") as stream:
        data = stream.read(_MAX_FILE + 1)
    if len(data) > _MAX_FILE:
        raise ValueError("it is larger than 1 MiB")
    values: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8-sig", errors="replace").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None or not NAME.fullmatch(match["name"]):
            raise ValueError(f"line {number} is not NAME=value")
        if match["equals"]:
            values[match["name"]] = match["value"] if entry.format == "raw" else _unquoted(match["value"], number)
        elif match["name"] in caller:
            values[match["name"]] = caller[match["name"]]
    return values


def _unquoted(value: str, number: int) -> str:
    """A value without its quotes, or without the comment behind it."""
    if value[:1] in ("'", '"'):
        try:
            return (shlex.split(value, comments=True) or [""])[0]
        except ValueError as error:
            raise ValueError(f"line {number}: a quote is not closed") from error
    return re.split(r"\s#", value, maxsplit=1)[0].rstrip()
