"""The commands of runs: launch, look, end, read."""

from __future__ import annotations

from argparse import ArgumentParser

from mltui.cli.command import (
    Command,
    add_engine_options,
    add_json,
    following_options,
    gpus_option,
    grace_option,
    how_many,
    run_argument,
    wish_arguments,
)


def _run(parser: ArgumentParser) -> None:
    wish_arguments(parser)
    parser.add_argument(
        "--parallel", type=int, metavar="N",
        help="of a sweep N runs at a time (default: as GPUs become free; without GPUs one after another)",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="print the docker commands it stands for; start nothing")
    following_options(parser)


def _demo(parser: ArgumentParser) -> None:
    parser.add_argument("--plain", action="store_true", help="follow in lines instead of opening the app")
    add_engine_options(parser)


def _runs(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-n", type=how_many(1), default=20, metavar="N", dest="limit", help="the newest N runs (default 20)"
    )
    parser.add_argument("-a", "--all", action="store_true", help="all runs")
    _group(parser, "only the runs of a sweep, all of them, in the order of their values")
    add_json(parser)


def _show(parser: ArgumentParser) -> None:
    run_argument(parser)
    add_json(parser)


def _logs(parser: ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run ends")
    parser.add_argument("-n", "--tail", type=how_many(0), metavar="N", help="begin with the last N lines")
    parser.add_argument("--build", action="store_true", help="how its image was made, instead of what it printed")
    parser.add_argument("--raw", action="store_true", help="every byte as it was received, control sequences too")
    parser.add_argument("--force", action="store_true", help="raw bytes also to a terminal, which they may confuse")


def _group(parser: ArgumentParser, what: str) -> None:
    parser.add_argument("--group", metavar="ID", help=f"{what}: its id, the beginning of that, or 'last'")


def _stop(parser: ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id, the beginning of one, or 'last'")
    _group(parser, "all runs of a sweep instead, those that wait first")
    grace_option(parser, "the profile's")


def _limits(parser: ArgumentParser) -> None:
    run_argument(parser)
    parser.add_argument("--cpus", metavar="N", help="cores, such as 2, 1.5 or 500m")
    parser.add_argument("--memory", metavar="SIZE", help="such as 8g or 512m; swap stays as it was, none for runs")
    parser.add_argument("--pids", metavar="N", help="processes and threads")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask when a limit is below what it uses")
    add_json(parser)


def _rm(parser: ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run's id, the beginning of one, or 'last'")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--force", action="store_true", help="also a run that is active or whose engine does not answer"
    )


def _rerun(parser: ArgumentParser) -> None:
    run_argument(parser)
    gpus_option(parser)
    following_options(parser)


def _metrics(parser: ArgumentParser) -> None:
    parser.add_argument(
        "source", metavar="RUN|FILE|-",
        help="a run, a training log, a TensorBoard event file or CSV log, a folder of these, or - for standard input",
    )  # fmt: skip
    parser.add_argument("--format", choices=("table", "csv", "jsonl"), default="table", help="default: table")
    parser.add_argument(
        "--kind", choices=("metric", "running", "throughput", "all"), default="metric",
        help="running: what progress bars show on the way; throughput: samples per second (default: metric)",
    )  # fmt: skip
    parser.add_argument("--output", metavar="FILE", default="", help="write there instead of to standard output")
    parser.add_argument(
        "--export", nargs=2, metavar=("KIND", "PATH"), default=None,
        help="tensorboard DIR: an event file in that folder; svg FILE: a picture of all curves",
    )  # fmt: skip
    parser.add_argument("--explain", action="store_true", help="what the reader makes of each line of a log")


RUN_COMMANDS = (
    Command(
        "demo",
        "Train a small real model now and watch it",
        "mltui.cli.demo:demo",
        _demo,
        "In a container where an engine answers and the image is there or builds, else as a local process. Needs\n"
        "neither Docker nor a GPU. In a terminal the app opens on the run; otherwise it is followed in lines.",
        ("mltui demo", "mltui demo --plain --engine local"),
    ),
    Command(
        "run",
        "Launch a profile and follow it",
        "mltui.cli.launch:run",
        _run,
        "Several values for a parameter are a sweep, a run for each combination: numbers, true and false, and choices\n"
        "with commas; text, which may have commas of its own, with --set NAME=… once for each value.\n\n"
        "Ctrl-C detaches: the run goes on. Exit code: 0 it finished, 1 it failed, was stopped or lost, 2 wrong usage,\n"
        "130 detached.",
        (
            "mltui run mnist-mlp --set epochs=10 --set batch_size=64",
            "mltui run ./my-profile -d                # print the id and return",
            "mltui run mnist-mlp --set learning_rate=0.1,0.01,0.001 --parallel 2",
            "mltui run mnist-mlp --gpus 1 --dry-run   # the docker commands, to copy",
        ),
    ),
    Command(
        "runs",
        "List the newest runs",
        "mltui.cli.runs:list_runs",
        _runs,
        "",
        ("mltui runs -n 5", "mltui runs --all --json", "mltui runs --group last"),
    ),
    Command(
        "show", "Everything about a run", "mltui.cli.runs:show", _show, "", ("mltui show last", "mltui show k3 --json")
    ),
    Command(
        "logs",
        "What a run printed",
        "mltui.cli.logs:logs",
        _logs,
        "Control sequences are applied as a terminal would and left out; progress bars show as their last state.",
        ("mltui logs last -f", "mltui logs k3 --tail 50", "mltui logs k3 --raw > train.log"),
    ),
    Command(
        "stop",
        "Ask a run or a sweep to end, and wait for it",
        "mltui.cli.runs:stop",
        _stop,
        "",
        ("mltui stop last", "mltui stop k3 --grace 120", "mltui stop --group last"),
    ),
    Command("kill", "End a run at once", "mltui.cli.runs:kill", run_argument, "", ("mltui kill last",)),
    Command(
        "limits",
        "What a run may use, and change that while it goes on",
        "mltui.cli.limits:limits",
        _limits,
        "Without an option it prints limits and use. A change is kept in the run's record. Docker can; Podman's\n"
        "Docker-compatible API and local processes cannot, and say so.",
        ("mltui limits last", "mltui limits k3 --memory 8g --cpus 2 --pids 512"),
    ),
    Command(
        "rm",
        "Remove runs: container, record and outputs",
        "mltui.cli.removal:remove_runs",
        _rm,
        "In a terminal it says what goes and asks.",
        ("mltui rm k3", "mltui rm k3 m8 --yes"),
    ),
    Command(
        "rerun",
        "Launch a run's profile again as it was then",
        "mltui.cli.launch:rerun",
        _rerun,
        "The profile kept with the run is used, with the same parameters and, unless others are given, the same GPUs.",
        ("mltui rerun last", "mltui rerun k3 -d", "mltui rerun last --gpus none   # on the CPU"),
    ),
    Command(
        "metrics",
        "The series read out of a run or of any training log",
        "mltui.cli.metrics:metrics",
        _metrics,
        "jsonl: one object a point, in the order read; a value that is no finite number is a string.",
        (
            "mltui metrics last",
            "mltui metrics train.log --format jsonl",
            "python train.py 2>&1 | mltui metrics - --format csv",
            "mltui metrics last --export svg curves.svg",
            "mltui metrics last --export tensorboard ./events",
        ),
    ),
)
