"""Rows of the images list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Image:
    """One image of an engine; for ``local``, one cached virtual environment."""

    id: str
    tags: tuple[str, ...]
    size: int
    """Bytes on disk, shared layers included."""
    created: float
    """Seconds since 1970."""
    containers: int | None = None
    """How many containers use it; ``None`` where the engine does not say."""

    @property
    def name(self) -> str:
        """Its first tag, or its short id."""
        return self.tags[0] if self.tags else self.id.removeprefix("sha256:")[:12]
