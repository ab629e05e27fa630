"""How the command palette lists and finds what ``offered`` offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

if TYPE_CHECKING:
    from mltui.ui.app import MltuiApp

#: A command that only its sentence has the words of comes behind those whose title fits, whose scores are above 0.
_IN_SENTENCE = 1e-3


class OfferedCommands(Provider):
    """Commands in the order in which they are offered; they are found by their titles, and by words of their help."""

    async def discover(self) -> Hits:
        """All, while nothing is typed."""
        for title, sentence, act, _ in cast("MltuiApp", self.app).get_system_commands(self.screen):
            yield DiscoveryHit(title, act, help=sentence)

    async def search(self, query: str) -> Hits:
        """Those that fit what is typed."""
        matcher, words = self.matcher(query), query.casefold().strip()
        for title, sentence, act, _ in cast("MltuiApp", self.app).get_system_commands(self.screen):
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), act, text=title, help=sentence)
            elif words in sentence.casefold():
                yield Hit(_IN_SENTENCE, title, act, help=sentence)
