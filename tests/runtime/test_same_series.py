"""What log and files both tell is recorded once, what only one of them tells is recorded, and nothing is lost."""

from __future__ import annotations

import math
import random
from array import array

import pytest

from mltui.domain.metric import MetricKind, MetricPoint, SeriesKey
from mltui.runtime.same_series import OnceEach, digits

Points = list[tuple[float, float]]
#: A loss as a framework has it.
LOSSES = [2 * math.exp(-i / 9) + random.Random(i).gauss(0.1, 0.01) for i in range(40)]
SHORT = list(array("f", LOSSES))
BEGAN = 1000.0


class Written:
    """Stands in the place of the file of points."""

    def __init__(self) -> None:
        self.points: dict[SeriesKey, Points] = {}
        self.withdrawn: list[str] = []

    def add(self, point: MetricPoint, time: float) -> None:
        self.points.setdefault(SeriesKey(point.name, point.axis, point.kind), []).append((point.x, point.value))

    def withdraw(self, key: SeriesKey) -> None:
        self.points.pop(key, None)
        self.withdrawn.append(key.name)


class Both:
    """A run whose log and files are told bit by bit."""

    def __init__(self) -> None:
        self.written = Written()
        self.once = OnceEach(self.written)  # type: ignore[arg-type]
        self.now = BEGAN

    def log(self, name: str, points: Points, axis: str = "step", kind: MetricKind = MetricKind.METRIC) -> None:
        for x, value in points:
            self.once.from_log(MetricPoint(name, axis, x, value, kind), self.now)

    def file(self, name: str, points: Points, axis: str = "step", source: str = "events", scope: str = "") -> None:
        for x, value in points:
            self.once.from_file(source, name, MetricPoint(scope + name, axis, x, value), self.now)

    def settle(self, later: float = 0.0) -> dict[str, Points]:
        self.now += later
        self.once.settle(self.now)
        return {key.name: points for key, points in self.written.points.items()}


def steps(values: list[float], every: int = 1, first: int = 0) -> Points:
    """The values with their steps."""
    return [(float(i), value) for i, value in enumerate(values, first) if i % every == 0]


def printed(points: Points, form: str = ".4f") -> Points:
    """The values as a log has them."""
    return [(x, float(f"{value:{form}}")) for x, value in points]


FORMS = [".4f", ".2f", ".4g", ".3e"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("first", ["log", "file"])
def test_same_values_at_another_x(form: str, first: str) -> None:
    """Keras' log counts epochs from 1 and its event files from 0: the log's are recorded, whoever comes first."""
    both = Both()
    log = printed([(x + 1, value) for x, value in steps(LOSSES)], form)
    tell = [
        lambda: both.log("loss", log, "epoch"),
        lambda: both.file("epoch_loss", steps(SHORT), "epoch", "t", "train/"),
    ]
    for one in tell if first == "log" else reversed(tell):
        one()
        both.settle(10)
    assert both.settle(math.inf) == {"loss": log}


def test_train_and_validation_are_not_mixed_up() -> None:
    """Each is found by its own values and scope."""
    both = Both()
    validation = [value + 0.3 for value in SHORT]
    both.log("loss", printed(steps(LOSSES)))
    both.log("val_loss", printed(steps([value + 0.3 for value in LOSSES])))
    both.file("loss", steps(SHORT), scope="train/")
    both.file("loss", steps(validation), scope="validation/")
    both.file("accuracy", steps(SHORT), scope="validation/")
    assert set(both.settle(math.inf)) == {"loss", "val_loss", "validation/accuracy"}


def test_a_name_says_more_than_its_folder() -> None:
    """The validation loss that a writer of the folder ``train`` has is that of the log."""
    both = Both()
    points = steps(SHORT, first=1)
    both.log("val loss", printed(points), "epoch")
    both.file("val_loss", points, scope="train/")
    assert list(both.settle(4)) == ["val loss"]


def test_other_values_are_another_series() -> None:
    """A log of means and a file of single steps are both recorded, under names that tell them apart."""
    both = Both()
    both.log("loss", steps([1.0] * 40))
    both.file("loss", steps(SHORT))
    assert both.settle(5) == {"loss": steps([1.0] * 40), "[events] loss": steps(SHORT)}
    both.file("loss", [(99.0, 5.0)])
    assert both.settle()["[events] loss"] == [*steps(SHORT), (99.0, 5.0)]


def test_a_log_that_lags_behind() -> None:
    """A file's points wait a moment, are recorded then, and go when the log turns out to tell them."""
    both = Both()
    both.file("loss", steps(SHORT)[:20])
    assert both.settle() == {}
    assert both.settle(5) == {"loss": steps(SHORT)[:20]}
    log = printed(steps(LOSSES))
    both.log("loss", log[:20])
    both.settle()
    both.file("loss", steps(SHORT)[20:])
    both.settle(1)
    both.log("loss", log[20:])
    assert both.settle(math.inf) == {"loss": log}
    assert both.written.withdrawn == ["loss"]


def test_a_log_that_ends_early() -> None:
    """What the log does not go on to tell is recorded from the file."""
    both = Both()
    both.log("loss", printed(steps(LOSSES)[:1]))
    both.file("loss", steps(SHORT)[:1])
    assert set(both.settle(5)) == {"loss"}
    both.file("loss", steps(SHORT)[1:])
    assert set(both.settle(5)) == {"loss"}
    assert both.settle(60) == {"loss": printed(steps(LOSSES)[:1]), "[events] loss": steps(SHORT)}


@pytest.mark.parametrize("shift", [0, 1])
def test_a_file_with_fewer_points(shift: int) -> None:
    """A file of every third step tells nothing that the log does not, though the log's bar leaves out a step or two."""
    both = Both()
    log = [(x, value) for x, value in printed(steps(LOSSES, first=shift)) if x not in (6 + shift, 21 + shift)]
    both.log("train loss", log)
    both.file("loss", steps(SHORT, every=3), scope="train/")
    assert both.settle(math.inf) == {"train loss": log}


def test_a_file_with_more_points() -> None:
    """A log of every third step gives way to the file that has them all."""
    both = Both()
    log = printed(steps(LOSSES, every=3))
    both.log("loss", log[:10])
    both.file("loss", steps(SHORT), scope="train/")
    both.settle(5)
    both.log("loss", log[10:])
    assert both.settle(math.inf) == {"train/loss": steps(SHORT)}


def test_percents_are_shares() -> None:
    """A log that prints percents tells the accuracy of the file."""
    both = Both()
    shares = [i / 40 for i in range(40)]
    log = printed([(x, 100 * value) for x, value in steps(shares)], ".1f")
    both.log("Accuracy", log)
    both.file("acc", steps(list(array("f", shares))), scope="test/")
    assert both.settle(math.inf) == {"Accuracy": log}


def test_two_files_of_the_same() -> None:
    """A CSV log beside event files is no second series."""
    both = Both()
    both.file("loss", steps(SHORT), source="logs events", scope="train/")
    both.settle(5)
    both.file("loss", steps(LOSSES), source="csv", scope="train/")
    assert both.settle(math.inf) == {"train/loss": steps(SHORT)}


def test_files_of_several_folders() -> None:
    """Series of one name from several places keep apart."""
    both = Both()
    for i in range(3):
        both.file("loss", steps([value + i for value in LOSSES]), source=f"folder{i} csv")
    assert set(both.settle(math.inf)) == {"loss", "[folder1 csv] loss", "[folder2 csv] loss"}


def test_many_points_are_all_recorded() -> None:
    """Beyond what is compared, each point goes through once and in order, or not at all."""
    both, many = Both(), [float(i % 97) / 7 for i in range(7000)]
    log = printed(steps(many))
    for start in range(0, 7000, 700):
        both.log("loss", log[start : start + 700])
        both.file("loss", steps(many)[start : start + 700], source="same", scope="train/")
        both.file("loss", steps([-v for v in many])[start : start + 700], source="other", scope="test/")
        both.settle(1)
    assert both.settle(math.inf) == {"loss": log, "test/loss": steps([-v for v in many])}


def test_nothing_is_a_comparison_with_what_a_bar_shows() -> None:
    """Values on the way to an epoch's are no metric of the log."""
    both = Both()
    both.log("loss", printed(steps(LOSSES)), kind=MetricKind.RUNNING)
    both.file("loss", steps(SHORT))
    assert both.written.points[SeriesKey("loss", "step", MetricKind.RUNNING)] == printed(steps(LOSSES))
    both.settle(math.inf)
    assert both.written.points[SeriesKey("loss", "step")] == steps(SHORT)


@pytest.mark.parametrize(
    ("value", "behind", "counting"),
    [(0.5, 1, 1), (1.0, 0, 1), (0.0125, 4, 3), (1e-05, 5, 1), (2.5e-07, 8, 2), (1e22, 0, 1), (math.nan, 0, 0)],
)
def test_digits(value: float, behind: int, counting: int) -> None:
    """As the float is written shortest."""
    assert digits(value) == (behind, counting)
