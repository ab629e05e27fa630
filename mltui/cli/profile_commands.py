"""The commands of profiles and settings, the files that people write."""

from __future__ import annotations

from argparse import ArgumentParser

from mltui.cli.command import Command, add_json, no_arguments, profile_argument


def _profile_show(parser: ArgumentParser) -> None:
    profile_argument(parser)
    add_json(parser)


def _profile_check(parser: ArgumentParser) -> None:
    parser.add_argument(
        "profiles", nargs="*", metavar="PROFILE", help="names, files or folders; none: all that are found"
    )
    add_json(parser)


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
    add_json(parser)


PROFILE_COMMANDS = (
    Command(
        "profile list", "List the profiles", "mltui.cli.profiles:list_profiles", add_json, "", ("mltui profile list",)
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
        profile_argument,
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
        add_json,
        "",
        ("mltui settings show",),
    ),
    Command(
        "settings check",
        "Say what is wrong with the settings file, with line and column",
        "mltui.cli.settings:check",
        add_json,
        "",
        ("mltui settings check",),
    ),
    Command(
        "settings path",
        "Where the settings file is",
        "mltui.cli.settings:path",
        no_arguments,
        "",
        ('$EDITOR "$(mltui settings path)"',),
    ),
    Command(
        "settings keys",
        "Every command of the app with its name and its keys",
        "mltui.cli.settings:keys",
        add_json,
        "Keys are changed under keymap in the settings file: runs.stop: [s, x].",
        ("mltui settings keys", "mltui settings keys | grep curves"),
    ),
)
