"""What is said of a profile in the details."""

from __future__ import annotations

from pathlib import Path

from mltui.storage.profiles import load_profile
from mltui.ui.presentation.profile import profile_lines
from mltui.ui.widgets.text_view import folded

PROFILE = """\
image: none
engine: local
command: [echo, "${epochs} ${optimizer} ${name}"]
params:
  epochs: {default: 5, min: 1, max: 1000, help: Passes over all of the training digits}
  optimizer: {default: adam, choices: [adam, sgd]}
  name: {type: str, help: How it is called}
"""


def test_what_is_allowed_and_what_it_means_stand_behind_each_parameter(tmp_path: Path) -> None:
    """On few columns below one another; nothing of it is cut off."""
    (tmp_path / "profile.yaml").write_text(PROFILE)
    lines = folded(profile_lines(load_profile(tmp_path)), 53)
    assert ["".join(text for text, _ in line).rstrip() for line in lines][1:6] == [
        "  epochs           5     1 to 1000 · Passes over all",
        "                         of the training digits",
        "  optimizer        adam  one of adam, sgd",
        "  name             –     How it is called",
        "  enter changes them for one launch",
    ]


def test_a_long_name_of_a_parameter_moves_the_values_of_all(tmp_path: Path) -> None:
    """They stand below one another whatever the names are."""
    (tmp_path / "profile.yaml").write_text(
        PROFILE.replace("  epochs:", "  number_of_passes_over_all_the_data: 3\n  epochs:")
    )
    lines = ["".join(text for text, _ in line) for line in profile_lines(load_profile(tmp_path))[1:5]]
    assert len({line.index(value) for line, value in zip(lines, ("3", "5", "adam", "–"), strict=True)}) == 1
