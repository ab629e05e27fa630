"""What the documents say is true: their profiles load, their links and pictures are there, their keys are the app's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mltui.domain.settings import Refresh, Settings, check_settings
from mltui.storage.profiles import load_profile
from mltui.storage.yaml_source import parse_source
from mltui.ui.commands import APP, PANES
from mltui.ui.presentation.settings_form import seconds_text
from mltui.ui.user_settings import check_names

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("profiles/*/README.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_are_there(page: Path) -> None:
    """Every link to a file of the repository leads to one."""
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


def test_the_profile_of_the_readme_loads(tmp_path: Path) -> None:
    """As it stands there, once its folder has what it names."""
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "profile.yaml").write_text(block)
    assert load_profile(tmp_path).params["epochs"].value == 5


def test_the_keys_of_the_readme_are_the_apps() -> None:
    """Each key of the table is bound to something."""
    commands = [*APP, *(command for place in PANES.values() for command in place)]
    bound = {key for command in commands for key in (command.key, *command.every_key.split())}
    table = re.findall(r"^\| ((?:`[^`]+`[ …,]*)+) \|", (ROOT / "README.md").read_text(), re.M)
    keys = {key for row in table for group in re.findall(r"`([^`]+)`", row) for key in group.split()}
    assert keys - bound - {"tab"} == set()


def test_the_page_of_settings_names_every_setting_with_its_default() -> None:
    """As they are declared; its example is accepted, and its commands are there."""
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \|.*\| ([^|]+) \|$", page, re.M))
    fields = {name: info for name, info in Settings.model_fields.items() if name != "refresh"}
    fields |= {f"refresh.{name}": info for name, info in Refresh.model_fields.items()}
    assert rows.keys() == fields.keys()
    for name, info in fields.items():
        default = seconds_text(info.default) if isinstance(info.default, float) else str(info.default or "")
        assert default in ("()", "{}", "") or f"`{default}`" in rows[name], name
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    settings, faults = check_settings(parse_source(block).data, check_names)
    assert not faults
    for example in re.findall(r'`("[a-z*.]+": \[[^`]*\])`', page):
        assert check_settings({"keymap": parse_source(example).data}, check_names)[1] == [], example
    assert settings.ask == "removing"


def test_the_readers_map_names_every_module() -> None:
    """So that whoever joins finds what each is for."""
    page = (ROOT / "docs" / "reader.md").read_text()
    modules = {path.name for path in (ROOT / "mltui" / "parsers").rglob("*.py")} - {"__init__.py"}
    assert {name for name in modules if f"`{name}`" not in page} == set()
