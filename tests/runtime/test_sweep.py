"""Sweeps: which runs several values stand for, and that all of them are checked before the first is launched."""

from __future__ import annotations

from pathlib import Path

import pytest

from mltui.domain.errors import UsageError
from mltui.domain.profile import Profile
from mltui.domain.run import RunState
from mltui.runtime.starting import Wish
from mltui.runtime.sweep import MOST_RUNS, combinations, grid_of
from mltui.storage.profiles import load_profile
from tests.runtime.conftest import HOLD, Runs, until

PARAMS = {
    "lr": 0.1, "epochs": {"default": 5, "min": 1, "max": 1000}, "amp": False, "name": "a,b",
    "optimizer": {"default": "adam", "choices": ["adam", "sgd", "sgd,nesterov"]}, "tag": {"type": "str"},
}  # fmt: skip


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """One with parameters of every kind; ``tag`` has no default."""
    import json

    (tmp_path / "profile.yaml").write_text(json.dumps({"image": "x", "params": PARAMS}))
    return load_profile(tmp_path)


@pytest.mark.parametrize(
    ("given", "grid"),
    [
        ([("lr", "0.1,0.01, 0.001")], {"lr": ("0.1", "0.01", "0.001")}),
        ([("epochs", "1,2"), ("amp", "true,false")], {"epochs": ("1", "2"), "amp": ("true", "false")}),
        ([("optimizer", "adam,sgd")], {"optimizer": ("adam", "sgd")}),
        ([("optimizer", "sgd,nesterov"), ("optimizer", "adam")], {"optimizer": ("sgd,nesterov", "adam")}),
        ([("name", "x, y,z")], {"name": ("x, y,z",)}),
        ([("name", "x,y"), ("name", "z")], {"name": ("x,y", "z")}),
        ([("unknown", "1,2")], {"unknown": ("1,2",)}),
        ([("lr", "")], {"lr": ("",)}),
        (
            [("epochs", "1..3, 10"), ("lr", "1e-3..0.1..x10")],
            {"epochs": ("1", "2", "3", "10"), "lr": ("0.001", "0.01", "0.1")},
        ),
        (
            [("name", "1..3"), ("amp", "1..3"), ("optimizer", "1..3")],
            {"name": ("1..3",), "amp": ("1..3",), "optimizer": ("1..3",)},
        ),
        ([("epochs", "1..")], {"epochs": ("1..",)}),
    ],
)
def test_commas_and_ranges_count_for_numbers_and_choices_but_no_text(
    profile: Profile, given: list[tuple[str, str]], grid: dict[str, tuple[str, ...]]
) -> None:
    """A text keeps its commas; several texts are given one by one. What is a choice already is one value."""
    assert grid_of(profile, given) == grid


def test_every_combination_once_in_order(profile: Profile) -> None:
    """The last parameter changes fastest; what is the same for all stays; the wish's other parts too."""
    wish = Wish({"tag": "t"}, "none", "local")
    wishes = combinations(profile, wish, {"lr": ("1", "2"), "epochs": ("3", "4")})
    assert [(one.params["lr"], one.params["epochs"]) for one in wishes] == [
        ("1", "3"), ("1", "4"), ("2", "3"), ("2", "4"),
    ]  # fmt: skip
    assert {(one.params["tag"], one.gpus, one.engine) for one in wishes} == {("t", "none", "local")}
    assert combinations(profile, wish, {}) == (wish,)


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        ({"lr": ("0.1", "fast")}, "lr: expected a number, found 'fast'"),
        ({"epochs": ("1", "0")}, "epochs: expected a whole number from 1 to 1000, found '0'"),
        ({"lr": ("0.1", "1e-1")}, "lr: 1e-1 stands there twice"),
        ({"epochs": ("1..",)}, "epochs: expected a range such as 1..5 or 16..256..x2, found '1..'"),
        ({"epochs": ("1..2",)}, "epochs: expected one value, found the range '1..2'"),
        ({"epochs": ("1..999",)}, "epochs: the range 1..999 has more than 200 values"),
        ({"lr": ("0..1",)}, "lr: the range 0..1 needs a step: 0..1..0.1"),
        ({"lr": ()}, "lr has no value"),
        ({"momentum": ("1",)}, "has no parameter 'momentum'"),
        ({"epochs": tuple(map(str, range(1, 21))), "lr": tuple(map(str, range(11)))},
         f"220 runs .20 × 11., the most is {MOST_RUNS}"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(profile: Profile, grid: dict[str, tuple[str, ...]], sentence: str) -> None:
    """Whichever value it is."""
    with pytest.raises(UsageError, match=sentence):
        combinations(profile, Wish({"tag": "t"}), grid)


def test_a_sweep_is_a_run_for_each_value(local_runs: Runs) -> None:
    """With one group in the record and on the process; each with its own parameters, in the order of the values."""
    profile = local_runs.profile("echo loss=$lr".replace("$lr", "${lr}"), params={"lr": 0.5})
    runs = local_runs.launcher.launch_sweep(profile, Wish(), {"lr": ("0.25", "0.125")})
    local_runs.launched += runs
    ended = [local_runs.ended(run) for run in runs]
    assert [run.state for run in ended] == [RunState.FINISHED] * 2
    assert [run.params["lr"] for run in sorted(ended, key=lambda run: run.created)] == [0.25, 0.125]
    assert len({run.group_id for run in ended}) == 1
    assert len(ended[0].group_id) == 8


def test_one_value_is_no_sweep(local_runs: Runs) -> None:
    """It is a run like any."""
    profile = local_runs.profile("true", params={"lr": 0.5})
    (run,) = local_runs.launcher.launch_sweep(profile, Wish(), {"lr": ("0.25",)})
    local_runs.launched.append(run)
    assert (local_runs.ended(run).group_id, run.params["lr"]) == ("", 0.25)


def test_nothing_is_launched_when_one_value_is_wrong(local_runs: Runs) -> None:
    """Nor when the machine cannot give what every run wants; no record is left."""
    profile = local_runs.profile("true", params={"lr": 0.5})
    launch = local_runs.launcher.launch_sweep
    with pytest.raises(UsageError, match="expected a number"):
        launch(profile, Wish(), {"lr": ("1", "2", "x")})
    with pytest.raises(UsageError, match="at least one run"):
        launch(profile, Wish(), {"lr": ("1", "2")}, parallel=0)
    assert not local_runs.database.runs()
    assert not (local_runs.home / "runs").exists()


def test_the_group_comes_back_with_the_container(docker_runs: Runs) -> None:
    """A home that lost its database finds the sweep again."""
    runs = docker_runs
    swept = runs.launcher.launch_sweep(runs.profile(HOLD, params={"lr": 0.5}), Wish(), {"lr": ("1", "2")}, parallel=2)
    runs.launched += swept
    for run in swept:
        until(lambda run=run: runs.now(run).state, lambda state: state is RunState.RUNNING)
        runs.kill_supervisor(run)
    assert runs.database
    runs.database.close()
    for path in runs.home.glob("runs.db*"):
        path.unlink()
    runs.open()
    assert runs.launcher.discover(runs.engine.containers(), runs.engine_name, runs.endpoint) == 2
    assert {run.group_id for run in runs.database.runs()} == {swept[0].group_id}
    for run in swept:
        runs.go(run)
        assert runs.launcher.adopt() or runs.launcher.folder(run.id).supervised
    assert {runs.ended(run).state for run in swept} == {RunState.FINISHED}
