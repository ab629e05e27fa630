"""The lists of an engine (containers, images), kept right by its events instead of by asking again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mltui.domain.container import Container
from mltui.domain.errors import MltuiError
from mltui.domain.image import Image
from mltui.domain.text import one_line
from mltui.engines.base import EngineInfo, ListsContainers, ListsImages, SendsEvents

if TYPE_CHECKING:
    from mltui.engines.base import Engine, EngineEvent, EventStream

#: Events come in bursts (create, attach, start …); one listing answers a burst.
_QUIET_S = 0.05
#: Where an engine sends no events its lists are read this often, and every list this often in any case.
_POLL_S = 2.0
#: Docker says that a container died up to a second before its list does; until then the list is read this often.
_DYING_S = 0.2
_BACKOFF_S = (0.5, 1.0, 2.0, 5.0)
#: Actions that change nothing in a list.
_IGNORED = ("exec_", "attach", "resize", "top", "health_status: running", "archive-path", "extract-to-dir", "export")


class Catalog:
    """Follows one engine in threads of its own; ``version`` grows when a list or the engine's health changed."""

    def __init__(self, engine: Engine, info: EngineInfo, clock: Callable[[], float] = time.time) -> None:
        self.engine = engine
        self.info = info
        self.containers: tuple[Container, ...] = ()
        self.images: tuple[Image, ...] = ()
        self.loaded = False
        """The lists have been read once."""
        self.error = ""
        """Why the engine does not answer now; empty while it does."""
        self.version = 0
        self._clock = clock
        self._changed = {"container": threading.Event(), "image": threading.Event()}
        self._wake = threading.Event()
        self._dying: set[str] = set()
        self._closed = False
        self._stream: EventStream | None = None
        self._threads = [threading.Thread(target=self._keep_lists, name="lists", daemon=True)]
        if isinstance(engine, SendsEvents):
            self._threads.append(threading.Thread(target=self._follow_events, name="events", daemon=True))

    def start(self) -> None:
        """Begin to follow."""
        self.refresh()
        for thread in self._threads:
            thread.start()

    def refresh(self) -> None:
        """Read both lists again soon."""
        for changed in self._changed.values():
            changed.set()
        self._wake.set()

    def hint(self) -> None:
        """Something began or ended: an engine that sends no events is asked now rather than in a while."""
        if not isinstance(self.engine, SendsEvents):
            self.refresh()

    def close(self) -> None:
        """Stop following; returns at once."""
        self._closed = True
        self._wake.set()
        if self._stream:
            self._stream.close()

    def _keep_lists(self) -> None:
        failures = 0
        while not self._closed:
            try:
                self._read_lists()
                failures = 0
                self._say("")
            except Exception as error:
                failures += 1
                self.refresh()
                self._say(error.message if isinstance(error, MltuiError) else _fault(error))
                time.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S)) - 1])
                continue
            self._rest()

    def _rest(self) -> None:
        if not self._wake.wait(self._pause()):
            self._changed["container"].set()
            self._changed["image"].set()
        else:
            time.sleep(_QUIET_S)
        self._wake.clear()

    def _pause(self) -> float | None:
        """Seconds after which to read the lists without an event; ``None``: never."""
        if not isinstance(self.engine, SendsEvents) or self._stream is None:
            return _POLL_S
        running = {container.id for container in self.containers if container.running}
        for gone in self._dying.copy() - running:
            self._dying.discard(gone)
        return _DYING_S if self._dying else None

    def _note(self, event: EngineEvent) -> None:
        if event.action == "die":
            self._dying.add(event.id)
        elif event.action == "start":
            self._dying.discard(event.id)
        if not event.action.startswith(_IGNORED):
            self._changed["image" if event.kind == "image" else "container"].set()
            self._wake.set()

    def _read_lists(self) -> None:
        if self._changed["container"].is_set() and isinstance(self.engine, ListsContainers):
            self._changed["container"].clear()
            self._set("containers", self.engine.containers())
        if self._changed["image"].is_set() and isinstance(self.engine, ListsImages):
            self._changed["image"].clear()
            self._set("images", self.engine.images())
        if not self.loaded:
            self.loaded = True
            self.version += 1

    def _set(self, name: str, rows: tuple[Container, ...] | tuple[Image, ...]) -> None:
        if getattr(self, name) != rows:
            setattr(self, name, rows)
            self.version += 1

    def _say(self, error: str) -> None:
        if error != self.error:
            self.error = error
            self.version += 1

    def _follow_events(self) -> None:
        assert isinstance(self.engine, SendsEvents)
        failures = 0
        while not self._closed:
            try:
                self._stream = self.engine.events()
                if self._closed:
                    self._stream.close()
                # What happened while nobody listened is found by listing.
                self.refresh()
                failures = 0
                for event in self._stream:
                    self._note(event)
            except Exception:
                # Without events the lists are read every two seconds, and say what is wrong if they fail too.
                failures += 1
            self._stream = None
            self.refresh()
            if not self._closed:
                time.sleep(_BACKOFF_S[min(max(failures, 1), len(_BACKOFF_S)) - 1])


def _fault(error: Exception) -> str:
    return one_line(f"The engine's answer cannot be understood: {type(error).__name__}: {error}", 300)
