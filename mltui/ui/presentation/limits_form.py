"""The limits of a running container as a form: each with what is used of it, and what a change would mean."""

from __future__ import annotations

from collections.abc import Callable

from mltui.domain.container import Limits
from mltui.domain.figures import UNKNOWN, format_percent
from mltui.domain.limits import TITLES, limit_text, parse_limit, use_of, warnings
from mltui.domain.text import one_line
from mltui.domain.units import number_text, size_text
from mltui.runtime.limits import LimitsNow
from mltui.ui.presentation.fields import Field
from mltui.ui.presentation.launch_form import cpu_step, size_step

_SUCH_AS = {"cpus": "cores, such as 2 or 500m", "memory": "such as 8g or 512m", "pids": "processes and threads"}
_FIRST_PIDS = 256


class LimitsForm:
    """What can be changed of a container that may use and uses ``now``."""

    def __init__(self, now: LimitsNow) -> None:
        self.now = now
        self.fields = [_field(what, now) for what in TITLES]

    @property
    def wrong(self) -> Field | None:
        """The first field with something wrong in it."""
        return next((field for field in self.fields if field.problem), None)

    def wanted(self) -> Limits:
        """The limits that were changed; nothing may be wrong."""
        changed = {field.key: parse_limit(field.key, field.text) for field in self.fields if field.changed}
        return Limits(**changed)  # type: ignore[arg-type]  # cpus alone is no whole number

    def warnings(self) -> list[str]:
        """What happens where a limit is below what is used now."""
        return [] if self.wrong else list(warnings(self.wanted(), self.now.usage))


def _field(what: str, now: LimitsNow) -> Field:
    limit = getattr(now.limits, what)
    text = "" if limit is None else size_text(limit) if what == "memory" else number_text(limit)
    steps: dict[str, Callable[[str, int], str]] = {"cpus": _cpus_step, "memory": size_step("1g"), "pids": _pids_step}
    return Field(
        what, TITLES[what], text, text, "no limit", "", _SUCH_AS[what],
        lambda typed: _problem(what, typed, text, now.machine), steps[what], digits=True, note=_use(what, now),
    )  # fmt: skip


def _problem(what: str, typed: str, before: str, machine: Limits) -> str:
    if typed.strip() == before:
        return ""
    if not typed.strip():
        return "a limit cannot be taken away while it runs"
    try:
        parse_limit(what, typed, machine)
    except ValueError as error:
        return one_line(str(error))
    return ""


def _cpus_step(text: str, by: int) -> str:
    """One core more or less; below one core it stays."""
    return cpu_step(text, by) or text


def _pids_step(text: str, by: int) -> str:
    """Twice or half as many."""
    if not text.strip().isdecimal():
        return str(_FIRST_PIDS) if by > 0 else ""
    return str(int(text) * 2 if by > 0 else max(1, int(text) // 2))


def _use(what: str, now: LimitsNow) -> str:
    """``1.20 GiB of 2.00 GiB in use (60 %)``."""
    used, limit = use_of(what, now.usage), getattr(now.limits, what)
    if used is None:
        return f"{UNKNOWN} in use"
    if limit is None:
        return f"{limit_text(what, used)} in use"
    return f"{limit_text(what, used)} of {limit_text(what, limit)} in use ({format_percent(used / limit)})"
