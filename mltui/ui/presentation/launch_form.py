"""The launch form of a profile: a field for each parameter and for what the run may use, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log10
from typing import TYPE_CHECKING

from mltui.domain.errors import UsageError
from mltui.domain.figures import format_bytes
from mltui.domain.gpus import parse_gpus
from mltui.domain.param import Param, param_text
from mltui.domain.text import one_line
from mltui.domain.units import number_text, parse_cpus, parse_size, size_text
from mltui.runtime.starting import Wish
from mltui.runtime.sweep import combinations, values_of
from mltui.storage.launch_values import LaunchValues
from mltui.ui.presentation.fields import Field, Heading, Item, step_choice

if TYPE_CHECKING:
    from mltui.domain.launch import LaunchSpec
    from mltui.domain.profile import Profile

#: Between these a number can be stepped up and down.
_LEAST, _MOST = 1e-300, 1e300
#: What a person types for no limit.
_NONE = ("", "none", "no", "–")
#: Of more values of a sweep only the first and the last are named.
_MOST_SHOWN = 8
_LIMITS = ("cpus", "mem_limit", "shm_size")


class LaunchForm:
    """What is asked before a launch. ``last`` are the values that were used for this profile before."""

    def __init__(self, profile: Profile, last: LaunchValues, engines: tuple[str, ...], gpus: int = 0) -> None:
        self.profile = profile
        self.params = [self._param_field(name, param) for name, param in profile.params.items()]
        self.resources = [_gpu_field(profile, gpus), *_limit_fields(profile), _engine_field(profile, engines)]
        for fields, before in ((self.params, last.params), (self.resources, last.resources)):
            for field in fields:
                field.text = before.get(field.key, field.text)

    @property
    def fields(self) -> list[Field]:
        """All of them."""
        return [*self.params, *self.resources]

    @property
    def items(self) -> list[Item]:
        """The fields with their headings."""
        head: list[Item] = [Heading("Parameters"), *self.params] if self.params else []
        return [*head, Heading("Resources"), *self.resources]

    def _param_field(self, name: str, param: Param) -> Field:
        default = "" if param.value is None else param_text(param.value)
        return Field(
            name,
            one_line(name, 40),
            default,
            default,
            "needed" if param.value is None else "empty",
            one_line(param.help, 120),
            param.allowed,
            lambda text: self._param_problem(name, text),
            _param_step(param),
            digits=param.type in ("int", "float"),
        )

    def _param_problem(self, name: str, text: str) -> str:
        param = self.profile.params[name]
        if not text.strip() and param.type != "str":
            return "it needs a value" if param.value is None else f"expected a value, such as {param_text(param.value)}"
        try:
            seen = [param.parse(value.strip()) for value in values_of(self.profile, name, text)]
        except ValueError as error:
            return one_line(str(error))
        again = next((value for at, value in enumerate(seen) if value in seen[:at]), None)
        return "" if again is None else f"{param_text(again)} stands there twice"

    def wish(self) -> tuple[Wish, dict[str, tuple[str, ...]]]:
        """What the launch changes, and the values of the parameters of which there are several."""
        changed = {field.key: field.text.strip() for field in self.fields if field.changed}
        grid, single = {}, {}
        for field in self.params:
            values = values_of(self.profile, field.key, field.text)
            if len(values) > 1:
                grid[field.key] = values
            elif field.changed:
                single[field.key] = field.text.strip()
        limits = {key: "" if text in _NONE else text for key, text in changed.items() if key in _LIMITS}
        return Wish(single, changed.get("gpus"), changed.get("engine", ""), limits), grid

    def runs(self) -> tuple[Wish, ...]:
        """A launch for each run. Raises ``UsageError`` for too many, or for a value that is wrong."""
        wish, grid = self.wish()
        return combinations(self.profile, wish, grid)

    def resolved(self, spec: LaunchSpec) -> None:
        """Say how much shared memory there is where none was asked for."""
        field = next(one for one in self.resources if one.key == "shm_size")
        if not field.text.strip():
            size = format_bytes(spec.shm_size) if spec.shm_size else "the engine's own"
            field.none = size if spec.image else "the machine's"

    def used(self) -> LaunchValues:
        """What is to be remembered."""
        params, resources = (
            {field.key: field.text.strip() for field in fields if field.changed}
            for fields in (self.params, self.resources)
        )
        return LaunchValues(params, resources)

    @property
    def wrong(self) -> Field | None:
        """The first field with something wrong in it."""
        return next((field for field in self.fields if field.problem), None)

    def sweep_text(self) -> tuple[str, bool]:
        """``3 runs: lr 0.1, 0.01, 0.001``, and whether that can be done; empty where it is one run."""
        _, grid = self.wish()
        if not grid or self.wrong:
            return "", True
        try:
            count = len(self.runs())
        except UsageError as error:
            return f"{error.message} {error.hint}", False
        sizes = " × ".join(f"{len(values)} {name}" for name, values in grid.items())
        (name, values), *more = grid.items()
        what = sizes if more else f"{name} = {_listed(values)}"
        return f"{count} runs: {what}, in one group", True


def _listed(values: Sequence[str]) -> str:
    """The values, of many the first and the last."""
    shown = (*values[:_MOST_SHOWN], "…", values[-1]) if len(values) > _MOST_SHOWN + 1 else values
    return ", ".join(shown)


def _param_step(param: Param) -> Callable[[str, int], str]:
    if param.choices:
        return step_choice([param_text(choice) for choice in param.choices])
    if param.type == "bool":
        return step_choice(["false", "true"])
    if param.type == "str":
        return lambda text, _: text

    def step(text: str, by: int) -> str:
        try:
            now = int(text) if param.type == "int" else float(text)
            wanted = now + by if isinstance(now, int) else _next_of_1_2_5(now, by)
        except ValueError:
            return text
        if param.min is not None and wanted < param.min:
            wanted = param.min
        if param.max is not None and wanted > param.max:
            wanted = param.max
        return str(wanted) if isinstance(wanted, int) else number_text(wanted)

    return step


def _next_of_1_2_5(value: float, by: int) -> float:
    """The next of …, 0.1, 0.2, 0.5, 1, 2, 5, …: the steps in which rates are tried.

    Raises ``ValueError`` where there is none: at infinity, at no number, and at the ends of what a float can hold.
    """
    if not _LEAST < abs(value) < _MOST and value != 0:
        raise ValueError("no step from here")
    if value <= 0:
        return round(value + by * 0.1, 9)
    power = int(log10(value)) - 2
    series = [float(f"{digit}e{exponent}") for exponent in range(power, power + 5) for digit in (1, 2, 5)]
    if by > 0:
        return next(one for one in series if one > value * 1.0001)
    return next(one for one in reversed(series) if one < value * 0.9999)


def _gpu_field(profile: Profile, gpus: int) -> Field:
    from mltui.runtime.gpu_choice import wished_gpus

    wish = wished_gpus(profile, None)
    default = "auto" if wish.auto else str(wish.request) if wish.request else "none"
    named = [f"device={index}" for index in range(gpus)]
    choices = list(dict.fromkeys([default, "auto", "none", *map(str, range(1, gpus + 1)), *named, "all"]))
    return Field(
        "gpus", "GPUs", default, default, "none", "auto, none, all, so many, or device=0",
        check=_checked(parse_gpus), step=step_choice(choices), digits=True,
    )  # fmt: skip


def _checked(parse: Callable[[str], object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        try:
            parse(text)
        except ValueError as error:
            return one_line(str(error))
        return ""

    return check


def _limit_fields(profile: Profile) -> list[Field]:
    limits = profile.deploy.resources.limits
    cpus, memory = profile.cpus or limits.cpus, profile.mem_limit or limits.memory
    return [
        Field("cpus", "CPU limit", *_twice(cpus and number_text(cpus)), "no limit", "cores, such as 4 or 500m",
              check=_limit_check(parse_cpus), step=cpu_step, digits=True),
        Field("mem_limit", "Memory limit", *_twice(memory and size_text(memory)), "no limit", "such as 8g or 512m",
              check=_limit_check(parse_size), step=size_step("1g"), digits=True),
        Field("shm_size", "Shared memory", *_twice(profile.shm_size and size_text(profile.shm_size)), "usual",
              "/dev/shm, where data loaders pass batches", check=_limit_check(parse_size),
              step=size_step("2g"), digits=True),
    ]  # fmt: skip


def _twice(text: str | float | None) -> tuple[str, str]:
    return (str(text), str(text)) if text else ("", "")


def _limit_check(parse: Callable[[str], object]) -> Callable[[str], str]:
    checked = _checked(parse)
    return lambda text: "" if text.strip() in _NONE else checked(text)


def cpu_step(text: str, by: int) -> str:
    """One core more or less."""
    try:
        now = parse_cpus(text)
    except ValueError:
        return "1" if by > 0 else ""
    return number_text(now + by) if now + by > 0 else ""


def size_step(first: str) -> Callable[[str, int], str]:
    """Twice or half of a size."""

    def step(text: str, by: int) -> str:
        try:
            now = parse_size(text)
        except ValueError:
            return first if by > 0 else ""
        return size_text(now * 2 if by > 0 else max(now // 2, 1 << 20))

    return step


def _engine_field(profile: Profile, engines: tuple[str, ...]) -> Field:
    default = profile.engine
    choices = list(dict.fromkeys([default, "", *engines]))

    def check(text: str) -> str:
        known = ", ".join(engines)
        return "" if text.strip() in ("", *engines) else f"expected one of {known}, found {one_line(text, 30)!r}"

    return Field(
        "engine", "Engine", default, default, "the usual", "where it runs", check=check, step=step_choice(choices)
    )
