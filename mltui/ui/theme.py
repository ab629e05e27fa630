"""Colours by meaning: two themes of our own, and the styles that line-drawing widgets take from whichever is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

if TYPE_CHECKING:
    from textual.app import App

DARK = Theme(
    name="mltui-dark",
    primary="#56b6c2",
    secondary="#8aa9d6",
    accent="#e5b567",
    foreground="#d5dae2",
    background="#11151a",
    surface="#171c23",
    panel="#222932",
    success="#7fbf7f",
    warning="#e5b567",
    error="#e8716f",
    dark=True,
)
LIGHT = Theme(
    name="mltui-light",
    primary="#00707f",
    secondary="#345995",
    accent="#9a5b00",
    foreground="#1f2730",
    background="#fbfbf9",
    surface="#f1f1ed",
    panel="#dfe1dc",
    success="#2b7a3d",
    warning="#9a5b00",
    error="#b3261e",
    dark=False,
)


def theme_named(name: str) -> str:
    """The theme that a person means: ``dark`` and ``light`` are mltui's own."""
    return {"dark": DARK.name, "light": LIGHT.name}.get(name, name)


#: role → (theme variable, share of it over the background, bold)
_ROLES: dict[str, tuple[str, float, bool]] = {
    "text": ("foreground", 1.0, False),
    "strong": ("foreground", 1.0, True),
    "dim": ("foreground", 0.62, False),
    "faint": ("foreground", 0.28, False),
    "primary": ("primary", 1.0, False),
    "title": ("primary", 1.0, True),
    "accent": ("accent", 1.0, False),
    "key": ("accent", 1.0, True),
    "ok": ("success", 1.0, False),
    "warn": ("warning", 1.0, False),
    "error": ("error", 1.0, False),
    "error-strong": ("error", 1.0, True),
    "alt": ("secondary", 1.0, False),
}


class Roles:
    """Rich styles by role, for one theme; ``#rrggbb`` is that colour made readable. An unknown role is plain text.

    ``plain``: the terminal has no tints, so that the cursor's line is told by other means.
    """

    def __init__(self, variables: dict[str, str], *, plain: bool = False) -> None:
        background = _color(variables.get("background", "")) or Color(0, 0, 0)
        self._background = background
        self._styles = {role: _style(variables, background, *spec) for role, spec in _ROLES.items()}
        self._styles["found"] = self._styles["key"] + Style(underline=True)
        """What a search found in a text."""
        self.cursor = Style(reverse=True) if plain else self._tint(variables, background, 0.24)
        """The cursor's line in the pane that has the focus: its background, or ``reverse``."""
        self.cursor_blurred = Style(underline=True) if plain else self._tint(variables, background, 0.1)

    @staticmethod
    def _tint(variables: dict[str, str], background: Color, share: float) -> Style:
        color = _color(variables.get("primary", ""))
        if color is None or color.ansi is not None or background.ansi is not None:
            return Style(reverse=True)
        return Style(bgcolor=background.blend(color, share).rich_color)

    def __getitem__(self, role: str) -> Style:
        if role.startswith("#") and role not in self._styles and self._background.ansi is None:
            from mltui.ui.palette import readable

            self._styles[role] = Style(color=readable(role, self._background.hex6.lower()))
        return self._styles.get(role) or self._styles["text"]


def _color(text: str) -> Color | None:
    try:
        return Color.parse(text) if text else None
    except ColorParseError:
        return None


def _style(variables: dict[str, str], background: Color, name: str, share: float, bold: bool) -> Style:
    color = _color(variables.get(name, ""))
    if color is None:
        return Style(bold=bold)
    if color.ansi is not None or background.ansi is not None:
        return Style(color=color.rich_color, bold=bold, dim=share < 1 or None)
    return Style(color=background.blend(color, share).rich_color, bold=bold)


_cache: dict[tuple[str, bool], Roles] = {}


def roles(app: App[object]) -> Roles:
    """The styles of the app's theme."""
    plain = app.no_color or app.console.color_system == "standard"
    found = _cache.get((app.theme, plain))
    if found is None:
        found = _cache[app.theme, plain] = Roles(app.theme_variables, plain=plain)
    return found
