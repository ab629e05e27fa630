"""What is typed into a form's row as a value of YAML, and the next value up or down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, floor

from mltui.domain.schema import Kind, SchemaField
from mltui.domain.units import duration_text, number_text, parse_cpus, parse_duration, parse_size, size_text
from mltui.ui.presentation.launch_form import _next_of_1_2_5 as next_of_1_2_5
from mltui.ui.presentation.profile_form import short_form, written_value

_NUMBERS = frozenset(
    {Kind.INT, Kind.NUMBER, Kind.SIZE, Kind.CPUS, Kind.DURATION, Kind.VALUE, Kind.GPUS, Kind.ANYTHING, Kind.BOOL}
)


#: What a size is when nothing says it, for the first step from there.
_SIZES_BEFORE: Mapping[tuple[str, ...], int] = {("shm_size",): 2 << 30}


def typed_value(text: str, known: SchemaField | None, old: object) -> object:
    """The value that ``text`` stands for in a field: a number, a truth value or text, as the field would have it."""
    from mltui.storage.yaml_scalars import reads_as

    if isinstance(old, str) and not isinstance(reads_as(old), str):
        # Only its quotes make it text: it was meant as one.
        return text
    value = reads_as(text)
    entry, known = known is not None and known.key == "*", short_form(known)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if known is None or known.kind in _NUMBERS:
        return value if text else None
    # Compose's texts may be written as numbers; a text with a pattern of its own may not.
    was_number = isinstance(old, int | float) and not isinstance(old, bool)
    if number and not known.pattern and (was_number or entry):
        return value
    return text


def default_of_param(known: SchemaField, param: Mapping[str, object]) -> SchemaField:
    """The field of a parameter's default, with the type and the bounds that the parameter itself says."""
    kinds = {"int": Kind.INT, "float": Kind.NUMBER, "bool": Kind.BOOL, "str": Kind.TEXT}
    low, high, choices = param.get("min"), param.get("max"), param.get("choices")
    return replace(
        known,
        kind=kinds.get(str(param.get("type")), known.kind),
        minimum=low if isinstance(low, int | float) else None,
        maximum=high if isinstance(high, int | float) else None,
        choices=tuple(map(written_value, choices)) if isinstance(choices, list) else (),
    )


def next_value(text: str, by: int, known: SchemaField | None) -> str:
    """The next value in a direction (1 or -1); the same text where there is none."""
    known = short_form(known)
    kind = known.kind if known else Kind.VALUE
    if kind is Kind.GPUS:
        return _next_gpus(text, by)
    choices = _choices(known)
    if choices and kind is Kind.VALUE:
        return _next_choice(text, by, choices)
    if choices and (text in choices or not _is_number(text)):
        return _next_choice(text, by, choices)
    try:
        return _next_number(text, by, kind, known)
    except ValueError:
        return text


def _choices(known: SchemaField | None) -> Sequence[str]:
    if known is None:
        return ()
    return ("false", "true") if known.kind is Kind.BOOL else known.choices


def _next_gpus(text: str, by: int) -> str:
    """none, auto, all, 1, 2, …"""
    words = ("none", "auto", "all")
    if not text:
        return words[0 if by > 0 else -1]
    if text not in words and not text.isdecimal():
        # Which ones somebody has typed is not taken away by a step.
        return text
    at = (words.index(text) if text in words else int(text) + len(words) - 1) + by
    return words[max(at, 0)] if at < len(words) else str(at - len(words) + 1)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _next_choice(text: str, by: int, choices: Sequence[str]) -> str:
    if text not in choices:
        return choices[0 if by > 0 else -1]
    return choices[(choices.index(text) + by) % len(choices)]


def _next_number(text: str, by: int, kind: Kind, known: SchemaField | None) -> str:
    if kind is Kind.SIZE:
        size = parse_size(text) if text else _SIZES_BEFORE.get(known.path if known else (), 1 << 29)
        return size_text(max(1 << 20, size * 2 if by > 0 else size // 2))
    if kind is Kind.CPUS:
        return number_text(_next_cores(parse_cpus(text), by) if text else 0.5)
    if kind is Kind.DURATION:
        return duration_text(max(0.0, (parse_duration(text) if text else 0.0) + 10 * by))
    if kind is Kind.VALUE and text in ("true", "false"):
        return "false" if text == "true" else "true"
    if kind not in (Kind.INT, Kind.NUMBER, Kind.VALUE, Kind.ANYTHING):
        return text
    whole = _is_whole(text, kind, known)
    wanted = int(text or "0") + by if whole else next_of_1_2_5(float(text or "0"), by)
    if known and known.minimum is not None:
        wanted = max(wanted, known.minimum)
    if known and known.maximum is not None:
        wanted = min(wanted, known.maximum)
    if whole:
        return str(wanted) if isinstance(wanted, int) else number_text(wanted)
    # A parameter's type may follow from how its value is written: 1.0 is no whole number.
    return repr(float(wanted))


def _is_whole(text: str, kind: Kind, known: SchemaField | None) -> bool:
    """Whole numbers are counted on, exactly; others go along 1, 2, 5. The default of a parameter that says it is a
    float is one however it is written."""
    if kind is Kind.INT:
        return True
    says_float = kind is Kind.NUMBER and known is not None and known.path[-1:] == ("default",)
    return not says_float and (text or "0").lstrip("+-").isdecimal()


def _next_cores(cores: float, by: int) -> float:
    """Half a core, then whole ones."""
    return max(0.5, floor(cores) + 1 if by > 0 else ceil(cores) - 1)
