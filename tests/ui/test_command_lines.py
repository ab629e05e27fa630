"""A docker command in little room: as many options a line as fit, and still what a shell takes."""

from __future__ import annotations

import shlex

import pytest

from mltui.ui.presentation.command_lines import command_lines, first_marked, parts_of

COMMAND = """\
docker build \\
  -t mltui/a \\
  .
docker run -d \\
  --name a \\
  -e 'A=some words' \\
  --gpus device=0 \\
  mltui/a \\
  python3 train.py"""


@pytest.mark.parametrize("width", [20, 44, 200])
def test_it_is_the_same_command_on_fewer_lines(width: int) -> None:
    """Two commands stay two; no line is longer than there is room, but for a part that is."""
    lines = ["".join(text for text, _ in line) for line in command_lines(COMMAND, width)]
    assert len(lines) < len(COMMAND.split("\n"))
    assert all(len(line) <= max(width, 24) for line in lines)
    assert _words("\n".join(lines)) == _words(COMMAND)


def _words(text: str) -> list[list[str]]:
    """The words of each command, as a shell has them."""
    return [shlex.split(line) for line in text.replace("\\\n", "").split("\n")]


def test_what_is_new_is_marked() -> None:
    """And found; nothing is where nothing is known of before."""
    lines = command_lines(COMMAND.replace("device=0", "all"), 44, known=parts_of(COMMAND))
    marked = [text.removesuffix(" \\") for line in lines for text, role in line if role == "accent"]
    assert marked == ["--gpus all"]
    at = first_marked(lines)
    assert at is not None
    assert "--gpus all" in "".join(text for text, _ in lines[at])
    assert first_marked(command_lines(COMMAND, 44)) is None
    assert command_lines("", 44) == []
