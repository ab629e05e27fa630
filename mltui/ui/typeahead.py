"""Keys that come faster than they act, as from a slow line: each waits until the one before it has had its effect.

Textual hands each key on to what has the focus now. Of several that come at once the later ones would so go to a list
whose first key opened a dialog, and act there instead of being its text.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import events
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

Typed = events.Key | events.Paste

#: A key that has not come through after so many seconds is waited for no longer.
_LONGEST_S = 0.5
#: Nor is what a key began, after so many.
_LONGEST_HOLD_S = 3.0
#: What a key has changed is on the screen after so many.
_SHOWN_S = 0.06


class Typeahead:
    """Gives keys and pasted texts to the app one after the other.

    Behind each goes a mark, the way that an unused key takes: from the focused widget through all around it to the app.
    When it is there, whatever answers the key has been called. The next goes where the focus is then; a screen that was
    opened meanwhile gets it first.
    """

    def __init__(self, app: App[Any], give: Callable[[Typed], Awaitable[None]]) -> None:
        """``give`` has the app act on a key."""
        self._app = app
        self._give = give
        self._waiting: deque[Typed] = deque()
        self._number = 0
        """Of the key that is on its way; 0 where none is."""
        self._last = 0
        self._since = 0.0
        self._screen: Screen[Any] | None = None
        self._holds = 0
        self.used = False
        """A key was pressed."""

    @property
    def showing(self) -> bool:
        """What the last key has changed may not be drawn yet."""
        return monotonic() - self._since < _SHOWN_S

    async def take(self, typed: Typed) -> None:
        """A key was pressed: it acts now, or when those before it have."""
        self.used = True
        self._waiting.append(typed)
        if not self._number:
            await self._next()
        elif not self._holds and monotonic() - self._since > _LONGEST_S:
            await self._go_on(self._number)

    def hold(self) -> Callable[[], None]:
        """What a key has begun goes on elsewhere: the keys after it wait until the result is called, or for 3 s."""
        app, timer = self._app, self._app.set_timer(_LONGEST_HOLD_S, lambda: release())
        held = True
        self._holds += 1

        def release() -> None:
            nonlocal held
            if held:
                held = False
                self._holds -= 1
                timer.stop()
                app.call_later(self._arrived, self._number)

        return release

    async def _next(self) -> None:
        """Give the first that waits, and send the mark behind it."""
        app = self._app
        self._number = 0
        if not self._waiting:
            return
        typed = self._waiting.popleft()
        self._last += 1
        self._number, self._since, self._screen = self._last, monotonic(), app.screen
        target: MessagePump = app.focused or app.screen
        try:
            await self._give(typed)
        finally:
            self._pass(target, self._number)

    def _pass(self, at: MessagePump | None, number: int) -> None:
        """The mark is at ``at``, whose messages up to now it goes behind; one that is closing is left out."""
        while at is not None and at is not self._app:
            if at.call_later(self._pass, at._parent, number):
                return
            at = at._parent
        self._app.call_later(self._arrived, number)

    async def _arrived(self, number: int) -> None:
        """The mark is back. What the key has asked for comes first: a new focus, the beginning of a new screen."""
        if self._holds:
            return
        app, screen = self._app, self._app.screen
        if not self._waiting:
            await self._go_on(number)
        elif screen is self._screen or not screen.call_later(app.call_later, self._go_on, number):
            app.call_later(self._go_on, number)

    async def _go_on(self, number: int) -> None:
        if number == self._number:
            await self._next()
