"""The user's settings: what a person chooses once for all of mltui.

Every field is declared once, here: its type and bounds are the validation, its title and description are what the form
and the documentation show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from mltui.domain.profile_faults import Fault, errors_of, faults_of
from mltui.domain.section import Seconds, Section, Text, Texts, fault

#: Finds what the schema cannot: names that only another layer knows, such as those of themes and commands.
FurtherCheck = Callable[["Settings"], list[Fault]]


def _within(low: float, high: float, said: str) -> AfterValidator:
    """Bounds of a duration, said as a person writes them."""

    def check(seconds: float) -> float:
        if not low <= seconds <= high:
            raise fault(f"expected {said}, found {seconds:g} s")
        return seconds

    return AfterValidator(check)


class Refresh(Section):
    """How often things are looked at; durations such as ``500ms`` or ``2s``."""

    screen: Annotated[Seconds, _within(0.05, 5, "50ms to 5s")] = Field(
        default=0.1,
        title="Screen",
        description="How often the screen shows what is new, 50ms to 5s: slower saves a slow link.",
    )
    samples: Annotated[Seconds, _within(0.5, 60, "500ms to 60s")] = Field(
        default=1.0, title="Figures", description="How often CPU, memory and GPUs are sampled, 500ms to 60s."
    )
    files: Annotated[Seconds, _within(0.1, 60, "100ms to 60s")] = Field(
        default=0.5, title="Files", description="How often profiles and settings on disk are looked at, 100ms to 60s."
    )


class Settings(Section):
    """What the settings file says, with the defaults for what it does not."""

    theme: Text = Field(default="mltui-dark", title="Theme", description="Colours; T switches for the moment.")
    engine: Text = Field(
        default="", title="Engine", description="docker or local, where nothing else says; empty: the one that answers."
    )
    ask: Literal["always", "removing"] = Field(
        default="always",
        title="Ask",
        description="always, or only before something is removed: stop and kill act at once.",
    )
    profile_folders: Texts = Field(
        default=(), title="Profile folders", description="Further folders to look for profiles in."
    )
    refresh: Refresh = Field(default=Refresh(), title="Refresh", description="How often things are looked at.")
    keymap: dict[str, Texts] = Field(
        default={}, title="Keys", description="Keys of commands, by the command's name: runs.stop: [s, x]."
    )


def check_settings(data: Mapping[str, Any], further: FurtherCheck | None = None) -> tuple[Settings, list[Fault]]:
    """The settings that ``data`` makes, and every fault; what is at fault has its default, the rest holds."""
    kept: dict[str, Any] = dict(data)
    found: list[Fault] = []
    while True:
        settings, faults = _checked(kept, further)
        found += faults
        shorter = kept
        for one in faults:
            shorter = without(shorter, one.path)
        if settings is not None and not faults:
            return settings, found
        # A fault that is nowhere in the data could not be taken out of it.
        kept = shorter if shorter != kept else {}


def _checked(data: Mapping[str, Any], further: FurtherCheck | None) -> tuple[Settings | None, list[Fault]]:
    try:
        settings = Settings.model_validate(dict(data))
    except ValidationError as error:
        return None, faults_of(errors_of(error, data, _unknown_key))
    return settings, further(settings) if further else []


def _unknown_key(key: str, parent: tuple[str | int, ...]) -> str:
    known = list((Refresh if parent else Settings).model_fields)
    near = get_close_matches(key, known, 1, 0.6)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known here: {', '.join(sorted(known))}"


def without(data: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - any YAML value
    """``data`` less what stands at ``path``, or the nearest part above it that is there."""
    if not path or not isinstance(data, dict) or path[0] not in data:
        return data
    head, *rest = path
    inner = data[head]
    if rest and isinstance(inner, dict) and rest[0] in inner:
        return data | {head: without(inner, tuple(rest))}
    return {key: value for key, value in data.items() if key != head}
