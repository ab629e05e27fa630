"""What is typed into a form's row as a value of YAML, and the next value up or down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mltui.domain.schema import Kind, SchemaField
from mltui.domain.units import duration_text, number_text, parse_cpus, parse_duration, parse_size, size_text
from mltui.ui.presentation.launch_form import _next_of_1_2_5 as next_of_1_2_5
from mltui.ui.presentation.profile_form import written_value

_NUMBERS = frozenset(
    {Kind.INT, Kind.NUMBER, Kind.SIZE, Kind.CPUS, Kind.DURATION, Kind.VALUE, Kind.GPUS, Kind.ANYTHING, Kind.BOOL}
)


def typed_value(text: str, known: SchemaField | None, old: object) -> object:
    """The value that ``text`` stands for in a field: a number, a truth value or text, as the field would have it."""
    from mltui.storage.yaml_source import reads_as

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


def short_form(known: SchemaField | None) -> SchemaField | None:
    """The field of a value that stands alone where keys of its own, entries or names could stand."""
    if known is None or known.kind not in (Kind.SECTION, Kind.MAP, Kind.LIST):
        return known
    return next((form for form in known.forms if form.kind not in (Kind.SECTION, Kind.MAP, Kind.LIST)), known)


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
    if known.kind is Kind.BOOL:
        return ("false", "true")
    return ("none", "auto", "all", "1") if known.kind is Kind.GPUS else known.choices


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
        size = parse_size(text) if text else 1 << 29
        return size_text(max(1 << 20, size * 2 if by > 0 else size // 2))
    if kind is Kind.CPUS:
        return number_text(max(0.5, (parse_cpus(text) if text else 0.0) + by * (1 if text else 0.5)))
    if kind is Kind.DURATION:
        return duration_text(max(0.0, (parse_duration(text) if text else 0.0) + 10 * by))
    if kind is Kind.VALUE and text in ("true", "false"):
        return "false" if text == "true" else "true"
    if kind not in (Kind.INT, Kind.NUMBER, Kind.VALUE, Kind.GPUS, Kind.ANYTHING):
        return text
    wanted = _next_of(text or "0", by, kind)
    if known and known.minimum is not None:
        wanted = max(wanted, known.minimum)
    if known and known.maximum is not None:
        wanted = min(wanted, known.maximum)
    return str(wanted) if isinstance(wanted, int) else number_text(wanted)


def _next_of(text: str, by: int, kind: Kind) -> int | float:
    """A whole number is counted on, exactly; another goes along 1, 2, 5."""
    if kind in (Kind.INT, Kind.GPUS) or text.lstrip("+-").isdecimal():
        return int(text) + by
    return next_of_1_2_5(float(text), by)
