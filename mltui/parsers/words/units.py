"""Units: what stands behind a number says what kind of thing it measures."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mltui.domain.words import word_set


def _alternatives(units: Iterable[str]) -> str:
    """``units`` as the alternatives of an expression."""
    return "|".join(sorted(map(re.escape, units), key=lambda unit: (-len(unit), unit)))


#: Units of time: of what measures an error alone may have one.
TIME_UNITS = word_set("""
    s ms us µs μs ns m min mins h hr hrs d sec secs seconds second minutes hours days
""")
#: Units of memory, of what a machine does, and of counts: what is measured in them is no curve.
SIZE_UNITS = word_set("""
    B bytes b KB kB MB GB TB KiB MiB GiB TiB K k M G T Mi Gi MB/s GB/s kB/s W C °C V GHz MHz x
""")
#: Any of these, as it stands right behind its number in a cell of a table; ``s/it`` and the like are none of them.
TOUCHING = f"(?:{_alternatives(TIME_UNITS | SIZE_UNITS)}|it/s)"
#: Those that may stand behind it with a blank between: a letter alone may be a cell of its own.
APART = f"(?:{_alternatives({unit for unit in TIME_UNITS | SIZE_UNITS if len(unit) > 1})})"
#: Units in which quality is measured: they may follow a metric's value.
VALUE_UNITS = frozenset(("", "%", " %", "dB", "db", "bits", "nats", "bpc", "pts", "pp", "°", "deg", "mm", "cm", "px"))
#: The same as they stand behind a value in a cell; its percent sign left out.
OF_VALUES = _alternatives({unit for unit in VALUE_UNITS if unit and "%" not in unit})
#: In a name: its number is money.
MONEY_SIGNS = frozenset("$€")
#: What errors of prices are measured in; what any program loses, too.
MONEY = word_set("EUR USD GBP CHF JPY CNY BTC ETH USDT")
# What is predicted has such units, and its error, too: ``kg``, ``meV/Å``, ``years``.
_PHYSICAL = re.compile(
    r"°[CF]?|(?:[kMGmµμnpch]?(?:m|g|Hz|Wh?|eV|J|N|Pa|V|mol|rad|L)|k?cal|Å|K)[²³]?(?:/[A-Za-zÅ]+[²³]?)?"
    r"|pixels?|points?|degrees?|years?|met(?:er|re)s"
)


def is_physical(word: str) -> bool:
    """Whether ``word`` is a unit of what is predicted."""
    return _PHYSICAL.fullmatch(word) is not None
