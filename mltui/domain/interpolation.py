"""Variables in text, as Compose writes them: ``$NAME``, ``${NAME:-default}``, ``${NAME:?message}``, ``${NAME:+other}``.

``$$`` is the character itself. With a colon an empty value counts as unset, without one it does not; defaults may hold
variables themselves.
One thing differs from Compose: a variable that is not set and has no default is an error, not an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Callable

#: Gives the value of a variable, or ``None`` when it is not set.
Lookup = Callable[[str], str | None]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACE = re.compile(r"\$\{|\}")
_OPERATOR = re.compile(r":?[-?+]")
#: Deep enough for any person's defaults in defaults, and a bound for a hostile file.
_MAX_DEPTH = 8


class InterpolationError(ValueError):
    """A text whose variables are not written as Compose writes them."""


class UnsetVariable(InterpolationError):
    """A variable without a value and without a default."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(
            f"${{{name}}} is not set: {message}" if message
            else f"${{{name}}} is not set: export {name}, or write ${{{name}:-default}}"
        )  # fmt: skip
        self.name = name


def interpolate(text: str, lookup: Lookup) -> str:
    """``text`` with its variables filled in. Raises ``InterpolationError``."""
    return text if "$" not in text else _fill(text, lookup, 0)


def split_parts(text: str) -> list[str]:
    """The parts of ``text`` between colons; those within a variable's braces part nothing."""
    parts, depth = [""], 0
    for at, character in enumerate(text):
        depth += (character == "{" and text[at - 1 : at] == "$") - (character == "}" and depth > 0)
        if character == ":" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _fill(text: str, lookup: Lookup, depth: int) -> str:
    if depth > _MAX_DEPTH:
        raise InterpolationError(f"variables are nested more than {_MAX_DEPTH} deep")
    parts: list[str] = []
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        parts.append(text[at:dollar])
        value, at = _variable(text, dollar + 1, lookup, depth)
        parts.append(value)
    return "".join(parts) + text[at:]


def _variable(text: str, at: int, lookup: Lookup, depth: int) -> tuple[str, int]:
    """The value of the variable whose ``$`` stands before ``at``, and where the text goes on."""
    if text.startswith("$", at):
        return "$", at + 1
    braced = text.startswith("{", at)
    name = _NAME.match(text, at + braced)
    if name is None:
        raise InterpolationError("a $ that starts no variable: write $$ for the character itself")
    if not braced:
        return _required(name[0], lookup), name.end()
    end = _closing(text, name.end())
    return _expand(name[0], text[name.end() : end], lookup, depth), end + 1


def _closing(text: str, at: int) -> int:
    """Index of the ``}`` that ends the variable around ``at``."""
    open_braces = 1
    for brace in _BRACE.finditer(text, at):
        open_braces += 1 if brace[0] == "${" else -1
        if not open_braces:
            return brace.start()
    raise InterpolationError("a ${ that no } closes")


def _expand(name: str, rest: str, lookup: Lookup, depth: int) -> str:
    """The value of ``${name rest}``, where ``rest`` is empty or an operator and its operand."""
    if not rest:
        return _required(name, lookup)
    operator = _OPERATOR.match(rest)
    if operator is None:
        raise InterpolationError(f"${{{name}{rest}}}: after the name, expected }}, :-default, :?message or :+other")
    value, operand = lookup(name), rest[operator.end() :]
    is_set = value is not None and (bool(value) or operator[0][0] != ":")
    match operator[0][-1]:
        case "+":
            return _fill(operand, lookup, depth + 1) if is_set else ""
        case "?" if not is_set:
            raise UnsetVariable(name, _fill(operand, lookup, depth + 1) or "it is required")
        case _ if not is_set:
            return _fill(operand, lookup, depth + 1)
    return value or ""


def _required(name: str, lookup: Lookup) -> str:
    value = lookup(name)
    if value is None:
        raise UnsetVariable(name)
    return value
