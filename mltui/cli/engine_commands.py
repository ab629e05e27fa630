"""The commands of an engine's images and containers, and of the machine."""

from __future__ import annotations

from argparse import ArgumentParser

from mltui.cli.command import Command, add_engine_options, add_json, grace_option, listing_options, wish_arguments


def _doctor(parser: ArgumentParser) -> None:
    listing_options(parser)
    parser.add_argument("--probe", action="store_true", help="start a container that lists its GPUs, and remove it")


def _image_build(parser: ArgumentParser) -> None:
    wish_arguments(parser)
    add_json(parser)


def _image_rm(parser: ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="a name, an id or the beginning of one")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="also an image with several names or ended containers")
    add_engine_options(parser)


def _container_list(parser: ArgumentParser) -> None:
    parser.add_argument("-a", "--all", action="store_true", help="those that ended too")
    listing_options(parser)


def _container_stop(parser: ArgumentParser) -> None:
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="a name, an id or the beginning of one")
    grace_option(parser, "its own")
    add_engine_options(parser)


def _container_rm(parser: ArgumentParser) -> None:
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="a name, an id or the beginning of one")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--force", action="store_true", help="also one that runs")
    add_engine_options(parser)


ENGINE_COMMANDS = (
    Command(
        "image list",
        "List the engine's images",
        "mltui.cli.images:list_images",
        listing_options,
        "",
        ("mltui image list",),
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
