"""The file of the run database: opened, or only read where it cannot be written, and what is wrong with it in words."""

from __future__ import annotations

import os
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

from mltui.domain.errors import MltuiError, StorageError
from mltui.storage.locations import MAKE_ROOM, make_file, make_folder

#: A writer waits for another's transaction; these take milliseconds, ten seconds means a stuck disk.
TIMEOUT_S = 10.0
OTHER_SCHEMA = "Move it away: runs whose containers are there come back by themselves; or set MLTUI_HOME."
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
#: The low byte of an extended result code is the code itself (https://sqlite.org/rescode.html).
_CODE = 0xFF


def open_file(path: Path, *, reading_will_do: bool = False) -> tuple[sqlite3.Connection, str]:
    """The database at ``path``, made where it is not there, and why it can only be read; empty where it can be written.

    Raises ``StorageError`` where it can be neither, or where only writing would do; and ``sqlite3.Error``.
    """
    try:
        make_folder(path.parent)
        make_file(path)
    except StorageError as error:
        if not reading_will_do or not os.access(path, os.R_OK):
            raise
        return connect_to_read(path), error.message
    db = sqlite3.connect(path, timeout=TIMEOUT_S, check_same_thread=False, isolation_level=None)
    try:
        # In a folder that cannot be written its write-ahead log cannot be made.
        db.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        db.close()
        if not reading_will_do:
            raise
        return connect_to_read(path), sentence(path, error).message
    except sqlite3.Error:
        db.close()
        raise
    return db, ""


def connect_to_read(path: Path) -> sqlite3.Connection:
    """The database as it is, of which nothing is written; raises ``sqlite3.Error``.

    Reading one with a write-ahead log wants a file beside it. Where that cannot be made nobody of this machine writes
    it either, and it is read as a file that does not change (https://sqlite.org/wal.html#read_only_databases).
    """
    try:
        return _read_as(path, "mode=ro")
    except sqlite3.OperationalError:
        return _read_as(path, "immutable=1")


def _read_as(path: Path, how: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{how}"
    db = sqlite3.connect(address, uri=True, timeout=TIMEOUT_S, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def damage(path: Path) -> MltuiError | None:
    """What is wrong with the database at ``path``, of which every page is read; ``None`` where nothing is."""
    try:
        with closing(connect_to_read(path)) as db:
            whole = db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except sqlite3.Error as error:
        return sentence(path, error)
    return None if whole else _damaged(path, "some of its pages cannot be read")


def sentence(path: Path, error: sqlite3.Error) -> MltuiError:
    """What an error of SQLite means for the database at ``path``, and what to do."""
    if "no such column" in str(error) or "has no column" in str(error):
        return StorageError(f"{path} is not as this mltui has it: {error}.", OTHER_SCHEMA)
    code = getattr(error, "sqlite_errorcode", 0) & _CODE
    if code in _DAMAGED:
        return _damaged(path, str(error))
    if code == sqlite3.SQLITE_READONLY:
        return StorageError(f"The run database {path} cannot be written: {error}.", MAKE_ROOM)
    return StorageError(
        f"The run database {path} cannot be used: {error}.",
        "Check that the disk is not full and that the file is yours; MLTUI_HOME names another folder.",
    )


def _damaged(path: Path, said: str) -> StorageError:
    aside = path.with_name(f"{path.name}.damaged")
    return StorageError(
        f"The run database is damaged ({said}): {path}.",
        f"Move it aside: mv {shlex.quote(str(path))} {shlex.quote(str(aside))}. "
        f"Runs whose containers are there come back in the app by themselves, logs and outputs of all of them stay in "
        f"{path.parent / 'runs'}.",
    )
