"""The run database: rows come back as they were, several processes write at once, and a broken one says so."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mltui.domain.errors import NotFound, StorageError, UsageError
from mltui.domain.run import LimitChange, Run, RunState, new_run_id
from mltui.storage.database_file import damage
from mltui.storage.history import RunDatabase

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import sys
from pathlib import Path
from mltui.domain.run import Run, RunState
from mltui.storage.history import RunDatabase
number = int(sys.argv[2])
sys.stdin.readline()
database = RunDatabase(Path(sys.argv[1]))
for i in range(40):
    run_id = f"w{number}{i:06d}"
    database.add(Run(id=run_id, profile="p", profile_path="", engine="local", endpoint="", created=float(i)))
    database.update(run_id, state=RunState.RUNNING, detail=f"by {number}")
    database.update("shared00", detail=f"{number} {i}")
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[RunDatabase]:
    """An empty one."""
    database = RunDatabase(tmp_path / "home/runs.db")
    yield database
    database.close()


def make(run_id: str = "abcd2345", **changes: object) -> Run:
    values = {"id": run_id, "profile": "p", "profile_path": "/p", "engine": "docker", "endpoint": "unix:///s"}
    return Run(**(values | changes))  # type: ignore[arg-type]


def test_a_run_comes_back_as_it_was_written(database: RunDatabase) -> None:
    """Every field, texts of any kind too."""
    run = make(
        state=RunState.FAILED, reason="oom", detail="ü 日本 'quoted' \\ \n", hint="h", params={"lr": 0.1, "n": [1]},
        overrides={"gpus": "all"}, command="docker run", image="i", image_id="sha", container_id="c",
        container_name="n", gpus=("0", "1"), unnamed_gpus=3, created=1.5, started=2.5, finished=3.5, exit_code=137,
        oom_killed=True, stop_requested=True, group_id="gggg2345", awaits={"gpus": 2, "parallel": 1},
        changes=(LimitChange(2.5, "memory", 1 << 30, 2.0), LimitChange(3.0, "cpus", None, 1.5)),
    )  # fmt: skip
    database.add(run)
    assert database.get(run.id) == run
    assert database.get("abcd234") is None


def test_adding_twice_keeps_the_first(database: RunDatabase) -> None:
    """Two viewers that discover one container write one row."""
    database.add(make(detail="first"))
    database.add(make(detail="second"))
    assert [run.detail for run in database.runs()] == ["first"]


def test_changes_reach_the_row_and_only_it(database: RunDatabase) -> None:
    """Each field can be changed; a removed run stays removed."""
    database.add(make("aaaaaaaa"))
    database.add(make("bbbbbbbb"))
    database.update("aaaaaaaa", state=RunState.RUNNING, gpus=("3",), params={"a": 1}, stop_requested=True)
    changed, other = database.get("aaaaaaaa"), database.get("bbbbbbbb")
    assert changed
    assert (changed.state, changed.gpus, changed.params, changed.stop_requested) == ("running", ("3",), {"a": 1}, True)
    assert other == make("bbbbbbbb")
    database.remove("aaaaaaaa")
    database.update("aaaaaaaa", detail="late")
    assert database.runs() == (other,)


def test_the_newest_come_first_and_active_ones_are_known(database: RunDatabase) -> None:
    """Order and limit of the list; which runs may still change."""
    for i, state in enumerate(RunState):
        database.add(make(f"run{i:05d}", state=state, created=float(i)))
    assert [run.created for run in database.runs()] == [6, 5, 4, 3, 2, 1, 0]
    assert len(database.runs(limit=2)) == 2
    assert {run.state for run in database.active()} == {s for s in RunState if s.active}


def test_a_run_is_found_by_what_a_person_types(database: RunDatabase) -> None:
    """An id, the beginning of one, or the last; wildcards are letters like any."""
    with pytest.raises(NotFound, match="no run yet"):
        database.find("last")
    database.add(make("abc22222", created=1.0))
    database.add(make("abd22222", created=2.0))
    assert database.find("abc").id == "abc22222"
    assert database.find("abd22222").id == "abd22222"
    assert database.find("last").id == "abd22222"
    for unknown in ("x", "%", "a_c", "abc222222", "\\", "ab\udcff"):
        with pytest.raises(NotFound, match="no run"):
            database.find(unknown)
    with pytest.raises(NotFound, match="fits several runs: abc22222, abd22222"):
        database.find("ab")
    # A profile's name is no run, but who types it is told which he may mean.
    database.add(make("xyz22222", created=3.0, profile="mnist"))
    with pytest.raises(NotFound, match="no run 'mnist'") as refused:
        database.find("mnist")
    assert refused.value.hint == "The newest run of that profile is xyz22222."


def test_its_version_tells_changes_of_anybody(database: RunDatabase) -> None:
    """It is the same while nothing was written, and another after a change here or elsewhere."""
    before = database.version()
    assert database.version() == before
    database.add(make())
    after = database.version()
    assert after != before
    database.runs()
    assert database.version() == after
    other = RunDatabase(database.path)
    assert database.version() == after
    other.update("abcd2345", detail="elsewhere")
    assert database.version() != after
    other.close()


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    """Eight processes that open a new database in the same moment lose nothing."""
    path = tmp_path / "home/runs.db"
    command = [sys.executable, "-c", WRITER, str(path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen([*command, str(n)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        for n in range(8)
    ]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors.decode()
    database = RunDatabase(path)
    runs = database.runs()
    assert len(runs) == 320
    assert all(run.detail == f"by {run.id[1]}" for run in runs)
    database.close()


def test_threads_share_one_connection(database: RunDatabase) -> None:
    """Methods may be called from any thread."""
    ids = [new_run_id() for _ in range(60)]

    def work(run_id: str) -> None:
        database.add(make(run_id))
        database.update(run_id, detail=run_id)
        assert len(database.runs()) > 0

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, ids))
    assert {run.detail for run in database.runs()} == set(ids)


@pytest.mark.parametrize(
    "content", [b"this is no database, whatever its name says " * 30, b"SQLite format 3\0" + b"\xff" * 900]
)
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    """One sentence with the file's name; the file is not touched."""
    path = tmp_path / "runs.db"
    path.write_bytes(content)
    with pytest.raises(StorageError) as caught:
        RunDatabase(path)
    assert str(path) in caught.value.message
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert "is damaged" in caught.value.message
    assert f"mv {path} {path}.damaged" in caught.value.hint
    assert "disk" not in str(caught.value).replace("database disk image", "")
    assert path.read_bytes() == content


def test_pages_that_are_no_pages(database: RunDatabase) -> None:
    """What is behind the first page was overwritten: said by every use, found by whoever looks for it."""
    for i in range(60):
        database.add(make(f"run{i:05d}", command="x" * 500))
    database.close()
    assert damage(database.path) is None
    content = database.path.read_bytes()
    database.path.write_bytes(content[:4096] + b"\x5a" * (len(content) - 4096))
    broken = damage(database.path)
    assert broken is not None
    assert "is damaged" in broken.message
    with contextlib.closing(RunDatabase(database.path)) as again, pytest.raises(StorageError, match="is damaged") as by:
        again.runs()
    assert by.value.hint == broken.hint


def test_a_database_of_a_newer_mltui(tmp_path: Path) -> None:
    """It is refused, and left as it is."""
    path = tmp_path / "runs.db"
    RunDatabase(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(StorageError, match="written by a newer mltui"):
        RunDatabase(path)
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (99,)
    db.close()


def test_a_database_that_is_broken_later(database: RunDatabase) -> None:
    """Every call says so in one sentence."""
    database.add(make())
    with sqlite3.connect(database.path) as db:
        db.execute("DROP TABLE runs")
    db.close()
    for call in (database.runs, database.active, lambda: database.get("x"), lambda: database.update("x", detail="y")):
        with pytest.raises(StorageError, match="cannot be used"):
            call()


def test_a_full_disk_is_called_that(database: RunDatabase) -> None:
    """Whatever is refused for want of room says so, and leaves the row as it was."""
    database.add(make(detail="before"))
    pages = database._db.execute("PRAGMA page_count").fetchone()[0]
    database._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageError, match="disk is full"):
        database.decide("abcd2345", lambda _: {"detail": "x" * 100_000})
    found = database.get("abcd2345")
    assert found is not None
    assert found.detail == "before"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file stands where the home should be."""
    (tmp_path / "home").write_text("")
    with pytest.raises(StorageError, match="cannot be made"):
        RunDatabase(tmp_path / "home/runs.db")


def test_a_read_only_home(tmp_path: Path) -> None:
    """One sentence and the cure."""
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(tmp_path)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    try:
        with pytest.raises(StorageError) as caught:
            RunDatabase(tmp_path / "home/runs.db")
        with pytest.raises(StorageError) as inner:
            RunDatabase(tmp_path / "runs.db")
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)
    assert "Read-only file system" in caught.value.message
    assert "MLTUI_HOME" in caught.value.hint
    assert "MLTUI_HOME" in inner.value.hint


def test_a_home_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    """Its runs are there, also those that another machine writes meanwhile; a word that cannot be kept is refused."""
    theirs, here = tmp_path / "theirs", tmp_path / "here"
    here.mkdir()
    with contextlib.closing(RunDatabase(theirs / "runs.db")) as writer:
        writer.add(make("first234"))
    bind = ["mount", "--bind", "-o", "ro", str(theirs), str(here)]
    if os.geteuid() or subprocess.run(bind, check=False, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    try:
        with pytest.raises(StorageError, match="cannot be written: Read-only"):
            RunDatabase(here / "runs.db")
        with contextlib.closing(RunDatabase(here / "runs.db", reading_will_do=True)) as reader:
            assert "Read-only file system" in reader.read_only
            assert [run.id for run in reader.runs()] == ["first234"]
            before = reader.version()
            assert reader.version() == before
            with pytest.raises(StorageError, match="cannot be written") as caught:
                reader.add(make("second23"))
            assert "MLTUI_HOME" in caught.value.hint
            with contextlib.closing(RunDatabase(theirs / "runs.db")) as writer:
                writer.add(make("second23", created=9.0))
            assert reader.version() != before
            assert [run.id for run in reader.runs()] == ["second23", "first234"]
    finally:
        subprocess.run(["umount", "-l", str(here)], check=True)


def test_a_launch_is_the_newest_whatever_the_clock_says(database: RunDatabase) -> None:
    """It was set back by an hour: the list, ``last`` and sweeps go by the order of launches; a run that is found by
    its container later has the place of its time.
    """
    database.add(make("hour2222", created=7200.0, group_id="gggg2222"), launched=True)
    database.add(make("back2222", created=3600.0, group_id="hhhh2222"), launched=True)
    database.add(make("back3333", created=3600.1, group_id="hhhh2222"), launched=True)
    database.add(make("found222", created=5000.0))
    assert [run.id for run in database.runs()] == ["back3333", "back2222", "hour2222", "found222"]
    assert [run.id for run in database.active()] == ["found222", "hour2222", "back2222", "back3333"]
    assert [run.id for run in database.runs(limit=1)] == [database.find("last").id] == ["back3333"]
    assert [run.id for run in database.group("last")] == ["back2222", "back3333"]


def test_only_the_owner_may_enter(tmp_path: Path) -> None:
    """The home is nobody else's."""
    RunDatabase(tmp_path / "home/runs.db").close()
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def old_file(path: Path, *lacks: str, version: int = 1) -> None:
    """A database as an earlier version wrote it, without the columns ``lacks``."""
    path.parent.mkdir(exist_ok=True)
    with contextlib.closing(RunDatabase(path)) as database:
        database.add(make(detail="from before"))
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("DROP INDEX runs_by_place")
        for name in lacks:
            db.execute(f"ALTER TABLE runs DROP COLUMN {name}")
        db.execute(f"PRAGMA user_version={version}")


def test_a_file_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    """Its runs are there, and can be written; opening it again changes nothing."""
    old_file(tmp_path / "runs.db", "place", "notes", "group_id", "awaits", "changes")
    for notes in ("", "new"):
        with contextlib.closing(RunDatabase(tmp_path / "runs.db")) as database:
            (run,) = database.runs()
            assert (run.detail, run.notes) == ("from before", notes)
            database.update(run.id, notes="new")


def test_a_file_of_the_second_version_is_brought_up(tmp_path: Path) -> None:
    """Its runs belong to no group, wait for nothing and were never changed; all of that can be written."""
    old_file(tmp_path / "runs.db", "place", "group_id", "awaits", "changes", version=2)
    with contextlib.closing(RunDatabase(tmp_path / "runs.db")) as database:
        (run,) = database.runs()
        assert (run.detail, run.group_id, run.awaits, run.changes) == ("from before", "", {}, ())
        change = LimitChange(1.0, "pids", 10, None)
        database.update(run.id, group_id="gggg2345", awaits={"gpus": 1}, changes=(change,))
    with contextlib.closing(RunDatabase(tmp_path / "runs.db")) as database:
        (run,) = database.runs()
        assert (run.group_id, run.awaits, run.changes) == ("gggg2345", {"gpus": 1}, (change,))


def test_a_file_of_the_third_version_is_brought_up(tmp_path: Path) -> None:
    """Its runs have the order of their times, and what is launched then is the newest."""
    with contextlib.closing(RunDatabase(tmp_path / "runs.db")) as database:
        for i in (2, 1, 3):
            database.add(make(f"run2222{i}", created=float(i)))
    old_file(tmp_path / "runs.db", "place", version=3)
    with contextlib.closing(RunDatabase(tmp_path / "runs.db")) as database:
        database.add(make("launched", created=0.5), launched=True)
        assert [run.id[-1] for run in database.runs()] == ["d", "3", "2", "1", "5"]


def test_a_file_of_the_fourth_version_is_brought_up(tmp_path: Path) -> None:
    """GPUs that were counted among the names are so many; what has a name keeps it."""
    gpus = {
        "one": ("1 GPU",),
        "many": ("12 GPUs",),
        "all": ("all",),
        "number": ("2",),
        "uuid": ("GPU-1-GPU",),
        "no": (),
    }
    with contextlib.closing(RunDatabase(tmp_path / "runs.db")) as database:
        for name, names in gpus.items():
            database.add(make(name, gpus=names))
    old_file(tmp_path / "runs.db", "unnamed_gpus", version=4)
    with contextlib.closing(RunDatabase(tmp_path / "runs.db")) as database:
        found = {run.id: (run.gpus, run.unnamed_gpus) for run in database.runs() if run.id in gpus}
    assert found == {name: (names, 0) for name, names in gpus.items()} | {"one": ((), 1), "many": ((), 12)}


def test_a_file_of_the_first_version_that_has_it_all(tmp_path: Path) -> None:
    """Some were written with the newer column already."""
    old_file(tmp_path / "runs.db")
    with contextlib.closing(RunDatabase(tmp_path / "runs.db")) as database:
        assert database.runs()[0].notes == ""


@pytest.mark.parametrize("column", ["created", "hint"])
def test_a_file_that_is_not_ours_says_what_to_do(tmp_path: Path, column: str) -> None:
    """It lacks what no version added: no word of a full disk."""
    with contextlib.closing(sqlite3.connect(tmp_path / "runs.db")) as db:
        rest = "id TEXT, state TEXT" + ", created REAL" * (column != "created")
        db.execute(f"CREATE TABLE runs ({rest})")
    with pytest.raises(StorageError, match="is not as this mltui has it") as raised:
        RunDatabase(tmp_path / "runs.db")
    assert "Move it away" in raised.value.hint


@pytest.mark.parametrize("text", ["", " "])
def test_the_empty_text_is_no_run(database: RunDatabase, text: str) -> None:
    """It is the beginning of every id, of an only run's too."""
    database.add(make())
    with pytest.raises(UsageError, match="empty"):
        database.find(text)


def test_one_letter_is_no_run(database: RunDatabase) -> None:
    """Two are, when they fit one."""
    database.add(make())
    with pytest.raises(UsageError, match="too short"):
        database.find("a")
    assert database.find("ab").id == "abcd2345"


@pytest.mark.parametrize("change", ["state = 'sleeping'", "params = 'x'", "gpus = '5'", "changes = '[{\"when\": 1}]'"])
def test_a_row_that_cannot_be_understood_is_left_out_and_said(database: RunDatabase, change: str) -> None:
    """The other runs are listed; asked for by its id it is a sentence."""
    database.add(make())
    database.add(make("good2345", state=RunState.RUNNING))
    with contextlib.closing(sqlite3.connect(database.path)) as db, db:
        db.execute(f"UPDATE runs SET {change} WHERE id = 'abcd2345'")
    assert [run.id for run in database.runs()] == ["good2345"]
    assert "abcd2345" in database.unreadable
    assert [run.id for run in database.active()] == ["good2345"]
    with pytest.raises(StorageError, match="abcd2345"):
        database.get("abcd2345")
    database.remove("abcd2345")
    database.runs()
    assert database.unreadable == ""


def test_its_files_are_private(tmp_path: Path) -> None:
    """In a folder that others may read, too, and where they were not private before."""
    (tmp_path / "runs.db").touch(0o644)
    tmp_path.chmod(0o755)
    with contextlib.closing(RunDatabase(tmp_path / "runs.db")) as database:
        database.add(make())
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("runs.db*")}
        assert modes.keys() >= {"runs.db", "runs.db-wal"}
        assert set(modes.values()) == {0o600}


def test_a_second_connection_of_a_process_takes_no_lock_from_the_first(tmp_path: Path) -> None:
    """What it writes is seen by others after another process has used the database and closed it."""
    path = tmp_path / "runs.db"
    first = RunDatabase(path)
    first.add(make())
    second = RunDatabase(path)
    look = "db = sqlite3.connect(sys.argv[1]); print(*db.execute('SELECT state FROM runs')); db.close()"
    command = [sys.executable, "-c", f"import sqlite3, sys; {look}", str(path)]
    assert subprocess.check_output(command, text=True) == "('pending',)\n"
    assert path.with_name("runs.db-wal").exists()
    second.update("abcd2345", state=RunState.RUNNING)
    assert subprocess.check_output(command, text=True) == "('running',)\n"
    first.close()
    second.close()
