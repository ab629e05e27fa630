"""What a command of the command line is, and the options that several of them have."""

from __future__ import annotations

import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass

from mltui.cli.parser import Parser

Arguments = Callable[[ArgumentParser], None]

#: Seconds that are as good as for ever, and that every engine and clock can count.
_EVER_S = 1e9


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
        help="docker, local (plain processes) or auto (what answers); default: docker, local where there is none",
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
    parser.add_argument(
        "--theme", metavar="NAME", default="", help="colours of the app: dark, light, or another one's name"
    )


def add_json(parser: ArgumentParser) -> None:
    """For programs."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")


def no_arguments(_: ArgumentParser) -> None:
    """No options."""


def run_argument(parser: ArgumentParser) -> None:
    """Which run."""
    parser.add_argument("run", metavar="RUN", help="a run's id, the beginning of one, or 'last'")


def profile_argument(parser: ArgumentParser) -> None:
    """Which profile."""
    parser.add_argument("profile", metavar="PROFILE", help="a profile's name, its file or its folder")


def wish_arguments(parser: ArgumentParser) -> None:
    """What is launched: a profile, changes of it, and where."""
    parser.add_argument("profile", metavar="PROFILE", help="a profile's name, its file or its folder")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a parameter; several values (0.1,0.01 or 1..5) are a sweep; may be repeated",
    )
    gpus_option(parser)
    add_engine_options(parser)


def gpus_option(parser: ArgumentParser) -> None:
    """Which GPUs it is to have."""
    parser.add_argument("--gpus", metavar="WHICH", help="auto, all, none, how many, or indexes and UUIDs with commas")


def following_options(parser: ArgumentParser) -> None:
    """How a run that was launched is followed."""
    parser.add_argument("-d", "--detach", action="store_true", help="do not follow: print the run's id and return")
    parser.add_argument("--plain", action="store_true", help="follow in lines, also in a terminal")
    add_json(parser)


def how_many(least: int) -> Callable[[str], int]:
    """The type of an option that is a whole number from ``least`` on; one beyond all bounds means all there are."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise ArgumentTypeError(f"expected a whole number, {least} or more")
        return min(number, sys.maxsize)

    return read


def grace_option(parser: ArgumentParser, whose: str) -> None:
    """How long what is stopped may take to end; ``whose``: what holds without it."""
    parser.add_argument("--grace", type=_seconds, metavar="S", help=f"seconds until it is killed (default: {whose})")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    # NaN is no number of seconds either.
    if not seconds >= 0:
        raise ArgumentTypeError("expected a number of seconds, 0 or more")
    return min(seconds, _EVER_S)


def listing_options(parser: ArgumentParser) -> None:
    """Where, and how it is printed."""
    add_engine_options(parser)
    add_json(parser)
