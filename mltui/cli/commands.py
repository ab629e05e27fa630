"""Every command, declared once: its name, its one line, its options, its examples and where it is carried out."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass

from mltui.cli.parser import Parser

Arguments = Callable[[ArgumentParser], None]


@dataclass(frozen=True)
class Command:
    """One command of the command line."""

    name: str
    """One word, or two for a member of a group (``profile list``)."""
    title: str
    """What it does, for the overview."""
    handler: str
    """``module:function`` that carries it out; takes the read arguments and returns the exit code."""
    arguments: Arguments
    about: str = ""
    """More, for its own help."""
    examples: tuple[str, ...] = ()

    def parser(self) -> Parser:
        """The parser of its options and arguments."""
        examples = "\n".join(f"  {line}" for line in self.examples)
        description = f"{self.title}.\n\n{self.about}".strip()
        parser = Parser(f"mltui {self.name}", description, f"examples:\n{examples}" if examples else "")
        self.arguments(parser)
        return parser


def add_engine_options(parser: ArgumentParser, *, default: str = SUPPRESS) -> None:
    """The options that say where; they may stand before or behind the command's name."""
    parser.add_argument(
        "--engine", metavar="NAME", default=default,
        help="docker or local (plain processes); default: docker where it answers, else local",
    )  # fmt: skip
    parser.add_argument("--context", metavar="NAME", default=default, help="the Docker context to use")
    parser.add_argument(
        "--host", metavar="ADDRESS", default=default,
        help="the engine's address: unix:///path, ssh://user@host or tcp://host:port",
    )  # fmt: skip


def add_app_options(parser: ArgumentParser) -> None:
    """Options of the app, which are those of ``mltui`` itself."""
    add_engine_options(parser, default="")
    parser.add_argument("--read-only", action="store_true", help="launch, stop and remove nothing (the app)")
    parser.add_argument("--theme", metavar="NAME", default="", help="colours of the app")


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")


def _nothing(_: ArgumentParser) -> None:
    """No options."""


def _run_argument(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run's id, the beginning of one, or 'last'")


def _wish(parser: ArgumentParser) -> None:
    parser.add_argument("profile", metavar="PROFILE", help="a profile's name, its file or its folder")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a parameter; several values (0.1,0.01 or 1..5) are a sweep; may be repeated",
    )
    parser.add_argument("--gpus", metavar="WHICH", help="auto, all, none, how many, or indexes and UUIDs with commas")
    add_engine_options(parser)


def _following(parser: ArgumentParser) -> None:
    parser.add_argument("-d", "--detach", action="store_true", help="do not follow: print the run's id and return")
    parser.add_argument("--plain", action="store_true", help="follow in lines, also in a terminal")
    _json(parser)


def _run(parser: ArgumentParser) -> None:
    _wish(parser)
    parser.add_argument(
        "--parallel", type=int, metavar="N",
        help="of a sweep N runs at a time (default: as GPUs become free; without GPUs one after another)",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="print the docker commands it stands for; start nothing")
    _following(parser)


def _demo(parser: ArgumentParser) -> None:
    parser.add_argument("--plain", action="store_true", help="follow in lines instead of opening the app")
    add_engine_options(parser)


def _runs(parser: ArgumentParser) -> None:
    parser.add_argument("-n", type=int, default=20, metavar="N", dest="limit", help="the newest N runs (default 20)")
    parser.add_argument("-a", "--all", action="store_true", help="all runs")
    _group(parser, "only the runs of a sweep, all of them, in the order of their values")
    _json(parser)


def _show(parser: ArgumentParser) -> None:
    _run_argument(parser)
    _json(parser)


def _logs(parser: ArgumentParser) -> None:
    _run_argument(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the run ends")
    parser.add_argument("-n", "--tail", type=int, metavar="N", help="begin with the last N lines")
    parser.add_argument("--build", action="store_true", help="how its image was made, instead of what it printed")
    parser.add_argument("--raw", action="store_true", help="every byte as it was received, control sequences too")
    parser.add_argument("--force", action="store_true", help="raw bytes also to a terminal, which they may confuse")


def _group(parser: ArgumentParser, what: str) -> None:
    parser.add_argument("--group", metavar="ID", help=f"{what}: its id, the beginning of that, or 'last'")


def _stop(parser: ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help="a run's id, the beginning of one, or 'last'")
    _group(parser, "all runs of a sweep instead, those that wait first")
    parser.add_argument("--grace", type=float, metavar="S", help="seconds until it is killed (default: the profile's)")


def _limits(parser: ArgumentParser) -> None:
    _run_argument(parser)
    parser.add_argument("--cpus", metavar="N", help="cores, such as 2, 1.5 or 500m")
    parser.add_argument("--memory", metavar="SIZE", help="such as 8g or 512m; swap stays as it was, none for runs")
    parser.add_argument("--pids", metavar="N", help="processes and threads")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask when a limit is below what it uses")
    _json(parser)


def _rm(parser: ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run's id, the beginning of one, or 'last'")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--force", action="store_true", help="also a run that is active or whose engine does not answer"
    )


def _rerun(parser: ArgumentParser) -> None:
    _run_argument(parser)
    _following(parser)


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


def _profile_argument(parser: ArgumentParser) -> None:
    parser.add_argument("profile", metavar="PROFILE", help="a profile's name, its file or its folder")


def _profile_show(parser: ArgumentParser) -> None:
    _profile_argument(parser)
    _json(parser)


def _profile_check(parser: ArgumentParser) -> None:
    parser.add_argument(
        "profiles", nargs="*", metavar="PROFILE", help="names, files or folders; none: all that are found"
    )
    _json(parser)


def _profile_new(parser: ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="its name; none: the templates are listed")
    parser.add_argument(
        "--template", default="command", metavar="T", help="tensorflow, pytorch, jax or command (the default)"
    )
    parser.add_argument("--folder", metavar="F", help="where its folder goes (default: ./profiles, else your own)")


def _profile_schema(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("json", "markdown"), default="json",
        help="json: a JSON Schema, draft 2020-12; markdown: the reference page (default: json)",
    )  # fmt: skip


def _profile_import(parser: ArgumentParser) -> None:
    parser.add_argument(
        "source", metavar="COMPOSE.yaml|LINE|-",
        help="a Compose file or its folder, a whole docker run line in quotes, or - for either on standard input",
    )  # fmt: skip
    parser.add_argument("--service", metavar="NAME", default="", help="which service, where there are several")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", default="",
        help="the folder, or the YAML file, to write; - for standard output (default: profiles/NAME)",
    )  # fmt: skip
    _json(parser)


def _doctor(parser: ArgumentParser) -> None:
    _listing(parser)
    parser.add_argument("--probe", action="store_true", help="start a container that lists its GPUs, and remove it")


def _listing(parser: ArgumentParser) -> None:
    add_engine_options(parser)
    _json(parser)


def _image_build(parser: ArgumentParser) -> None:
    _wish(parser)
    _json(parser)


def _image_rm(parser: ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="a name, an id or the beginning of one")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="also an image with several names or ended containers")
    add_engine_options(parser)


def _container_list(parser: ArgumentParser) -> None:
    parser.add_argument("-a", "--all", action="store_true", help="those that ended too")
    _listing(parser)


def _container_stop(parser: ArgumentParser) -> None:
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="a name, an id or the beginning of one")
    parser.add_argument("--grace", type=float, metavar="S", help="seconds until it is killed (default: its own)")
    add_engine_options(parser)


def _container_rm(parser: ArgumentParser) -> None:
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="a name, an id or the beginning of one")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="also one that runs")
    add_engine_options(parser)


_DECLARED = (
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
    Command("kill", "End a run at once", "mltui.cli.runs:kill", _run_argument, "", ("mltui kill last",)),
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
        "The profile kept with the run is used, with the same parameters.",
        ("mltui rerun last", "mltui rerun k3 -d"),
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
    Command(
        "profile list", "List the profiles", "mltui.cli.profiles:list_profiles", _json, "", ("mltui profile list",)
    ),
    Command(
        "profile show",
        "A profile's parameters and file",
        "mltui.cli.profiles:show",
        _profile_show,
        "",
        ("mltui profile show mnist-mlp",),
    ),
    Command(
        "profile check",
        "Say what is wrong with profiles, with line and column",
        "mltui.cli.profiles:check",
        _profile_check,
        "Looks at the files it names too: Dockerfile, requirements, env_file, folders to mount. Variables that are\n"
        "not set in this shell are warnings. Exit code 1 when something is wrong.",
        ("mltui profile check", "mltui profile check ./my-profile"),
    ),
    Command(
        "profile new",
        "Make a profile from a template",
        "mltui.cli.profile_files:new",
        _profile_new,
        "A folder with profile.yaml, Dockerfile, requirements.txt and a small training that works as it is.",
        ("mltui profile new", "mltui profile new digits --template pytorch"),
    ),
    Command(
        "profile edit",
        "Change a profile in your editor",
        "mltui.cli.profile_files:edit",
        _profile_argument,
        "Opens $VISUAL, else $EDITOR, on a copy; what is sound takes the file's place, what is wrong is shown with\n"
        "line and column. The app has an editor of its own: mltui, then e on the profile.",
        ("mltui profile edit mnist-mlp",),
    ),
    Command(
        "profile import",
        "Make a profile of a Compose service or a docker run line",
        "mltui.cli.profiles:import_profile",
        _profile_import,
        "Whatever has no place in a profile is said, and what mltui's defaults make different. Nothing is overwritten.",
        (
            "mltui profile import compose.yaml --service train",
            "mltui profile import 'docker run --gpus all -v $PWD:/code pytorch python train.py' -o profiles/mine",
            "wl-paste | mltui profile import - -o -",
        ),
    ),
    Command(
        "profile schema",
        "What a profile may say, for editors and programs",
        "mltui.cli.profiles:schema",
        _profile_schema,
        "An editor with a YAML language server completes and checks profiles with it: write it to a file, and that\n"
        "file's path into the profile's first line: # yaml-language-server: $schema=PATH",
        ("mltui profile schema > profile.schema.json", "mltui profile schema --format markdown"),
    ),
    Command(
        "settings show",
        "The settings that hold",
        "mltui.cli.settings:show",
        _json,
        "",
        ("mltui settings show",),
    ),
    Command(
        "settings check",
        "Say what is wrong with the settings file, with line and column",
        "mltui.cli.settings:check",
        _json,
        "",
        ("mltui settings check",),
    ),
    Command(
        "settings path",
        "Where the settings file is",
        "mltui.cli.settings:path",
        _nothing,
        "",
        ('$EDITOR "$(mltui settings path)"',),
    ),
    Command(
        "settings keys",
        "Every command of the app with its name and its keys",
        "mltui.cli.settings:keys",
        _json,
        "Keys are changed under keymap in the settings file: runs.stop: [s, x].",
        ("mltui settings keys", "mltui settings keys | grep curves"),
    ),
    Command(
        "image list", "List the engine's images", "mltui.cli.images:list_images", _listing, "", ("mltui image list",)
    ),
    Command(
        "image build",
        "Make a profile's image ready",
        "mltui.cli.images:build",
        _image_build,
        "Built when it is missing or its context changed, or fetched.",
        ("mltui image build mnist-mlp",),
    ),
    Command("image rm", "Remove images", "mltui.cli.images:remove", _image_rm, "", ("mltui image rm mltui/mnist-mlp",)),
    Command(
        "container list",
        "List the engine's containers",
        "mltui.cli.containers:list_containers",
        _container_list,
        "",
        ("mltui container list --all",),
    ),
    Command(
        "container stop",
        "Ask containers to end",
        "mltui.cli.containers:stop",
        _container_stop,
        "",
        ("mltui container stop web",),
    ),
    Command(
        "container rm",
        "Remove containers",
        "mltui.cli.containers:remove",
        _container_rm,
        "",
        ("mltui container rm web --force",),
    ),
    Command(
        "doctor",
        "Check this machine and its engine",
        "mltui.cli.doctor:doctor",
        _doctor,
        "Exit code 1 when something that is needed does not work.",
        ("mltui doctor", "mltui doctor --json", "mltui doctor --probe"),
    ),
)

COMMANDS = {command.name: command for command in _DECLARED}
GROUPS = tuple(dict.fromkeys(name.partition(" ")[0] for name in COMMANDS if " " in name))


def group_overview(group: str = "") -> str:
    """The commands of a group, or all, one a line."""
    found = [command for command in _DECLARED if not group or command.name.startswith(f"{group} ")]
    wide = max(len(command.name) for command in found)
    return "\n".join(f"  {command.name:<{wide}}  {command.title}" for command in found)


def overview() -> str:
    """The text above the options in ``mltui --help``."""
    return (
        "The cockpit for machine-learning experiments in containers.\n\n"
        "  mltui [PATH…]  opens the app; PATH: a folder of profiles\n\n"
        f"commands:\n{group_overview()}\n\n"
        "`mltui COMMAND --help` shows a command's options and examples."
    )
