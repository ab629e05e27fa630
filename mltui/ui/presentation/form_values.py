"""What is typed into a form's row as a value of YAML, and the next value up or down."""

from __future__ import annotations

from collections.abc import Sequence

from mltui.domain.schema import Kind, SchemaField
from mltui.domain.units import duration_text, number_text, parse_cpus, parse_duration, parse_size, size_text
from mltui.ui.presentation.launch_form import _next_of_1_2_5 as next_of_1_2_5

_NUMBERS = frozenset(
    {Kind.INT, Kind.NUMBER, Kind.SIZE, Kind.CPUS, Kind.DURATION, Kind.VALUE, Kind.GPUS, Kind.ANYTHING, Kind.BOOL}
)


def typed_value(text: str, known: SchemaField | None, old: object) -> object:
    """The value that ``text`` stands for in a field: a number, a truth value or text, as the field would have it."""
    from mltui.storage.yaml_source import reads_as

    value = reads_as(text)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if known is None or known.kind in _NUMBERS:
        return value if text else None
    # Compose's texts may be written as numbers; a text with a pattern of its own may not.
    was_number = isinstance(old, int | float) and not isinstance(old, bool)
    if number and not known.pattern and (was_number or known.key == "*"):
        return value
    return text


def next_value(text: str, by: int, known: SchemaField | None) -> str:
    """The next value in a direction (1 or -1); the same text where there is none."""
    kind = known.kind if known else Kind.VALUE
    choices = _choices(known)
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
    now = float(text) if text else 0.0
    whole = now.is_integer() and "." not in text and "e" not in text.lower()
    wanted = now + by if kind in (Kind.INT, Kind.GPUS) or whole else next_of_1_2_5(now, by)
    if known and known.minimum is not None:
        wanted = max(wanted, known.minimum)
    if known and known.maximum is not None:
        wanted = min(wanted, known.maximum)
    return number_text(wanted)
