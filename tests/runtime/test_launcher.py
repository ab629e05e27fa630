"""What the launcher refuses, and what it leaves behind when a launch fails: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mltui.domain.errors import NotFound, ProfileError, StartError, StorageError, UsageError
from mltui.domain.run import Run, RunState
from mltui.plugins import make_engine
from mltui.runtime.launcher import Launcher
from mltui.runtime.starting import Wish
from mltui.storage.profiles import load_profile
from tests.runtime.conftest import HOLD, Runs, until


def test_the_record_tells_the_launch(runs: Runs) -> None:
    """Profile, engine, parameters, what was changed, and the command it stands for."""
    run = runs.launch("echo ${rate} ${name}".replace("$", ""), Wish({"rate": "0.5"}), params={"rate": 0.1, "name": "x"})
    done = runs.ended(run)
    assert (done.profile, done.engine, done.endpoint) == ("demo", runs.engine_name, runs.endpoint)
    assert done.profile_path == str(runs.folder / "demo/profile.yaml")
    assert done.params == {"rate": 0.5, "name": "x"}
    assert set(done.overrides) == {"rate"}
    assert done.command.startswith("docker run")
    assert done.container_id == runs.engine.find(run.id).id
    assert runs.launcher.folder(run.id).profile.read_text() == (runs.folder / "demo/profile.yaml").read_text()


def test_a_plan_makes_nothing(local_runs: Runs) -> None:
    """Neither a folder nor a row."""
    with local_runs.launcher.plan(local_runs.profile("true"), Wish()) as (resolution, choice):
        assert resolution.spec.command
        assert choice.engine.name == "local"
    assert not (local_runs.home / "runs").exists()
    assert not local_runs.database.runs()


def test_an_engine_that_was_chosen_is_let_go(local_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a plan and after a launch, also where one fails."""
    choice, closed = local_runs.choose("local"), list[str]()
    monkeypatch.setattr(choice.engine, "close", lambda: closed.append("closed"))
    launcher = Launcher(local_runs.home, local_runs.database, lambda wish: choice, make_engine)
    profile = local_runs.profile("true")
    with launcher.plan(profile, Wish()):
        assert not closed
    assert len(closed) == 1
    for act in (lambda wish: launcher.plan(profile, wish).__enter__(), lambda wish: launcher.launch(profile, wish)):
        with pytest.raises(UsageError):
            act(Wish({"none": "1"}))
    assert len(closed) == 3
    run = launcher.launch(profile)
    assert len(closed) == 4
    local_runs.ended(run)


@pytest.mark.parametrize("block", ["runs", "runs.db"])
def test_a_home_that_cannot_be_written(local_runs: Runs, block: str) -> None:
    """One sentence; no half of a record stays, and no lock."""
    if block == "runs":
        (local_runs.home / "runs").write_text("a file where a folder should be")
    else:
        local_runs.database.close()
    with pytest.raises(StorageError):
        local_runs.launch("true")
    assert not (local_runs.home / "runs").is_dir() or not list((local_runs.home / "runs").iterdir())


def test_metrics_that_cannot_be_read_that_way(local_runs: Runs) -> None:
    """A broken pattern is refused before anything is recorded."""
    with pytest.raises(ProfileError):
        local_runs.launch("true", metrics={"patterns": ["(?P<loss>["]})
    assert not local_runs.database.runs()


def test_a_supervisor_that_cannot_be_started(local_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run has failed, with the reason, and its lock is free."""
    profile = local_runs.profile("true")
    for executable, why in ((str(local_runs.folder / "nothing"), "No such file"), ("/bin/false", "gave no reason")):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", executable)
            with pytest.raises(StartError, match=why):
                local_runs.launcher.launch(profile)
        run = local_runs.database.runs()[0]
        assert (run.state, run.reason) == (RunState.FAILED, "internal")
        assert why in run.detail
        assert run.finished
        assert not local_runs.launcher.folder(run.id).supervised
        local_runs.launcher.remove(run)


def test_modules_of_the_caller_s_folder_are_not_taken_for_ours(
    local_runs: Runs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A training's own pickle.py, in the folder that mltui is called in, is not executed."""
    (tmp_path / "pickle.py").write_text("raise SystemExit('executed')\n")
    monkeypatch.chdir(tmp_path)
    assert local_runs.ended(local_runs.launch("true")).state is RunState.FINISHED


def test_a_supervisor_that_cannot_be_started_again(local_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that goes on is not called failed; it is taken up when that is possible again."""
    run = local_runs.launch(HOLD)
    until(lambda: local_runs.now(run).state is RunState.RUNNING)
    local_runs.kill_supervisor(run)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(StartError):
            local_runs.launcher.adopt()
    assert local_runs.now(run).state is RunState.RUNNING
    assert local_runs.launcher.adopt() == 1
    local_runs.go(run)
    assert local_runs.ended(run).state is RunState.FINISHED


def test_ended_runs_are_not_stopped(runs: Runs) -> None:
    """Neither asked nor killed."""
    done = runs.run("true")
    for act in (runs.launcher.stop, runs.launcher.kill):
        with pytest.raises(UsageError, match="has ended already"):
            act(done)
    assert not runs.now(done).stop_requested


def test_a_command_that_does_not_mind_is_killed_after_the_grace(runs: Runs) -> None:
    """Stopping takes at most the grace that is given."""
    run = runs.launch('trap "" TERM; echo ready; while :; do sleep 0.02; done')
    runs.printed(run, b"ready")
    runs.launcher.stop(runs.now(run), grace=0)
    done = runs.ended(run)
    assert (done.state, done.exit_code) == (RunState.STOPPED, 137)


def test_forgetting_keeps_the_container(runs: Runs) -> None:
    """For an engine that cannot be asked any more."""
    done = runs.run("true")
    runs.launcher.forget(done)
    assert runs.database.get(done.id) is None
    assert not runs.launcher.folder(done.id).path.exists()
    assert runs.engine.find(done.id)


def test_a_removed_container_is_no_hindrance(runs: Runs) -> None:
    """Removing a run whose container is gone removes the rest."""
    done = runs.run("true")
    runs.engine.remove(done.container_id)
    runs.launcher.remove(done)
    assert runs.database.get(done.id) is None


def test_rerun_keeps_the_limits_of_the_launch(local_runs: Runs) -> None:
    """What the launch form set is set again."""
    done = local_runs.ended(local_runs.launch("ulimit -v", Wish(limits={"shm_size": "64m"})))
    again = local_runs.launcher.rerun(done)
    local_runs.launched.append(again)
    assert again.overrides["limits"] == done.overrides["limits"] == {"shm_size": "64m"}
    assert "--shm-size 64m" in local_runs.ended(again).command


def test_rerun_needs_the_copy_of_the_profile(runs: Runs) -> None:
    """One sentence where there is none."""
    done = runs.run("true")
    runs.launcher.folder(done.id).profile.unlink()
    with pytest.raises(NotFound, match="no copy of its profile"):
        runs.launcher.rerun(done)


def test_rerun_after_the_profile_and_its_folder_are_gone(local_runs: Runs) -> None:
    """It is refused in one sentence or works from the copy; nothing half done stays active."""
    done = local_runs.run("echo ${rate}".replace("$", "@"), params={"rate": 1})
    for path in (local_runs.folder / "demo").iterdir():
        path.unlink()
    (local_runs.folder / "demo").rmdir()
    again = local_runs.launcher.rerun(done)
    local_runs.launched.append(again)
    ended = local_runs.ended(again)
    assert ended.state is RunState.FAILED
    assert "demo" in ended.detail


def test_quitting_the_launching_program_ends_nothing(local_runs: Runs, tmp_path: Path) -> None:
    """A program that launches and is killed at once leaves a run that goes on to its end."""
    profile = local_runs.profile(f"echo one; {HOLD}; echo two")
    script = (
        "import sys, os, signal\nfrom pathlib import Path\n"
        "from mltui.plugins import make_engine\nfrom mltui.runtime.engine_choice import choose_engine\n"
        "from mltui.runtime.launcher import Launcher\nfrom mltui.storage.history import RunDatabase\n"
        "from mltui.storage.profiles import load_profile\nhome = Path(sys.argv[1])\n"
        "launcher = Launcher(home, RunDatabase(home / 'runs.db'), lambda wish: choose_engine('local'), make_engine)\n"
        "print(launcher.launch(load_profile(sys.argv[2])).id, flush=True)\nos.killpg(0, signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(local_runs.home), str(profile.path)],
        stdout=subprocess.PIPE, start_new_session=True, cwd=Path(__file__).parents[2], check=False,
    )  # fmt: skip
    run = local_runs.database.get(done.stdout.decode().strip())
    assert run
    local_runs.launched.append(run)
    local_runs.printed(run, b"one")
    local_runs.go(run)
    assert local_runs.ended(run).state is RunState.FINISHED
    assert local_runs.log(run)[1] == b"one\ntwo\n"


def test_a_path_that_is_no_text_is_refused(local_runs: Runs) -> None:
    """In one sentence, and nothing is left of it."""
    folder = os.fsencode(local_runs.folder) + b"/caf\xe9"
    os.mkdir(folder)
    path = Path(os.fsdecode(folder)) / "profile.yaml"
    path.write_text("image: none\ngpus: none\ncommand: ['true']\n")
    with pytest.raises(UsageError, match=r"caf\ufffd.* is not UTF-8"):
        local_runs.launcher.launch(load_profile(path))
    assert not (local_runs.home / "runs").exists()


def test_a_fault_in_the_midst_of_recording_leaves_nothing(local_runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder without a row, whatever the fault."""

    def broken(run: Run, **how: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(local_runs.database, "add", broken)
    with pytest.raises(KeyboardInterrupt):
        local_runs.launcher.launch(local_runs.profile("true"))
    assert not list((local_runs.home / "runs").iterdir())


def test_rerun_is_not_touched_by_a_change_of_what_the_profile_extends(local_runs: Runs) -> None:
    """The run's copy says all: after a change of the base the same is run again."""
    base = local_runs.profile("echo first", name="base", params={"rate": 1}).path
    mine = local_runs.folder / "mine.yaml"
    mine.write_text("extends: base\nparams: {rate: 2}\n")
    done = local_runs.launcher.launch(load_profile(mine))
    local_runs.launched.append(done)
    local_runs.ended(done)
    base.write_text(base.read_text().replace("first", "second"))
    again = local_runs.launcher.rerun(local_runs.now(done))
    local_runs.launched.append(again)
    assert local_runs.ended(again).params == {"rate": 2}
    assert local_runs.log(again)[1] == local_runs.log(done)[1] == b"first\n"
