"""The run database: one row a run, in SQLite's write-ahead mode, safe with several mltui at once."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from mltui.domain.errors import NotFound, StorageError
from mltui.domain.prefix import the_one
from mltui.domain.run import LimitChange, Run, RunState
from mltui.domain.text import one_line
from mltui.storage.database_file import OTHER_SCHEMA, TIMEOUT_S, connect_to_read, open_file, sentence
from mltui.storage.locations import MAKE_ROOM

_SCHEMA_VERSION = 5
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  id TEXT PRIMARY KEY,
  profile TEXT NOT NULL, profile_path TEXT NOT NULL,
  engine TEXT NOT NULL, endpoint TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, hint TEXT NOT NULL, notes TEXT NOT NULL,
  params TEXT NOT NULL, overrides TEXT NOT NULL, command TEXT NOT NULL,
  image TEXT NOT NULL, image_id TEXT NOT NULL,
  container_id TEXT NOT NULL, container_name TEXT NOT NULL,
  gpus TEXT NOT NULL, unnamed_gpus INTEGER NOT NULL,
  group_id TEXT NOT NULL, awaits TEXT NOT NULL, changes TEXT NOT NULL,
  created REAL NOT NULL, started REAL, finished REAL,
  exit_code INTEGER, oom_killed INTEGER NOT NULL, stop_requested INTEGER NOT NULL,
  place REAL NOT NULL
) STRICT;
"""
#: What a file of an earlier version lacks, by the version that has it.
_ADDED = {
    2: {"notes": "TEXT NOT NULL DEFAULT ''"},
    3: {
        "group_id": "TEXT NOT NULL DEFAULT ''",
        "awaits": "TEXT NOT NULL DEFAULT '{}'",
        "changes": "TEXT NOT NULL DEFAULT '[]'",
    },
    4: {"place": "REAL NOT NULL DEFAULT 0"},
    5: {"unnamed_gpus": "INTEGER NOT NULL DEFAULT 0"},
}
#: Done last, when the table has all its columns.
_AFTERWARDS = (
    "UPDATE runs SET place = created WHERE place = 0",
    # Earlier versions wrote ``["2 GPUs"]``.
    """UPDATE runs SET unnamed_gpus = CAST(substr(gpus, 3) AS INTEGER), gpus = '[]'
    WHERE gpus GLOB '["[0-9]* GPU"]' OR gpus GLOB '["[0-9]* GPUs"]'""",
    "DROP INDEX IF EXISTS runs_by_time",
    "CREATE INDEX IF NOT EXISTS runs_by_place ON runs (place DESC)",
)
#: Where a run stands in the list: when it was made, and behind all others where a clock was set back meanwhile. A
#: microsecond is what a time of today keeps.
_PLACE = "?"
_NEWEST_PLACE = "max(?, (SELECT coalesce(max(place), 0) + 1e-6 FROM runs))"
_COLUMNS = tuple(f.name for f in fields(Run))
_AS_JSON = frozenset({"params", "overrides", "gpus", "awaits", "changes"})
_AS_BOOL = frozenset({"oom_killed", "stop_requested"})


class RunDatabase:
    """The runs of one mltui home. Methods may be called from any thread; errors are ``StorageError``."""

    def __init__(self, path: Path, *, reading_will_do: bool = False) -> None:
        """``reading_will_do``: one that cannot be written is opened all the same, and says so in ``read_only``."""
        self.path = path
        self._lock = threading.Lock()
        self._writes = 0
        self.unreadable = ""
        """Why a row was left out when the runs were last listed; empty when none was."""
        self.read_only = ""
        """Why nothing can be written; empty where it can."""
        self._file = (0, 0)
        """What the file was when it was opened to be read."""
        try:
            self._db, self.read_only = open_file(path, reading_will_do=reading_will_do)
            self._file = self._look_at_file()
        except sqlite3.Error as error:
            raise sentence(path, error) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise sentence(path, error) from error
        except StorageError:
            self._db.close()
            raise

    def _look_at_file(self) -> tuple[int, int]:
        found = self.path.stat()
        return found.st_mtime_ns, found.st_size

    def _prepare(self) -> None:
        if not self.read_only:
            self._log_ahead()
            self._db.execute("PRAGMA synchronous=NORMAL")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > _SCHEMA_VERSION:
            raise StorageError(f"{self.path} was written by a newer mltui.", "Update mltui, or set MLTUI_HOME.")
        if version < _SCHEMA_VERSION and not self.read_only:
            self._upgrade()
        missing = {*_COLUMNS, "place"} - self._columns()
        if missing:
            raise StorageError(
                f"{self.path} is not as this mltui has it: it lacks {', '.join(sorted(missing))}.",
                OTHER_SCHEMA,
            )

    def _log_ahead(self) -> None:
        """Switch to the write-ahead log; SQLite itself does not wait for another who does so in the same moment."""
        end = time.monotonic() + TIMEOUT_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return

    def _upgrade(self) -> None:
        """Make the table, or give that of an earlier version what it lacks."""
        with _transaction(self._db):
            # Asked again now that no other mltui can do the same at the same time.
            before = self._db.execute("PRAGMA user_version").fetchone()[0]
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self._db.execute(statement)
            there = self._columns()
            for version in range(before + 1, _SCHEMA_VERSION + 1):
                for name, kind in _ADDED.get(version, {}).items():
                    if name not in there:
                        self._db.execute(f"ALTER TABLE runs ADD COLUMN {name} {kind}")
            for statement in _AFTERWARDS:
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")

    def _columns(self) -> set[str]:
        return {str(row[1]) for row in self._db.execute("PRAGMA table_info(runs)")}

    def check_writable(self) -> None:
        """Raises ``StorageError`` where nothing can be written, before anything else is done that should be."""
        if self.read_only:
            raise StorageError(self.read_only, MAKE_ROOM)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def version(self) -> tuple[int, int]:
        """Changes whenever any process has changed the runs since; costs microseconds, so it can be asked often."""
        if self.read_only:
            self._read_anew()
        with self._use() as db:
            return int(db.execute("PRAGMA data_version").fetchone()[0]), self._writes

    def _read_anew(self) -> None:
        """Another machine may write what cannot be written from here, of which SQLite here is not told."""
        with self._lock:
            try:
                now = self._look_at_file()
                if now != self._file:
                    fresh = connect_to_read(self.path)
                    self._db.close()
                    self._db, self._file = fresh, now
                    self._writes += 1
            except OSError as error:
                raise StorageError(f"The run database {self.path} cannot be read: {error.strerror}.") from error
            except sqlite3.Error as error:
                raise sentence(self.path, error) from error

    def add(self, run: Run, *, launched: bool = False) -> None:
        """Write a new run: one that was ``launched`` just now is the newest, whatever the clock says of the others."""
        marks = ", ".join("?" * len(_COLUMNS))
        place = _NEWEST_PLACE if launched else _PLACE
        with self._use(write=True) as db:
            db.execute(
                f"INSERT OR IGNORE INTO runs ({', '.join(_COLUMNS)}, place) VALUES ({marks}, {place})",
                [*(_to_cell(name, getattr(run, name)) for name in _COLUMNS), run.created],
            )

    def update(self, run_id: str, **changes: object) -> None:
        """Change fields of a run; a run that was removed meanwhile stays removed."""
        with self._use(write=True) as db:
            self._change(db, run_id, changes)

    def _change(self, db: sqlite3.Connection, run_id: str, changes: Mapping[str, object]) -> None:
        names = ", ".join(f"{name} = ?" for name in changes)
        cells = [_to_cell(name, value) for name, value in changes.items()]
        db.execute(f"UPDATE runs SET {names} WHERE id = ?", [*cells, run_id])

    def decide(self, run_id: str, choose: Callable[[tuple[Run, ...]], Mapping[str, object]]) -> None:
        """Change fields of a run to what ``choose`` makes of all active runs, none of which changes meanwhile."""
        with self._use() as db:
            with _transaction(db):
                changes = choose(self._active(db))
                if changes:
                    self._change(db, run_id, changes)
            self._writes += bool(changes)

    def get(self, run_id: str) -> Run | None:
        """The run with exactly this id."""
        with self._use() as db, closing(db.execute(_select("WHERE id = ?"), [run_id])) as rows:
            row = rows.fetchone()
        return _to_run(row) if row else None

    def find(self, text: str) -> Run:
        """The run that ``text`` means: an id, the beginning of one, or ``last``.

        Raises ``UsageError`` for the empty text and for one letter, ``NotFound`` when not exactly one run fits.
        """
        if text == "last":
            newest = self.runs(limit=1)
            if not newest:
                raise NotFound("There is no run yet.", "Start one with: mltui run PROFILE")
            return newest[0]
        with self._use() as db:
            ids = [str(row[0]) for row in db.execute("SELECT id FROM runs ORDER BY id")]
            # Who names the profile means its newest run, as likely as not, but would not want another one removed.
            # Bytes that are no text, as a command line may have them, are no profile's name either.
            name = text.encode(errors="replace").decode()
            of_profile = db.execute("SELECT id FROM runs WHERE profile = ? ORDER BY place DESC, id LIMIT 1", [name])
            newest_of = next((str(row[0]) for row in of_profile), "")
        hint = f"The newest run of that profile is {newest_of}." if newest_of else "List them with: mltui runs"
        wanted = the_one(ids, text, "run", lambda run_id: run_id, lambda run_id: (), hint)
        run = self.get(wanted)
        if run is None:
            raise NotFound(f"There is no run {text!r}.", "List them with: mltui runs")
        return run

    def group(self, text: str) -> tuple[Run, ...]:
        """The runs of the sweep that ``text`` means, in the order of their launch: its id, the beginning of one, or
        ``last``. Raises as ``find`` does.
        """
        with self._use() as db:
            ids = [
                str(row[0])
                for row in db.execute(
                    "SELECT group_id FROM runs WHERE group_id != '' GROUP BY group_id ORDER BY max(place) DESC"
                )
            ]
        if text == "last":
            if not ids:
                raise NotFound("There is no sweep yet.", "Start one with: mltui run PROFILE --set NAME=VALUE,VALUE")
            text = ids[0]
        wanted = the_one(ids, text, "sweep", lambda group_id: group_id, lambda group_id: (), "List runs: mltui runs")
        with self._use() as db:
            return _readable(db.execute(_select("WHERE group_id = ? ORDER BY place, id"), [wanted]))[0]

    def runs(self, limit: int = 1000) -> tuple[Run, ...]:
        """The newest runs, in the order of their launch, the newest first."""
        with self._use() as db:
            runs, self.unreadable = _readable(db.execute(_select("ORDER BY place DESC, id LIMIT ?"), [limit]))
        return runs

    def active(self) -> tuple[Run, ...]:
        """Runs that may still change by themselves, in the order of their launch."""
        with self._use() as db:
            return self._active(db)

    def _active(self, db: sqlite3.Connection) -> tuple[Run, ...]:
        states = [state.value for state in RunState if state.active]
        marks = ", ".join("?" * len(states))
        return _readable(db.execute(_select(f"WHERE state IN ({marks}) ORDER BY place, id"), states))[0]

    def remove(self, run_id: str) -> None:
        """Forget a run."""
        with self._use(write=True) as db:
            db.execute("DELETE FROM runs WHERE id = ?", [run_id])

    @contextmanager
    def _use(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise sentence(self.path, error) from error
            if write:
                self._writes += 1


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Whatever is done within is done whole or not at all, and nobody else writes meanwhile."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # A full disk has ended it already.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _select(rest: str) -> str:
    return f"SELECT {', '.join(_COLUMNS)} FROM runs {rest}"


def _to_cell(name: str, value: object) -> object:
    if name in _AS_JSON:
        return json.dumps(list(value) if isinstance(value, tuple) else value, default=asdict)
    return int(bool(value)) if name in _AS_BOOL else value


def _to_run(row: tuple[Any, ...]) -> Run:
    values = dict(zip(_COLUMNS, row, strict=True))
    try:
        for name in _AS_JSON:
            values[name] = json.loads(values[name])
        for name in _AS_BOOL:
            values[name] = bool(values[name])
        values["gpus"] = tuple(values["gpus"])
        values["changes"] = tuple(LimitChange(**change) for change in values["changes"])
        values["state"] = RunState(values["state"])
    except (ValueError, TypeError) as error:
        raise StorageError(
            f"The record of run {one_line(str(values['id']), 20)} cannot be understood: {one_line(str(error), 100)}.",
            "A newer mltui may have written it: update mltui.",
        ) from error
    return Run(**values)


def _readable(rows: Iterable[tuple[Any, ...]]) -> tuple[tuple[Run, ...], str]:
    """The runs that can be understood, and why the first of the others cannot."""
    runs: list[Run] = []
    trouble = ""
    for row in rows:
        try:
            runs.append(_to_run(row))
        except StorageError as error:
            trouble = trouble or str(error)
    return tuple(runs), trouble
