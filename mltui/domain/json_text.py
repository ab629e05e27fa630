"""JSON as RFC 8259 has it: a number that is not finite, which it does not have, is a text.

``"NaN"``, ``"Infinity"`` and ``"-Infinity"`` are how Protocol Buffers' JSON mapping spells them, and Python's
``float()``, JavaScript's ``Number()`` and most parsers of numbers read them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping


def json_text(value: object) -> str:
    """``value`` as JSON on one line."""
    return json.dumps(json_value(value), allow_nan=False)


def json_value(value: object) -> object:
    """``value`` made of what JSON has; whatever it does not have becomes text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(item) for item in value]
    return str(value)
