"""The row of one run in the database, as the run's supervisor keeps it: a full disk or a database that cannot be read
just now ends no run.
"""

from __future__ import annotations

import contextlib
import sys
import time

from mltui.domain.errors import StorageError
from mltui.domain.run import Run
from mltui.storage.history import RunDatabase
from mltui.storage.run_folder import RunFolder

#: Wait before a full disk is tried again.
FULL_DISK_S = 2.0


class RunRow:
    """Reads and writes the row of ``run``; what could not be written is written with the next change."""

    def __init__(self, run: Run, database: RunDatabase, folder: RunFolder) -> None:
        self._run = run
        self._database = database
        self._folder = folder
        self._unsaved: dict[str, object] = {}

    @property
    def wanted(self) -> bool:
        """The run's record was not removed."""
        return self._folder.path.exists()

    def recorded(self) -> Run:
        """The run as its record has it; a database that cannot be read now is waited for."""
        while True:
            try:
                return self._database.get(self._run.id) or self._run
            except StorageError:
                if not self.wanted:
                    return self._run
            time.sleep(FULL_DISK_S)

    def stop_requested(self) -> bool:
        """A person wants it stopped, or has removed its record."""
        try:
            now = self._database.get(self._run.id)
        except StorageError:
            # A database that cannot be read now asks for nothing.
            return False
        return now is None or now.stop_requested

    def save(self, **changes: object) -> None:
        """Write to the database; what a full disk refuses is kept, and written with the next change."""
        self._unsaved |= changes
        try:
            self._database.update(self._run.id, **self._unsaved)
        except StorageError as error:
            # The disk that the database is on has this file too.
            with contextlib.suppress(OSError):
                print(time.strftime("%F %T"), error.message, file=sys.stderr, flush=True)
        else:
            self._unsaved.clear()

    def add_note(self, note: str) -> None:
        """Add a sentence to what is noted of the run, once."""
        notes = self.recorded().notes
        if note not in notes:
            self.save(notes=f"{notes} {note}".lstrip())

    def save_at_last(self, changes: dict[str, object]) -> None:
        """Write to the database; a full disk is waited out, for a run must not end without its record."""
        self.save(**changes)
        while self._unsaved and self.wanted:
            time.sleep(FULL_DISK_S)
            self.save()
