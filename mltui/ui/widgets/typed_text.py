"""One line of text being typed: where typing goes on, and what each key does to it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class TypedText:
    """A text and the place in it where letters go."""

    text: str = ""
    at: int = 0

    @classmethod
    def of(cls, text: str) -> TypedText:
        """Typing goes on behind ``text``."""
        return cls(text, len(text))

    def insert(self, more: str) -> None:
        """Put text where typing goes on."""
        self.text = self.text[: self.at] + more + self.text[self.at :]
        self.at += len(more)

    def press(self, key: str, character: str | None) -> bool:
        """Do what a key does; ``False`` for a key that does nothing to a text."""
        text, at = self.text, self.at
        match key:
            case "left" | "right":
                self.at = max(0, min(at + (1 if key == "right" else -1), len(text)))
            case "home" | "ctrl+a":
                self.at = 0
            case "end" | "ctrl+e":
                self.at = len(text)
            case "backspace":
                self.text, self.at = text[: max(0, at - 1)] + text[at:], max(0, at - 1)
            case "delete":
                self.text = text[:at] + text[at + 1 :]
            case "ctrl+u":
                self.text, self.at = text[at:], 0
            case "ctrl+w":
                kept = text[:at].rstrip().rpartition(" ")[0]
                self.text, self.at = kept + text[at:], len(kept)
            case _ if character:
                self.insert(character)
            case _:
                return False
        return True
