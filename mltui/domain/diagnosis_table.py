"""The table of signatures, from the plain values of its file to ``Signature``. Mistakes in it are ``ValueError``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mltui.domain.diagnosis import ChangeRule, Evidence, Kind, Limit, Place, Signature
from mltui.domain.line_pattern import parse_pattern
from mltui.domain.run import RunState

_KEYS = frozenset(
    {"id", "kind", "cause", "cure", "patterns", "where", "exit", "oom", "started", "states", "figures", "shows", "rank"}
    | {"change", "match", "miss"}
)
_CHANGE_KEYS = frozenset({"path", "rule", "value", "cap", "only"})
RULES = frozenset({"set", "remove", "add", "grow", "next_port", "shrink"})


def read_table(data: Mapping[str, Any]) -> tuple[Signature, ...]:
    """The signatures of a table."""
    table = tuple(_signature(entry) for entry in data["signature"])
    ids = [signature.id for signature in table]
    twice = {one for one in ids if ids.count(one) > 1}
    if twice:
        raise ValueError(f"these stand twice in the table: {', '.join(sorted(twice))}")
    return table


def _signature(entry: Mapping[str, Any]) -> Signature:
    unknown = set(entry) - _KEYS
    if unknown:
        raise ValueError(f"{entry.get('id')}: unknown keys {sorted(unknown)}")
    signature = Signature(
        id=entry["id"],
        kind=Kind(entry.get("kind", "failure")),
        cause=entry["cause"],
        cure=entry.get("cure", ""),
        patterns=tuple(map(parse_pattern, entry.get("patterns", ()))),
        where=tuple(map(Place, entry.get("where", tuple(Place)))),
        exit_codes=tuple(entry.get("exit", ())),
        oom=entry.get("oom"),
        started=entry.get("started"),
        states=tuple(map(RunState, entry.get("states", ("failed",)))),
        figures=tuple(_limit(name, text) for name, text in entry.get("figures", {}).items()),
        shows=entry.get("shows", ""),
        rank=entry.get("rank", 50),
        changes=tuple(_change(entry["id"], change) for change in entry.get("change", ())),
    )
    conditions = signature.exit_codes or signature.figures or signature.oom is not None
    if not (signature.patterns or conditions):
        raise ValueError(f"{signature.id}: nothing says when it fits")
    return signature


def _limit(name: str, text: str) -> Limit:
    """``>= 0.9`` or ``<= 3``."""
    sign, number = text.split()
    return Limit(name, float(number) if sign == ">=" else None, float(number) if sign == "<=" else None)


def _change(name: str, change: Mapping[str, Any]) -> ChangeRule:
    if set(change) - _CHANGE_KEYS or change.get("rule", "set") not in RULES:
        raise ValueError(f"{name}: a change that is not understood: {dict(change)}")
    return ChangeRule(
        change["path"],
        change.get("rule", "set"),
        change.get("value"),
        change.get("cap", ""),
        tuple(change.get("only", ())),
    )


def example(entry: Mapping[str, Any], what: str | Mapping[str, Any]) -> Evidence:
    """The evidence that an example of the table stands for: a line where the entry looks first, or all that is known.

    What a line leaves open is as the entry wants it, so that the line alone decides.
    """
    signature = _signature(entry)
    given: Mapping[str, Any] = {signature.where[0].value: [what]} if isinstance(what, str) else what
    code = signature.exit_codes[0] if signature.exit_codes else 1
    figures = {limit.name: limit.least if limit.least is not None else limit.most or 0.0 for limit in signature.figures}
    return Evidence(
        state=RunState(given.get("state", signature.states[0])),
        exit_code=given.get("exit", code if isinstance(what, str) else 1),
        oom_killed=given.get("oom", bool(signature.oom) if isinstance(what, str) else False),
        started=given.get("started", True if signature.started is None else signature.started),
        lines={place: _lines(given.get(place.value, ())) for place in Place},
        figures=given.get("figures", figures if isinstance(what, str) else {}),
        last_words=given.get("last_words", ""),
    )


def _lines(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(lines)
