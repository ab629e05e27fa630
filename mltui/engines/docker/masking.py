"""Secrets taken out of what the engine tells of a container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mltui.domain.secret_names import is_secret_name
from mltui.engines.docker.create import LABEL_SECRETS

MASK = "•••"
#: Shorter values are not searched for elsewhere: they would hit what only happens to be equal.
_SHORTEST = 6


def masked(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """``inspected`` with the values of secret variables masked, in the environment and wherever else they stand.

    Secret are the variables that the run declared so and those whose name says it.
    """
    config = inspected.get("Config") or {}
    declared = set(str((config.get("Labels") or {}).get(LABEL_SECRETS, "")).split(","))
    pairs = [str(one).partition("=") for one in config.get("Env") or ()]
    secret = [(name, value) for name, _, value in pairs if value and (name in declared or is_secret_name(name))]
    replacements = {f"{name}={value}": f"{name}={MASK}" for name, value in secret}
    replacements |= {value: MASK for _, value in secret if len(value) >= _SHORTEST}
    result = _replaced(inspected, replacements)
    assert isinstance(result, dict)
    return result


def _replaced(value: object, replacements: Mapping[str, str]) -> object:
    if isinstance(value, str):
        for found, shown in replacements.items():
            value = value.replace(found, shown)
        return value
    if isinstance(value, Mapping):
        return {key: _replaced(inner, replacements) for key, inner in value.items()}
    return [_replaced(inner, replacements) for inner in value] if isinstance(value, list) else value
