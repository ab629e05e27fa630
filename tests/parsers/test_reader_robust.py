"""No bytes can hurt the reader: it does not raise, its memory stays bounded, and split bytes read as whole ones."""

from __future__ import annotations

import json
import math
import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mltui.domain.metric import SERIES_LIMIT, SOURCE_LIMIT, MetricKind
from mltui.parsers.config import MetricConfig
from mltui.parsers.lines.headings import heading_scope
from mltui.parsers.lines.shapes import ShapeMemory
from mltui.parsers.plans.group import Group
from mltui.parsers.plans.plan import Entry, PlacedLine, Plan, Series
from mltui.parsers.points.live import Live
from mltui.parsers.reader import MetricReader, _Voice
from mltui.parsers.terminal.frames import LINE_LIMIT, Frames
from mltui.parsers.terminal.line_screen import LineScreen

CASES = [p.read_bytes() for p in sorted((Path(__file__).parent / "cases").glob("*.txt"))]
PIECES = [
    "loss", "acc", "epoch", "Epoch", "step", "val_", "train", ":", "=", " ", "  ", "\t", "|", "%", "/", "(", ")", "[",
    "]", "{", "}", "'", '"', ",", "-", "+", ".", "0", "1", "12", "0.5", "1e-3", "nan", "inf", "-inf", "1/3",
    "50%|##| 1/2 [0:01<0:01, ", "\r", "\n", "\b", "\x1b[A", "\x1b[2K", "\x1b[31m", "\x1b]0;t\x07", "━━━━━━", "█", "é",
    "漢", "\x00", "rank0", "[rank0]: ", "tensor(", "Traceback (most recent call last)\n", "epoch,loss\n", "---\n",
    "***** eval metrics *****\n", "| a | 1 |\n", "<", " <= tol: ", "Losses {'ner': ", "||g||", "# ", "Chain [1] ",
    "Client 0: ", " ▼ ", "1,234", "…", "epoch  loss  acc\n", "1  0.5  0.6\n", "   train   valid\n", "2d_iou",
    "[1.5, 2.5]", "Best model:\n",
    "val_loss improved from 0.5 to 0.4\n", " reached ", "(inf --> ", "New best ", "msg=",
    "1.5D+03", "Metric | Train | Val\n", "'acc': [(0, 1.5D+03), (1, 2.5), (2, 0.5)]\n",
]  # fmt: skip
LOGS = st.lists(st.sampled_from(PIECES), max_size=60).map(lambda parts: "".join(parts).encode())
RELAXED = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def read(log: bytes, cut: int = 0) -> list[tuple[object, ...]]:
    reader = MetricReader()
    points = reader.feed(log[:cut]) + reader.feed(log[cut:]) + reader.close()
    return [(p.name, p.axis, p.x, repr(p.value), p.kind) for p in points]


@given(st.binary(max_size=400))
@RELAXED
def test_any_bytes_are_read_without_an_error(log: bytes) -> None:
    """Arbitrary bytes give points with finite x, or none."""
    assert all(math.isfinite(point[2]) for point in read(log))  # type: ignore[arg-type]


@given(LOGS, st.integers(0, 200))
@RELAXED
def test_text_like_a_log_is_read_the_same_split_or_whole(log: bytes, cut: int) -> None:
    """A log made of the pieces of real ones reads the same wherever it is cut."""
    assert read(log, cut) == read(log)


def test_a_long_list_that_does_not_end_like_one_is_refused_at_once() -> None:
    """Each of its whole numbers can be read in one way only; in two, this would not end."""
    assert read(b"0 [" + b"12 " * 60 + b"...]\n") == []


def test_damaged_real_logs_are_read_without_an_error() -> None:
    """Real logs with bytes replaced, removed and doubled at random do no harm."""
    chance = random.Random(7)
    for case in CASES:
        damaged = bytearray(case)
        for _ in range(len(case) // 50):
            at = chance.randrange(len(damaged))
            damaged[at : at + chance.randrange(3)] = os.urandom(chance.randrange(3))
        read(bytes(damaged), chance.randrange(len(damaged)))


@given(st.binary(max_size=300), st.integers(0, 300))
@RELAXED
def test_a_screen_gives_the_same_lines_split_or_whole(data: bytes, cut: int) -> None:
    """The log pane's terminal does not care where the bytes are cut."""
    whole, split = LineScreen(), LineScreen()
    lines = whole.feed(data) + whole.close()
    assert split.feed(data[:cut]) + split.feed(data[cut:]) + split.close() == lines


@given(LOGS)
@RELAXED
def test_a_screen_gives_no_control_characters(data: bytes) -> None:
    """What comes out can be written to a terminal: no control character but the tab."""
    screen = LineScreen()
    text = "".join(screen.feed(data)) + screen.pending + "".join(screen.close())
    assert not any((ord(c) < 32 and c != "\t") or 0x7F <= ord(c) < 0xA0 for c in text)


def test_a_line_of_ten_megabytes_is_cut_and_marked() -> None:
    """One endless line costs bounded memory, and says that it was cut."""
    screen, frames = LineScreen(), Frames()
    for _ in range(160):
        assert screen.feed(b"x" * 65536) == []
        assert list(frames.feed(b"x" * 65536)) == []
    (line,) = screen.feed(b"\n")
    assert len(line) < LINE_LIMIT + 20
    assert line.endswith("(cut)")
    ((frame, final),) = frames.feed(b"\n")
    assert len(frame) <= LINE_LIMIT
    assert final


def test_hostile_lines_take_linear_time() -> None:
    """Lines made to make regular expressions backtrack are read; a cubic reading would hit the time limit."""
    lines = ["=-" * 20000, "a" * 60000, "1" * 60000, "(" * 60000, "loss " * 12000, "1.1.1." * 10000, "| " * 30000,
             "a.b." * 15000 + "ckpt", "<" * 60000, "loss=" * 12000 + "1", "x=1 " * 15000, "[1/2]" * 12000, "' " * 30000,
             "0:00:" * 12000, "epoch 1 loss 0.5 (" * 3000, "1e" * 30000, "━" * 20000, "12%|" * 15000,
             "e ━━━━━━ 1/2 " + " " * 3000 + "!", "e ━━━━━━ 1/2 " + "x" * 60000, "1" * 60000 + "|",
             "1%|| 1/2" + " ," * 30000 + "[",
             "-" * 65000 + "|", "| " + "a " * 2000, "Loss " * 800 + ": 1", "loss: (0.5 " * 400, "{'loss': " * 400,
             "epoch " * 700 + "1", "a: " * 1300 + "1", "1 2 " * 1000, "loss," * 800, "INFO:" * 800 + "loss=1",
             "a.b:c:1 " * 500, "x." * 2000 + " Error: loss 1", "a_" * 2000 + "Warning: ",
             "1/2 " * 900 + "loss=1", f'{{"loss": 1, "{"1" * 4000}": 2, "t": ": {"1" * 60000}"}}',
             f"[{', '.join(str(10**9 + i) for i in range(300))}, 'end'] ids", f"[{'Thread-1, ' * 300}'end'] loss 1",
             "loss , 1 ," * 400 + "!", "loss , 1 " + " " * 4000 + "!", "loss" + " " * 4000 + "1 , b , 2 !",
             " " * 3000 + '* loss 0.1 step 1 {"a": [1, 2]}', "x" + " " * 3000 + '1 {"a": [1, 2]}',
             "loss: " + "*" * 3000, "SELECT " * 500, "WHERE a " * 500, "*** metrics " * 300,
             "epoch 1 foo " + "0.5 " * 1000, "epoch 1 " + "foo bar 0.5 " * 300, "epoch 1 foo 0.5 " + "(" * 3000,
             '{"loss": 1, "t": "' + "1" * 4000 + '"}']  # fmt: skip
    reader = MetricReader()
    for line in [*lines, *lines[-2:]]:
        reader.feed(f"{line}\n{line[::-1]}\r".encode())


def test_a_counter_that_is_no_number_is_no_place() -> None:
    """Lines that wait for where the log stands go on waiting at "Episode: nan"."""
    log = b"""epoch 4 val_acc: after epoch nan% (-1.67%)
Episode: nan, reward: -1289.45
Test Episodes: 10( Avg. Reward: -1209.65
Episode: 20, reward: -1189.45
"""
    reader = MetricReader()
    points = reader.feed(log) + reader.close()
    assert points
    assert all(math.isfinite(point.x) for point in points)


def test_wrong_bytes_do_not_move_the_numbers() -> None:
    """Bytes that are no UTF-8, in front of glued lines, leave every value where it is."""
    reader = MetricReader()
    points = reader.feed(b"[rank0]: \xff\xfe step 1 loss 0.5[rank1]: step 1 loss 0.6\n\xc3 step 2 loss 0.25 \xe2\x94\n")
    assert [(p.name, p.x, p.value) for p in points] == [
        ("[rank0] loss", 1, 0.5), ("[rank1] loss", 1, 0.6), ("loss", 2, 0.25),
    ]  # fmt: skip


def test_letters_in_latin_1_are_read() -> None:
    """Words that older programs write in Latin-1 are those of the same letters."""
    log = "Époque 1/2 : perte = 0.5, précision = 91.2 %\r\nÉpoque 2/2 : perte = 0.4, précision = 92.5 %\r\n"
    expected = [("perte", 1, 0.5), ("précision", 1, 91.2), ("perte", 2, 0.4), ("précision", 2, 92.5)]
    for encoding in ("latin-1", "utf-8"):
        points = MetricReader().feed(log.encode(encoding))
        assert [(p.name, p.x, p.value) for p in points] == expected


@pytest.mark.parametrize(
    "log",
    [
        b"\x1b]0;no end\nstep 1 loss 0.5\n\x07step 2 loss 0.4\n",
        b"\x1b_no end\nstep 1 loss 0.5\n\x1b\\step 2 loss 0.4\n",
        b"50%\r\x1b[?25lstep 2 loss 1\nloss: .7\n0 norm: 6\n",
        b"50%\r\x1b[3Astep 2 loss 1\nloss: .7\n0 norm: 6\n",
        b"step 1 loss 0.5\r\r\nstep 2 loss 0.4\r\r\n",
        b"Epoch 1/2\n2/2 \xe2\x94\x81\xe2\x94\x81 0s 5ms/step - acc: 0.1 - loss: 0.2\r1",
    ],
)
def test_it_does_not_matter_where_bytes_are_cut(log: bytes) -> None:
    """Titles without an end, a hidden cursor, returns and a state of a bar at the end read the same."""
    reader = MetricReader()
    points = [point for i in range(len(log)) for point in reader.feed(log[i : i + 1])] + reader.close()
    assert [(p.name, p.axis, p.x, repr(p.value), p.kind) for p in points] == read(log) != []


def test_a_bar_is_shown_once_the_next_state_begins() -> None:
    """A return that came alone waits for no further one."""
    reader = MetricReader()
    assert reader.feed(b"10%|#  | 1/10 [00:01<00:09, 1.00it/s, loss=0.5]\r") == []
    assert reader.feed(b"20%") == MetricReader().feed(b"10%|#  | 1/10 [00:01<00:09, 1.00it/s, loss=0.5]\r20%") != []


@pytest.mark.interpreted
def test_a_report_says_the_same_without_what_is_known_by_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is counted a table told twice is no curve, be its second row looked at anew or known by shape."""
    table = (
        "              precision    recall  f1-score   support\n\n"
        "           0       1.00      0.98      0.{0}        50\n\n"
        "    accuracy                           0.{0}       100\n"
    )
    log = "".join(map(table.format, (97, 68))).encode()
    monkeypatch.setattr(ShapeMemory, "keep", lambda *_: None)
    assert read(log) == []
    counted = "".join(f"epoch {i} loss 0.{i}\n" + table.format(90 + i) for i in (1, 2)).encode()
    without = read(counted)
    monkeypatch.undo()
    assert without == read(counted)
    assert ("accuracy", "epoch", 2, "0.92", MetricKind.METRIC) in without


@pytest.mark.interpreted
@pytest.mark.parametrize(
    "front", ["11/26/2026 10:00:0{0} - INFO - accelerate.utils.training_loops - [RANK {1}] ", "[10:00:0{0}] rank {1}: "]
)
def test_lines_of_ranks_behind_a_loggers_prefix_are_known_by_shape(front: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """None but the first lines are looked at anew, be a bar drawn in front of them or not."""
    looked_at = []
    look = _Voice.read
    monkeypatch.setattr(_Voice, "read", lambda voice, line: looked_at.append(line) or look(voice, line))
    lines = [(front + "step {0} | loss 0.{0}{1}").format(i, rank) for i in range(1, 9) for rank in (0, 1)]
    assert len(read("\n".join(lines).encode())) == len(lines)
    assert len(looked_at) <= 4
    looked_at.clear()
    bars = [f" {i}0%|#  | {i}/10 [00:01<00:09, 1.00it/s]\r\x1b[K{line}\n" for i, line in enumerate(lines[::2], 1)]
    assert len(read("".join(bars).encode())) == len(bars)
    assert len(looked_at) <= 4


def test_a_line_below_a_number_does_no_harm() -> None:
    """Nothing but a line behind a number is no word."""
    assert read(b"step 5_: loss 0.4\n") == read(b"step 5: loss 0.4\n") != []


@pytest.mark.parametrize(
    "log",
    [
        "Epoch inf/25\n1/2 ===== 0s 5ms/step - loss: 2.5\nstep nan loss=0.5\nstep inf loss=0.5\n",
        "Epoch 1/\rEpoch inf ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ 0/0 r 0.9\nloss 0.8\nstep 1 loss 0.7\n",
    ],
)
def test_a_position_that_is_no_number_places_nothing(log: str) -> None:
    """``Epoch inf`` and ``step nan`` are no positions."""
    assert all(math.isfinite(p[2]) for p in read(log.encode()))  # type: ignore[arg-type]


def test_a_kind_of_line_knows_the_earlier_ones_that_have_all_its_names() -> None:
    """It may tell again what they told, however many others share some of its names."""
    reader = MetricReader()
    for n, name in enumerate(("acc", "auc", "iou", "mrr", "bleu"), 1):
        reader.feed(f"epoch {n} loss 0.{n} {name} 0.{n}1\nepoch {n} loss 0.{n} {name} 0.{n}1 lr 0.{n}\n".encode())
    reader.feed(b"loss: 0.2, iou: 0.31\n")
    *_, last = reader._speaking.lines.judge._groups._groups.values()
    assert [group.names for group in last.repeats] == [("loss", "iou"), ("loss", "iou", "lr")]


def test_a_million_names_are_capped_and_counted() -> None:
    """A log that makes a new name every line fills neither memory nor the list of series; the rest is counted."""
    reader = MetricReader()
    names = set()
    for block in range(50):
        lines = "".join(f"step {i} loss_{block}_{i}: 0.5\n" for i in range(200))
        names |= {p.name for p in reader.feed(lines.encode())}
    assert len(names) == SERIES_LIMIT
    assert reader.dropped == 50 * 200 - SERIES_LIMIT


def test_a_plain_name_is_kept_beside_too_many_numbered_ones() -> None:
    """What a log tells behind the losses of thousands of layers is a series, as long as such names are few."""
    reader = MetricReader()
    losses = "".join(f"step 1 loss/layers.{i}.mlp: 0.5\n" for i in range(SERIES_LIMIT + 300))
    points = reader.feed((losses + "step 1 train/loss: 2.5 val_acc: 0.9\n").encode())
    assert {p.name for p in points if "layers" not in p.name} == {"train/loss", "val_acc"}
    assert reader.dropped == 300
    many = "".join(f"step 1 {a}{b}{c}_loss: 0.5\n" for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh")
    assert len({p.name for p in points + reader.feed(many.encode())}) == SERIES_LIMIT + 100


@pytest.mark.parametrize("count", [1000, SERIES_LIMIT, SERIES_LIMIT + 500])
def test_an_object_of_very_many_values_has_them_all_or_says_how_many_not(count):
    """Norms of each layer, for example."""
    reader = MetricReader()
    values = {f"layer{i}/loss": 0.5 + i for i in range(count)}
    points = reader.feed("".join(f"{json.dumps({'step': step} | values)}\n" for step in (1, 2)).encode())
    points += reader.close()
    assert len(points) == 2 * min(count, SERIES_LIMIT)
    assert reader.dropped == 2 * count - len(points)


def test_a_number_that_a_kill_broke_off_is_no_value() -> None:
    """The last line of a log may end within a number; one that only has no line end counts."""
    log = b"".join(b"step %d | loss 0.%d1234 | mem 21%d.6 MiB\n" % (i, i, i) for i in range(10, 20))
    assert read(log + b"step 20 | loss 0.2") == read(log)
    assert read(log + b"step 20 | loss 0.20") == read(log)
    assert len(read(log + b"step 20 | loss 0.201234 | mem 212.6 MiB")) == 11
    plain = b"".join(b"step %d loss 0.%d1234\n" % (i, i) for i in range(10, 20))
    assert read(plain + b"step 20 loss 0.2") == read(plain)
    assert len(read(plain + b"step 20 loss 0.201234")) == 11


def test_values_that_a_line_has_in_front_of_where_a_kill_broke_it_off_count() -> None:
    """They are read as those of the lines that begin like it and go on, where it says where it stands."""
    text = "[%d/50] train loss 0.%d155 acc 97.%d%% (0.10s) ... val loss 0.%d185 acc 88.%d%%\n"
    log = b"".join((text % (i, i, i, i, i)).encode() for i in range(10, 20))
    whole = read(log)
    last = (text % (20, 20, 20, 20, 20)).encode()
    told = [(name, *at) for name, *at in read(log + last)[len(whole) :]]
    assert [name for name, *_ in told] == ["train loss", "train acc", "val loss", "val acc"]
    for end, count in ((b"val lo", 2), (b"97.2", 1), (b"88.20", 3), (b"[20", 0), (b"0.20", 0)):
        assert read(log + last[: last.index(end) + len(end)]) == whole + told[:count]
    assert read(log + b"[20/50] valid los") == whole


def test_what_stands_behind_a_long_list_or_text_is_read() -> None:
    """A line may be longer than is read of one: its lists and texts are left out then."""
    ids, text = ", ".join(str(i) for i in range(10_000, 10_600)), "loss 0.3 of the " * 300
    lines = [f'step {step} loss=0.{step} ids=[{ids}] sample="{text}" ppl={step}.5\n' for step in (1, 2, 3)]
    assert read("".join(lines).encode()) == [
        (name, "step", float(step), value, MetricKind.METRIC)
        for step in (1, 2, 3)
        for name, value in (("loss", f"0.{step}"), ("ppl", f"{step}.5"))
    ]


def test_who_prints_beyond_the_limit_gets_nobody_elses_name() -> None:
    """Values of ranks that are too many to be told apart are counted, and reported for none of the others."""
    reader, ranks = MetricReader(), SOURCE_LIMIT + 44
    log = "".join(f"[rank{rank}]: step {i} loss {i}.{rank:03}5\n" for i in (1, 2) for rank in range(ranks))
    points = reader.feed(log.encode()) + reader.close()
    own = {(f"[rank{rank}] loss", i, float(f"{i}.{rank:03}5")) for i in (1, 2) for rank in range(SOURCE_LIMIT)}
    assert {(p.name, p.x, p.value) for p in points} == own
    assert len(points) + reader.dropped == 2 * ranks


def test_patterns_keep_and_drop_decide_what_is_reported() -> None:
    """``drop`` hides by glob, ``keep`` hides everything else."""
    log = b"epoch 1 loss=0.5 val_loss=0.6 acc=0.7\n"
    dropped = MetricReader(MetricConfig(drop=("val_*",)))
    kept = MetricReader(MetricConfig(keep=("*LOSS",)))
    assert [p.name for p in dropped.feed(log)] == ["loss", "acc"]
    assert [p.name for p in kept.feed(log)] == ["loss", "val_loss"]


def test_a_pattern_reads_what_only_its_author_understands() -> None:
    """Named groups are metrics; ``step`` and its like say where; a line that a pattern matches is read by it alone."""
    config = MetricConfig(
        patterns=(r"@(?P<step>\d+)\s+(?P<train__l>[\d.]+)~(?P<v>[\d.]+)", r"(?P<name>\w+)<-(?P<value>\S+)")
    )
    reader = MetricReader(config)
    points = reader.feed(b"@10 0.5~0.6\n@20 0.4~0.5 loss: 9\nzeta<-nan\n")
    assert [(p.name, p.axis, p.x) for p in points] == [
        ("train/l", "step", 10), ("v", "step", 10), ("train/l", "step", 20), ("v", "step", 20), ("zeta", "step", 20),
    ]  # fmt: skip
    assert math.isnan(points[-1].value)


def test_the_wanted_counter_is_x() -> None:
    """``x`` names the counter where a line has several."""
    reader = MetricReader(MetricConfig(x="epoch"))
    (point,) = reader.feed(b"epoch=3 step=900 loss=0.5\n")
    assert (point.axis, point.x) == ("epoch", 3)


def test_a_wrong_pattern_says_where_it_is_wrong() -> None:
    """A pattern that cannot be used is reported with its place."""
    errors = MetricConfig(patterns=("(", r"(?P<step>\d+)", r"(?P<loss>\d+)")).errors()
    assert [where for where, _ in errors] == ["patterns[0]", "patterns[1]"]


def test_standard_output_and_error_are_two_lines_at_once() -> None:
    """Half a line on one stream is not completed by the other; both share what is known of the training."""
    reader = MetricReader()
    points = reader.feed(b"epoch 3: lo", 1) + reader.feed(b"Epoch 4/5\n", 2) + reader.feed(b"ss=0.5\n", 1)
    assert [(p.name, p.x, p.value) for p in points] == [("loss", 3, 0.5)]


def test_running_values_meet_the_epoch_they_lead_to() -> None:
    """A Keras bar's frames are running points between two epochs, its last frame is the epoch's metric."""
    log = b"Epoch 1/2\n\r1/2 ===== 0s 5ms/step - loss: 2.5\r2/2 ===== 0s 5ms/step - loss: 2.0\n" \
          b"Epoch 2/2\n\r1/2 ===== 0s 5ms/step - loss: 1.5\r2/2 ===== 0s 5ms/step - loss: 1.0\n"  # fmt: skip
    reader = MetricReader()
    points = reader.feed(log) + reader.close()
    metric = [(p.x, p.value) for p in points if p.kind is MetricKind.METRIC]
    running = [(p.x, p.value) for p in points if p.kind is MetricKind.RUNNING]
    assert metric == [(1, 2.0), (2, 1.0)]
    assert running == [(0.5, 2.5), (1.5, 1.5)]


def test_lines_that_wait_for_a_place_are_few() -> None:
    """A kind of line that stood in front of step 0 is counted once nothing else counts: no line waits for ever."""
    reader = MetricReader()
    reader.feed(b"val loss: 2.30\nstep 0 | loss 2.29\n")
    points = [point for i in range(1000) for point in reader.feed(f"val loss: {1 + i / 1e5}\n".encode())]
    assert len(points) >= 1000


def test_lines_that_are_drawn_over_without_end_are_reported_in_time() -> None:
    """A program that hides the cursor and prints ever new kinds of lines fills no memory: the oldest are done."""
    live, done = Live(), []
    for i in range(600):
        series = Series(f"loss {i}", MetricKind.METRIC)
        done.append(live.draw(PlacedLine(Plan(Group((series.name,)), [Entry(series, 0)]), "step", float(i), (0.5,))))
    done += live.take()
    assert [line.x for line in done if line is not None] == [float(i) for i in range(600)]
    assert done[300] is not None


def test_long_histories_of_several_trainings_are_told_of_each() -> None:
    """More points than wait until the log ends are no reason to lose those of the trainings before.

    Those behind them are counted as dropped, however often they are told.
    """
    log = ""
    for of in (0, 1, 2, 3, 3, 4):
        losses, scores = ([(of + 1) / (i + 1) for i in range(2000)] for _ in range(2))
        log += f"=== Training model {'abcde'[of]} ===\n{{'loss': {losses}, 'acc': {scores}}}\n"
    reader = MetricReader()
    points = reader.feed(log.encode()) + reader.close()
    found = [(p.axis, p.value) for p in points if p.name == "loss" and p.x == 1]
    assert found == [("iteration", 1.0), ("iteration (training b)", 2.0), ("iteration (training c)", 3.0)]
    assert reader.dropped == 2 * 2 * 2000


def test_many_blanks_behind_the_word_of_a_heading_take_no_time() -> None:
    """Expressions that try each blank as the end of a heading would take minutes here."""
    assert heading_scope("eval" + " " * 5000 + "x") == ""
    assert heading_scope("eval" + " " * 5000 + "begin...") == "eval"
