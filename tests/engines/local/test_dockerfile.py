"""What is read from a Dockerfile for running without an image."""

from __future__ import annotations

import pytest

from mltui.engines.local.dockerfile import ImageConfig, read_dockerfile


def test_a_usual_training_dockerfile() -> None:
    """Command, folder and variables; what builds the file system is passed over."""
    config = read_dockerfile(
        "# syntax=docker/dockerfile:1\n"
        "ARG BASE=tensorflow/tensorflow:latest-gpu\n"
        "FROM ${BASE}\n"
        "WORKDIR /app\n"
        "COPY requirements.txt .\n"
        "RUN pip install --no-cache-dir \\\n"
        "    # a comment in the middle\n"
        "    -r requirements.txt && \\\n"
        "\n"
        "    echo CMD nothing\n"
        "ENV TF_CPP_MIN_LOG_LEVEL=2 GREETING='good day'\n"
        "COPY . .\n"
        'CMD ["python", "train.py", "--epochs", "5"]\n'
    )
    assert config == ImageConfig(
        command=("python", "train.py", "--epochs", "5"), working_dir="/app",
        environment={"TF_CPP_MIN_LOG_LEVEL": "2", "GREETING": "good day"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ('CMD ["a", "b c"]', ("a", "b c")),
        ("CMD python train.py --name 'x y'", ("/bin/sh", "-c", "python train.py --name 'x y'")),
        ("cmd echo $HOME", ("/bin/sh", "-c", "echo $HOME")),
        ('CMD ["unclosed', ("/bin/sh", "-c", '["unclosed')),
        ("CMD ['single', 'quotes']", ("/bin/sh", "-c", "['single', 'quotes']")),
        ("CMD [1, 2]", ("/bin/sh", "-c", "[1, 2]")),
        ('SHELL ["bash", "-ec"]\nCMD run', ("bash", "-ec", "run")),
        ("CMD one\nCMD two", ("/bin/sh", "-c", "two")),
        ("CMD echo \\\n  two \\\n  lines", ("/bin/sh", "-c", "echo two lines")),
        ("# escape=`\nCMD echo `\n  C:\\\n", ("/bin/sh", "-c", "echo C:\\")),
        ("HEALTHCHECK CMD curl x\nLABEL a=b\nUSER me\nEXPOSE 80", ()),
        ("CMD", ()),
        ("", ()),
        ("CMD echo \\", ("/bin/sh", "-c", "echo")),
    ],
)
def test_forms_of_cmd(text: str, command: tuple[str, ...]) -> None:
    """Exec form only where it is a JSON array of strings, as Docker has it; the last one counts."""
    assert read_dockerfile(f"{text}\n").command == command


def test_entrypoint_and_cmd_are_kept_apart() -> None:
    """How they are joined depends on the profile."""
    config = read_dockerfile('FROM x\nENTRYPOINT ["python", "-u"]\nCMD ["train.py"]\n')
    assert (config.entrypoint, config.command) == (("python", "-u"), ("train.py",))


def test_an_entrypoint_drops_the_command_of_the_stage_it_is_built_on() -> None:
    """But not one of its own stage."""
    base = 'FROM x AS base\nCMD ["inherited"]\n'
    assert read_dockerfile(base + "FROM base\n").command == ("inherited",)
    assert read_dockerfile(base + 'FROM base\nENTRYPOINT ["e"]\n').command == ()
    assert read_dockerfile(base + 'FROM base\nCMD ["own"]\nENTRYPOINT ["e"]\n').command == ("own",)


def test_the_last_stage_counts_or_the_named_one() -> None:
    """Stages that were built on carry their configuration along; names ignore case."""
    text = "FROM a AS Build\nWORKDIR /src\nENV A=1\nCMD one\nFROM build AS train\nENV B=2\nFROM c\nCMD three\n"
    assert read_dockerfile(text).command == ("/bin/sh", "-c", "three")
    assert read_dockerfile(text).working_dir == ""
    train = read_dockerfile(text, target="Train")
    assert (train.working_dir, dict(train.environment)) == ("/src", {"A": "1", "B": "2"})
    assert train.command == ("/bin/sh", "-c", "one")


@pytest.mark.parametrize(
    ("workdirs", "path"),
    [(("/app",), "/app"), (("/app", "src"), "/app/src"), (("app",), "/app"), (("/a", "/b"), "/b"),
     (("/a", "../c"), "/c"), (('"/quoted"',), "/quoted"), (("$HERE/x",), "/here/x")],
)  # fmt: skip
def test_working_folders_build_on_each_other(workdirs: tuple[str, ...], path: str) -> None:
    """A relative one continues the one before."""
    text = "FROM x\nENV HERE=/here\n" + "".join(f"WORKDIR {one}\n" for one in workdirs)
    assert read_dockerfile(text).working_dir == path


@pytest.mark.parametrize(
    ("value", "expanded"),
    [("$NAME", "n"), ("${NAME}-x", "n-x"), ("${NONE:-default}", "default"), ("${NAME:-default}", "n"),
     ("${NAME:+set}", "set"), ("${NONE:+set}", ""), ("$NONE", ""), ("\\$NAME", "$NAME"),
     ("${ARGUMENT}", "given"), ("$GLOBAL", "")],
)  # fmt: skip
def test_variables_are_put_in(value: str, expanded: str) -> None:
    """Of ENV and ARG of the stage; an ARG before FROM only where the stage takes it up."""
    text = f'ARG GLOBAL=g\nFROM x\nARG ARGUMENT=default\nENV NAME=n\nENV V="{value}"\n'
    assert read_dockerfile(text, {"ARGUMENT": "given"}).environment["V"] == expanded


def test_arguments_have_defaults_and_reach_into_stages() -> None:
    """A global default holds in a stage that names the argument."""
    text = "ARG EPOCHS=5\nFROM x\nARG EPOCHS\nARG NOTHING\nENV E=$EPOCHS N=${NOTHING:-none}\n"
    assert read_dockerfile(text).environment == {"E": "5", "N": "none"}
    assert read_dockerfile(text, {"EPOCHS": "9"}).environment["E"] == "9"


def test_the_old_form_of_env_takes_the_rest_of_the_line() -> None:
    """Spaces and all."""
    assert read_dockerfile("ENV TITLE My long title\n").environment == {"TITLE": "My long title"}


def test_here_documents_are_passed_over() -> None:
    """What they contain is no instruction."""
    text = "FROM x\nRUN <<EOF\nCMD wrong\nEOF\nCOPY <<'A' <<B /dst/\nCMD wrong\nA\nCMD wrong\nB\nCMD right\n"
    assert read_dockerfile(text).command == ("/bin/sh", "-c", "right")
