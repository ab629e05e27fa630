"""How values are written as YAML: so that every reader, of YAML 1.1 and 1.2, reads back what was meant."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import yaml

from mltui.domain.errors import EditError
from mltui.storage.yaml_scalars import reads_as

#: A mapping or list that is written in one line is no longer than this.
_FLOW_WIDTH = 80

_STARTS_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`=<]|-(?![\s,\[\]{}]|$)|<(?!<)|=.")
_ENDS_PLAIN = re.compile(r":(?=\s|$)|\s#|[\x00-\x1f\x7f\x85\ufeff\u2028\u2029]|^(?:---|\.\.\.)|\s$")
_FLOW_SIGNS = re.compile(r"[,\[\]{}]")
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\x9f\ufeff\u2028\u2029\ud800-\udfff\ufffe\uffff]')
_UNFIT = re.compile("[\0\ud800-\udfff]")
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\x1b": "\\e"}
#: PyYAML's own resolver goes by YAML 1.1: what it takes for a number, a date or a truth value gets quotes.
_RESOLVERS = yaml.SafeLoader.yaml_implicit_resolvers


def scalar(value: object, style: str = "", *, in_flow: bool = False, as_key: bool = False) -> str:
    """A value on one line: in the quotes of ``style`` (``'``, ``"`` or none) where it can be written so.

    Raises ``EditError`` for what no file or no program can be given: half of a surrogate pair, a NUL.
    """
    if not isinstance(value, str):
        return str(value) if as_key else _plain_value(value)
    if unfit := _UNFIT.search(value):
        what = "a NUL character" if unfit[0] == "\0" else "half a character"
        raise EditError(f"A text with {what} in it cannot be written.")
    if style == '"' or _ESCAPED.search(value.replace('"', "").replace("\\", "")):
        return _double(value)
    if style == "'" or not _may_be_plain(value, in_flow, as_key):
        return "'" + value.replace("'", "''") + "'"
    return value


def _plain_value(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value) and type(value) is float:
        return ".nan" if value != value else ".inf" if value > 0 else "-.inf"
    # A number that remembers how it was written is written so again.
    return str(value)


def _may_be_plain(text: str, in_flow: bool, as_key: bool) -> bool:
    if not _STARTS_PLAIN.match(text) or _ENDS_PLAIN.search(text) or (in_flow and _FLOW_SIGNS.search(text)):
        return False
    number = not isinstance(reads_as(text), str) and not as_key
    return not number and not _is_other_in_yaml_1_1(text, as_key)


def _is_other_in_yaml_1_1(text: str, as_key: bool) -> bool:
    if text.lower() in ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"):
        return True
    resolvers = _RESOLVERS.get(text[0], []) + _RESOLVERS.get(None, [])
    return not as_key and any(pattern.match(text) for _, pattern in resolvers)


def _double(text: str) -> str:
    return '"' + _ESCAPED.sub(lambda found: _escape(found[0]), text) + '"'


def _escape(character: str) -> str:
    number = ord(character)
    return _ESCAPES.get(character) or (f"\\x{number:02X}" if number < 256 else f"\\u{number:04X}")


def flow(value: object, style: str = "") -> str:
    """A value on one line, whatever it is: ``{a: 1, b: [x, y]}``; its texts stand in the quotes of ``style``."""
    if isinstance(value, Mapping):
        pairs = (f"{scalar(k, in_flow=True, as_key=True)}: {flow(v, style)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(inner, style) for inner in value) + "]"
    return scalar(value, style, in_flow=True)


def fits_flow(value: object) -> bool:
    """A mapping or list that reads well on one line: scalars only, and short."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return not any(isinstance(item, Mapping | list | tuple) for item in inner) and len(flow(value)) <= _FLOW_WIDTH


def is_collection(value: object) -> bool:
    """A mapping or a list with something in it: what takes lines of its own in block style."""
    return isinstance(value, Mapping | list | tuple) and bool(value)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file lays out its blocks."""

    step: int = 2
    """Indentation of a mapping in a mapping."""
    offset: int = 2
    """Indentation of a list in a mapping."""
    small_in_line: bool = False
    """Small collections inside what is written stand on one line."""


def block(value: object, layout: Layout, style: str = "") -> list[str]:
    """The lines of a mapping or a list in block style, as they stand at column 0; texts in the quotes of ``style``."""
    if isinstance(value, Mapping):
        return [line for key, inner in value.items() for line in pair(scalar(key, as_key=True), inner, layout, style)]
    items = value if isinstance(value, list | tuple) else ()
    return [line for inner in items for line in item(inner, layout, style)]


def pair(key: str, value: object, layout: Layout, style: str = "", *, in_line: bool = False) -> list[str]:
    """The lines of ``key: value``, as they stand at column 0; a text stands in the quotes of ``style``."""
    if _in_line(value, layout, in_line):
        return _headed(f"{key}: ", value, layout.step, style)
    indent = layout.step if isinstance(value, Mapping) else layout.offset
    return [f"{key}:", *indented(block(value, layout, style), indent)]


def item(value: object, layout: Layout, style: str = "", *, in_line: bool = False) -> list[str]:
    """The lines of ``- value``, as they stand at column 0; a text stands in the quotes of ``style``."""
    if _in_line(value, layout, in_line):
        return _headed("- ", value, 2, style)
    first, *rest = block(value, layout, style)
    return [f"- {first}", *indented(rest, 2)]


def indented(lines: Iterable[str], columns: int) -> list[str]:
    """Lines moved to the right; empty ones stay empty."""
    return [f"{' ' * columns}{line}" if line else "" for line in lines]


def _in_line(value: object, layout: Layout, wanted: bool) -> bool:
    return not is_collection(value) or ((wanted or layout.small_in_line) and fits_flow(value))


def _headed(head: str, value: object, indent: int, style: str) -> list[str]:
    if isinstance(value, str) and not style and (lines := literal(value)):
        return [head + lines[0], *indented(lines[1:], indent)]
    return [head + (flow(value, style) if isinstance(value, Mapping | list | tuple) else scalar(value, style))]


def literal(text: str) -> list[str]:
    """A text of several lines as a block scalar: its header and its lines; nothing where it cannot be one."""
    body = text.rstrip("\n")
    if "\n" not in body and not (body and text.endswith("\n")):
        return []
    if _ESCAPED.search(re.sub(r'[\n"\\]', "", text)) or body.startswith(("\n", " ")):
        return []
    if any(line and not line.strip(" ") for line in body.split("\n")):
        return []
    ends = len(text) - len(body)
    return ["|" + ("-" if ends == 0 else "" if ends == 1 else "+"), *body.split("\n"), *[""] * max(0, ends - 1)]
